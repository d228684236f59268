//! What a server prints when it has started: where it listens, and what to try.
use std::{io::Write, net::SocketAddr};

use anyhow::Result;
use proconsul_admin::Address;
use proconsul_server::Server;
use serde_json::json;

/// Prints it on the standard output. The token is printed here and nowhere else.
pub(super) fn announce(server: &Server, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        line(server, &mut out)?
    } else {
        text(server, &mut out)?
    }
    out.flush()?;
    Ok(())
}

/// Where the server is looked at.
struct Admin {
    port: Option<SocketAddr>,
    socket: Option<String>,
}

impl Admin {
    fn of(server: &Server) -> Self {
        let mut admin = Self { port: None, socket: None };
        for address in server.admin_addresses() {
            match address {
                Address::Tcp(address) => admin.port = Some(*address),
                Address::Unix(path) => admin.socket = Some(path.display().to_string()),
            }
        }
        admin
    }
}

fn line(server: &Server, out: &mut impl Write) -> Result<()> {
    let Admin { port, socket } = Admin::of(server);
    let line = json!({
        "listening": {
            "rpc": server.rpc_address().to_string(),
            "grpc": server.grpc_address().map(|address| address.to_string()),
            "grpc_tls": server.grpc_tls_address().map(|address| address.to_string()),
            "admin": port.map(|port| port.to_string()),
            "admin_socket": socket,
        },
        // Needed over the port only.
        "admin_token": port.map(|_| server.admin_token().reveal()),
        "node": server.node_name(),
        "datacenter": server.datacenter(),
    });
    Ok(writeln!(out, "{line}")?)
}

fn text(server: &Server, out: &mut impl Write) -> Result<()> {
    let address = server.rpc_address();
    let Admin { port, socket } = Admin::of(server);
    writeln!(out, "proconsul server (dev): node {}, datacenter {}", server.node_name(), server.datacenter())?;
    writeln!(out, "  server RPC    {address}")?;
    if let Some(address) = server.grpc_address() {
        writeln!(out, "  gRPC          {address}")?;
    }
    if let Some(address) = server.grpc_tls_address() {
        writeln!(out, "  gRPC in TLS   {address}")?;
    }
    if let Some(socket) = socket {
        writeln!(out, "  admin socket  {socket}")?;
    }
    if let Some(port) = port {
        writeln!(out, "  admin page    http://{port}/")?;
        writeln!(out, "  admin token   {}  (to end connections there)", server.admin_token().reveal())?;
    }
    let at = at(address);
    writeln!(
        out,
        "\nNothing is kept when it stops. Try:\n  \
         proconsul rpc call Catalog.ListServices{at}\n  \
         proconsul rpc call KVS.Apply -d '{{\"Op\":\"set\",\"DirEnt\":{{\"Key\":\"a\",\"Value\":\"aGk=\"}}}}'{at}\n  \
         proconsul rpc call KVS.Get -d '{{\"Key\":\"a\"}}'{at}\n",
    )?;
    Ok(())
}

/// The flag that the commands need when the server is not where they look.
fn at(address: SocketAddr) -> String {
    if address == SocketAddr::from(([127, 0, 0, 1], 8300)) { String::new() } else { format!(" --server {address}") }
}
