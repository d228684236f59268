//! Accepts connections, asks each what it wants, and hands it on.
mod accept; // the loop
mod first_byte; // one connection, from its first byte to its handler
mod log; // one line a minute for what repeats
mod rewind; // bytes that were read ahead

use std::{fmt, future::Future, net::SocketAddr, sync::Arc, time::Duration};

pub use accept::{Listener, serve};
pub use log::Quiet;
pub use rewind::Rewind;
use tokio::net::TcpStream;

use crate::{CONNECTIONS_PER_CLIENT_MAX, Posture, Route};

/// A plain connection on the port, with what was read ahead.
pub type Plain = Rewind<TcpStream>;

/// Default of `limits.rpc_handshake_timeout`.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// What an operator sets about the port.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `limits.rpc_handshake_timeout`: how long a client has to say what it wants.
    pub handshake_timeout: Duration,
    /// `limits.rpc_max_conns_per_client`; 0 is no limit.
    pub max_conns_per_client: usize,
    /// What is true of every connection before its first byte.
    pub posture: Posture,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            handshake_timeout: HANDSHAKE_TIMEOUT,
            max_conns_per_client: CONNECTIONS_PER_CLIENT_MAX,
            posture: Posture::default(),
        }
    }
}

/// Serves connections once their route is known.
pub trait Serve: Send + Sync + 'static {
    /// Serves a connection until it ends. Asked only for routes that [`serves`](Self::serves) says yes to.
    fn serve(&self, route: Route, io: Plain, peer: SocketAddr) -> impl Future<Output = ()> + Send;

    /// Whether the route has a handler.
    fn serves(&self, route: Route) -> bool;
}

impl<T: Serve> Serve for Arc<T> {
    fn serve(&self, route: Route, io: Plain, peer: SocketAddr) -> impl Future<Output = ()> + Send {
        T::serve(self, route, io, peer)
    }

    fn serves(&self, route: Route) -> bool {
        T::serves(self, route)
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
