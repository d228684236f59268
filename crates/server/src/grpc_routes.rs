//! Connections that carry gRPC: of the server port and of the ports of their own.
use std::{
    collections::HashMap,
    error::Error as _,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use parking_lot::Mutex;
use proconsul_grpc::{Connection, End, Reach, Surface, Surfaces};
use proconsul_mux::{
    HTTP2_PREFACE, Reason, Route,
    driver::{Accepted, Entry},
};
use proconsul_netrpc::server::{
    CallDescription, CallState, Description, STREAMS_DESCRIBED_MAX, Stop, StreamDescription,
};
use proconsul_types::RequestSeq;

/// Serves gRPC, and knows whose connections there are.
pub(crate) struct GrpcRoutes {
    surfaces: Surfaces,
    /// The server's.
    datacenter: Box<str>,
    /// By the number that they have in the registry.
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    stopping: AtomicBool,
}

impl GrpcRoutes {
    pub(crate) fn new(surfaces: Surfaces, datacenter: &str) -> Self {
        Self {
            surfaces,
            datacenter: datacenter.into(),
            connections: Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Whether a route carries gRPC.
    pub(crate) const fn carries(route: Route) -> bool {
        matches!(route, Route::InternalGrpc | Route::ExternalGrpc | Route::RaftForwarding)
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().len()
    }

    /// The connections.
    pub(crate) fn list(&self) -> Vec<Arc<Connection>> {
        self.connections.lock().values().cloned().collect()
    }

    /// Asks every connection to end, those that are still to come included.
    pub(crate) fn stop(&self, how: Stop) {
        self.stopping.store(true, SeqCst);
        self.surfaces.end_streams();
        for connection in self.connections.lock().values() {
            connection.stop(how);
        }
    }

    /// What the connection with this number does, if it is one of these.
    pub(crate) fn describe(&self, id: u64) -> Option<Description> {
        let connection = self.connections.lock().get(&id).cloned()?;
        let calls = connection.calls();
        let (begun, refused) = connection.counts();
        let stream = |call: &proconsul_grpc::CallDescription| StreamDescription {
            id: None,
            calls: 1,
            errors: 0,
            current: Some(CallDescription {
                method: call.row.row.name,
                seq: RequestSeq(0),
                age: call.age,
                state: if call.streams { CallState::Parked } else { CallState::Running },
            }),
            receiving: false,
            put_off: false,
        };
        Some(Description {
            calls: begun,
            errors: refused,
            streams_total: calls.len(),
            streams: calls.iter().take(STREAMS_DESCRIBED_MAX).map(stream).collect(),
            ..Description::default()
        })
    }

    fn surface(&self, route: Route) -> Option<&Arc<Surface>> {
        match route {
            Route::InternalGrpc => Some(&self.surfaces.internal),
            Route::ExternalGrpc => Some(&self.surfaces.external),
            Route::RaftForwarding => Some(&self.surfaces.raft_forwarding),
            _ => None,
        }
    }

    /// What a connection may call. The server port asks for certificates instead.
    fn reach(&self, route: Route, entry: &Entry) -> Reach {
        match route {
            Route::ExternalGrpc => Reach::of(entry.tls().and_then(|tls| tls.sni.as_deref()), &self.datacenter),
            _ => Reach::All,
        }
    }

    /// Serves a connection until it ends.
    pub(crate) async fn serve(&self, accepted: Accepted) -> Reason {
        let Accepted { route, io, peer, entry } = accepted;
        let Some(surface) = self.surface(route) else { return Reason::NotServed };
        let entered = self.enter(entry.id(), Connection::new(peer, self.reach(route, &entry)));
        let seen = Arc::clone(&entry);
        let begun = move || seen.bytes_in() >= HTTP2_PREFACE.len() as u64;
        match Arc::clone(&entered.connection).serve(Arc::clone(surface), io, begun).await {
            Ok(()) if self.stopping.load(SeqCst) => Reason::Stopped,
            Ok(()) => Reason::PeerClosed,
            Err(end) => {
                let reason = judge(&end);
                if !matches!(reason, Reason::PeerClosed | Reason::Stopped) {
                    entry.note(end.to_string());
                }
                reason
            }
        }
    }

    fn enter(&self, id: u64, connection: Arc<Connection>) -> Entered<'_> {
        self.connections.lock().insert(id, Arc::clone(&connection));
        // Looked at after the insert: a stop that missed us has set it before.
        if self.stopping.load(SeqCst) {
            connection.stop(Stop::Drain);
        }
        Entered { routes: self, id, connection }
    }
}

/// A connection in the list, until it is dropped.
struct Entered<'r> {
    routes: &'r GrpcRoutes,
    id: u64,
    connection: Arc<Connection>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.routes.connections.lock().remove(&self.id);
    }
}

/// The port's word for how a connection ended.
fn judge(end: &End) -> Reason {
    let error = match end {
        End::Stopped => return Reason::Stopped,
        End::TooManyPings => return Reason::Http2Pings,
        End::Http(error) => error,
    };
    if error.is_timeout() {
        return Reason::Http2Keepalive;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Reason::PeerClosed,
                _ => Reason::Reset,
            };
        }
        cause = error.source();
    }
    if error.is_incomplete_message() || error.is_closed() { Reason::PeerClosed } else { Reason::Http2Violation }
}
