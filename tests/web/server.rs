//! The binary, with an admin listener on a port that the system chose.
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use proconsul_tests::golden::server::binary;
use serde_json::Value;

use crate::PROMPTLY;

/// A server that is running. It ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it is called.
    pub(crate) rpc: String,
    /// Where its page is.
    pub(crate) page: String,
    /// What changes take.
    pub(crate) token: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(binary().expect("the binary is built"))
            .args(["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--admin-port", "0", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = lines(child.stdout.take().expect("it is piped"));
        let log = lines(child.stderr.take().expect("it is piped"));
        let Ok(line) = output.recv_timeout(PROMPTLY) else {
            let _ended = child.kill();
            panic!("the server did not start:\n{}", log.iter().collect::<Vec<_>>().join("\n"));
        };
        thread::spawn(move || log.iter().count()); // what it says later is nobody's, and must not fill the pipe
        let line: Value = serde_json::from_str(&line).expect("a line of JSON");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("not told: {line}")).to_owned();
        Self {
            child,
            rpc: text(&line["listening"]["rpc"]),
            page: format!("http://{}/", text(&line["listening"]["admin"])),
            token: text(&line["admin_token"]),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (heard, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| heard.send(line)));
    lines
}
