//! A server wired out of everything below: the only crate that knows them all.
//!
//! Start at [`Server::start`]. Not here: the command line and configuration files, what a method does, what a byte means.
mod config; // what there is to set
mod founding; // what a new cluster of one writes into its catalog first
mod rpc_port; // connections of the server port, once their route is known
mod server; // start and stop
mod sole_log; // the log of a server that is alone
mod tombstones; // when deleted keys are forgotten

pub use config::{AdminAt, Config, NodeId};
pub use rpc_port::Handlers;
pub use server::{Server, StartError};

/// The version of Consul that this server is compatible with, and says it is: clients decide by it what they may ask.
pub const CONSUL_VERSION: &str = "1.21.4";
