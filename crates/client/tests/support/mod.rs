//! A server, and a client of it.
#![allow(dead_code, reason = "each test file uses its own part")]
use std::{future::Future, time::Duration};

use proconsul_client::{Client, Transport};
use proconsul_server::{Config, PortAt, Server};
use proconsul_tls::{
    Policy, Settings,
    create::{CaRequest, CertRequest, Kind, ca, cert},
};
use tempfile::TempDir;

/// What is due at once.
pub(crate) async fn promptly<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("waited for {what}"))
}

pub(crate) fn config() -> Config {
    Config { server_port: 0, grpc: PortAt::Off, grpc_tls: PortAt::Off, ..Config::dev() }
}

pub(crate) async fn start() -> (Server, Client) {
    let server = Server::start(config()).await.expect("the server starts");
    let client = Client::connect([server.rpc_address().to_string()], Transport::Plain).await.expect("a connection");
    (server, client)
}

/// A folder with certificates of one CA, and the settings of a server and a client that verify everything.
pub(crate) fn certificates() -> (TempDir, Settings, Settings) {
    let folder = TempDir::new().expect("a folder");
    let authority = ca(&CaRequest::default()).expect("a CA");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path
    };
    let ca_file = write("ca.pem", &authority.cert_pem);
    let settings = |name: &str, kind| {
        let request = CertRequest { kind, ..CertRequest::default() };
        let pair = cert(&request, &authority.cert_pem, &authority.key_pem).expect("a certificate");
        let internal_rpc = Policy {
            ca_file: Some(ca_file.clone()),
            cert_file: Some(write(&format!("{name}.pem"), &pair.cert_pem)),
            key_file: Some(write(&format!("{name}-key.pem"), &pair.key_pem)),
            verify_incoming: true,
            verify_outgoing: true,
            verify_server_hostname: true,
            ..Policy::default()
        };
        Settings { internal_rpc, ..Settings::default() }
    };
    let server = settings("server", Kind::Server { node: Some("proconsul".into()) });
    let client = settings("client", Kind::Client);
    (folder, server, client)
}
