//! Decides who serves a connection on the server port.
//!
//! Pure: bytes and facts in, a [`Verdict`] out; the tokio half is `driver`, on by default. Start at [`by_first_byte`]; the
//! whole protocol is the [`ROUTES`] table. Not here: yamux, net/rpc, anything that is done with a connection once it is known
//! whose it is.
#![doc = include_str!("../README.md")]
pub mod diagram; // the table as a picture
#[cfg(feature = "tokio")]
mod hello; // what begins a TLS handshake, and what only looks so
mod limit; // how many connections one client may have
mod preamble; // what a client writes first
mod reason; // why a connection was turned away or ended, in an operator's words
mod routes; // the table, and nothing else
mod stray; // what came, when it was nothing of ours
mod table; // the table for readers
mod unserved; // how a route behaves whose handler is not there yet
mod verdict; // from a first byte or an ALPN name to a verdict

#[cfg(feature = "tokio")]
pub mod driver;

pub use limit::{CONNECTIONS_PER_CLIENT_MAX, ClientCounts};
pub use preamble::preamble;
pub use reason::{Reason, Stage};
pub use routes::{
    GRPC_PORT, GRPC_TLS_PORT, H2, HTTP2_PREFACE, LAST_TYPE_BYTE, Needs, PORTS, ROUTES, ROW_COUNT, Route, Row, Then,
    TlsPolicy, alpn_names, row_of, row_of_alpn, row_of_byte, rows,
};
pub use stray::{STRAY_BYTES, Stray};
pub use table::{TableRow, table};
pub use unserved::{Unserved, WAN_PACKET_BYTES_MAX, WAN_PACKET_IDLE_MAX, WAN_STREAM_IDLE_MAX};
pub use verdict::{Posture, Verdict, by_alpn, by_first_byte, by_first_bytes};
