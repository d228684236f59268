//! The page does what it is there for.
use std::io::Write as _;

use proconsul_netrpc::client::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{PROMPTLY, browser::Browser, page::Page, server::Server};

/// The row of a table whose first cell, or that at `column`, says `text`.
fn row(table: &str, column: usize, text: &str) -> String {
    format!(
        "[...document.querySelectorAll('#{table} tbody tr')].find((row) => row.cells[{column}].innerText.trim() === {})",
        json!(text)
    )
}

fn click(page: &mut Page<'_>, what: &str) {
    page.eval(&format!("({what}).click()"));
}

#[test]
fn a_call_is_seen_counted_and_a_connection_is_ended() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.getElementById('link-text').innerText === 'live'");
    assert_eq!(page.eval("document.querySelectorAll('#methods tbody tr').length"), json!(0), "nobody has called yet");
    assert_eq!(page.until("document.getElementById('live-rpc') && 'there'"), "there", "the diagram is in the page");

    // A connection of type 0, and three calls on it.
    let mut tcp = runtime.block_on(TcpStream::connect(&server.rpc)).expect("it listens");
    let here = tcp.local_addr().expect("it has an address").to_string();
    runtime.block_on(tcp.write_all(&[0])).expect("it takes the first byte");
    let mut client = Client::new(&mut tcp);
    for _ in 0..3 {
        runtime.block_on(client.call_raw("Status.Ping", b"\x80", None)).expect("a ping is answered");
    }
    drop(client);
    let ping = row("methods", 0, "Status.Ping");
    page.until(&format!("{ping}.cells[4].innerText === '3'"));
    page.until("document.getElementById('live-rpc').textContent === '1'");
    let conn = row("conns", 1, &here);
    assert_eq!(page.until(&format!("{conn}.cells[9].innerText")), "3", "calls of the connection");
    assert_eq!(page.eval(&format!("{conn}.cells[2].innerText")), "rpc");
    assert_eq!(page.complaints(), Vec::<String>::new());

    // With a wrong token nothing happens, and the page says why.
    click(&mut page, &format!("{conn}.querySelector('button')"));
    assert_eq!(page.eval("document.getElementById('kill').open"), json!(true));
    assert_eq!(page.eval("document.getElementById('kill-peer').innerText"), here.as_str());
    page.eval("document.getElementById('token').value = 'wrong'");
    click(&mut page, "document.getElementById('kill-do')");
    let why = page.until("document.getElementById('kill-error').innerText");
    assert!(why.as_str().is_some_and(|why| why.contains("the token that the server printed")), "{why}");
    let refused = page.complaints();
    assert!(refused.len() == 1 && refused[0].contains("403"), "{refused:?}");
    page.until(&format!("{conn} && 'still there'"));

    // With the right one it ends, for the peer too.
    page.eval(&format!("document.getElementById('token').value = {}", json!(server.token)));
    click(&mut page, "document.getElementById('kill-do')");
    page.until("!document.getElementById('kill').open");
    let ended = async { tokio::time::timeout(PROMPTLY, tcp.read_u8()).await.expect("in time") };
    runtime.block_on(ended).expect_err("the connection is gone");
    page.until(&format!("!{conn}"));
    let closed = page.until("document.querySelector('#closed tbody tr').innerText");
    assert!(closed.as_str().is_some_and(|row| row.starts_with("127.0.0.1") && row.contains("killed")), "{closed}");
    assert_eq!(page.complaints(), Vec::<String>::new());

    let elsewhere: Vec<String> =
        page.requests().into_iter().filter(|url| !url.starts_with(&server.page) && *url != "data:,").collect();
    assert_eq!(elsewhere, Vec::<String>::new(), "nothing is loaded from anywhere else");
    let kept = page.eval("JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])");
    assert_eq!(kept, "[0,0,\"\"]", "the token is kept in memory only");
}

#[test]
fn a_refusal_is_shown_with_its_reason_and_an_ordinary_end_when_it_is_asked_for() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let mut stray = std::net::TcpStream::connect(&server.rpc).expect("it listens");
    stray.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").expect("written");
    let mut ordinary = std::net::TcpStream::connect(&server.rpc).expect("it listens");
    ordinary.write_all(&[0]).expect("written");
    drop(ordinary);
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.querySelector('#routes tbody tr').cells[4].innerText === '1'"); // of the ordinary one
    let why = page.until("document.querySelector('#closed tbody tr .more').innerText");
    assert!(why.as_str().is_some_and(|why| why.contains("SSH")), "{why}");
    let peer = page.eval("document.querySelector('#closed tbody td').innerText");
    assert!(peer.as_str().is_some_and(|peer| peer.starts_with("127.0.0.1")), "{peer}");
    assert_eq!(page.eval("document.querySelectorAll('#closed tbody tr').length"), json!(1));
    click(&mut page, "document.getElementById('ordinary')");
    page.until("document.querySelector('#closed tbody').innerText.includes('peer_closed')");
    assert_eq!(page.eval("document.querySelectorAll('#closed tbody tr').length"), json!(2));
}

#[test]
fn updates_stop_when_they_are_paused_and_go_on_after_that() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.getElementById('link-text').innerText === 'live'");
    click(&mut page, "document.getElementById('pause')");
    assert_eq!(page.eval("document.getElementById('link-text').innerText"), "paused");
    assert_eq!(page.eval("document.getElementById('pause').getAttribute('aria-pressed')"), "true");
    click(&mut page, "document.getElementById('pause')");
    page.until("document.getElementById('link-text').innerText === 'live'");
    drop(server);
    page.until("document.getElementById('link').className === 'lost'");
}

/// A name that a page must not take for anything but text.
const HOSTILE: &str =
    "<img src=x onerror=\"document.title='taken'\">\u{202e}</td><script>document.title='taken'</script>";

#[test]
fn what_peers_are_called_is_text_whatever_it_looks_like() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let mut page = browser.page();
    page.before_all(&events_of(&hostile_snapshot()));
    page.open(&server.page);
    for (table, column) in
        [("conns", 1), ("conns", 2), ("conns", 5), ("closed", 0), ("methods", 0), ("slow", 1), ("routes", 0)]
    {
        let cell = format!("document.querySelector('#{table} tbody tr').cells[{column}].firstChild.textContent");
        assert_eq!(page.until(&cell), HOSTILE, "{table} {column}");
    }
    click(&mut page, "document.querySelector('#conns button')");
    assert_eq!(page.eval("document.getElementById('kill-peer').textContent"), HOSTILE);
    assert_eq!(page.eval("document.images.length"), json!(0));
    assert_eq!(page.eval("document.scripts.length"), json!(1));
    assert_ne!(page.eval("document.title"), "taken");
    assert_eq!(page.complaints(), Vec::<String>::new(), "the policy had nothing to keep out");
}

#[test]
fn the_policy_keeps_out_what_would_be_brought_in() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.getElementById('link-text').innerText === 'live'");
    page.eval("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.taken = true\"><style>body{opacity:0}</style>')");
    page.eval("{ const s = document.createElement('script'); s.textContent = 'window.taken = true'; document.body.append(s); 1 }");
    let out = page.eval("fetch('http://127.0.0.1:1/').then(() => 'went out', () => 'kept in')");
    assert_eq!(out, "kept in");
    assert_eq!(page.eval("window.taken === undefined && getComputedStyle(document.body).opacity"), "1");
    let kept_out = page.complaints();
    for directive in ["script-src", "style-src", "img-src", "connect-src"] {
        assert!(kept_out.iter().any(|complaint| complaint.contains(directive)), "{directive}: {kept_out:?}");
    }
}

/// A snapshot in which everything that could come from a peer is hostile.
fn hostile_snapshot() -> Value {
    let call = json!({"method": HOSTILE, "seq": 1, "age_ms": 5, "state": "running"});
    json!({
        "at_unix_ms": 0,
        "server": {"node": HOSTILE, "datacenter": HOSTILE, "version": "1", "rpc_address": HOSTILE, "up_ms": 1},
        "health": {"ok": false, "detail": HOSTILE},
        "conns": [{
            "id": 1, "peer": HOSTILE, "route": HOSTILE, "tls": {"version": HOSTILE, "alpn": HOSTILE, "sni": HOSTILE},
            "certificate_names": [HOSTILE], "age_ms": 1, "bytes_in": 1, "bytes_out": 1, "calls": 1, "errors": 1, "streams": 1,
            "current": call, "state": "running",
        }],
        "conns_total": 1,
        "routes": [{"label": HOSTILE, "byte": 0, "alpn": HOSTILE, "live": 1, "accepted": 1}],
        "methods": [{"method": HOSTILE, "calls": 1, "errors": 1, "rate": 1.0, "p50_ms": 1.0, "p99_ms": null}],
        "closed": [{"peer": HOSTILE, "reason": HOSTILE, "detail": HOSTILE, "ago_ms": 1, "count": 1}],
        "slow": [{"method": HOSTILE, "peer": HOSTILE, "ms": 1.0, "ended_ms_ago": 1, "errored": true}],
    })
}

/// A script after which `/events` brings nothing but `snapshot`.
fn events_of(snapshot: &Value) -> String {
    let text = json!(snapshot.to_string());
    format!(
        "window.EventSource = class extends EventTarget {{
            constructor() {{
                super();
                setTimeout(() => this.dispatchEvent(new MessageEvent('snapshot', {{ data: {text} }})));
            }}
            close() {{}}
        }};"
    )
}
