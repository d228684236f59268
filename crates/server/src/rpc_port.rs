//! Connections of the server port, once their route is known.
use std::{
    error::Error as _,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

use parking_lot::Mutex;
use proconsul_layers::Stack;
use proconsul_mux::{
    Route,
    driver::{Plain, Quiet, Serve},
    row_of,
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
    /// What has been said about connections that ended badly, so that it is said once a minute.
    complaints: Quiet<(IpAddr, &'static str)>,
}

impl RpcPort {
    pub(crate) fn new(server: proconsul_netrpc::server::Server<Handlers>) -> Self {
        Self { server, connections: Mutex::default(), stopping: AtomicBool::new(false), complaints: Quiet::default() }
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

    async fn serve(&self, route: Route, io: Plain, peer: SocketAddr) {
        let label = row_of(route).map_or("", |row| row.label);
        self.attend(route, io, peer).instrument(tracing::debug_span!("conn", %peer, route = label)).await;
    }
}

impl RpcPort {
    async fn attend(&self, route: Route, io: Plain, peer: SocketAddr) {
        let entered = self.enter(peer);
        let connection = Arc::clone(&entered.connection);
        let ended = match route {
            Route::RpcSingle => self.server.single(io, connection).await,
            Route::RpcMulti => self.server.session(io, connection).await,
            _ => return,
        };
        if let Err(end) = ended {
            self.tell(&end, peer);
        }
    }

    /// Counts and logs why a connection ended, unless it ended well.
    fn tell(&self, end: &End, peer: SocketAddr) {
        let verdict = judge(end);
        if matches!(verdict, Verdict::Gone | Verdict::Fault(_)) {
            metrics::counter!(metric::RPC_REQUEST_ERROR.name).increment(1);
        }
        // The cause as one text with its own cause: the log has one line for it.
        let reason = Chain(end);
        match verdict {
            Verdict::Well => {}
            Verdict::Failed | Verdict::Gone => tracing::debug!(%peer, %reason, "a connection failed"),
            Verdict::Fault(kind) => {
                if let Some(repeated) = self.complaints.pass((peer.ip(), kind), Instant::now()) {
                    tracing::warn!(%peer, %reason, repeated, "RPC error");
                }
            }
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As it should.
    Well,
    /// The network failed, or the peer reset it: one connection's business.
    Failed,
    /// The peer vanished or takes nothing: it is counted, and there is nothing to do about it here.
    Gone,
    /// The peer, or we, broke the rules: somebody has to look at it. With a word for what is said once a minute.
    Fault(&'static str),
}

fn judge(end: &End) -> Verdict {
    use SessionError::{KeepaliveTimeout, OpenTimeout, WriteTimeout};
    match end {
        End::Closed | End::Stopped => Verdict::Well,
        End::Io(_) => Verdict::Failed,
        End::SlowReader { .. } | End::Session(KeepaliveTimeout | OpenTimeout(_) | WriteTimeout) => Verdict::Gone,
        End::Malformed => Verdict::Fault("malformed"),
        End::SlowRequest { .. } => Verdict::Fault("slow"),
        End::Session(SessionError::GoAway(_)) => Verdict::Fault("go-away"),
        End::Session(_) => Verdict::Fault("yamux"),
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
