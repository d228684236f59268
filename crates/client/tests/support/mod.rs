//! A server, and a client of it.
use std::{future::Future, time::Duration};

use proconsul_client::{Client, Transport};
use proconsul_server::{Config, PortAt, Server};

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
