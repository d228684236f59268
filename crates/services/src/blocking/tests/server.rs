//! A server with one method of a test's own, and a connection that keeps its answers.
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use proconsul_netrpc::{Answer, Call, Fault, Handler, Park, Parked, Reply, ReplyTo, SendAnswer};
use proconsul_state::{Applied, Entry, Snapshot, Store, WatchSet};
use proconsul_structs::{
    GoDuration, Method,
    kvs::{DirEntry, IndexedDirEntries, KeyRequest, KvOp, KvsRequest},
    methods::kvs::Get,
    query::{QueryMeta, QueryOptions},
};
use proconsul_types::CallInfo;
use tokio::{task::yield_now, time::Instant};

use crate::{
    Context, View,
    blocking::{Counts, Found, Lot, PARKED_MAX, Query, QueryTimes, query},
    silent,
};

/// A wait that nobody wants to see the end of.
pub(super) const LONG: Duration = Duration::from_secs(300);
/// Turns of the executor after which whatever could happen has happened.
const TURNS: usize = 50;
/// Turns after which a test gives up: an evaluator yields once per few entries, so a thousand are plenty.
const TURNS_MAX: usize = 1_000;

/// A connection: keeps what it is sent.
#[derive(Default)]
pub(super) struct Inbox(pub(super) Mutex<Vec<(u64, Result<Bytes, Fault>)>>);

impl SendAnswer for Inbox {
    fn send(&self, slot: u64, answer: Result<Bytes, Fault>) {
        self.0.lock().push((slot, answer));
    }
}

/// What a query of the tests does, in place of a real method's evaluation.
pub(super) type Ask =
    dyn Fn(&KeyRequest, &Snapshot, &mut WatchSet) -> Result<Found<IndexedDirEntries>, Fault> + Send + Sync;

struct Asks(Box<Ask>);

impl Query for Asks {
    type Method = Get;

    fn evaluate(
        &self,
        View { at, .. }: View<'_>,
        request: &KeyRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedDirEntries>, Fault> {
        (self.0)(request, at, watches)
    }
}

/// One key, as `KVS.Get` answers it.
pub(super) fn one_key(
    request: &KeyRequest,
    at: &Snapshot,
    watches: &mut WatchSet,
) -> Result<Found<IndexedDirEntries>, Fault> {
    let read = at.kv_get(&request.key, watches).expect("the tests name a key");
    Ok(Found {
        something: read.entry.is_some(),
        also: None,
        reply: IndexedDirEntries {
            entries: read.entry.map(|entry| vec![DirEntry::clone(entry)]),
            query_meta: meta(read.index()),
        },
    })
}

fn meta(index: u64) -> QueryMeta {
    QueryMeta { index, ..QueryMeta::default() }
}

/// A store that is written to as a log would, without its method's handler.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) store: Arc<Store>,
    pub(super) lot: Arc<Lot>,
    pub(super) index: Arc<AtomicU64>,
}

impl Writer {
    /// Applies without telling anybody.
    pub(super) fn apply(&self, op: KvOp, key: &str, value: &str) -> Applied {
        let dir_ent = DirEntry { key: key.into(), value: Some(Bytes::from(value.to_owned())), ..DirEntry::default() };
        let index = self.index.fetch_add(1, SeqCst) + 1;
        let applied =
            self.store.apply(index, &Entry::Kvs(Box::new(KvsRequest { op, dir_ent, ..KvsRequest::default() })));
        assert!(!applied.changes.is_empty(), "a write of a test changes something");
        applied
    }

    pub(super) fn set(&self, key: &str, value: &str) {
        self.lot.changed(&self.apply(KvOp::Set, key, value).changes);
    }

    pub(super) fn delete(&self, key: &str) {
        self.lot.changed(&self.apply(KvOp::Delete, key, "").changes);
    }

    pub(super) fn index(&self) -> u64 {
        self.store.snapshot().index
    }
}

/// A server with one method, one connection, and its evaluator running.
pub(super) struct Server {
    pub(super) context: Arc<Context>,
    pub(super) writer: Writer,
    pub(super) inbox: Arc<Inbox>,
    pub(super) handler: Box<dyn Handler>,
    pub(super) evaluator: tokio::task::JoinHandle<()>,
}

/// What became of a call.
pub(super) enum Asked {
    Answered(Answered),
    Parked(Box<dyn Parked>),
}

/// An answer's index and value, or the text of the fault.
pub(super) type Answered = Result<(u64, Option<String>), String>;

impl Server {
    pub(super) fn new() -> Self {
        Self::asking(|_| Box::new(one_key), PARKED_MAX)
    }

    pub(super) fn asking(ask: impl FnOnce(Writer) -> Box<Ask>, parked_max: usize) -> Self {
        let store = Arc::new(Store::new());
        let lot = Lot::bounded(Arc::clone(&store), QueryTimes::default(), parked_max);
        let writer = Writer { store: Arc::clone(&store), lot: Arc::clone(&lot), index: Arc::default() };
        let evaluator = tokio::spawn(Arc::clone(&lot).run());
        let context = Arc::new(silent::over(store, lot));
        let handler = Box::new(query(&context, Asks(ask(writer.clone()))));
        // No table is at its beginning, where an index of zero would be answered as one.
        writer.set("warm", "1");
        Self { context, writer, inbox: Arc::default(), handler, evaluator }
    }

    pub(super) fn counts(&self) -> Counts {
        self.context.lot.counts()
    }

    /// Calls, up to the point where the call would be parked.
    pub(super) fn look(
        &self,
        key: &str,
        past: u64,
        wait: Duration,
        deadline: Option<Instant>,
    ) -> Result<Answer, Fault> {
        let request = KeyRequest {
            key: key.into(),
            query_options: QueryOptions {
                min_query_index: past,
                max_query_time: GoDuration::from(wait),
                ..QueryOptions::default()
            },
            ..KeyRequest::default()
        };
        let body = proconsul_msgpack::to_vec(&request).unwrap();
        let info = CallInfo {
            method: Get::ROW,
            method_index: Get::INDEX,
            peer: ([127, 0, 0, 1], 1).into(),
            received: Instant::now().into(),
            deadline: deadline.map(Into::into),
        };
        let mut future = self.handler.handle(Call { info, body: &body });
        match Future::poll(Pin::new(&mut future), &mut std::task::Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("a query is answered or parked in its turn"),
        }
    }

    pub(super) fn park(&self, slot: u64, park: Box<dyn Park>) -> Box<dyn Parked> {
        park.park(ReplyTo::new(Arc::clone(&self.inbox) as _, slot))
    }

    pub(super) fn ask_until(
        &self,
        slot: u64,
        key: &str,
        past: u64,
        wait: Duration,
        deadline: Option<Instant>,
    ) -> Asked {
        match self.look(key, past, wait, deadline) {
            Ok(Answer::Later(park)) => Asked::Parked(self.park(slot, park)),
            Ok(Answer::Now(Reply::Value(value))) => {
                let mut bytes = Vec::new();
                value.encode(&mut bytes).unwrap();
                Asked::Answered(read(&Ok(bytes.into())))
            }
            Ok(Answer::Now(Reply::Encoded(bytes))) => Asked::Answered(read(&Ok(bytes))),
            Err(fault) => Asked::Answered(Err(fault.to_string())),
        }
    }

    /// Calls, and expects to wait.
    pub(super) fn wait_for(&self, slot: u64, key: &str, past: u64) -> Box<dyn Parked> {
        match self.ask_until(slot, key, past, LONG, None) {
            Asked::Parked(hold) => hold,
            Asked::Answered(answer) => panic!("{key} past {past} is answered at once: {answer:?}"),
        }
    }

    /// Calls, and expects an answer at once.
    pub(super) fn ask(&self, key: &str, past: u64) -> Answered {
        match self.ask_until(0, key, past, LONG, None) {
            Asked::Parked(_) => panic!("{key} past {past} is parked"),
            Asked::Answered(answer) => answer,
        }
    }

    /// Answers so far, in order of slots.
    pub(super) fn answers(&self) -> Vec<(u64, Answered)> {
        let mut answers: Vec<_> = self.inbox.0.lock().iter().map(|(slot, answer)| (*slot, read(answer))).collect();
        answers.sort_by_key(|(slot, _)| *slot);
        answers
    }

    /// Waits until so many answers have come in all.
    pub(super) async fn answered(&self, count: usize) -> Vec<(u64, Answered)> {
        for _ in 0..TURNS_MAX {
            if self.inbox.0.lock().len() >= count {
                break;
            }
            yield_now().await;
        }
        let answers = self.answers();
        assert_eq!(answers.len(), count, "{answers:?}");
        answers
    }
}

fn read(answer: &Result<Bytes, Fault>) -> Answered {
    let bytes = answer.as_ref().map_err(ToString::to_string)?;
    let reply: IndexedDirEntries = proconsul_msgpack::from_slice(bytes).unwrap();
    assert!(reply.query_meta.known_leader);
    let value = |entry: &DirEntry| String::from_utf8(entry.value.clone().unwrap_or_default().to_vec()).unwrap();
    Ok((reply.query_meta.index, reply.entries.and_then(|entries| entries.first().map(value))))
}

pub(super) fn found(index: u64, value: &str) -> Answered {
    Ok((index, Some(value.to_owned())))
}

pub(super) fn absent(index: u64) -> Answered {
    Ok((index, None))
}

/// Lets the evaluator do whatever it has to do. Time stands still meanwhile.
pub(super) async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}
