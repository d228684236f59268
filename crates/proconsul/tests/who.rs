//! Who is on the port, as an operator asks for it.
mod support;

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use support::{Running, code, err, out, proconsul, run};

/// A command with the server's admin listener.
fn ask(server: &Running, line: &str) -> Output {
    proconsul().args(line.split(' ')).args(["--admin", server.admin()]).output().expect("the binary runs")
}

fn json(server: &Running, line: &str) -> Value {
    let output = ask(server, &format!("{line} --json"));
    assert_eq!(code(&output), Some(0), "{line}: {}", err(&output));
    serde_json::from_slice(&output.stdout).expect("--json prints JSON")
}

/// The rows of a list, once there is one.
fn once_there(server: &Running, line: &str) -> Vec<Value> {
    let began = std::time::Instant::now();
    loop {
        match json(server, line) {
            Value::Array(rows) if !rows.is_empty() => return rows,
            other => assert!(began.elapsed() < support::PROMPTLY, "{line}: {other}"),
        }
    }
}

/// A server with a key, and a query that waits for it to change.
fn with_a_parked_query() -> (Running, Child) {
    let server = Running::dev();
    server.put("w", "b25l");
    let index = server.reply("KVS.Get", r#"{"Key":"w"}"#)["Index"].as_u64().expect("an index");
    let waits = server.park("w", index);
    let began = std::time::Instant::now();
    while !json(&server, "streams").as_array().is_some_and(|rows| rows.iter().any(|row| row["state"] == "parked")) {
        assert!(began.elapsed() < support::PROMPTLY, "it does not park");
    }
    (server, waits)
}

#[test]
fn a_connection_is_seen_filtered_and_ended() {
    let (server, mut waits) = with_a_parked_query();
    let parked = |row: &Value| row["current"]["method"] == "KVS.Get" && row["state"] == "parked";
    let rows = once_there(&server, "conns --route rpc_multi --peer 127.0.0.1");
    let row = rows.iter().find(|row| parked(row)).expect("the query's connection");
    let (id, peer) = (row["id"].as_u64().expect("a number"), row["peer"].as_str().expect("an address"));
    assert!(row["bytes_in"].as_u64() > Some(0) && row["tls"].is_null());
    assert_eq!(json(&server, "conns --route grpc"), serde_json::json!([]));
    assert_eq!(json(&server, "conns --peer 10.9.8.7"), serde_json::json!([]));
    assert_eq!(once_there(&server, &format!("conns --peer {peer}")).len(), 1);

    let table = out(&ask(&server, "conns"));
    assert!(table.lines().next().is_some_and(|header| header.contains("PEER") && header.contains("NOW")), "{table}");
    assert!(table.contains("KVS.Get parked"), "{table}");
    let streams = out(&ask(&server, "streams --method kvs"));
    assert!(streams.contains("KVS.Get parked"), "{streams}");

    let kill = format!("conns kill {id}");
    let refused = ask(&server, &kill);
    assert_eq!(code(&refused), Some(3), "{}", err(&refused));
    assert!(err(&refused).contains("PROCONSUL_ADMIN_TOKEN"), "{}", err(&refused));
    let refused = ask(&server, &format!("{kill} --token wrong"));
    assert_eq!(code(&refused), Some(3), "{}", err(&refused));
    assert!(waits.try_wait().expect("it is ours").is_none(), "it waits still");

    let mut command = proconsul();
    command.env("PROCONSUL_ADMIN", server.admin()).env("PROCONSUL_ADMIN_TOKEN", server.token());
    let killed = command.args(kill.split(' ')).output().expect("the binary runs");
    assert_eq!(code(&killed), Some(0), "{}", err(&killed));
    assert_eq!(out(&killed), format!("ended connection {id}\n"));
    let ended = waits.wait_with_output().expect("it ends");
    assert_eq!(code(&ended), Some(4), "{}", err(&ended));
    let again = ask(&server, &format!("{kill} --token {}", server.token()));
    assert_eq!(code(&again), Some(1));
    assert!(err(&again).contains("there is no connection"), "{}", err(&again));
}

#[test]
fn over_the_unix_socket_no_token_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let server = Running::start(&[
        "server",
        "--dev",
        "--server-port",
        "0",
        "--grpc-port",
        "-1",
        "--admin-port",
        "-1",
        "--data-dir",
        &data,
        "--json",
    ]);
    let mut held = TcpStream::connect(server.address).expect("a connection");
    held.write_all(&[0]).expect("written");
    let began = std::time::Instant::now();
    let id = loop {
        let listed = run(&["conns", "--admin", &data, "--json"]);
        let rows: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
        if let Some(row) = rows.as_array().and_then(|rows| rows.iter().find(|row| row["route"] == "rpc")) {
            break row["id"].to_string();
        }
        assert!(began.elapsed() < support::PROMPTLY, "{rows}");
    };
    let socket = format!("{data}/admin.sock");
    let killed = run(&["conns", "kill", &id, "--admin", &socket, "--json"]);
    assert_eq!(code(&killed), Some(0), "{}", err(&killed));
    assert_eq!(out(&killed).trim(), format!("{{\"killed\":{id}}}"));
    let mut rest = Vec::new();
    // Closed or reset: it has ended.
    let _ended = held.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn slow_calls_are_listed_the_slowest_first() {
    let server = Running::dev();
    server.put("a", "eA==");
    server.reply("Catalog.ListNodes", "{}");
    assert_eq!(code(&server.call("KVS.Apply", r#"{"Op":"set"}"#)), Some(3));
    let rows = once_there(&server, "slow");
    assert!(rows.len() >= 2, "{rows:?}");
    assert!(rows.windows(2).all(|pair| pair[0]["ms"].as_f64() >= pair[1]["ms"].as_f64()), "{rows:?}");
    let nodes = once_there(&server, "slow --method listnodes --peer 127.0.0.1");
    assert!(nodes.iter().all(|row| row["method"] == "Catalog.ListNodes"), "{nodes:?}");
    assert!(out(&ask(&server, "slow")).contains("Catalog.ListNodes"));
}

#[test]
fn top_without_a_terminal_prints_one_snapshot_or_lines_of_json() {
    let (server, mut waits) = with_a_parked_query();
    let text = out(&ask(&server, "top"));
    assert!(text.starts_with("proconsul top: node ") && text.contains("KVS.Get parked"), "{text}");
    let lines = out(&ask(&server, "top --json --count 3 --interval 100ms"));
    let times: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["at_unix_ms"].as_u64().expect("a time"))
        .collect();
    assert!(times.len() == 3 && times[0] < times[1] && times[1] < times[2], "{times:?}");

    // Whoever reads has seen enough after a line: it ends by itself.
    let mut top = proconsul();
    top.args(["top", "--json", "--interval", "100ms", "--admin", server.admin()]);
    let mut top = top.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut line = String::new();
    BufReader::new(top.stdout.take().expect("asked for above")).read_line(&mut line).expect("a line");
    assert!(line.starts_with('{'));
    assert!(top.wait().expect("it ends").success());
    let _ended = waits.kill();
    let _ = waits.wait();
}

/// `top` on a terminal of its own, which script(1) makes; `None`: there is none to make it.
fn top_on_a_terminal(server: &Running, flags: &str) -> Option<Child> {
    let binary = support::BINARY;
    let line = format!("stty cols 120 rows 20; {binary} top --interval 100ms --admin {} {flags}", server.admin());
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env("SHELL", "/bin/sh");
    match script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
        Ok(script) => Some(script),
        Err(error) => {
            println!("skipped: no script(1) to have a terminal with: {error}");
            None
        }
    }
}

#[test]
fn on_a_terminal_top_takes_the_screen_and_gives_it_back() {
    let server = Running::dev();
    let Some(mut top) = top_on_a_terminal(&server, "--count 2") else { return };
    // Held open: its end would be the terminal's.
    let _keys = top.stdin.take();
    let output = top.wait_with_output().expect("it ends");
    let drawn = out(&output);
    let (enters, leaves) = ("\x1b[?1049h", "\x1b[?1049l");
    assert!(drawn.contains(enters) && drawn.contains("proconsul top: node proconsul"), "{drawn:?}");
    let after = drawn.split(leaves).nth(1).expect("the screen is given back");
    assert!(!after.contains(enters) && drawn.contains("\x1b[?25h"), "and the cursor: {drawn:?}");
}

#[test]
fn on_a_terminal_a_connection_is_selected_and_ended() {
    let server = Running::dev();
    let mut held = TcpStream::connect(server.address).expect("a connection");
    held.write_all(&[0]).expect("written");
    held.set_read_timeout(Some(support::PROMPTLY)).expect("a time");
    let Some(mut top) = top_on_a_terminal(&server, &format!("--token {}", server.token())) else { return };
    let mut keys = top.stdin.take().expect("asked for above");
    let mut screen = top.stdout.take().expect("asked for above");
    let mut drawn = Vec::new();
    let peer = held.local_addr().expect("it has one").to_string();
    while !String::from_utf8_lossy(&drawn).contains(&peer) {
        let mut more = [0; 4096];
        let count = screen.read(&mut more).expect("it draws");
        assert!(count > 0, "it ended: {:?}", String::from_utf8_lossy(&drawn));
        drawn.extend_from_slice(&more[..count]);
    }
    keys.write_all(b"\x1b[Bky").expect("pressed");
    let mut rest = Vec::new();
    let ended = held.read_to_end(&mut rest).map_err(|error| error.kind());
    assert!(!matches!(ended, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "it is still open");
    keys.write_all(b"q").expect("pressed");
    screen.read_to_end(&mut drawn).expect("it ends");
    assert!(top.wait().expect("it ends").success());
    assert!(String::from_utf8_lossy(&drawn).contains("\x1b[?1049l"));
}

#[test]
fn nobody_there_is_code_4_with_what_to_do() {
    for line in ["conns", "streams", "slow", "top", "conns kill 1"] {
        let output = proconsul().args(line.split(' ')).args(["--admin", "127.0.0.1:1"]).output().expect("it runs");
        assert_eq!(code(&output), Some(4), "{line}: {}", err(&output));
        assert!(err(&output).contains("--admin"), "{line}: {}", err(&output));
    }
    let output = run(&["conns", "--admin", "/no/such/admin.sock"]);
    assert_eq!(code(&output), Some(4), "{}", err(&output));
    assert_eq!(code(&run(&["conns", "--admin", "nonsense"])), Some(1));
    assert_eq!(code(&run(&["conns", "kill", "many"])), Some(2));
}

#[test]
fn the_routes_are_those_of_the_table() {
    let rows: Value = serde_json::from_str(&out(&run(&["routes", "--json"]))).expect("JSON");
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), proconsul_mux::ROUTES.len());
    let table = out(&run(&["routes"]));
    for (row, expected) in rows.iter().zip(proconsul_mux::ROUTES) {
        assert_eq!((row["route"].as_str(), row["alpn"].as_str()), (Some(expected.label), expected.alpn));
        assert_eq!(row["byte"].as_u64(), expected.byte.map(u64::from));
        assert!(table.contains(expected.label) && table.contains(expected.alpn.unwrap_or_default()));
    }
    let served: Vec<String> =
        serde_json::from_slice(&run(&["rpc", "list", "--served", "--json"]).stdout).expect("JSON");
    for row in rows.iter().filter(|row| row["byte"].as_u64().is_some_and(|byte| byte <= 9)) {
        let word = format!("route:{}", row["byte"]);
        assert_eq!(served.contains(&word), row["served"] == true, "{word}");
    }
    assert!(served.contains(&"route:3".to_owned()) && served.contains(&"KVS.Get".to_owned()));
}
