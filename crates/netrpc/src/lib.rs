//! Go's net/rpc with Consul's codec: client and server over any byte stream.
//!
//! A call is a header and a body, each one msgpack value; so is its answer. One connection (or one yamux stream) serves one
//! call at a time. Start at [`Registry`] (methods and their handlers) and [`Intake`] (from bytes to calls).
//!
//! The core is pure and builds without tokio: bytes in, [`Step`]s out. The drivers, feature `tokio`, are [`server`] and
//! [`client`]. Not here: which byte of the server port leads here (`proconsul-mux`), what the methods do.
#![cfg_attr(feature = "tokio", doc = include_str!("../README.md"))]
mod answer; // what a handler gives back: now, later, or a fault
mod call; // one request on its way to its handler
mod fault; // an error as the caller will see it
mod header; // request and response headers
mod intake; // from the bytes of one stream to calls
mod methods; // which names exist
mod registry; // which handler answers a method

#[cfg(feature = "tokio")]
pub mod client;
#[cfg(feature = "tokio")]
pub mod server;

pub use answer::{Answer, Encode, HandlerFuture, Park, Parked, Reply, ReplyTo, SendAnswer};
pub use call::Call;
pub use fault::{Fault, Then};
pub use header::{
    HEADER_BYTES_MAX, RequestHeader, ResponseHeader, read_request_header, write_error, write_request_header,
    write_response_header,
};
pub use intake::{BODY_BYTES_MAX, Intake, ODD_BODY_BYTES_MAX, Step};
pub use methods::{MethodTable, Unknown};
pub use registry::{Answering, Dispatch, Handler, Registry, Waiting, answering, decode, probe, waiting};
