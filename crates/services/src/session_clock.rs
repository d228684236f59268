//! What of sessions and locks depends on time.
//!
//! The log has no time, so that all who apply it come to the same: a session that is not renewed ends by an entry that the
//! leader appends, and a lock delay is asked before an entry is made. Both are the leader's own affair and lie here, as data
//! that one task looks at. What sessions there are is not written down twice: the clock follows what the log did.
mod deadlines; // what is due when

use std::{collections::HashMap, sync::Arc, time::Duration};

use deadlines::Deadlines;
use metrics::{Gauge, Histogram};
use parking_lot::Mutex;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Applied, Change, Entry, LockDelay, Outcome, Snapshot, Store, Watch, WatchSet};
use proconsul_structs::{
    GoDuration,
    session::{Session, SessionOp, SessionRequest},
};
use proconsul_types::metric;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{Appended, Log};

/// Default of `session_ttl_min`: the shortest time to live that a session may have.
pub const SESSION_TTL_MIN: Duration = Duration::from_secs(10);
/// The longest time to live that a session may have.
pub const SESSION_TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// A session ends so many times its time to live after it was last renewed, for whatever is slow on the way.
pub const SESSION_TTL_MULTIPLIER: u32 = 2;
/// How many keys may be under a lock delay. One more takes the place of the one whose delay ends first.
pub const LOCK_DELAYS_MAX: usize = 1 << 20;
/// How many sessions whose time is over are on their way through the log at once.
pub const ENDINGS_MAX: usize = 64;
/// After how long the end of a session is tried again that the log did not take; each further attempt takes twice as long,
pub const RETRY_FIRST: Duration = Duration::from_secs(10);
/// up to this. Consul gives up after the sixth attempt, and the session stays.
pub const RETRY_MAX: Duration = Duration::from_secs(320);
/// How long a lock delay that is over may stay in memory while nobody asks.
const PRUNE_AFTER: Duration = Duration::from_secs(1);

/// When sessions end that nobody renews, and which keys cannot be locked yet.
pub struct SessionClock {
    store: Arc<Store>,
    ttl_min: Duration,
    state: Mutex<State>,
    /// Something is due sooner than the task knows.
    sooner: Notify,
    active: Gauge,
    invalidate: Histogram,
}

#[derive(Debug, Default)]
struct State {
    /// Whether sessions are timed here: while the task runs.
    leads: bool,
    /// Sessions with a time to live, by folded id. Never more than the store has.
    ends: Deadlines<GoStr>,
    /// How often the end of a session was tried in vain.
    failures: HashMap<GoStr, u32>,
    /// Keys under a lock delay, at most [`LOCK_DELAYS_MAX`].
    delays: Deadlines<GoStr>,
}

/// Stops the timing of sessions when the task ends.
struct Leading<'a>(&'a SessionClock);

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.leads = false;
        state.forget_sessions();
        self.0.active.set(0.0);
    }
}

impl SessionClock {
    /// A clock over `store`. It times sessions while [`run`](Self::run) runs; it minds lock delays always.
    pub fn new(store: Arc<Store>, ttl_min: Duration) -> Arc<Self> {
        Arc::new(Self {
            store,
            ttl_min,
            state: Mutex::default(),
            sooner: Notify::new(),
            active: metrics::gauge!(metric::SESSION_TTL_ACTIVE.name),
            invalidate: metrics::histogram!(metric::SESSION_TTL_INVALIDATE.name),
        })
    }

    /// The shortest time to live that a session may have.
    pub fn ttl_min(&self) -> Duration {
        self.ttl_min
    }

    /// How many sessions have a time to live.
    pub fn active(&self) -> usize {
        self.state.lock().ends.len()
    }

    /// Takes note of what an entry of the log did. Whoever applies the log calls this after each entry, before anybody is told
    /// that keys are free.
    pub fn applied(&self, applied: &Applied) {
        let sessions = applied.changes.iter().filter_map(|change| match change {
            Change::Session(id) => Some(id),
            _ => None,
        });
        let mut sessions = sessions.peekable();
        if sessions.peek().is_none() && applied.lock_delays.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut state = self.state.lock();
        // Taken under the lock: of two entries, the one that comes here last sees what both did.
        let snapshot = self.store.snapshot();
        let mut sooner = false;
        for id in sessions {
            sooner |= state.follow(&snapshot, id, now);
        }
        for LockDelay { key, delay } in &applied.lock_delays {
            sooner |= state.delay(key, now + *delay, now, LOCK_DELAYS_MAX);
        }
        self.changed(&state, sooner);
    }

    /// Gives a session its full time again. One without a time to live has no end.
    ///
    /// # Errors
    /// Its time to live is no duration, in Go's words. It can only have come from a snapshot.
    pub fn renew(&self, session: &Session) -> Result<(), String> {
        let Some(ttl) = ttl_of(session)? else { return Ok(()) };
        let mut state = self.state.lock();
        // It may have ended since it was read.
        if self.store.snapshot().session(&session.id, &mut WatchSet::off()).1.is_some() {
            let sooner = state.renew(folded(&session.id), ttl, Instant::now());
            self.changed(&state, sooner);
        }
        Ok(())
    }

    /// Whether a key cannot be locked yet.
    pub fn is_delayed(&self, key: &GoStr) -> bool {
        self.state.lock().delays.get(key).is_some_and(|until| until > Instant::now())
    }

    /// Starts over with the sessions of the store, each with its full time: after a restore.
    pub fn reload(&self) {
        let mut state = self.state.lock();
        state.forget_sessions();
        let now = Instant::now();
        for session in self.store.snapshot().sessions(&mut WatchSet::off()).1 {
            // What is no duration ends with nothing: as in Consul, whose leader does not even begin its work then.
            if let Ok(Some(ttl)) = ttl_of(&session) {
                state.renew(folded(&session.id), ttl, now);
            }
        }
        self.changed(&state, true);
    }

    /// Times sessions until it is dropped: begins with those of the store, and appends the end of each whose time is over.
    /// To be run by the leader.
    pub async fn run(self: Arc<Self>, log: Arc<dyn Log>) {
        self.state.lock().leads = true;
        let _leading = Leading(&self);
        self.reload();
        loop {
            let (ended, next) = self.take_due(Instant::now());
            if !ended.is_empty() {
                self.end(ended, &*log).await;
                continue;
            }
            let sooner = self.sooner.notified();
            match next {
                None => sooner.await,
                Some(at) => tokio::select! {
                    () = sooner => {}
                    () = sleep_until(at) => {}
                },
            }
        }
    }

    /// Sessions whose time is over, not too many, and when to look again.
    fn take_due(&self, now: Instant) -> (Vec<GoStr>, Option<Instant>) {
        let mut state = self.state.lock();
        while state.delays.pop_due(now).is_some() {}
        let ended: Vec<GoStr> = std::iter::from_fn(|| state.ends.pop_due(now)).take(ENDINGS_MAX).collect();
        if !ended.is_empty() {
            self.changed(&state, false);
        }
        let prune = state.delays.next().map(|at| at + PRUNE_AFTER);
        (ended, [state.ends.next(), prune].into_iter().flatten().min())
    }

    /// Ends sessions by the log. What it does not take is tried again later.
    async fn end(&self, ids: Vec<GoStr>, log: &dyn Log) {
        let started = Instant::now();
        let snapshot = self.store.snapshot();
        let lives = |id: &GoStr| snapshot.session(id, &mut WatchSet::off()).1.is_some();
        // All are on their way before the first is waited for.
        let appended: Vec<(GoStr, Appended)> =
            ids.into_iter().filter(lives).map(|id| (id.clone(), log.append(destroy(id)))).collect();
        for (id, appended) in appended {
            let outcome = match appended {
                Appended::Done(outcome) => outcome,
                Appended::Pending(outcome) => outcome.await,
            };
            self.invalidate.record(started.elapsed().as_secs_f64() * 1000.0);
            self.ended(id, outcome);
        }
    }

    fn ended(&self, id: GoStr, outcome: Result<Outcome, Fault>) {
        let mut state = self.state.lock();
        match outcome {
            Ok(_) => {
                state.failures.remove(&id);
                tracing::debug!(session = %id, "the session was not renewed, and has ended");
            }
            Err(fault) => {
                let retry = state.failed(id.clone(), Instant::now());
                tracing::error!(session = %id, %fault, ?retry, "a session that was not renewed could not be ended");
                self.changed(&state, true);
            }
        }
    }

    fn changed(&self, state: &State, sooner: bool) {
        self.active.set(state.ends.len() as f64);
        if sooner {
            self.sooner.notify_one();
        }
    }
}

impl State {
    /// Times a session that was made, or forgets one that is gone. True if something is due sooner than before.
    fn follow(&mut self, snapshot: &Snapshot, id: &GoStr, now: Instant) -> bool {
        match snapshot.session(id, &mut WatchSet::off()).1.map(|session| ttl_of(&session)) {
            Some(Ok(Some(ttl))) => self.renew(id.clone(), ttl, now),
            _ => {
                self.ends.remove(id);
                self.failures.remove(id);
                false
            }
        }
    }

    fn renew(&mut self, id: GoStr, ttl: Duration, now: Instant) -> bool {
        if !self.leads {
            return false;
        }
        self.failures.remove(&id);
        self.ends.set(id, now + ttl.saturating_mul(SESSION_TTL_MULTIPLIER))
    }

    /// When the end of a session is tried again.
    fn failed(&mut self, id: GoStr, now: Instant) -> Duration {
        let failures = self.failures.entry(id.clone()).or_default();
        let retry = RETRY_FIRST.saturating_mul(1_u32.checked_shl(*failures).unwrap_or(u32::MAX)).min(RETRY_MAX);
        *failures = failures.saturating_add(1);
        // It may have been renewed in the meantime.
        if self.leads && self.ends.get(&id).is_none() {
            self.ends.set(id, now + retry);
        }
        retry
    }

    /// Keeps a key unlocked; of more than so many, those whose delay ends first are let go.
    fn delay(&mut self, key: &GoStr, until: Instant, now: Instant, most: usize) -> bool {
        while self.delays.pop_due(now).is_some() {}
        if self.delays.len() >= most && self.delays.get(key).is_none() {
            self.delays.pop();
        }
        self.delays.set(key.clone(), until)
    }

    fn forget_sessions(&mut self) {
        self.ends.clear();
        self.failures.clear();
    }
}

/// How long a session lives without being renewed; none: for ever.
fn ttl_of(session: &Session) -> Result<Option<Duration>, String> {
    if session.ttl.is_empty() {
        return Ok(None);
    }
    GoDuration::parse_as_go(&session.ttl).map(GoDuration::positive)
}

/// The id as changes have it.
fn folded(id: &GoStr) -> GoStr {
    match Watch::session(id) {
        Watch::Session(folded) => folded,
        _ => id.clone(),
    }
}

fn destroy(id: GoStr) -> Entry {
    let session = Session { id, ..Session::default() };
    Entry::Session(Box::new(SessionRequest { op: SessionOp::Destroy, session, ..SessionRequest::default() }))
}

#[cfg(test)]
mod tests;
