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
    build(&["-p", "proconsul", "--bin", "proconsul"], "proconsul", profile)
}

/// The same of a crate's example, in a release build.
pub(crate) fn build_example(package: &str, example: &str) -> Result<PathBuf> {
    build(&["-p", package, "--example", example], example, Profile::Release)
}

fn build(what: &[&str], target: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = Command::new(cargo());
    command
        .arg("build")
        .args(what)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace_root())
        .stdout(Stdio::piped());
    if profile == Profile::Release {
        command.arg("--release");
    }
    let out = command.spawn()?.wait_with_output().context("running cargo")?;
    ensure!(out.status.success(), "{target} does not build");
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo named no binary")
}

/// A server process. It is killed when this value is dropped.
pub(crate) struct Server {
    child: Child,
    listening: Listening,
}

/// Where a server listens.
#[derive(Default)]
struct Listening {
    addr: String,
    /// Its external gRPC.
    grpc: String,
    /// The same in TLS; empty if there is none.
    grpc_tls: String,
}

/// The ports that a server is to take; 0 is any that is free.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ports {
    pub(crate) server: u16,
    pub(crate) grpc: u16,
}

impl Server {
    /// Starts our server on loopback ports.
    pub(crate) fn start_proconsul(binary: &Path, ports: Ports) -> Result<Self> {
        Self::start_proconsul_with(binary, ports, &[])
    }

    /// The same, with further arguments. Relative paths in them are seen from `tests/golden`.
    pub(crate) fn start_proconsul_with(binary: &Path, ports: Ports, more: &[&str]) -> Result<Self> {
        let (port, grpc) = (ports.server.to_string(), ports.grpc.to_string());
        // Several may run at a time, and the admin listener's port is one.
        let args = [
            "server",
            "--dev",
            "--server-port",
            &port,
            "--grpc-port",
            &grpc,
            "--admin-port",
            "-1",
            "--json",
            "--log-level",
            "warn",
        ];
        Self::start(binary, &[&args, more].concat(), |line| {
            let facts: Value = serde_json::from_str(line).ok()?;
            let at = |what: &str| facts["listening"][what].as_str().map(str::to_owned);
            Some(Listening { addr: at("rpc")?, grpc: at("grpc")?, grpc_tls: at("grpc_tls").unwrap_or_default() })
        })
    }

    /// Starts the Go server on a free loopback port.
    pub(crate) fn start_floor(binary: &Path) -> Result<Self> {
        Self::start_floor_with(binary, &[])
    }

    /// The same, with further arguments. Relative paths in `more` are seen from `tests/golden`.
    pub(crate) fn start_floor_with(binary: &Path, more: &[&str]) -> Result<Self> {
        let args = [&["-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0"], more].concat();
        Self::start(binary, &args, |line| {
            let (addr, grpc) = line.strip_prefix("listening ")?.split_once(" grpc ")?;
            Some(Listening { addr: addr.to_owned(), grpc: grpc.to_owned(), grpc_tls: String::new() })
        })
    }

    /// Starts a server with one port, which is for gRPC.
    pub(crate) fn start_bare(binary: &Path) -> Result<Self> {
        Self::start(binary, &[], |line| {
            let addr = line.strip_prefix("listening ")?.to_owned();
            Some(Listening { grpc: addr.clone(), addr, grpc_tls: String::new() })
        })
    }

    /// Starts a server with every descriptor it may have, and reads where it listens from its first line.
    fn start(binary: &Path, args: &[&str], listening: impl Fn(&str) -> Option<Listening>) -> Result<Self> {
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
        let mut server = Self { child, listening: Listening::default() };
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        server.listening =
            listening(line.trim()).with_context(|| format!("{what} began with {line:?}, not with its addresses"))?;
        // A full pipe would stop the server: what else it prints is read and dropped.
        thread::spawn(move || std::io::copy(&mut stdout.by_ref(), &mut std::io::sink()));
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> &str {
        &self.listening.addr
    }

    /// Where its external gRPC is.
    pub(crate) fn grpc_addr(&self) -> &str {
        &self.listening.grpc
    }

    /// Where its external gRPC in TLS is; empty if it has none.
    pub(crate) fn grpc_tls_addr(&self) -> &str {
        &self.listening.grpc_tls
    }

    /// Its ports, to start another in its place; 0 for an address that could not be read.
    pub(crate) fn ports(&self) -> Ports {
        let port = |addr: &str| addr.parse::<SocketAddr>().map_or(0, |addr| addr.port());
        Ports { server: port(self.addr()), grpc: port(self.grpc_addr()) }
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
