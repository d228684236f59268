//! The methods over a store, with a log that applies at once.
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use proconsul_msgpack::Value;
use proconsul_netrpc::{Answer, Call, Dispatch, Fault, Parked, Registry, Reply, ReplyTo, SendAnswer};
use proconsul_services::{
    AllowAll, Appended, Authorizers, Context, Leadership, LeadershipFacts, Log, SESSION_TTL_MIN, SessionClock,
    blocking::{Counts, Lot, QueryTimes},
};
use proconsul_state::{Entry, Outcome, Store};
use proconsul_structs::{METHODS, methods};
use proconsul_types::{CallInfo, Listener};
use tokio::sync::mpsc;
use tower_service::Service;

/// How long a test waits for an answer that is due at once.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// More turns than anything needs that was set off.
const TURNS: usize = 100;

/// More than any test has calls waiting at once.
const ANSWERS_MAX: usize = 100_000;

type Sent = (u64, Result<Vec<u8>, Fault>);

/// A connection that hands on what it is sent.
struct Inbox(mpsc::Sender<Sent>);

impl SendAnswer for Inbox {
    fn send(&self, slot: u64, answer: Result<bytes::Bytes, Fault>) {
        self.0.try_send((slot, answer.map(|bytes| bytes.to_vec()))).expect("a test reads its answers");
    }
}

struct AtOnce {
    store: Arc<Store>,
    lot: Arc<Lot>,
    session_clock: Arc<SessionClock>,
    index: AtomicU64,
    slow: bool,
}

impl Log for AtOnce {
    fn append(&self, entry: Entry) -> Appended {
        let index = self.index.fetch_add(1, SeqCst) + 1;
        let applied = self.store.apply(index, &entry);
        self.session_clock.applied(&applied);
        self.lot.changed(&applied.changes);
        let outcome: Result<Outcome, Fault> = Ok(applied.outcome);
        if self.slow {
            let future = async move {
                tokio::task::yield_now().await;
                outcome
            };
            return Appended::Pending(Box::pin(future) as Pin<Box<_>>);
        }
        Appended::Done(outcome)
    }
}

struct Alone;

impl Leadership for Alone {
    fn facts(&self) -> LeadershipFacts {
        LeadershipFacts { leader: "127.0.0.1:8300".into(), peers: vec!["127.0.0.1:8300".into()], ..Default::default() }
    }

    fn leads(&self) -> bool {
        true
    }
}

pub(crate) enum Called {
    Replied(Vec<u8>),
    Refused(Fault),
    /// The hold, which must be dropped before long.
    Parked(Box<dyn Parked>),
}

impl Called {
    pub(crate) fn replied(self) -> Vec<u8> {
        match self {
            Self::Replied(reply) => reply,
            Self::Refused(fault) => panic!("refused: {fault}"),
            Self::Parked(_) => panic!("parked"),
        }
    }

    pub(crate) fn refused(self) -> String {
        match self {
            Self::Refused(fault) => fault.to_string(),
            Self::Replied(reply) => panic!("replied: {reply:x?}"),
            Self::Parked(_) => panic!("parked"),
        }
    }
}

pub(crate) struct Server {
    methods: Dispatch,
    context: Arc<Context>,
    sent: tokio::sync::Mutex<mpsc::Receiver<Sent>>,
    inbox: Arc<Inbox>,
    holds: std::sync::Mutex<Vec<Box<dyn Parked>>>,
    evaluator: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::over(false, Listener::Rpc, proconsul_services::register)
    }

    /// The methods of byte 7.
    pub(crate) fn insecure() -> Self {
        Self::over(false, Listener::Insecure, proconsul_services::register_insecure)
    }

    pub(crate) fn with_slow_log() -> Self {
        Self::over(true, Listener::Rpc, proconsul_services::register)
    }

    /// A server whose callers have the rights that these give them.
    pub(crate) fn with_rights(authorizers: Arc<dyn Authorizers>) -> Self {
        Self::with(false, Listener::Rpc, proconsul_services::register, authorizers)
    }

    pub(crate) fn insecure_with_rights(authorizers: Arc<dyn Authorizers>) -> Self {
        Self::with(false, Listener::Insecure, proconsul_services::register_insecure, authorizers)
    }

    fn over(slow: bool, listener: Listener, register: fn(&mut Registry, &Arc<Context>)) -> Self {
        Self::with(slow, listener, register, Arc::new(AllowAll))
    }

    fn with(
        slow: bool,
        listener: Listener,
        register: fn(&mut Registry, &Arc<Context>),
        authorizers: Arc<dyn Authorizers>,
    ) -> Self {
        let store = Arc::new(Store::new());
        let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
        let session_clock = SessionClock::new(Arc::clone(&store), SESSION_TTL_MIN);
        let log = Arc::new(AtOnce {
            store: Arc::clone(&store),
            lot: Arc::clone(&lot),
            session_clock: Arc::clone(&session_clock),
            index: AtomicU64::new(10),
            slow,
        });
        let evaluator = tokio::spawn(Arc::clone(&lot).run());
        tokio::spawn(Arc::clone(&session_clock).run(Arc::clone(&log) as Arc<dyn Log>));
        let context = Context::new("dc1".into(), store, lot, log, Arc::new(Alone))
            .with_authorizers(authorizers)
            .with_session_clock(session_clock);
        let context = Arc::new(context);
        let mut registry = Registry::new(&METHODS, listener);
        register(&mut registry, &context);
        let (sender, sent) = mpsc::channel(ANSWERS_MAX);
        Self {
            methods: registry.into_service(),
            context,
            sent: sent.into(),
            inbox: Arc::new(Inbox(sender)),
            holds: Default::default(),
            evaluator,
        }
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        self.methods.registry()
    }

    /// One call, which is parked in the end if it wants to be.
    pub(crate) async fn call(&self, name: &str, body: &[u8]) -> Called {
        self.call_until(name, body, None).await
    }

    pub(crate) async fn send(&self, name: &str, argument: &Value) -> Called {
        self.call(name, &proconsul_msgpack::to_vec(argument).unwrap()).await
    }

    async fn call_until(&self, name: &str, body: &[u8], deadline: Option<Instant>) -> Called {
        let method_index = methods::find(name).unwrap();
        let info = CallInfo {
            method: &METHODS[usize::from(method_index)],
            method_index,
            peer: ([127, 0, 0, 1], 1).into(),
            received: Instant::now(),
            deadline,
        };
        match self.methods.clone().call(Call { info, body }).await {
            Err(fault) => Called::Refused(fault),
            Ok(Answer::Now(Reply::Encoded(bytes))) => Called::Replied(bytes.to_vec()),
            Ok(Answer::Now(Reply::Value(value))) => {
                let mut bytes = Vec::new();
                value.encode(&mut bytes).unwrap();
                Called::Replied(bytes)
            }
            Ok(Answer::Later(park)) => Called::Parked(park.park(ReplyTo::new(Arc::clone(&self.inbox) as _, 0))),
        }
    }

    /// The answer of a call that finds nothing new while it has time.
    pub(crate) async fn until_the_end_of_the_wait(&self, name: &str, argument: &Value) -> Value {
        let body = proconsul_msgpack::to_vec(argument).unwrap();
        let soon = Instant::now() + Duration::from_millis(1);
        let Called::Parked(hold) = self.call_until(name, &body, Some(soon)).await else {
            panic!("{name} does not wait");
        };
        let answer = self.answer().await;
        drop(hold);
        answer
    }

    /// The next reply to any call that waits.
    pub(crate) async fn answer(&self) -> Value {
        let mut sent = self.sent.lock().await;
        let (_, answer) = tokio::time::timeout(ANSWER_TIME, sent.recv()).await.expect("nobody is answered").unwrap();
        proconsul_msgpack::from_slice(&answer.unwrap()).unwrap()
    }

    /// Keeps a call waiting until [`close`](Self::close).
    pub(crate) fn keep(&self, hold: Box<dyn Parked>) {
        self.holds.lock().unwrap().push(hold);
    }

    /// Appends an entry as no client could: what is imported comes from peering.
    pub(crate) fn log(&self, entry: Entry) {
        match self.context.log.append(entry) {
            Appended::Done(Ok(Outcome::Error(cause))) => panic!("refused: {cause}"),
            Appended::Done(Ok(_)) => {}
            Appended::Done(Err(fault)) => panic!("refused: {fault}"),
            Appended::Pending(_) => panic!("this log is not slow"),
        }
    }

    /// How many times waiting queries were looked at, once everybody has had a turn.
    pub(crate) async fn evaluations(&self) -> u64 {
        self.counts().await.evaluations
    }

    /// How much waits and was done, once everybody has had a turn.
    pub(crate) async fn counts(&self) -> Counts {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        self.context.lot.counts()
    }

    /// Ends all waits, and expects a reply for each.
    pub(crate) async fn close(&self) {
        self.context.lot.close();
        let waiting = std::mem::take(&mut *self.holds.lock().unwrap());
        for _ in &waiting {
            let (_, answer) = self.sent.lock().await.recv().await.unwrap();
            answer.unwrap();
        }
        assert_eq!(self.context.lot.counts().parked, 0);
    }

    /// Whatever came before, other calls are served.
    pub(crate) async fn assert_lives(&self) {
        assert!(!self.evaluator.is_finished());
        assert_eq!(self.call("Status.Ping", &[0x80]).await.replied(), [0x80]);
        let nodes = self.call("Catalog.ListNodes", &[0x80]).await.replied();
        assert!(proconsul_msgpack::from_slice::<Value>(&nodes).unwrap().get("Nodes").is_some());
    }
}
