//! What an operator sees of a server that runs: its metrics and its traces.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
};

const BINARY: &str = env!("CARGO_BIN_EXE_proconsul");

/// A server that is killed with its test.
struct Server(Child);

impl Server {
    /// Starts one, and says where it listens and what it logs.
    fn start(level: &str) -> (Self, String, BufReader<ChildStderr>) {
        let mut child = Command::new(BINARY)
            .args([
                "server",
                "--dev",
                "--server-port",
                "0",
                "--grpc-port",
                "-1",
                "--admin-port",
                "0",
                "--json",
                "--log-level",
                level,
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let log = BufReader::new(child.stderr.take().expect("asked for above"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("asked for above")).read_line(&mut line).expect("a line");
        let server = Self(child);
        let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        (server, said["listening"]["rpc"].as_str().expect("an address").to_owned(), log)
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn ping(address: &str) {
    let done =
        Command::new(BINARY).args(["rpc", "call", "Status.Ping", "--server", address]).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn sigusr1_prints_the_metrics_and_the_server_goes_on() {
    let (server, address, mut log) = Server::start("info");
    for times in 1..=2 {
        ping(&address);
        server.signal("USR1");
        let mut lines = log.by_ref().lines().map(|line| line.expect("a line"));
        let head = lines.find(|line| line.starts_with("metrics since the start, ")).expect("a dump");
        let count = head.split_whitespace().find_map(|word| word.parse().ok()).expect("how many series");
        let dump: Vec<String> = lines.take(count).collect();
        assert!(dump.contains(&format!("counter    rpc.request {times}")), "{dump:#?}");
        let call = dump.iter().find(|line| line.contains(r#"method="Status.Ping""#)).expect("the call's series");
        assert!(
            call.starts_with("histogram  rpc.server.call{errored=\"false\",") && call.contains(" ms; <="),
            "{call}"
        );
    }
}

#[test]
fn a_trace_shows_a_call_in_its_stream_in_its_connection() {
    let (_server, address, log) = Server::start("info,proconsul_server=debug,proconsul_netrpc=trace");
    ping(&address);
    let line = log.lines().map(|line| line.expect("a line")).find(|line| line.ends_with(" answered")).expect("a trace");
    let spans = r#" route="rpc_multi"}:stream{id=1}:call{method="Status.Ping" seq=1}: "#;
    assert!(line.contains("conn{peer=127.0.0.1:") && line.contains(spans), "{line}");
}

#[test]
fn a_connection_that_breaks_rules_is_logged_once_a_minute() {
    let (server, address, mut log) = Server::start("info");
    for _ in 0..5 {
        let mut io = TcpStream::connect(&address).expect("a connection");
        io.write_all(b"\x04no frame of yamux begins so").expect("written");
        // Closed, or reset as the server has not read all of it.
        let _ended = io.read_to_end(&mut Vec::new());
    }
    // It stops when every connection has said what there is to say.
    server.signal("TERM");
    let mut text = String::new();
    log.read_to_string(&mut text).expect("a log");
    let said: Vec<&str> = text.lines().filter(|line| line.contains("yamux_violation")).collect();
    assert_eq!(said.len(), 1, "{text}");
    assert!(said[0].contains(" WARN ") && said[0].contains("not yamux: frame of protocol version 110"), "{}", said[0]);
}
