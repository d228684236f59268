use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};

use proconsul_structs::{
    catalog::{DeregisterRequest, RegisterRequest},
    kvs::{DirEntry, KvOp, KvsRequest},
};
use proconsul_types::WireText;
use tokio::{
    task::{JoinHandle, yield_now},
    time::advance,
};

use super::*;

/// Turns of the executor after which whatever could happen has happened.
const TURNS: usize = 50;

/// A log that applies at once, or a turn later, or refuses.
struct TestLog {
    store: Arc<Store>,
    clock: Arc<SessionClock>,
    index: AtomicU64,
    refuses: AtomicBool,
    attempts: AtomicUsize,
    slow: bool,
}

impl Log for TestLog {
    fn append(&self, entry: Entry) -> Appended {
        self.attempts.fetch_add(1, SeqCst);
        if self.refuses.load(SeqCst) {
            return Appended::Done(Err(WireText::NO_LEADER.into()));
        }
        let applied = self.store.apply(self.index.fetch_add(1, SeqCst) + 1, &entry);
        self.clock.applied(&applied);
        let outcome = Ok(applied.outcome);
        if !self.slow {
            return Appended::Done(outcome);
        }
        Appended::Pending(Box::pin(async move {
            yield_now().await;
            outcome
        }))
    }
}

struct World {
    log: Arc<TestLog>,
    clock: Arc<SessionClock>,
    leading: Option<JoinHandle<()>>,
}

impl World {
    /// A leader, with a node.
    async fn new() -> Self {
        Self::over(false).await
    }

    async fn over(slow: bool) -> Self {
        let mut world = Self::follower(slow);
        world.lead().await;
        world
    }

    fn follower(slow: bool) -> Self {
        let store = Arc::new(Store::new());
        let clock = SessionClock::new(Arc::clone(&store), SESSION_TTL_MIN);
        let log = Arc::new(TestLog {
            store,
            clock: Arc::clone(&clock),
            index: AtomicU64::new(1),
            refuses: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
            slow,
        });
        let node = RegisterRequest { node: "n".into(), address: "10.0.0.1".into(), ..RegisterRequest::default() };
        log.append(Entry::Register(Box::new(node)));
        Self { log, clock, leading: None }
    }

    async fn lead(&mut self) {
        let log: Arc<TestLog> = Arc::clone(&self.log);
        self.leading = Some(tokio::spawn(Arc::clone(&self.clock).run(log)));
        settle().await;
    }

    async fn step_down(&mut self) {
        let leading = self.leading.take().expect("it leads");
        leading.abort();
        assert!(leading.await.expect_err("it never ends by itself").is_cancelled());
    }

    async fn create(&self, id: &str, ttl: &str) {
        self.create_with(Session { id: id.into(), ttl: ttl.into(), ..Session::default() }).await;
    }

    async fn create_with(&self, session: Session) {
        let session = Session { node: "n".into(), ..session };
        self.log.append(Entry::Session(Box::new(SessionRequest {
            op: SessionOp::Create,
            session,
            ..SessionRequest::default()
        })));
        settle().await;
    }

    fn session(&self, id: &str) -> Option<Session> {
        let (_, session) = self.log.store.snapshot().session(id.as_bytes(), &mut WatchSet::off());
        session.map(|session| Session::clone(&session))
    }

    fn lives(&self, id: &str) -> bool {
        self.session(id).is_some()
    }

    fn renew(&self, id: &str) {
        self.clock.renew(&self.session(id).expect("it lives")).expect("a duration");
    }

    fn lock(&self, key: &str, session: &str) {
        let dir_ent = DirEntry { key: key.into(), session: session.into(), ..DirEntry::default() };
        let request = KvsRequest { op: KvOp::Lock, dir_ent, ..KvsRequest::default() };
        self.log.append(Entry::Kvs(Box::new(request)));
    }
}

async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

/// Time goes by.
async fn pass(milliseconds: u64) {
    advance(Duration::from_millis(milliseconds)).await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_twice_its_time_is_over() {
    for slow in [false, true] {
        let world = World::over(slow).await;
        world.create("s", "10s").await;
        pass(19_900).await;
        assert!(world.lives("s"), "the time that it asked for is not all that it gets");
        pass(200).await;
        assert!(!world.lives("s"));
        assert_eq!(world.clock.active(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewed_session_has_its_full_time_again() {
    let world = World::new().await;
    world.create("long", "1h").await;
    world.create("s", "10s").await;
    for _ in 0..5 {
        pass(15_000).await;
        world.renew("s");
    }
    pass(19_900).await;
    assert!(world.lives("s"));
    pass(200).await;
    assert!(!world.lives("s") && world.lives("long"));
}

#[tokio::test(start_paused = true)]
async fn without_a_time_to_live_there_is_no_end() {
    let world = World::new().await;
    world.create("a", "").await;
    world.create("b", "0s").await;
    world.create("c", "0").await;
    world.renew("a");
    world.renew("b");
    assert_eq!(world.clock.active(), 0);
    pass(1_000 * 60 * 60 * 24 * 30).await;
    assert!(world.lives("a") && world.lives("b") && world.lives("c"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_timed() {
    let world = World::new().await;
    world.create("s", "soon").await;
    assert_eq!(world.clock.active(), 0);
    let refused = world.clock.renew(&world.session("s").unwrap());
    assert_eq!(refused, Err("time: invalid duration \"soon\"".into()));
}

#[tokio::test(start_paused = true)]
async fn whatever_else_ends_a_session_takes_its_time_along() {
    let world = World::new().await;
    world.create("S", "10s").await;
    world.create("t", "10s").await;
    assert_eq!(world.clock.active(), 2);
    world.log.append(destroy("s".into()));
    assert_eq!(world.clock.active(), 1, "letters of an id may be of either case");
    let gone = world.session("t").unwrap();
    world.log.append(Entry::Deregister(Box::new(DeregisterRequest { node: "n".into(), ..Default::default() })));
    assert_eq!(world.clock.active(), 0);
    world.clock.renew(&gone).unwrap();
    assert_eq!(world.clock.active(), 0, "it ended before it was renewed");
    let attempts = world.log.attempts.load(SeqCst);
    pass(60_000).await;
    assert_eq!(world.log.attempts.load(SeqCst), attempts, "nothing is left to end");
}

#[tokio::test(start_paused = true)]
async fn only_the_leader_ends_sessions_and_a_new_one_gives_them_their_full_time() {
    let mut world = World::follower(false);
    world.create("s", "10s").await;
    pass(60_000).await;
    assert!(world.lives("s"));
    assert_eq!(world.clock.active(), 0);

    world.lead().await;
    assert_eq!(world.clock.active(), 1);
    pass(15_000).await;
    world.step_down().await;
    assert_eq!(world.clock.active(), 0);
    pass(60_000).await;
    assert!(world.lives("s"));

    world.lead().await;
    pass(19_900).await;
    assert!(world.lives("s"));
    pass(200).await;
    assert!(!world.lives("s"));
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_the_sessions_are_those_of_the_store() {
    let world = World::new().await;
    world.create("old", "10s").await;
    let before = world.log.store.snapshot();
    world.create("new", "10s").await;
    pass(15_000).await;
    world.log.store.replace(Snapshot::clone(&before));
    world.clock.reload();
    assert_eq!(world.clock.active(), 1);
    pass(19_900).await;
    assert!(world.lives("old"));
    pass(200).await;
    assert!(!world.lives("old"));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_log_does_not_take_is_tried_until_it_does() {
    let world = World::new().await;
    world.create("s", "10s").await;
    world.log.refuses.store(true, SeqCst);
    let attempts = || world.log.attempts.load(SeqCst);
    let before = attempts();
    pass(20_100).await;
    assert_eq!((attempts() - before, world.lives("s")), (1, true));
    for (nth, wait) in [10, 20, 40, 80, 160, 320, 320, 320].into_iter().enumerate() {
        pass(wait * 1_000 - 500).await;
        assert_eq!(attempts() - before, nth + 1, "not yet");
        pass(600).await;
        assert_eq!(attempts() - before, nth + 2);
    }
    world.log.refuses.store(false, SeqCst);
    pass(320_100).await;
    assert!(!world.lives("s"));
    assert_eq!(world.clock.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_could_not_be_ended_may_still_be_renewed() {
    let world = World::new().await;
    world.create("s", "30s").await;
    world.log.refuses.store(true, SeqCst);
    pass(60_100).await;
    world.log.refuses.store(false, SeqCst);
    world.renew("s");
    pass(59_000).await;
    assert!(world.lives("s"));
    pass(1_100).await;
    assert!(!world.lives("s"));
}

#[tokio::test(start_paused = true)]
async fn many_sessions_may_end_at_once() {
    const SESSIONS: usize = 1_000;
    let world = World::over(true).await;
    for id in 0..SESSIONS {
        let session = Session { id: id.to_string().into(), node: "n".into(), ttl: "10s".into(), ..Session::default() };
        let request = SessionRequest { op: SessionOp::Create, session, ..SessionRequest::default() };
        world.log.append(Entry::Session(Box::new(request)));
    }
    assert_eq!(world.clock.active(), SESSIONS);
    pass(20_100).await;
    for _ in 0..SESSIONS {
        settle().await;
        if world.clock.active() == 0 {
            break;
        }
    }
    settle().await;
    assert_eq!(world.log.store.snapshot().sessions(&mut WatchSet::off()).1.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_an_ended_session_cannot_be_locked_for_a_while() {
    let world = World::new().await;
    let lock_delay = Duration::from_secs(15).into();
    world.create_with(Session { id: "s".into(), lock_delay, ..Session::default() }).await;
    world.lock("k", "s");
    let key = GoStr::from("k");
    assert!(!world.clock.is_delayed(&key), "it is locked, which is another matter");
    world.log.append(destroy("s".into()));
    assert!(world.clock.is_delayed(&key) && !world.clock.is_delayed(&"other".into()));
    pass(14_900).await;
    assert!(world.clock.is_delayed(&key));
    pass(200).await;
    assert!(!world.clock.is_delayed(&key));
    pass(2_000).await;
    assert_eq!(world.clock.state.lock().delays.len(), 0, "it is forgotten though nobody asks");
}

#[test]
fn lock_delays_are_bounded() {
    let now = Instant::now();
    let mut state = State::default();
    let at = |key: usize| now + Duration::from_secs(1 + key as u64);
    for key in 0..=100 {
        state.delay(&GoStr::from(key.to_string()), at(key), now, 100);
    }
    assert_eq!(state.delays.len(), 100);
    assert_eq!(state.delays.get(&"0".into()), None, "the one that would have ended first");
    assert_eq!(state.delays.get(&"1".into()), Some(at(1)));
}
