//! Accepts connections, asks each what it wants, and hands it on.
mod accept; // the loop
pub mod dial; // the other side: a connection to a server's port
mod door; // one connection, from its first byte to its handler
mod drained; // a TLS session that needs no flush
mod entry; // what is known of one live connection
mod farewell; // the end of a connection that is turned away with a word
mod history; // why the last connections of each peer ended
mod hold; // a connection on a route that nobody serves yet
mod log; // one line a minute for what repeats
mod look; // the first bytes
mod registry; // who is on the port, and who was
mod rewind; // bytes that were read ahead
mod stream; // a connection as its handler sees it
mod tls; // handshakes, and why they fail

use std::{fmt, future::Future, net::SocketAddr, sync::Arc, time::Duration};

pub use accept::{Listener, serve};
pub use entry::{DETECTING, Entry, NOTE_BYTES_MAX, TlsFacts};
pub use farewell::{FAREWELL_BYTES_MAX, FAREWELL_MAX};
pub use history::{CLOSES_PER_PEER_MAX, Closed, PEERS_REMEMBERED_MAX};
pub use log::Quiet;
use proconsul_tls::Tls;
pub use registry::{Registry, RouteCounts};
pub use rewind::Rewind;
pub use stream::Stream;

use crate::{CONNECTIONS_PER_CLIENT_MAX, Reason, Route, Row};

/// Default of `limits.rpc_handshake_timeout`.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// What an operator sets about the port.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `limits.rpc_handshake_timeout`: how long a client has to say what it wants; 0 is no limit.
    pub handshake_timeout: Duration,
    /// `limits.rpc_max_conns_per_client`; 0 is no limit.
    pub max_conns_per_client: usize,
    /// `rpc.http2_preface`: HTTP/2 without a type byte leads to internal gRPC.
    pub http2_preface: bool,
    /// Certificates and what is demanded of clients; `None`: the port speaks no TLS.
    pub tls: Option<Tls>,
    /// `None`: the server port. Else a port of its own, one of [`PORTS`](crate::PORTS): every connection takes this row.
    pub only: Option<&'static Row>,
}

/// A century: what no connection waits for.
const NO_LIMIT: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Settings {
    /// How long a client has to say what it wants.
    fn patience(&self) -> Duration {
        if self.handshake_timeout.is_zero() { NO_LIMIT } else { self.handshake_timeout }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            handshake_timeout: HANDSHAKE_TIMEOUT,
            max_conns_per_client: CONNECTIONS_PER_CLIENT_MAX,
            http2_preface: true,
            tls: None,
            only: None,
        }
    }
}

/// A connection whose route is known.
#[derive(Debug)]
pub struct Accepted {
    /// Who is to serve it.
    pub route: Route,
    /// The connection, from the first byte after what named the route.
    pub io: Stream,
    /// Who is on the other side.
    pub peer: SocketAddr,
    /// Its place in the [`Registry`]. What is noted there before the connection ends is logged with the reason.
    pub entry: Arc<Entry>,
}

/// Serves connections once their route is known.
pub trait Serve: Send + Sync + 'static {
    /// Whether the route has a handler.
    fn serves(&self, route: Route) -> bool;

    /// Serves a connection until it ends, and says why it did. Asked only for routes that [`serves`](Self::serves) says yes to. The
    /// future is dropped where it stands when an operator kills the connection.
    fn serve(&self, accepted: Accepted) -> impl Future<Output = Reason> + Send;
}

impl<T: Serve> Serve for Arc<T> {
    fn serves(&self, route: Route) -> bool {
        T::serves(self, route)
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = Reason> + Send {
        T::serve(self, accepted)
    }
}

/// Bytes as text for a log line: what is not printable becomes a dot.
struct Printable<'b>(&'b [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| {
            let text = if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
            write!(f, "{text}")
        })
    }
}
