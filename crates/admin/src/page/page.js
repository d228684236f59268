"use strict";
// What comes from a peer (names in certificates, methods, addresses) is written as text only: never as markup.
(() => {
  const $ = (id) => document.getElementById(id);
  const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  const whole = new Intl.NumberFormat("en");
  const rough = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  const rate = (n) => (n === 0 ? "0" : n < 0.005 ? "<0.01" : n < 10 ? n.toFixed(2) : whole.format(Math.round(n)));
  const ms = (n) => (n === null ? "–" : n >= 10000 ? span(n) : n >= 1 ? rough.format(n) + " ms" : rough.format(n * 1000) + " µs");
  const bytes = (n) => {
    for (const unit of ["B", "KiB", "MiB", "GiB"]) {
      if (n < 1024 || unit === "GiB") return rough.format(n) + " " + unit;
      n /= 1024;
    }
  };
  const span = (n) => {
    const s = Math.floor(n / 1000);
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
    if (s < 86400) return Math.floor(s / 3600) + " h " + (Math.floor(s / 60) % 60) + " min";
    return Math.floor(s / 86400) + " d " + (Math.floor(s / 3600) % 24) + " h";
  };

  // A cell: its text, the classes of its <td>, and a second line.
  const cell = (text, names = "", more = "") => ({ text: String(text), names, more });
  const number = (text) => cell(text, "number");

  // Makes the rows of a table what they are to be. Rows are kept by their key, so that focus and selection stay.
  const rows = (id, list, key, cells, make) => {
    const body = $(id).tBodies[0];
    const old = new Map([...body.rows].map((row) => [row.dataset.key, row]));
    const taken = new Set();
    list.forEach((item, at) => {
      let name = String(key(item));
      while (taken.has(name)) name += "'";
      taken.add(name);
      let row = old.get(name);
      old.delete(name);
      if (!row) {
        row = document.createElement("tr");
        row.dataset.key = name;
      }
      cells(item).forEach((wanted, column) => {
        let td = row.cells[column];
        if (!td) {
          td = row.appendChild(document.createElement("td"));
          td.appendChild(document.createElement("span"));
        }
        if (td.className !== wanted.names) td.className = wanted.names;
        write(td.firstChild, wanted.text);
        if (wanted.state !== undefined) td.firstChild.className = "state " + wanted.state;
        let more = td.querySelector(".more");
        if (wanted.more && !more) {
          more = td.appendChild(document.createElement("span"));
          more.className = "more";
        }
        if (more) write(more, wanted.more);
      });
      if (make) make(row, item);
      if (body.rows[at] !== row) body.insertBefore(row, body.rows[at] || null);
    });
    for (const row of old.values()) row.remove();
    const empty = $(id + "-empty");
    if (empty) {
      empty.hidden = list.length > 0;
      $(id).hidden = list.length === 0;
    }
  };

  const doing = (conn) => {
    const call = conn.current;
    const more = call ? call.method + " · " + span(call.age_ms) : "";
    return { ...cell(conn.state, "theirs", more), state: conn.state };
  };
  const tls = (conn) => (conn.tls
    ? cell(conn.tls.version, "theirs", [conn.tls.alpn, conn.tls.sni].filter(Boolean).join(" · "))
    : cell("–"));

  const connection = (conn) => [
    number(conn.id),
    cell(conn.peer, "theirs"),
    cell(conn.route),
    doing(conn),
    tls(conn),
    cell(conn.certificate_names.join(", ") || "–", "names theirs"),
    number(span(conn.age_ms)),
    number(bytes(conn.bytes_in)),
    number(bytes(conn.bytes_out)),
    number(whole.format(conn.calls)),
    cell(whole.format(conn.errors), conn.errors ? "number bad" : "number"),
    number(whole.format(conn.streams)),
  ];
  const killer = (row, conn) => {
    if (row.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "danger";
    button.textContent = "End";
    button.setAttribute("aria-label", "End connection " + conn.id + " from " + conn.peer);
    button.addEventListener("click", () => ask(conn));
    row.appendChild(document.createElement("td")).appendChild(button);
  };

  let shown = null;
  const show = (now) => {
    shown = now;
    const server = now.server;
    write($("who"), [server.node, server.datacenter, server.rpc_address, "version " + server.version, "up " + span(server.up_ms)].join(" · "));
    document.title = server.node + " · proconsul";

    const sum = (list, of) => list.reduce((all, item) => all + of(item), 0);
    write($("tile-conns"), whole.format(now.conns_total));
    write($("tile-rate"), rate(sum(now.methods, (method) => method.rate)));
    write($("tile-calls"), whole.format(sum(now.methods, (method) => method.calls)));
    write($("tile-errors"), whole.format(sum(now.methods, (method) => method.errors)));
    // Of those that are shown.
    const more = now.conns_total > now.conns.length ? "≥ " : "";
    write($("tile-parked"), more + whole.format(sum(now.conns, (conn) => (conn.state === "parked" ? 1 : 0))));
    write($("tile-health"), now.health.ok ? "good" : now.health.detail);
    $("tile-health").className = now.health.ok ? "good" : "bad";

    for (const route of now.routes) {
      const live = $("live-" + route.label);
      if (live) {
        write(live, route.live ? whole.format(route.live) : "");
        live.classList.toggle("on", route.live > 0);
      }
    }
    rows("routes", now.routes, (route) => route.label, (route) => [
      cell(route.label),
      cell(route.byte === null ? "–" : route.byte < 10 ? route.byte : "0x" + route.byte.toString(16), "minor"),
      cell(route.alpn === null ? "–" : route.alpn, "minor"),
      number(whole.format(route.live)),
      number(whole.format(route.accepted)),
    ], (row, route) => row.classList.toggle("quiet", route.accepted === 0 && route.live === 0));

    const busiest = [...now.methods].sort((one, other) => other.calls - one.calls || (one.method < other.method ? -1 : 1));
    rows("methods", busiest, (method) => method.method, (method) => [
      cell(method.method),
      number(rate(method.rate)),
      number(ms(method.p50_ms)),
      number(ms(method.p99_ms)),
      number(whole.format(method.calls)),
      cell(whole.format(method.errors), method.errors ? "number bad" : "number"),
    ]);
    const closed = now.closed.filter((closed) => $("ordinary").checked || !closed.ordinary);
    rows("closed", closed, (closed) => closed.peer + " " + closed.reason, (closed) => [
      cell(closed.peer, "theirs"),
      cell(closed.reason, "words theirs", closed.detail),
      number(whole.format(closed.count)),
      number(span(closed.ago_ms)),
    ]);
    // Two calls may look alike: their rows are told apart by their place.
    rows("slow", now.slow.map((slow, at) => ({ ...slow, at })), (slow) => slow.at, (slow) => [
      cell(slow.method, slow.errored ? "bad" : "", slow.errored ? "answered with an error" : ""),
      cell(slow.peer, "theirs"),
      number(ms(slow.ms)),
      number(span(slow.ended_ms_ago)),
    ]);
    rows("conns", [...now.conns].reverse(), (conn) => conn.id, connection, killer); // the newest first
    const hidden = now.conns_total - now.conns.length;
    write($("conns-note"), hidden > 0 ? "The newest " + now.conns.length + " of " + whole.format(now.conns_total) + "; proconsul conns lists all." : "");
  };

  $("ordinary").addEventListener("change", () => shown && show(shown));

  // Updates, as long as somebody looks.
  let source = null;
  let paused = false;
  let last = 0;
  const link = (how, text) => {
    if ($("link").className !== how) $("link").className = how;
    write($("link-text"), text);
  };
  const stop = () => {
    if (source) source.close();
    source = null;
  };
  const start = () => {
    stop();
    if (paused || document.hidden) return;
    link("", "connecting");
    last = Date.now();
    source = new EventSource("/events");
    source.addEventListener("snapshot", (event) => {
      last = Date.now();
      show(JSON.parse(event.data));
      link("live", "live");
    });
    source.addEventListener("error", () => link("lost", "no connection; trying again"));
  };
  setInterval(() => {
    if (!source) return;
    // A browser gives up for good when it is refused.
    if (source.readyState === EventSource.CLOSED) start();
    else if (Date.now() - last > 5000) link("lost", "nothing new for " + span(Date.now() - last));
  }, 3000);
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", String(paused));
    if (paused) {
      stop();
      link("", "paused");
    } else start();
  });

  // Ending a connection. The token is remembered by the form, and nowhere else.
  let doomed = null;
  const ask = (conn) => {
    doomed = conn.id;
    write($("kill-id"), String(conn.id));
    write($("kill-peer"), conn.peer);
    write($("kill-error"), "");
    $("kill").showModal();
  };
  $("kill-cancel").addEventListener("click", () => $("kill").close());
  $("kill-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = doomed;
    $("kill-do").disabled = true;
    try {
      const answer = await fetch("/v1/conns/" + id + "/kill", {
        method: "POST",
        headers: { "X-Proconsul-Token": $("token").value.trim() },
      });
      if (answer.ok || answer.status === 404) $("kill").close(); // 404: it has ended by itself
      else write($("kill-error"), await answer.text());
    } catch (error) {
      write($("kill-error"), "The server was not reached, or what was pasted is no token.");
    } finally {
      $("kill-do").disabled = false;
    }
  });

  start();
})();
