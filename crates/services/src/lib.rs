//! The net/rpc methods of a server, one file per service.
//!
//! A service asks for what it needs as narrow traits ([`Log`], [`Leadership`]) and answers from an immutable snapshot of the
//! store. Start at [`register`]. Not here: how a call came and how its answer goes back (`proconsul-netrpc`), what a log
//! entry does to the store (`proconsul-state`).
mod at_once; // methods that neither wait nor write
mod auto_config; // AutoConfig: a first configuration, over byte 7
mod auto_encrypt; // AutoEncrypt: a first certificate, over byte 7
pub mod blocking; // queries that wait: parked as data, evaluated once for all who ask the same
mod catalog; // Catalog: nodes and services
pub mod central; // what config entries say about a service's proxies
mod context; // what services ask of the server around them
mod coordinate; // Coordinate: where nodes are
mod echo; // errors that repeat what the caller sent
mod filter; // what the filter expressions of queries may select
mod fragments; // parts of answers that are encoded once
mod health; // Health: checks, and services with them
mod internal; // Internal: what agents ask for people and for the mesh
mod kvs; // KVS: keys and values
mod near; // answers in the order of how far away they are
mod operator; // Operator: consensus, and how much is stored
mod reads; // what of the catalog others of this process read
mod rights; // what a method asks about its caller's rights
mod session; // Session: claims on keys
mod session_clock; // what of sessions and locks depends on time
#[cfg(test)]
mod silent; // a server of tests that neither writes nor leads
mod status; // Status: who leads, who is there
mod timed; // how long a call took
mod txn; // Txn: operations together
mod visible; // what of the catalog a caller may see
mod write; // methods that append to the log

use std::sync::Arc;

pub use context::{Appended, Caller, Context, Leadership, LeadershipFacts, Log, View};
pub use coordinate::{
    COORDINATE_BATCH_SIZE, COORDINATE_BATCHES_MAX, COORDINATE_UPDATE_PERIOD, CoordinateUpdates, PENDING_NAME_BYTES_MAX,
};
pub use fragments::{FRAGMENT_BYTES_MAX, FRAGMENTS_BYTES_MAX};
pub use internal::MANUAL_VIRTUAL_IPS_MAX;
use proconsul_netrpc::Registry;
pub use reads::{Reader, Reads};
pub use rights::{Access, AllowAll, Authorizer, Authorizers, Rights};
pub use session_clock::{
    ENDINGS_MAX, LOCK_DELAYS_MAX, RETRY_FIRST, RETRY_MAX, SESSION_TTL_MAX, SESSION_TTL_MIN, SESSION_TTL_MULTIPLIER,
    SessionClock,
};

/// Registers every method of the port's own registry that this crate answers.
pub fn register(registry: &mut Registry, context: &Arc<Context>) {
    status::register(registry, context);
    kvs::register(registry, context);
    catalog::register(registry, context);
    health::register(registry, context);
    session::register(registry, context);
    txn::register(registry, context);
    coordinate::register(registry, context);
    internal::register(registry, context);
    operator::register(registry, context);
}

/// Registers the methods of byte 7, whose callers have no certificate yet: a registry of their own, with nothing else in it.
pub fn register_insecure(registry: &mut Registry, context: &Arc<Context>) {
    auto_encrypt::register(registry);
    auto_config::register(registry, context);
}
