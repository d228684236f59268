//! The least gRPC server that `tonic` makes: health and reflection on a port of its own, nothing in front of them. `cargo xtask bench`
//! holds the server port against it.
//!
//! It takes a free loopback port, says `listening HOST:PORT`, and goes on until it is ended.
use std::{error::Error, net::Ipv4Addr};

use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};
use tonic_reflection::server::Builder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening {}", listener.local_addr()?);
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = [proconsul_proto::FDS, tonic_health::pb::FILE_DESCRIPTOR_SET]
        .into_iter()
        .fold(Builder::configure(), Builder::register_encoded_file_descriptor_set)
        .build_v1()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder().add_service(health).add_service(reflection).serve_with_incoming(incoming).await?;
    Ok(())
}
