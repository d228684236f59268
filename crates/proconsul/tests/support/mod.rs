//! The binary as a user runs it: started, asked, signalled, and read.
#![allow(dead_code, reason = "each test file uses its own part")]
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

pub(crate) mod raw;

/// What any one step may take on a machine that does much else.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(20);

/// Our binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_proconsul");

/// A command to be completed with arguments.
pub(crate) fn proconsul() -> Command {
    let mut command = Command::new(BINARY);
    command.stdin(Stdio::null());
    for name in ["RUST_LOG", "CONSUL_HTTP_TOKEN", "PROCONSUL_ADMIN", "PROCONSUL_ADMIN_TOKEN"] {
        command.env_remove(name);
    }
    command
}

/// Runs to the end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    proconsul().args(arguments).output().expect("the binary runs")
}

/// The exit code.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// What was printed.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What was said of failures.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server, killed when the test ends.
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The first line that it printed.
    pub(crate) announced: Value,
    log: Receiver<String>,
}

impl Running {
    /// Development mode on a port of its own.
    pub(crate) fn dev() -> Self {
        Self::start(&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--admin-port", "0", "--json"])
    }

    /// Where its admin listener is, on the loopback.
    pub(crate) fn admin(&self) -> &str {
        self.announced["listening"]["admin"].as_str().expect("it says where")
    }

    /// What changes take there.
    pub(crate) fn token(&self) -> &str {
        self.announced["admin_token"].as_str().expect("it says so")
    }

    /// With these arguments, `--json` among them.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(proconsul().args(arguments))
    }

    /// A command that becomes a server, which prints JSON.
    pub(crate) fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let printed = lines(child.stdout.take().expect("asked for above"));
        let log = lines(child.stderr.take().expect("asked for above"));
        let Ok(line) = printed.recv_timeout(PROMPTLY) else {
            let _ended = child.kill();
            panic!("it says nothing; its log: {:?}", log.iter().collect::<Vec<_>>());
        };
        let announced: Value = serde_json::from_str(&line).expect("the first line is JSON");
        let address = announced["listening"]["rpc"].as_str().expect("it says where it listens");
        Self { address: address.parse().expect("an address"), announced, child, log }
    }

    /// Its process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by the name that kill(1) knows.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(status.expect("kill(1) is there").success());
    }

    /// How it ended, within a time.
    pub(crate) fn ended(&mut self, within: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(start.elapsed() < within, "it has not ended within {within:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for a line of its log that contains `text`.
    pub(crate) fn logged(&self, text: &str) -> String {
        let deadline = Instant::now() + PROMPTLY;
        loop {
            match self.log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => panic!("no log line has {text:?}"),
            }
        }
    }

    /// The lines of its log that have come since.
    pub(crate) fn log_lines(&self) -> Vec<String> {
        self.log.try_iter().collect()
    }

    /// `rpc call` to it.
    pub(crate) fn call(&self, method: &str, data: &str) -> Output {
        self.calling(method, data).output().expect("the binary runs")
    }

    /// `rpc call` to it, not run yet.
    pub(crate) fn calling(&self, method: &str, data: &str) -> Command {
        let mut command = proconsul();
        command.args(["rpc", "call", method, "-d", data, "--json", "--server", &self.address.to_string()]);
        command
    }

    /// The reply of a call that succeeds.
    pub(crate) fn reply(&self, method: &str, data: &str) -> Value {
        let output = self.call(method, data);
        assert_eq!(code(&output), Some(0), "{method} {data}: {}", err(&output));
        serde_json::from_slice(&output.stdout).expect("--json prints JSON")
    }

    /// Writes a key.
    pub(crate) fn put(&self, key: &str, value: &str) {
        let data = serde_json::json!({"Op": "set", "DirEnt": {"Key": key, "Value": value}});
        self.reply("KVS.Apply", &data.to_string());
    }

    /// Starts a query for a key that waits for a change after `index`, and sees it wait. `waiting` queries wait already.
    pub(crate) fn park(&self, key: &str, index: u64) -> Child {
        let data = serde_json::json!({"Key": key, "MinQueryIndex": index, "MaxQueryTime": "60s"});
        self.calling("KVS.Get", &data.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
