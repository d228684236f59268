//! Counts and times every call, under Consul's names.
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use metrics::{Counter, Histogram};
use proconsul_types::{Call, MethodRow, Operation, Outcome, metric};
use tower_layer::Layer;
use tower_service::Service;

use crate::SlowCalls;

/// Which RPC system a call came by: the label `rpc_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcType {
    /// net/rpc from a client.
    NetRpc,
    /// gRPC, on whichever surface.
    Grpc,
    /// A call that the server makes of itself.
    Internal,
}

impl RpcType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NetRpc => "net/rpc",
            Self::Grpc => "grpc",
            Self::Internal => "internal",
        }
    }
}

/// Records [`metric::RPC_SERVER_CALL`] for every call that gets an answer, and [`metric::RPC_REQUEST`] if it came by net/rpc. Keeps the slowest.
#[derive(Clone)]
pub struct MeasureLayer {
    handles: Arc<Handles>,
}

impl MeasureLayer {
    /// For calls of so many `methods`, which `method_index` counts in. What is recorded goes to the recorder that is installed
    /// now, and the slowest calls to `slow`.
    pub fn new(methods: usize, rpc_type: RpcType, slow: Arc<SlowCalls>) -> Self {
        let requests = match rpc_type {
            RpcType::NetRpc => metrics::counter!(metric::RPC_REQUEST.name),
            RpcType::Grpc | RpcType::Internal => Counter::noop(),
        };
        let handles = (0..methods).map(|_| OnceLock::new()).collect();
        Self { handles: Arc::new(Handles { rpc_type, requests, handles, slow }) }
    }
}

impl<S> Layer<S> for MeasureLayer {
    type Service = Measure<S>;

    fn layer(&self, inner: S) -> Measure<S> {
        Measure { inner, handles: Arc::clone(&self.handles) }
    }
}

/// The counter, and one pair of histograms per method: looked up by name once and then never again.
struct Handles {
    rpc_type: RpcType,
    requests: Counter,
    handles: Vec<OnceLock<[Histogram; 2]>>,
    slow: Arc<SlowCalls>,
}

impl Handles {
    fn record(&self, index: u16, method: &'static MethodRow, took: Duration, ok: bool) {
        self.requests.increment(1);
        let Some(slot) = self.handles.get(usize::from(index)) else { return };
        let pair = slot.get_or_init(|| [self.handle(method, "false"), self.handle(method, "true")]);
        pair[usize::from(!ok)].record(took.as_secs_f64() * 1e3);
    }

    fn handle(&self, method: &'static MethodRow, errored: &'static str) -> Histogram {
        let request_type = match method.operation {
            Operation::Read => "read",
            Operation::Write | Operation::Exempt => "write",
        };
        // A server without peers leads; a follower's calls will say so when there is one.
        metrics::histogram!(metric::RPC_SERVER_CALL.name, "method" => method.name, "errored" => errored,
            "request_type" => request_type, "rpc_type" => self.rpc_type.as_str(), "leader" => "true")
    }
}

/// See [`MeasureLayer`].
#[derive(Clone)]
pub struct Measure<S> {
    inner: S,
    handles: Arc<Handles>,
}

impl<S, R> Service<R> for Measure<S>
where
    R: Call,
    S: Service<R>,
    S::Response: Outcome,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MeasureFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let info = request.info();
        let peer = info.peer;
        let sample = Sample {
            handles: Arc::clone(&self.handles),
            index: info.method_index,
            method: info.method,
            since: info.received,
        };
        MeasureFuture { sample: Some(sample), peer, inner: self.inner.call(request) }
    }
}

struct Sample {
    handles: Arc<Handles>,
    index: u16,
    method: &'static MethodRow,
    since: Instant,
}

impl Sample {
    /// The call is over, at once or after it was parked.
    fn record(self, ok: bool) {
        self.handles.record(self.index, self.method, self.since.elapsed(), ok);
    }

    /// As [`record`](Self::record), for a call of `peer` that was not parked.
    fn record_and_note(self, peer: SocketAddr, ok: bool) {
        let took = self.since.elapsed();
        self.handles.slow.note(self.method, peer, self.since, took, !ok);
        self.handles.record(self.index, self.method, took, ok);
    }

    /// The call of `peer` is parked now: what it waits for is not slowness, what came before is.
    fn note(&self, peer: SocketAddr) {
        self.handles.slow.note(self.method, peer, self.since, self.since.elapsed(), false);
    }
}

/// The future of [`Measure`].
pub struct MeasureFuture<F> {
    sample: Option<Sample>,
    /// Not in the sample, which a parked call keeps for as long as it waits.
    peer: SocketAddr,
    inner: F,
}

impl<F, T, E> Future for MeasureFuture<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
    T: Outcome,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = Pin::new(&mut self.inner).poll(cx) else { return Poll::Pending };
        let Some(sample) = self.sample.take() else { return Poll::Ready(result) };
        Poll::Ready(match result {
            Ok(response) if !response.is_done() => {
                sample.note(self.peer);
                Ok(response.when_done(move |ok| sample.record(ok)))
            }
            result => {
                sample.record_and_note(self.peer, result.is_ok());
                result
            }
        })
    }
}
