#![doc = include_str!("../README.md")]

pub mod methods; // the method table, and a type per method
mod rpc; // what every request and reply has in common

pub mod acl; // ACL: tokens, policies, roles, auth methods, binding rules
pub mod auto_config; // AutoConfig: a first configuration for an agent
pub mod catalog; // Catalog: registration, lists of nodes and services
pub mod check; // health checks and what they test
pub mod config_entry; // ConfigEntry: settings of the mesh by kind and name
pub mod connect_ca; // ConnectCA, AutoEncrypt: certificates to sign
pub mod coordinate; // Coordinate: where nodes are on the network
pub mod discovery_chain; // DiscoveryChain: what a service's name stands for
pub mod exported; // services across clusters
pub mod federation; // FederationState: how datacenters reach each other
pub mod gateway; // what gateways stand in front of
pub mod health; // Health: checks, and services with their checks
pub mod intention; // Intention: who may talk to whom in the mesh
pub mod internal; // Internal: dumps, events, keys of gossip, virtual addresses
pub mod kvs; // KVS: keys, values and what is done to them
pub mod node; // nodes
pub mod operator; // Operator: consensus, autopilot, usage
pub mod peering; // what the raft log has of peerings
pub mod prepared_query; // PreparedQuery: questions stored under a name
pub mod proxy; // what a service says about its place in the mesh
pub mod query; // common options and facts of reads and writes
pub mod raft; // raft indexes and message types
pub mod service; // services on nodes
pub mod service_config; // ConfigEntry.ResolveServiceConfig: what a service's proxies are told
pub mod session; // Session: claims on keys that end with their holder
pub mod snapshot; // snapshots over byte 5
pub mod status; // Status: who leads, who is there
pub mod system_metadata; // what the servers note for themselves
pub mod topology; // a service's neighbours in the mesh
pub mod txn; // Txn: operations that take place together or not at all

pub mod json; // structures as JSON, checked against their shape
pub mod registry; // every structure by Consul's name for it

mod duration; // Go's durations
mod nested; // structures that are one raw value
mod number_set; // numbers that stand for something
mod pairs; // maps whose keys are not text
pub mod protobuf; // protobuf messages inside msgpack
mod secret; // what must not be seen in logs
mod shared; // records that many replies share
mod text_set; // closed sets of words that stay open to unknown ones
mod token; // ACL tokens on the wire

pub use duration::{DurationError, GoDuration};
pub use methods::{METHOD_COUNT, METHODS, Method};
pub use nested::Nested;
pub use pairs::Pairs;
pub use rpc::{HasCaller, HasQueryMeta, HasQueryOptions, RpcInfo};
pub use secret::Secret;
pub use shared::Shared;
pub use token::Token;

use proconsul_msgpack::GoStr;
use std::collections::BTreeMap;

/// A Go slice: `None` is nil (`c0` on the wire), which is not the same as an empty one (`90`).
pub type List<T> = Option<Vec<T>>;

/// A Go map: `None` is nil (`c0` on the wire), which is not the same as an empty one (`80`). Written in order of key bytes.
pub type Map<V> = Option<BTreeMap<GoStr, V>>;

#[cfg(test)]
mod tests;
