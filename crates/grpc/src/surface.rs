//! The services behind one kind of connection.
use std::{
    collections::{HashMap, HashSet},
    fmt,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{Request, Response};
use metrics::Counter;
use proconsul_layers::{RequestLimits, RpcType, SlowCalls, Stack, stack};
use proconsul_types::{CallInfo, GrpcListener, GrpcRow, metric};
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

use crate::{
    ALSO, Answer, EXTERNAL_KEEPALIVE_TIMEOUT, GrpcCall, Handler, KEEPALIVE_TIMEOUT, Peer, Reach, Refusal,
    gather::Gathered,
    go_status::{in_gos_words, malformed_method, unknown_method, unknown_service},
    heading,
};

/// The largest message that a client may send to the internal surface: the default of Go's library.
pub const INTERNAL_MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest message that a client may send to the external surface.
pub const EXTERNAL_MESSAGE_BYTES_MAX: usize = 50 * 1024 * 1024;

/// How many calls a connection of the external surface may have open at once: Consul's bound.
pub const EXTERNAL_STREAMS_MAX: u32 = 2048;
/// How many a connection of the other surfaces may. Consul has no bound there; an agent has one subscription for each service that
/// it watches, all on one connection, so ours is far above.
pub const INTERNAL_STREAMS_MAX: u32 = 65_536;

/// The services behind one kind of connection, with every layer in front of them.
pub struct Surface {
    listener: GrpcListener,
    methods: HashMap<&'static str, Method>,
    services: HashSet<&'static str>,
    stack: Stack<Dispatch>,
    pub(crate) counts: Counts,
}

/// A method that is answered.
struct Method {
    row: &'static GrpcRow,
    index: u16,
    /// Whether its service is written.
    answers: bool,
    handler: Arc<dyn Handler>,
}

/// What is counted of a surface, under Consul's names.
pub(crate) struct Counts {
    pub(crate) requests: Counter,
    pub(crate) connections: Counter,
    pub(crate) streams: Counter,
    pub(crate) connections_now: metrics::Gauge,
    pub(crate) streams_now: metrics::Gauge,
}

impl Counts {
    fn new(listener: GrpcListener) -> Self {
        let server_type = listener.as_str();
        Self {
            requests: metrics::counter!(metric::GRPC_SERVER_REQUEST_COUNT.name, "server_type" => server_type),
            connections: metrics::counter!(metric::GRPC_SERVER_CONNECTION_COUNT.name, "server_type" => server_type),
            streams: metrics::counter!(metric::GRPC_SERVER_STREAM_COUNT.name, "server_type" => server_type),
            connections_now: metrics::gauge!(metric::GRPC_SERVER_CONNECTIONS.name, "server_type" => server_type),
            streams_now: metrics::gauge!(metric::GRPC_SERVER_STREAMS.name, "server_type" => server_type),
        }
    }
}

/// Every row that a surface may have: Consul's, public before private, then those that are not.
fn rows() -> impl Iterator<Item = &'static GrpcRow> + Clone {
    proconsul_proto::methods::all().chain(&ALSO)
}

impl Surface {
    /// One without services. The slowest calls are kept in `slow`, and calls are counted against `limits`.
    pub fn new(listener: GrpcListener, slow: Arc<SlowCalls>, limits: Arc<RequestLimits>) -> Self {
        Self {
            listener,
            methods: HashMap::new(),
            services: HashSet::new(),
            stack: stack(Dispatch, rows().count(), RpcType::Grpc, slow, limits),
            counts: Counts::new(listener),
        }
    }

    /// Which one it is.
    pub fn listener(&self) -> GrpcListener {
        self.listener
    }

    /// The largest message that a client may send.
    pub fn message_bytes_max(&self) -> usize {
        match self.listener {
            GrpcListener::External => EXTERNAL_MESSAGE_BYTES_MAX,
            GrpcListener::Internal | GrpcListener::RaftForwarding => INTERNAL_MESSAGE_BYTES_MAX,
        }
    }

    /// How many calls a connection may have open at once.
    pub fn streams_max(&self) -> u32 {
        match self.listener {
            GrpcListener::External => EXTERNAL_STREAMS_MAX,
            GrpcListener::Internal | GrpcListener::RaftForwarding => INTERNAL_STREAMS_MAX,
        }
    }

    /// How long the answer to a ping of ours is waited for.
    pub fn keepalive_timeout(&self) -> Duration {
        match self.listener {
            GrpcListener::External => EXTERNAL_KEEPALIVE_TIMEOUT,
            GrpcListener::Internal | GrpcListener::RaftForwarding => KEEPALIVE_TIMEOUT,
        }
    }

    /// Registers a service, with those of its methods that the method table has on this surface.
    ///
    /// # Panics
    /// When the table has none of them here: a service is registered where its rows say.
    #[must_use]
    pub fn with<S: Handler + NamedService + 'static>(self, service: S) -> Self {
        self.register(service, &[])
    }

    /// As [`with`](Self::with), of a service some of whose methods answer UNIMPLEMENTED, whatever they check before, until they are
    /// written: those named in `waiting`.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    #[must_use]
    pub fn with_waiting<S: Handler + NamedService + 'static>(self, service: S, waiting: &[&str]) -> Self {
        self.register(service, waiting)
    }

    fn register<S: Handler + NamedService + 'static>(mut self, service: S, waiting: &[&str]) -> Self {
        let handler: Arc<dyn Handler> = Arc::new(service);
        let mut known = false;
        for (index, row) in rows().enumerate().filter(|(_, row)| row.row.service() == S::NAME) {
            assert!(row.is_on(self.listener), "{} is not for the {} surface", row.row.name, self.listener.as_str());
            let answers = !waiting.contains(&row.row.method());
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            self.methods.insert(row.path, Method { row, index, answers, handler: Arc::clone(&handler) });
            known = true;
        }
        assert!(known, "{} has no row in the method table", S::NAME);
        self.services.insert(S::NAME);
        self
    }

    /// The methods that are answered here, by path; those that wait left out.
    pub fn served(&self) -> Vec<&'static GrpcRow> {
        let mut served: Vec<_> =
            self.methods.values().filter(|method| method.answers).map(|method| method.row).collect();
        served.sort_unstable_by_key(|row| row.path);
        served
    }

    /// The full names of the services here, sorted.
    pub fn services(&self) -> Vec<&'static str> {
        let mut services: Vec<_> = self.services.iter().copied().collect();
        services.sort_unstable();
        services
    }

    /// The method that a path names here.
    ///
    /// # Errors
    /// There is none: what Go's library says then.
    fn find(&self, path: &str) -> Result<&Method, Status> {
        if let Some(method) = self.methods.get(path) {
            return Ok(method);
        }
        let Some((service, name)) = heading::split_path(path) else { return Err(malformed_method(path)) };
        if !self.services.contains(service) {
            return Err(unknown_service(service));
        }
        // A path without its first slash names the same.
        let whole = self.methods.iter().find(|(path, _)| heading::split_path(path) == Some((service, name)));
        whole.map(|(_, method)| method).ok_or_else(|| unknown_method(service, name))
    }

    /// What is called, if it is anything: the row, and the call to hand to the layers.
    pub(crate) fn begin(
        &self,
        request: Request<Body>,
        peer: SocketAddr,
        reach: Reach,
    ) -> Result<GrpcCall, Box<Response<Body>>> {
        self.counts.requests.increment(1);
        let received = Instant::now();
        let (parts, body) = request.into_parts();
        let timeout = heading::read(&parts).map_err(|no_call| Box::new(no_call.into_response()))?;
        let method = self.find(parts.uri.path()).and_then(|method| reach.check(method.row).map(|()| method));
        let method = method.map_err(|status| Box::new(status.into_http()))?;
        let deadline = timeout.and_then(|timeout| received.checked_add(timeout));
        let mut request = Request::from_parts(parts, Gathered::body(body, self.message_bytes_max()));
        request.extensions_mut().insert(Peer { address: peer, deadline });
        let info = CallInfo { method: &method.row.row, method_index: method.index, peer, received, deadline };
        Ok(GrpcCall { info, row: method.row, request, handler: Arc::clone(&method.handler) })
    }

    /// Puts a call through the layers.
    pub(crate) fn answer(&self, call: GrpcCall) -> impl Future<Output = Result<Answer, Refusal>> + Send + use<> {
        self.stack.clone().call(call)
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface").field("listener", &self.listener).field("services", &self.services()).finish()
    }
}

/// Asks the service: what stands behind every layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dispatch;

type Dispatched = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send>>;

impl Service<GrpcCall> for Dispatch {
    type Response = Answer;
    type Error = Refusal;
    type Future = Dispatched;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: GrpcCall) -> Dispatched {
        let GrpcCall { info, row, request, handler } = call;
        Box::pin(async move {
            let response = match handler.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match Status::from_header_map(response.headers()) {
                Some(status) if status.code() != tonic::Code::Ok => Err(match in_gos_words(&status, row) {
                    Some(status) => Refusal::new(&status),
                    None => Refusal(Box::new(response)),
                }),
                _ => Ok(Answer::new(response, row.server_streaming, info.deadline)),
            }
        })
    }
}

#[cfg(test)]
mod tests;
