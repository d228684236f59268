//! Connections of the server port, once their route is known.
use std::{
    collections::HashMap,
    error::Error as _,
    fmt,
    future::Future,
    io::ErrorKind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use parking_lot::Mutex;
use proconsul_mux::{
    Reason, Route,
    driver::{Accepted, Entry, Serve, Stream},
};
use proconsul_netrpc::{
    Answer, Fault,
    server::{Connection, End, RpcService, Server, SessionServer, SingleServer, Stop},
};
use proconsul_types::metric;
use proconsul_yamux::SessionError;
use tracing::Instrument;

use crate::{grpc_routes::GrpcRoutes, methods::Handlers, snapshots::Snapshots};

/// Serves the routes of the server port, and knows who is on it.
pub(crate) struct RpcPort {
    rpc: Server<Handlers>,
    /// What byte 7 leads to: the methods for those who have no certificate yet, and no others.
    insecure: Server<Handlers>,
    /// What byte 5 leads to.
    snapshots: Snapshots,
    /// What bytes 8 and 9 lead to, and the gRPC ports.
    grpc: GrpcRoutes,
    /// By the number that they have in the port's registry.
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    stopping: AtomicBool,
}

impl RpcPort {
    pub(crate) fn new(
        rpc: Server<Handlers>,
        insecure: Server<Handlers>,
        snapshots: Snapshots,
        grpc: GrpcRoutes,
    ) -> Self {
        Self { rpc, insecure, snapshots, grpc, connections: Mutex::default(), stopping: AtomicBool::new(false) }
    }

    /// Whether somebody serves the route.
    pub(crate) const fn is_served(route: Route) -> bool {
        GrpcRoutes::carries(route)
            || matches!(route, Route::RpcSingle | Route::RpcMulti | Route::RpcInsecure | Route::Snapshot)
    }

    /// Asks every connection to end, those that are still to come included.
    pub(crate) fn stop(&self, how: Stop) {
        self.stopping.store(true, SeqCst);
        self.snapshots.stop(how);
        self.grpc.stop(how);
        for connection in self.connections.lock().values() {
            connection.stop(how);
        }
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().len() + self.grpc.connections()
    }

    /// The connections that carry gRPC.
    pub(crate) fn grpc(&self) -> &GrpcRoutes {
        &self.grpc
    }

    /// The connection with this number in the port's registry, if it is net/rpc.
    pub(crate) fn connection(&self, id: u64) -> Option<Arc<Connection>> {
        self.connections.lock().get(&id).cloned()
    }

    /// Serves what is not net/rpc.
    async fn other(&self, accepted: Accepted) -> Reason {
        match accepted.route {
            Route::Snapshot => {
                let Accepted { io, entry, .. } = accepted;
                self.snapshots.serve(io, |why| entry.note(why)).await
            }
            route if GrpcRoutes::carries(route) => self.grpc.serve(accepted).await,
            _ => Reason::NotServed,
        }
    }

    fn enter(&self, accepted: &Accepted) -> Entered<'_> {
        let connection = Connection::new(accepted.peer);
        let id = accepted.entry.id();
        self.connections.lock().insert(id, Arc::clone(&connection));
        // Looked at after the insert: a stop that missed us has set it before.
        if self.is_stopping() {
            connection.stop(Stop::Drain);
        }
        Entered { port: self, id, connection }
    }
}

/// A connection in the list of those on the port, until it is dropped.
struct Entered<'p> {
    port: &'p RpcPort,
    id: u64,
    connection: Arc<Connection>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.port.connections.lock().remove(&self.id);
    }
}

impl Serve for RpcPort {
    fn serves(&self, route: Route) -> bool {
        Self::is_served(route)
    }

    /// Not an `async fn`, which would keep its argument beside what becomes of it: a connection at rest is this future.
    fn serve(&self, accepted: Accepted) -> impl Future<Output = Reason> + Send {
        let span = tracing::debug_span!("conn", peer = %accepted.peer, route = accepted.entry.label());
        let route = accepted.route;
        let is_net_rpc = matches!(route, Route::RpcSingle | Route::RpcMulti | Route::RpcInsecure);
        let mut net_rpc = None;
        let mut other: Option<Pin<Box<dyn Future<Output = Reason> + Send + '_>>> = None;
        if is_net_rpc {
            let entered = self.enter(&accepted);
            let connection = Arc::clone(&entered.connection);
            let Accepted { io, entry, .. } = accepted;
            let serving = match route {
                Route::RpcMulti => Serving::Session(self.rpc.session(io, connection)),
                Route::RpcInsecure => Serving::Single(self.insecure.single(io, connection)),
                _ => Serving::Single(self.rpc.single(io, connection)),
            };
            net_rpc = Some((serving, entered, entry));
        } else {
            // On the heap: a connection of net/rpc at rest is as large as the largest of its kinds.
            other = Some(Box::pin(self.other(accepted)));
        }
        async move {
            match (&mut net_rpc, &mut other) {
                (Some((serving, entered, entry)), _) => entered.tell(serving.await, entry),
                (None, Some(other)) => other.await,
                (None, None) => Reason::NotServed,
            }
        }
        .instrument(span)
    }
}

/// A connection on the way to its end.
#[allow(clippy::large_enum_variant, reason = "it is all that a connection keeps: a box would only add to it")]
enum Serving<F> {
    Single(SingleServer<Stream, Handlers, F>),
    Session(SessionServer<Stream, Handlers, F>),
}

impl<F> Future for Serving<F>
where
    Handlers: RpcService<F>,
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    type Output = Result<(), End>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Single(single) => Pin::new(single).poll(cx),
            Self::Session(session) => Pin::new(session).poll(cx),
        }
    }
}

impl Entered<'_> {
    /// Notes and counts how it ended, and names the reason.
    fn tell(&self, ended: Result<(), End>, entry: &Entry) -> Reason {
        match ended {
            Ok(()) if self.connection.stopping() == Stop::No => Reason::PeerClosed,
            Ok(()) => Reason::Stopped,
            Err(end) => {
                let reason = judge(&end);
                // Consul's count of connections that ended for a fault. A network that failed is nobody's.
                if !matches!(reason, Reason::Stopped | Reason::Reset | Reason::PeerClosed) {
                    metrics::counter!(metric::RPC_REQUEST_ERROR.name).increment(1);
                }
                entry.note(Chain(&end).to_string());
                reason
            }
        }
    }
}

/// The port's word for how a connection ended.
fn judge(end: &End) -> Reason {
    use SessionError::{GoAway, KeepaliveTimeout, OpenTimeout, WriteTimeout};
    match end {
        End::Stopped => Reason::Stopped,
        // The end of a TLS session that was not announced: few peers but Go's announce it.
        End::Io(error) if error.kind() == ErrorKind::UnexpectedEof => Reason::PeerClosed,
        End::Io(_) => Reason::Reset,
        End::SlowReader { .. } | End::Session(WriteTimeout) => Reason::SlowReader,
        End::SlowRequest { .. } => Reason::SlowRequest,
        End::Malformed => Reason::Malformed,
        End::Refused => Reason::RequestRefused,
        End::Session(KeepaliveTimeout | OpenTimeout(_)) => Reason::YamuxKeepalive,
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
