//! How long a write took.
use std::time::Instant;

use metrics::Histogram;
use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Call, Handler, HandlerFuture};
use proconsul_types::metric::Metric;

/// Records the milliseconds from a call to its answer, whatever the answer.
pub(crate) struct Timed<Inner> {
    inner: Inner,
    milliseconds: Histogram,
}

impl<Inner> Timed<Inner> {
    pub(crate) fn new(metric: &'static Metric, inner: Inner) -> Self {
        Self { inner, milliseconds: metrics::histogram!(metric.name) }
    }
}

impl<Inner: Handler> Handler for Timed<Inner> {
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        let started = Instant::now();
        let milliseconds = self.milliseconds.clone();
        let record = move || milliseconds.record(started.elapsed().as_secs_f64() * 1000.0);
        match self.inner.handle(call) {
            HandlerFuture::Ready(answer) => {
                record();
                HandlerFuture::Ready(answer)
            }
            HandlerFuture::Pending(future) => HandlerFuture::pending(async move {
                let answer = future.await;
                record();
                answer
            }),
        }
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        self.inner.probe(partial)
    }
}
