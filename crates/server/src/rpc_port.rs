//! Connections of the server port, once their route is known.
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use parking_lot::Mutex;
use proconsul_layers::Stack;
use proconsul_mux::{
    Route,
    driver::{Plain, Serve},
};
use proconsul_netrpc::{
    Dispatch,
    server::{Connection, End, Stop},
};
use slab::Slab;

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

    async fn serve(&self, route: Route, io: Plain, peer: SocketAddr) {
        let entered = self.enter(peer);
        let connection = Arc::clone(&entered.connection);
        let ended = match route {
            Route::RpcSingle => self.server.single(io, connection).await,
            Route::RpcMulti => self.server.session(io, connection).await,
            _ => return,
        };
        match ended {
            Ok(()) | Err(End::Closed | End::Stopped) => {}
            Err(End::Io(error)) => tracing::debug!(%peer, %error, "a connection failed"),
            Err(reason) => {
                metrics::counter!("rpc.request_error").increment(1);
                tracing::warn!(%peer, %reason, "RPC error");
            }
        }
    }
}
