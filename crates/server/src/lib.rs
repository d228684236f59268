//! A server wired out of everything below: the only crate that knows them all.
//!
//! Start at [`Server::start`]. Not here: the command line and configuration files, what a method does, what a byte means.
mod admin; // the admin listeners, and what they are told
mod config; // what there is to set
mod founding; // what a new cluster of one writes into its catalog first
mod grpc_ports; // the gRPC ports: bound, and served
mod grpc_routes; // connections that carry gRPC
mod methods; // net/rpc methods with everything in front of them
mod rpc_port; // connections of the server port, once their route is known
mod secure; // TLS: settings, files, a certificate where there is none
mod server; // start and stop
mod snapshots; // byte 5: the store as a file
mod sole_log; // the log of a server that is alone
mod start_error; // why a server does not start
mod tombstones; // when deleted keys are forgotten

pub use admin::{DESCRIBE_TIME_MAX, DESCRIBED_AT_ONCE};
pub use config::{AdminAt, Config, GRPC_PORT_DEFAULT, GRPC_TLS_PORT_DEFAULT, NodeId, PortAt};
pub use grpc_ports::GRPC_HANDSHAKE_TIMEOUT;
pub use methods::Handlers;
pub use proconsul_layers::{LimitMode, RequestRates};
pub use server::Server;
pub use snapshots::{DRAIN_TIME_MAX, REQUEST_BYTES_MAX, SNAPSHOT_IDLE_MAX, SNAPSHOTS_AT_ONCE, read_snapshot};
pub use start_error::StartError;

/// The version of Consul that this server is compatible with, and says it is: clients decide by it what they may ask.
pub const CONSUL_VERSION: &str = "1.21.4";
