//! `cargo xtask interop`: peers made of HashiCorp's own Go modules against our server, and our client against theirs.
//!
//! Needs Go, and the module proxy or a filled module cache. Without Go it says what it skipped; CI passes `--require-go`.

pub(crate) mod go;
pub(crate) mod servers;
mod structs; // our encodings, decoded by Go
mod tls;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use go::Go;
use servers::{Ports, Profile, Server, Stop, workspace_root};

/// What `cargo xtask interop --help` prints.
const USAGE: &str = "\
cargo xtask interop [--require-go] [--release] [--server PATH] [--only REGEX] [--floor]
                    [--against H:P [--against-pid N] [--against-grpc H:P]]

  --require-go     fail, rather than skip, when Go is not installed
  --release        build and run the server in the release profile
  --server PATH    run this server binary, do not build one
  --only REGEX     of the client suite, only the checks whose names match, those about TLS if it begins with `^tls/`; nothing
                   else is run. `structs`: only what our structures encode, decoded by Go, and bad input
  --floor          check the suite itself against the Go server of this repository
  --against H:P    run the client suite against a server that is already there; nothing else is run
  --against-pid N  its process, for the checks that look at memory and descriptors
  --against-grpc H:P  its external gRPC port, for the checks of what is only there";

/// Connections that one address may have by default (`limits.rpc_max_conns_per_client`).
const CONNECTIONS_PER_CLIENT: u32 = 100;
/// Streams that one session may have: `STREAMS_MAX` of the yamux crate.
const STREAMS_PER_SESSION: u32 = 16_384;
/// What the Go floor server does not have: methods beyond its few, and anything that frees a vanished client's queries.
const NOT_IN_FLOOR: &str = "^(catalog|claims|coordinate|discovery|grpc|health|snapshot|txn)/|leader-is-an-address|list-keys|parked-clients-vanish";
/// What `--only` calls the structures.
const STRUCTS: &str = "structs";
/// How long a stopping server may take.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs the command with the arguments that follow `cargo xtask interop`.
///
/// # Errors
/// A wrong argument, a build that fails, a check that fails, or Go missing where `--require-go` was given.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(options) = Options::parse(args)? else {
        println!("{USAGE}");
        return Ok(());
    };
    let Some(go) = Go::find()? else {
        ensure!(!options.require_go, "Go is not installed, and --require-go was given");
        println!("skipped: Go is not installed; no peer made of HashiCorp's modules was run");
        return Ok(());
    };
    let peers = go.build(&workspace_root().join("tests/interop/go"))?;
    if let Some(addr) = &options.against {
        let grpc = options.against_grpc.iter().flat_map(|grpc| ["-grpc-addr", grpc.as_str()]);
        let all: Vec<_> = grpc.chain(options.only_args()).collect();
        return suite(&peers.client, addr, options.against_pid, &all);
    }
    if options.floor {
        let floor = Server::start_floor(&peers.server)?;
        let all = [&["-skip", NOT_IN_FLOOR][..], &options.only_args()].concat();
        return suite(&peers.client, floor.addr(), Some(floor.pid()), &all);
    }
    if options.only.as_deref().is_none_or(|only| only == STRUCTS) {
        heading("our structures, decoded by HashiCorp's codec and client");
        structs::decoded_by_go(&peers.structs)?;
    }
    if options.only.as_deref() == Some(STRUCTS) {
        return Ok(());
    }
    let binary = match &options.server {
        Some(path) => path.clone(),
        None => servers::build_proconsul(options.profile)?,
    };
    if let Some(only) = options.only.as_deref().filter(|only| only.starts_with(tls::CHECKS)) {
        return tls::checks(&peers.client, &binary, Some(only));
    }
    {
        heading("HashiCorp's client against our server");
        let server = Server::start_proconsul(&binary, Ports::default())?;
        let limits =
            ["-conn-limit", &CONNECTIONS_PER_CLIENT.to_string(), "-stream-limit", &STREAMS_PER_SESSION.to_string()];
        let all = [&limits[..], &["-grpc-addr", server.grpc_addr()], &options.only_args()].concat();
        suite(&peers.client, server.addr(), Some(server.pid()), &all)?;
    }
    if options.only.is_some() {
        return Ok(());
    }
    tls::checks(&peers.client, &binary, None)?;
    for how in [Stop::Graceful, Stop::Killed] {
        heading(&format!("our server restarted under load: {how}"));
        restart(&peers.client, &binary, how)?;
    }
    heading("our client against a server of HashiCorp's modules");
    our_client(&peers.server)
}

struct Options {
    require_go: bool,
    profile: Profile,
    server: Option<std::path::PathBuf>,
    only: Option<String>,
    floor: bool,
    against: Option<String>,
    against_pid: Option<u32>,
    against_grpc: Option<String>,
}

impl Options {
    /// `None` when help was asked for.
    fn parse(args: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            require_go: false,
            profile: Profile::Debug,
            server: None,
            only: None,
            floor: false,
            against: None,
            against_pid: None,
            against_grpc: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--require-go" => options.require_go = true,
                "--release" => options.profile = Profile::Release,
                "--server" => options.server = Some(value()?.into()),
                "--only" => options.only = Some(value()?.clone()),
                "--floor" => options.floor = true,
                "--against" => options.against = Some(value()?.clone()),
                "--against-pid" => options.against_pid = Some(value()?.parse().context("--against-pid")?),
                "--against-grpc" => options.against_grpc = Some(value()?.clone()),
                "-h" | "--help" => return Ok(None),
                other => bail!("{other}: no such argument\n\n{USAGE}"),
            }
        }
        Ok(Some(options))
    }

    /// What narrows the client suite.
    fn only_args(&self) -> Vec<&str> {
        self.only.iter().flat_map(|only| ["-only", only]).collect()
    }
}

fn heading(text: &str) {
    println!("\n== {text}");
}

/// Runs the client suite; its lines go to our own output.
fn suite(client: &Path, addr: &str, pid: Option<u32>, more: &[&str]) -> Result<()> {
    let mut command = Command::new(client);
    command.args(["-addr", addr]).args(more);
    if let Some(pid) = pid {
        command.args(["-server-pid", &pid.to_string()]);
    }
    let status = command.status().context("running the client suite")?;
    ensure!(status.success(), "the client suite failed");
    Ok(())
}

/// Stops the server while the Go client has load on it, starts it again on the same port, and lets the client judge.
fn restart(client: &Path, binary: &Path, how: Stop) -> Result<()> {
    let server = Server::start_proconsul(binary, Ports::default())?;
    let mut load = Load::start(client, &server, how)?;
    load.wait_until_loaded()?;
    let ports = server.ports();
    server.stop(how, STOP_LIMIT)?;
    let _again = Server::start_proconsul(binary, ports)?;
    load.say_restarted()?;
    load.judge()
}

/// The client that holds load while the server restarts. It is ended with this value.
struct Load {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Load {
    fn start(client: &Path, server: &Server, how: Stop) -> Result<Self> {
        let mut child = Command::new(client)
            .args(["-addr", server.addr(), "-grpc-addr", server.grpc_addr(), "-restart", &how.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the client")?;
        let stdout = child.stdout.take().expect("it was asked for above");
        Ok(Self { child, lines: BufReader::new(stdout) })
    }

    fn wait_until_loaded(&mut self) -> Result<()> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            if line.trim() == "loaded" {
                return Ok(());
            }
            print!("{line}");
            line.clear();
        }
        bail!("the client ended before its load was on");
    }

    fn say_restarted(&mut self) -> Result<()> {
        let mut stdin = self.child.stdin.take().expect("it was asked for, and is taken once");
        writeln!(stdin, "restarted").context("telling the client that the server is back")
    }

    fn judge(&mut self) -> Result<()> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            print!("{line}");
            line.clear();
        }
        ensure!(self.child.wait()?.success(), "the restart checks failed");
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the Rust tests that need a Go server, and tells them where its binary is.
fn our_client(go_server: &Path) -> Result<()> {
    let started = Instant::now();
    let status = Command::new(servers::cargo())
        .args([
            "test",
            "--quiet",
            "-p",
            "proconsul-tests",
            "--test",
            "interop",
            "--test",
            "interop_tls",
            "--",
            "--nocapture",
        ])
        .env(servers::GO_SERVER_VAR, go_server)
        .current_dir(workspace_root())
        .status()
        .context("running cargo")?;
    ensure!(status.success(), "our client against the Go server failed");
    println!("our client's tests took {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
