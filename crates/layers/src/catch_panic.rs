//! A handler's panic ends its call alone.
use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use proconsul_types::{Call, MethodRow, Rejected};
use tower_layer::Layer;
use tower_service::Service;

/// Answers a call whose handler panics with [`Rejected::Panicked`], and logs what it said.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> CatchPanic<S> {
        CatchPanic { inner }
    }
}

/// See [`CatchPanicLayer`].
#[derive(Clone, Debug)]
pub struct CatchPanic<S> {
    inner: S,
}

impl<S, R> Service<R> for CatchPanic<S>
where
    R: Call,
    S: Service<R>,
    S::Error: From<Rejected>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let method = request.info().method;
        // A handler that panicked is not used again in this call; what it shares with others guards itself (locks that do
        // not poison, snapshots that never change).
        let state = match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => State::Running(future),
            Err(panic) => {
                report(method, &*panic);
                State::Panicked
            }
        };
        CatchPanicFuture { method, state }
    }
}

enum State<F> {
    Running(F),
    Panicked,
}

/// The future of [`CatchPanic`].
pub struct CatchPanicFuture<F> {
    method: &'static MethodRow,
    state: State<F>,
}

impl<F, T, E> Future for CatchPanicFuture<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
    E: From<Rejected>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let State::Running(future) = &mut this.state else {
            return Poll::Ready(Err(Rejected::Panicked.into()));
        };
        catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(cx))).unwrap_or_else(|panic| {
            report(this.method, &*panic);
            this.state = State::Panicked;
            Poll::Ready(Err(Rejected::Panicked.into()))
        })
    }
}

fn report(method: &'static MethodRow, panic: &(dyn Any + Send)) {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(method = method.name, panic = said.unwrap_or("no text"), "a handler panicked");
}
