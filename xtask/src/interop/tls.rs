//! Go's TLS against our server: by type byte and by name, with client certificates demanded and merely offered, and with
//! certificates that change under load. The certificates are made anew for each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::servers::{Ports, Server};
use super::{STREAMS_PER_SESSION, heading, suite};

/// The checks about TLS itself.
pub(super) const CHECKS: &str = "^tls/";
/// What is not repeated through TLS: what is about TLS itself, and what counts sockets and the bytes that a process holds.
const NOT_THROUGH_TLS: &str = "^tls/|^strain/|parked-past-the-stream-open-timeout";

/// Whether client certificates are demanded behind type byte 3 (`verify_incoming`) or merely offered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    Demanded,
    Offered,
}

/// Runs it all; with `only`, the checks about TLS whose names match, and nothing else.
pub(super) fn checks(client: &Path, binary: &Path, only: Option<&str>) -> Result<()> {
    let by_go = Certs::by_go(client)?;
    let about_tls = ["-only", only.unwrap_or(CHECKS)];
    heading("Go's TLS against our server, which demands client certificates");
    let server = by_go.server(binary, Clients::Demanded)?;
    by_go.suite(client, &server, Clients::Demanded, &about_tls)?;
    if only.is_some() {
        return Ok(());
    }
    heading("all other checks, through TLS");
    let streams = STREAMS_PER_SESSION.to_string();
    let through = ["-through-tls", "-skip", NOT_THROUGH_TLS, "-stream-limit", &streams];
    by_go.suite(client, &server, Clients::Demanded, &through)?;

    heading("Go's TLS against our server, with certificates of `proconsul tls`, none demanded");
    let by_us = Certs::by_us(binary)?;
    let server = by_us.server(binary, Clients::Offered)?;
    by_us.suite(client, &server, Clients::Offered, &about_tls)?;

    heading("our server's certificates replaced under load");
    let server = by_go.server(binary, Clients::Demanded)?;
    by_go.suite(client, &server, Clients::Demanded, &["-rotate"])
}

/// A folder of certificates as the client suite reads it, removed with this value.
struct Certs(PathBuf);

impl Certs {
    fn empty(name: &str) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("proconsul-interop-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(Self(dir))
    }

    /// Made by the client suite.
    fn by_go(client: &Path) -> Result<Self> {
        let certs = Self::empty("go")?;
        certs.run(Command::new(client).arg("-make-certs").arg(&certs.0))?;
        Ok(certs)
    }

    /// Made by our own command: one authority for a server and a client, another for a client that is a stranger.
    fn by_us(binary: &Path) -> Result<Self> {
        let certs = Self::empty("ours")?;
        for stranger in [true, false] {
            certs.run(Command::new(binary).args(["tls", "ca", "create"]))?;
            certs.run(Command::new(binary).args(["tls", "cert", "create", "--client"]))?;
            certs.take("dc1-client-consul-0", if stranger { "rogue" } else { "client" })?;
            certs.take("consul-agent-ca", if stranger { "rogue-ca" } else { "consul-agent-ca" })?;
        }
        certs.run(Command::new(binary).args(["tls", "cert", "create", "--server"]))?;
        certs.take("dc1-server-consul-0", "server")?;
        certs.take("consul-agent-ca", "ca")?;
        Ok(certs)
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        let output = command.current_dir(&self.0).output().with_context(|| format!("running {command:?}"))?;
        ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Gives a pair of files the name that the client suite looks for.
    fn take(&self, from: &str, to: &str) -> Result<()> {
        for end in [".pem", "-key.pem"] {
            let from = self.0.join(format!("{from}{end}"));
            fs::rename(&from, self.0.join(format!("{to}{end}"))).with_context(|| format!("no {}", from.display()))?;
        }
        Ok(())
    }

    /// Starts our server with these certificates.
    fn server(&self, binary: &Path, clients: Clients) -> Result<Server> {
        let file = |name: &str| format!("{:?}", self.0.join(name)); // HCL quotes as Rust does
        let demanded = clients == Clients::Demanded;
        let config = format!(
            "tls {{\n  defaults {{\n    ca_file = {}\n    cert_file = {}\n    key_file = {}\n    verify_incoming = {demanded}\n    \
             verify_outgoing = {demanded}\n  }}\n}}\n",
            file("ca.pem"),
            file("server.pem"),
            file("server-key.pem"),
        );
        let path = self.0.join("server.hcl");
        fs::write(&path, config).with_context(|| format!("writing {}", path.display()))?;
        Server::start_proconsul_with(
            binary,
            Ports::default(),
            &["--config-file", &path.to_string_lossy(), "--grpc-tls-port", "0"],
        )
    }

    fn suite(&self, client: &Path, server: &Server, clients: Clients, more: &[&str]) -> Result<()> {
        let dir = self.0.to_string_lossy();
        let mut args = vec!["-certs", &dir, "-grpc-addr", server.grpc_addr(), "-grpc-tls-addr", server.grpc_tls_addr()];
        if clients == Clients::Demanded {
            args.push("-demands");
        }
        args.extend(more);
        suite(client, server.addr(), Some(server.pid()), &args)
    }
}

impl Drop for Certs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // what is left behind is in the folder for such things
    }
}
