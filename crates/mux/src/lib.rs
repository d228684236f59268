//! Decides who serves a connection on the server port.
//!
//! Pure: bytes and facts in, a [`Verdict`] out; the tokio half is `driver`, on by default. Start at [`by_first_byte`]; the
//! whole protocol is the [`ROUTES`] table. Not here: yamux, net/rpc, anything that is done with a connection once it is known
//! whose it is.
#![doc = include_str!("../README.md")]
mod limit; // how many connections one client may have
mod preamble; // what a client writes first
mod refusal; // why a connection is turned away, in an operator's words
mod routes; // the table, and nothing else
mod stray; // what came, when it was nothing of ours
mod unserved; // how a route behaves whose handler is not there yet
mod verdict; // from a first byte or an ALPN name to a verdict

#[cfg(feature = "tokio")]
pub mod driver;

pub use limit::{CONNECTIONS_PER_CLIENT_MAX, ClientCounts};
pub use preamble::preamble;
pub use refusal::Refusal;
pub use routes::{H2, HTTP2_PREFACE, LAST_TYPE_BYTE, Needs, ROUTES, Route, Row, Then, TlsPolicy, alpn_names, row_of};
pub use stray::{STRAY_BYTES, Stray};
pub use unserved::Unserved;
pub use verdict::{Posture, Verdict, by_alpn, by_first_byte};
