//! What the layers cost a call that is answered at once, and what of that is for the list of the slowest.
//!
//! `cargo bench -p proconsul-layers`. No recorder is installed, so metrics cost what a handle that leads nowhere costs.
use std::{
    future::{Ready, ready},
    hint::black_box,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use proconsul_layers::{RpcType, SLOW_CALLS_MAX, SlowCalls, stack};
use proconsul_types::{CallInfo, MethodRow, Outcome, Rejected};
use tower_service::Service;

static ROWS: [MethodRow; 1] = [MethodRow::bare("Test.Call")];

struct Done;

impl Outcome for Done {
    fn is_done(&self) -> bool {
        true
    }

    fn when_done<F: FnOnce(bool) + Send + 'static>(self, finish: F) -> Self {
        finish(true);
        self
    }
}

#[derive(Clone)]
struct Answers;

impl Service<CallInfo> for Answers {
    type Response = Done;
    type Error = Rejected;
    type Future = Ready<Result<Done, Rejected>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Rejected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: CallInfo) -> Self::Future {
        ready(Ok(Done))
    }
}

/// A list that is full of calls which took a minute, as on a server that has been up for a while.
fn full() -> Arc<SlowCalls> {
    let calls = SlowCalls::default();
    for _ in 0..SLOW_CALLS_MAX {
        let minute = Duration::from_secs(60);
        calls.note(&ROWS[0], peer(), Instant::now(), minute, false);
    }
    Arc::new(calls)
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

fn benches(criterion: &mut Criterion) {
    let calls = full();
    let since = Instant::now();
    criterion.bench_function("a fast call and the list of the slowest", |bencher| {
        let took = Duration::from_micros(1);
        bencher.iter(|| calls.note(&ROWS[0], black_box(peer()), black_box(since), black_box(took), false));
    });
    let mut stack = stack(Answers, ROWS.len(), RpcType::NetRpc, full(), Arc::default());
    criterion.bench_function("a call through all layers, two readings of the clock included", |bencher| {
        bencher.iter(|| {
            let info =
                CallInfo { method: &ROWS[0], method_index: 0, peer: peer(), received: Instant::now(), deadline: None };
            let mut call = pin!(stack.call(black_box(info)));
            matches!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
        });
    });
}

criterion_group!(group, benches);
criterion_main!(group);
