//! A server of a few methods that answer, wait and park on command.
#![allow(dead_code, reason = "each test file uses its own part")]
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use parking_lot::Mutex;
use proconsul_netrpc::{
    Answer, Call, Dispatch, Fault, Handler, HandlerFuture, Park, Parked, Registry, Reply, ReplyTo, answering,
    server::{Connection, Limits, Server},
    waiting,
};
use proconsul_types::{CallInfo, Listener, MethodRow};
use tokio::sync::Notify;

pub(crate) static METHODS: [MethodRow; 6] = [
    MethodRow::bare("Test.Echo"),
    MethodRow::bare("Test.Wait"),
    MethodRow::bare("Test.Park"),
    MethodRow::bare("Test.Fail"),
    MethodRow::bare("Test.Big"),
    MethodRow::bare("Test.Unserved"),
];

/// What the methods do, seen and steered from the test.
#[derive(Default)]
pub(crate) struct Bench {
    /// Lets every `Test.Wait` that has begun end.
    pub(crate) go: Notify,
    /// `Test.Wait` calls that have begun and are neither answered nor dropped.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// `Test.Park` calls that wait for their answer, by number.
    pub(crate) parked: Mutex<HashMap<usize, ReplyTo>>,
    next: AtomicUsize,
    big: AtomicUsize,
}

impl Bench {
    /// How many `Test.Big` calls there were.
    pub(crate) fn big(&self) -> usize {
        self.big.load(SeqCst)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(SeqCst)
    }

    /// Answers one parked call with the text `answer`.
    pub(crate) fn answer_parked(&self, answer: &str) {
        let call = self.parked.lock().drain().next().expect("a parked call").1;
        call.send(Ok(Bytes::from(proconsul_msgpack::to_vec(answer).expect("a text encodes"))));
    }
}

struct Count(Arc<AtomicUsize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

struct ParkHere(Arc<Bench>);

impl Handler for ParkHere {
    fn handle(&self, _: Call<'_>) -> HandlerFuture {
        HandlerFuture::ready(Ok(Answer::Later(Box::new(Parking(Arc::clone(&self.0))))))
    }

    fn probe(&self, _: &[u8]) -> Result<(), proconsul_msgpack::DecodeError> {
        Ok(())
    }
}

struct Parking(Arc<Bench>);

impl Park for Parking {
    fn park(self: Box<Self>, to: ReplyTo) -> Box<dyn Parked> {
        let number = self.0.next.fetch_add(1, SeqCst);
        self.0.parked.lock().insert(number, to);
        Box::new(Hold(self.0, number))
    }
}

struct Hold(Arc<Bench>, usize);

impl Parked for Hold {
    fn done(self: Box<Self>, _: bool) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.parked.lock().remove(&self.1);
    }
}

/// A server, and what its methods do.
pub(crate) fn server(limits: Limits) -> (Server<Dispatch>, Arc<Bench>) {
    let bench = Arc::new(Bench::default());
    let mut registry = Registry::new(&METHODS, Listener::Rpc);
    registry.insert(0, answering(|_: &CallInfo, text: String, _: &[u8]| Ok(Answer::Now(Reply::value(text)))));
    let here = Arc::clone(&bench);
    registry.insert(
        1,
        waiting(move |_: CallInfo, text: String| {
            let here = Arc::clone(&here);
            here.waiting.fetch_add(1, SeqCst);
            let count = Count(Arc::clone(&here.waiting));
            async move {
                let _count = count;
                here.go.notified().await;
                Ok(text)
            }
        }),
    );
    registry.insert(2, ParkHere(Arc::clone(&bench)));
    registry.insert(
        3,
        answering(|_: &CallInfo, text: String, _: &[u8]| -> Result<Answer, Fault> {
            Err(Fault::answer(text.as_str()))
        }),
    );
    let here = Arc::clone(&bench);
    registry.insert(
        4,
        answering(move |_: &CallInfo, size: u64, _: &[u8]| {
            here.big.fetch_add(1, SeqCst);
            Ok(Answer::Now(Reply::value("x".repeat(size as usize))))
        }),
    );
    let service = registry.into_service();
    (Server::new(service.clone(), service.registry(), limits), bench)
}

/// A connection from nowhere.
pub(crate) fn connection() -> Arc<Connection> {
    Connection::new(([127, 0, 0, 1], 0).into())
}

/// Waits until `met`, for a bounded time.
pub(crate) async fn until(what: &str, met: impl Fn() -> bool) {
    for _ in 0..2000 {
        if met() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("waited for: {what}");
}
