use std::{
    future::{Future, pending, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use proconsul_types::{CallInfo, MethodRow, Operation, Outcome, Rejected};
use tower_service::Service;

use crate::{LimitMode, RequestRates};

use super::*;

const ROWS: &[MethodRow] = &[MethodRow::bare("Test.Call")];

#[derive(Debug, PartialEq)]
struct Done(u32);

/// An answer that comes later than the handler: parked.
const PARKED: Done = Done(u32::MAX);

impl Outcome for Done {
    fn is_done(&self) -> bool {
        *self != PARKED
    }

    fn when_done<F: FnOnce(bool) + Send + 'static>(self, finish: F) -> Self {
        finish(true);
        self
    }
}

#[derive(Debug, PartialEq)]
struct No(Rejected);

impl From<Rejected> for No {
    fn from(rejected: Rejected) -> Self {
        Self(rejected)
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Done, No>> + Send>>;

#[derive(Clone)]
struct Handler<F>(F);

impl<F: FnMut() -> Answer> Service<CallInfo> for Handler<F> {
    type Response = Done;
    type Error = No;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), No>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: CallInfo) -> Answer {
        (self.0)()
    }
}

fn info(deadline: Option<Instant>) -> CallInfo {
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    CallInfo { method: &ROWS[0], method_index: 0, peer, received: Instant::now(), deadline }
}

async fn answer_of(handler: impl FnMut() -> Answer, deadline: Option<Duration>) -> Result<Done, No> {
    let mut service = stack(Handler(handler), ROWS.len(), RpcType::NetRpc, Arc::default(), Arc::default());
    service.call(info(deadline.map(|after| Instant::now() + after))).await
}

#[tokio::test]
async fn an_answer_passes_through() {
    assert_eq!(answer_of(|| Box::pin(ready(Ok(Done(7)))), None).await, Ok(Done(7)));
}

#[tokio::test]
async fn a_panic_in_the_call_or_in_its_future_is_an_answer() {
    let panics = || -> Answer { panic!("in the call") };
    assert_eq!(answer_of(panics, None).await, Err(No(Rejected::Panicked)));
    let panics_later = || -> Answer { Box::pin(async { panic!("in the future") }) };
    assert_eq!(answer_of(panics_later, None).await, Err(No(Rejected::Panicked)));
}

#[tokio::test]
async fn slow_calls_are_kept_and_parked_ones_count_until_they_are_parked() {
    let slow = Arc::new(SlowCalls::default());
    let began = Instant::now();
    for (answer, errored) in [(Ok(Done(1)), false), (Err(No(Rejected::Panicked)), true), (Ok(PARKED), false)] {
        let mut answer = Some(answer);
        let mut service = stack(
            Handler(move || -> Answer { Box::pin(ready(answer.take().expect("it is called once"))) }),
            ROWS.len(),
            RpcType::NetRpc,
            Arc::clone(&slow),
            Arc::default(),
        );
        // The first byte came a second ago.
        let received = Instant::now().checked_sub(Duration::from_secs(1)).expect("the clock runs for a second");
        let _answered = service.call(CallInfo { received, ..info(None) }).await;
        let kept = slow.list(Instant::now());
        let last = kept.iter().max_by_key(|call| call.ended).expect("it is kept");
        assert_eq!((last.method.name, last.errored), ("Test.Call", errored));
        assert!(last.took >= Duration::from_secs(1) && last.took <= Duration::from_secs(1) + began.elapsed());
    }
    assert_eq!(slow.list(Instant::now()).len(), 3);
}

#[tokio::test]
async fn a_late_call_is_never_started() {
    let started = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&started);
    let handler = move || -> Answer {
        count.fetch_add(1, SeqCst);
        Box::pin(ready(Ok(Done(1))))
    };
    assert_eq!(answer_of(handler, Some(Duration::ZERO)).await, Err(No(Rejected::Late { method: &ROWS[0] })));
    assert_eq!(started.load(SeqCst), 0);
}

#[tokio::test]
async fn a_call_that_waits_past_its_deadline_is_dropped() {
    struct OnDrop(Arc<AtomicUsize>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let handler = move || -> Answer {
        let guard = OnDrop(Arc::clone(&count));
        Box::pin(async move {
            let _guard = guard;
            pending().await
        })
    };
    let mut service = stack(Handler(handler), ROWS.len(), RpcType::NetRpc, Arc::default(), Arc::default());
    let mut call = service.call(info(Some(Instant::now() + Duration::from_millis(5))));
    assert_eq!((&mut call).await, Err(No(Rejected::Late { method: &ROWS[0] })));
    assert_eq!(dropped.load(SeqCst), 1, "dropped when late, not when its future goes");
}

#[tokio::test]
async fn a_greedy_client_leaves_others_what_is_exempt_and_the_other_class() {
    static ROWS: [MethodRow; 3] = [
        MethodRow::bare("Test.Read"),
        MethodRow { operation: Operation::Write, ..MethodRow::bare("Test.Write") },
        MethodRow { operation: Operation::Exempt, ..MethodRow::bare("Test.Ping") },
    ];
    let rates = RequestRates { mode: LimitMode::Enforcing, read_rate: 0.001, write_rate: 1.0 };
    let limits = Arc::new(RequestLimits::new(rates, || true));
    let started = Arc::new(AtomicUsize::new(0));
    // Two stacks of one server, as those of net/rpc and of gRPC are.
    let mut stacks = [RpcType::NetRpc, RpcType::Grpc].map(|rpc_type| {
        let count = Arc::clone(&started);
        let handler = Handler(move || -> Answer {
            count.fetch_add(1, SeqCst);
            Box::pin(ready(Ok(Done(1))))
        });
        stack(handler, ROWS.len(), rpc_type, Arc::default(), Arc::clone(&limits))
    });
    let mut call = |stack: usize, row: usize| {
        let index = u16::try_from(row).expect("it has three rows");
        stacks[stack].call(CallInfo { method: &ROWS[row], method_index: index, ..info(None) })
    };
    assert_eq!(call(0, 0).await, Ok(Done(1)));
    for _ in 0..100 {
        assert_eq!(call(0, 0).await, Err(No(Rejected::RateLimited)));
    }
    assert_eq!(started.load(SeqCst), 1, "what is refused is never started");
    assert_eq!(call(1, 0).await, Err(No(Rejected::RateLimited)), "the limit is the server's, not a client's");
    assert_eq!((call(1, 2).await, call(1, 1).await), (Ok(Done(1)), Ok(Done(1))));
    while call(0, 1).await.is_ok() {}
    assert_eq!(call(1, 1).await, Err(No(Rejected::RateLimitedAtLeader)));

    limits.set(RequestRates { mode: LimitMode::Permissive, ..rates });
    assert_eq!((call(1, 0).await, call(1, 1).await), (Ok(Done(1)), Ok(Done(1))));
}
