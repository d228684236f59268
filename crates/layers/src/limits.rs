//! Calls beyond `limits.request_limits` are told of, and refused.
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use metrics::Counter;
use proconsul_types::{Call, CallInfo, MethodRow, Rejected, metric};
use tower_layer::Layer;
use tower_service::Service;

use crate::{LimitMode, RequestLimits, RpcType, request_limits::Exceeded};

/// Counts every call against the [`RequestLimits`] of its server, by its method's class, and refuses what is too much when they
/// are enforced. Each call too many counts in [`metric::RPC_RATE_LIMIT_EXCEEDED`].
#[derive(Clone)]
pub struct LimitsLayer {
    shared: Arc<Shared>,
}

impl LimitsLayer {
    /// For calls of so many `methods`, which `method_index` counts in.
    pub fn new(methods: usize, rpc_type: RpcType, limits: Arc<RequestLimits>) -> Self {
        let exceeded = (0..methods).map(|_| OnceLock::new()).collect();
        Self { shared: Arc::new(Shared { rpc_type, limits, exceeded }) }
    }
}

impl<S> Layer<S> for LimitsLayer {
    type Service = Limits<S>;

    fn layer(&self, inner: S) -> Limits<S> {
        Limits { inner, shared: Arc::clone(&self.shared) }
    }
}

struct Shared {
    rpc_type: RpcType,
    limits: Arc<RequestLimits>,
    /// Of each method the counters of both modes that count, permissive first: looked up by name once and then never again.
    exceeded: Vec<OnceLock<[Counter; 2]>>,
}

impl Shared {
    #[cold]
    fn tell(&self, info: &CallInfo, exceeded: Exceeded) {
        tracing::debug!(
            rpc = info.method.name,
            source_addr = %info.peer,
            limit_type = exceeded.limit_type(),
            limit_enforced = exceeded.is_enforced(),
            "RPC exceeded allowed rate limit"
        );
        let Some(slot) = self.exceeded.get(usize::from(info.method_index)) else { return };
        let counters = slot.get_or_init(|| {
            [LimitMode::Permissive, LimitMode::Enforcing].map(|mode| self.counter(info.method, exceeded, mode))
        });
        counters[usize::from(exceeded.is_enforced())].increment(1);
    }

    fn counter(&self, method: &'static MethodRow, exceeded: Exceeded, mode: LimitMode) -> Counter {
        // As Consul names what was called.
        let op = match self.rpc_type {
            RpcType::Grpc => format!("/{}/{}", method.service(), method.method()),
            RpcType::NetRpc | RpcType::Internal => method.name.to_owned(),
        };
        metrics::counter!(metric::RPC_RATE_LIMIT_EXCEEDED.name,
            "limit_type" => exceeded.limit_type(), "op" => op, "mode" => mode.as_str())
    }
}

/// See [`LimitsLayer`].
#[derive(Clone)]
pub struct Limits<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, R> Service<R> for Limits<S>
where
    R: Call,
    S: Service<R>,
    S::Error: From<Rejected>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = LimitsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let info = request.info();
        if let Some(exceeded) = self.shared.limits.count(info.method.operation) {
            self.shared.tell(info, exceeded);
            if let Some(rejected) = self.shared.limits.refusal(exceeded) {
                return LimitsFuture { state: State::Refused(rejected) };
            }
        }
        LimitsFuture { state: State::Running(self.inner.call(request)) }
    }
}

enum State<F> {
    Running(F),
    Refused(Rejected),
}

/// The future of [`Limits`].
pub struct LimitsFuture<F> {
    state: State<F>,
}

impl<F, T, E> Future for LimitsFuture<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
    E: From<Rejected>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Running(future) => Pin::new(future).poll(cx),
            State::Refused(rejected) => Poll::Ready(Err((*rejected).into())),
        }
    }
}
