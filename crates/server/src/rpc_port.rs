//! Connections of the server port, once their route is known.
use std::{
    error::Error as _,
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use parking_lot::Mutex;
use proconsul_layers::Stack;
use proconsul_mux::{
    Reason, Route,
    driver::{Accepted, Entry, Serve},
};
use proconsul_netrpc::{
    Dispatch,
    server::{Connection, End, Stop},
};
use proconsul_types::metric;
use proconsul_yamux::SessionError;
use slab::Slab;
use tracing::Instrument;

/// The handlers of net/rpc with every layer in front of them.
pub type Handlers = Stack<Dispatch>;

/// Serves the routes of the server port, and knows who is on it.
pub(crate) struct RpcPort {
    server: proconsul_netrpc::server::Server<Handlers>,
    connections: Mutex<Slab<Arc<Connection>>>,
    stopping: AtomicBool,
}

impl RpcPort {
    pub(crate) fn new(server: proconsul_netrpc::server::Server<Handlers>) -> Self {
        Self { server, connections: Mutex::default(), stopping: AtomicBool::new(false) }
    }

    /// Asks every connection to end, those that are still to come included.
    pub(crate) fn stop(&self, how: Stop) {
        self.stopping.store(true, SeqCst);
        for (_, connection) in &*self.connections.lock() {
            connection.stop(how);
        }
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().len()
    }

    fn enter(&self, peer: SocketAddr) -> Entered<'_> {
        let connection = Connection::new(peer);
        let key = self.connections.lock().insert(Arc::clone(&connection));
        // Looked at after the insert: a stop that missed us has set it before.
        if self.stopping.load(SeqCst) {
            connection.stop(Stop::Drain);
        }
        Entered { port: self, key, connection }
    }
}

/// A connection in the list of those on the port, until it is dropped.
struct Entered<'p> {
    port: &'p RpcPort,
    key: usize,
    connection: Arc<Connection>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.port.connections.lock().remove(self.key);
    }
}

impl Serve for RpcPort {
    fn serves(&self, route: Route) -> bool {
        matches!(route, Route::RpcSingle | Route::RpcMulti)
    }

    async fn serve(&self, accepted: Accepted) -> Reason {
        let (peer, route) = (accepted.peer, accepted.entry.label());
        self.attend(accepted).instrument(tracing::debug_span!("conn", %peer, route)).await
    }
}

impl RpcPort {
    async fn attend(&self, accepted: Accepted) -> Reason {
        let Accepted { route, io, peer, entry } = accepted;
        let entered = self.enter(peer);
        let connection = Arc::clone(&entered.connection);
        let ended = match route {
            Route::RpcSingle => self.server.single(io, connection).await,
            Route::RpcMulti => self.server.session(io, connection).await,
            _ => return Reason::NotServed,
        };
        match ended {
            Ok(()) => Reason::PeerClosed,
            Err(end) => tell(&end, &entry),
        }
    }
}

/// Notes how a connection ended, counts what is the peer's fault, and names the reason.
fn tell(end: &End, entry: &Entry) -> Reason {
    let reason = reason(end);
    if !matches!(reason, Reason::PeerClosed | Reason::Stopped | Reason::Reset) {
        metrics::counter!(metric::RPC_REQUEST_ERROR.name).increment(1);
    }
    if reason != Reason::PeerClosed {
        // The cause as one text with its own cause: the log has one line for it.
        entry.note(Chain(end).to_string());
    }
    reason
}

/// Why a connection ended, by the port's closed set.
fn reason(end: &End) -> Reason {
    use SessionError::{GoAway, KeepaliveTimeout, OpenTimeout, WriteTimeout};
    match end {
        End::Closed => Reason::PeerClosed,
        End::Stopped => Reason::Stopped,
        End::Io(_) => Reason::Reset,
        End::SlowReader { .. } | End::Session(WriteTimeout) => Reason::SlowReader,
        End::Session(KeepaliveTimeout | OpenTimeout(_)) => Reason::YamuxKeepalive,
        End::Malformed => Reason::Malformed,
        End::SlowRequest { .. } => Reason::SlowRequest,
        End::Session(GoAway(_)) => Reason::YamuxGoAway,
        End::Session(_) => Reason::YamuxViolation,
    }
}

/// An error and what caused it, as one text.
struct Chain<'e>(&'e End);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        // The session's error is in the text of the end already.
        let mut cause = match self.0 {
            End::Session(error) => error.source(),
            other => other.source(),
        };
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
