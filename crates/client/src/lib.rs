//! A client of Consul's server RPC, for Rust programs that have a cluster.
//!
//! Start at [`Client`]: it keeps one connection to one server of a cluster, and makes calls on it that are typed by the method
//! table of `proconsul-structs`. [`Watch`] repeats a blocking query and gives what is new; a [`Session`] takes [`Lock`]s. Not
//! here: what the methods mean, Consul's HTTP interface, agents.
#![doc = include_str!("../README.md")]
mod ask; // what requests have in common, to fill in while they are written
mod backoff; // how long to pause
mod claim; // sessions that are kept alive
mod client; // the client
mod error; // why a call has no reply, and what to do about it
mod gate; // how many calls at once
#[cfg(feature = "grpc")]
pub mod grpc;
mod lifetime; // how long a call may take
mod lock; // keys that one session holds
mod options; // what there is to set
mod random; // numbers that spread pauses
mod retries; // whether a call is made again
mod servers; // the servers, and the one that is used
mod session; // one connection
mod transport; // how a server is reached
mod watch; // a blocking query that is repeated
mod watching; // what the answers of such a query mean

pub use ask::{Ask, AskQuery};
pub use backoff::Backoff;
pub use claim::{LOCK_DELAY, SESSION_TTL, Session, SessionOptions};
pub use client::Client;
pub use error::{CallError, Cause, ConnectError};
pub use lifetime::lifetime;
pub use lock::{LOCK_FLAGS, LOCK_RETRY, Lock, LockError};
pub use options::{
    CALL_TIMEOUT, CALLS_MAX, CallOptions, DEFAULT_QUERY_TIME, DIAL_TIMEOUT, HOLD, IDLE_STREAMS_MAX, MAX_QUERY_TIME,
    Options, WAITING_MAX,
};
pub use retries::{Next, Retries, retried_as};
pub use transport::{Dialler, Io, Transport};
pub use watch::{Watch, WatchOptions};
pub use watching::{Heard, QUICK_TURN, Watching};

/// Markers of the methods and all that they carry.
pub use proconsul_structs as structs;
