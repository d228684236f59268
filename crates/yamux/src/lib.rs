//! HashiCorp yamux, spec 0: one connection, many streams.
//!
//! [`Session`] is the whole protocol without I/O: bytes and an `Instant` in, events and output bytes out. It builds with
//! `--no-default-features` and knows no socket, task or clock. What is left to wait for is the `driver` (feature `tokio`,
//! on by default). Start at [`Session::receive`]; what a stream may do when is the table in [`on_flag`].
//!
//! Not here: TLS, the byte that selects yamux on Consul's server port, net/rpc.
mod backlog; // what a stream wrote beyond its window
mod config; // named bounds and timeouts, with their defaults
mod deadlines; // timers of one fixed length, in order of their ends
#[cfg(feature = "tokio")]
mod driver; // the tokio half
mod error; // why a session ends, why a stream cannot be opened
mod frame; // the 12-byte header
mod session; // the protocol
mod stall; // how long a connection has been refusing our bytes
mod stream; // a stream's states and facts
mod window; // flow control

pub use config::*;
#[cfg(feature = "tokio")]
pub use driver::{
    Connection, ConnectionError, Control, Driver, Incoming, OUTPUT_BYTES_MAX, OUTPUT_WRITERS_MAX, PingError, Stream,
};
pub use error::{FrameError, OpenError, SessionError};
pub use frame::{Flags, HEADER_BYTES, Header, Kind};
pub use session::{Event, FrameStart, PingId, Session, StreamKey, Written};
pub use stall::Stall;
pub use stream::{Flag, StreamId, StreamState, Violation, on_flag};
pub use window::{INITIAL_WINDOW_BYTES, RecvWindow, SendWindow, WindowExceeded};

/// Runs the examples of the README.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
