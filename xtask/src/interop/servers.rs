//! Servers started for a test or a measurement, and ended with their value.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Tells the Rust tests where the built Go server is.
pub(crate) const GO_SERVER_VAR: &str = "PROCONSUL_GO_SERVER";

/// Which build of our server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// How a server is stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// By SIGTERM.
    Graceful,
    /// By SIGKILL.
    Killed,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Graceful => "graceful",
            Self::Killed => "killed",
        })
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace_root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(here).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where the recordings are, with the certificates and the configurations that they were made with.
pub(crate) fn golden_folder() -> PathBuf {
    workspace_root().join("tests/golden")
}

/// Builds our server and gives the path of its binary, wherever cargo put it.
pub(crate) fn build_proconsul(profile: Profile) -> Result<PathBuf> {
    let mut command = Command::new(cargo());
    command
        .args(["build", "-p", "proconsul", "--bin", "proconsul"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace_root())
        .stdout(Stdio::piped());
    if profile == Profile::Release {
        command.arg("--release");
    }
    let out = command.spawn()?.wait_with_output().context("running cargo")?;
    ensure!(out.status.success(), "our server does not build");
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "proconsul")
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo named no binary")
}

/// A server process. It is killed when this value is dropped.
pub(crate) struct Server {
    child: Child,
    addr: String,
}

impl Server {
    /// Starts our server on a loopback port; 0 takes a free one.
    pub(crate) fn start_proconsul(binary: &Path, port: u16) -> Result<Self> {
        Self::start_proconsul_with(binary, port, &[])
    }

    /// The same, with further arguments. Relative paths in them are seen from `tests/golden`.
    pub(crate) fn start_proconsul_with(binary: &Path, port: u16, more: &[&str]) -> Result<Self> {
        let port = port.to_string();
        // Several may run at a time, and the admin listener's port is one.
        let args = [
            "server",
            "--dev",
            "--server-port",
            &port,
            "--grpc-port",
            "-1",
            "--admin-port",
            "-1",
            "--json",
            "--log-level",
            "warn",
        ];
        Self::start(binary, &[&args, more].concat(), |line| {
            let facts: Value = serde_json::from_str(line).ok()?;
            facts["listening"]["rpc"].as_str().map(str::to_owned)
        })
    }

    /// Starts the Go server on a free loopback port.
    pub(crate) fn start_floor(binary: &Path) -> Result<Self> {
        Self::start_floor_with(binary, &[])
    }

    /// The same, with further arguments. Relative paths in `more` are seen from `tests/golden`.
    pub(crate) fn start_floor_with(binary: &Path, more: &[&str]) -> Result<Self> {
        Self::start(binary, &[&["-addr", "127.0.0.1:0"], more].concat(), |line| {
            line.strip_prefix("listening ").map(str::to_owned)
        })
    }

    /// Starts a server with every descriptor it may have, and reads its address from its first line.
    fn start(binary: &Path, args: &[&str], address: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let what = binary.display();
        let binary = std::path::absolute(binary)?; // it is started in another folder
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
            .arg(binary)
            .args(args)
            .current_dir(golden_folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {what}"))?;
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for above"));
        let mut server = Self { child, addr: String::new() };
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        server.addr =
            address(line.trim()).with_context(|| format!("{what} began with {line:?}, not with its address"))?;
        // A full pipe would stop the server: what else it prints is read and dropped.
        thread::spawn(move || std::io::copy(&mut stdout.by_ref(), &mut std::io::sink()));
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> &str {
        &self.addr
    }

    /// Its port; 0 if its address could not be read.
    pub(crate) fn port(&self) -> u16 {
        self.addr.parse::<SocketAddr>().map_or(0, |addr| addr.port())
    }

    /// Its process: the shell before it has made way for it.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process and waits until it is gone.
    pub(crate) fn stop(mut self, how: Stop, limit: Duration) -> Result<()> {
        match how {
            Stop::Killed => self.child.kill()?,
            Stop::Graceful => {
                let status = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
                ensure!(status.success(), "the server had ended before it was stopped");
            }
        }
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                ensure!(how == Stop::Killed || status.success(), "the server stopped with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("the server was still there {limit:?} after it was asked to stop")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
