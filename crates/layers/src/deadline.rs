//! A call ends when its caller stops waiting.
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use proconsul_types::{Call, MethodRow, Rejected};
use tokio::time::Sleep;
use tower_layer::Layer;
use tower_service::Service;

/// Ends a call that carries a deadline with [`Rejected::Late`] when it passes, and never starts one that is late already.
/// A call without a deadline costs nothing here. What a handler parks keeps to the deadline itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadlineLayer;

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner }
    }
}

/// See [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
}

impl<S, R> Service<R> for Deadline<S>
where
    R: Call,
    S: Service<R>,
    S::Error: From<Rejected>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let info = request.info();
        let (method, deadline) = (info.method, info.deadline);
        match deadline {
            None => DeadlineFuture { method, state: State::Unlimited(self.inner.call(request)) },
            // `received` may be a moment old; the clock decides.
            Some(deadline) if deadline <= Instant::now() => DeadlineFuture { method, state: State::Late },
            Some(deadline) => {
                let future = self.inner.call(request);
                let sleep = Box::pin(tokio::time::sleep_until(deadline.into()));
                DeadlineFuture { method, state: State::Limited(future, sleep) }
            }
        }
    }
}

enum State<F> {
    Unlimited(F),
    Limited(F, Pin<Box<Sleep>>),
    Late,
}

/// The future of [`Deadline`].
pub struct DeadlineFuture<F> {
    method: &'static MethodRow,
    state: State<F>,
}

impl<F, T, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
    E: From<Rejected>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match &mut this.state {
            State::Unlimited(future) => return Pin::new(future).poll(cx),
            State::Limited(future, sleep) => match Pin::new(future).poll(cx) {
                Poll::Pending if sleep.as_mut().poll(cx).is_ready() => {
                    this.state = State::Late; // drops the handler's future: the call is cancelled
                }
                polled => return polled,
            },
            State::Late => {}
        }
        Poll::Ready(Err(Rejected::Late { method: this.method }.into()))
    }
}
