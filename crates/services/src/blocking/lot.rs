//! Where queries wait.
mod evaluator; // looks at them again, and ends their waits
mod few; // collections that nearly always have one element
mod parking; // a query on its way in
mod places; // who waits for what, and until when
mod question; // a query as data

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use metrics::{Counter, Gauge};
use parking_lot::Mutex;
use proconsul_netrpc::{Parked, ReplyTo};
use proconsul_state::{Changes, Store, WatchSet};
use proconsul_types::metric;
use tokio::{sync::Notify, time::Instant};

use super::{QueryTimes, hold::Hold, kept::Kept};
use few::Waiters;
pub(super) use parking::Parking;
use parking::{Gone, sparse};
pub(super) use places::Ticket;
use places::{Entry, State};
pub(super) use question::{Evaluated, Question};

/// Default of how many queries may wait in a server at once. One more is answered with what there is, as if its wait were over.
pub const PARKED_MAX: usize = 1_000_000;

/// How much has been done: for tests, benches and whoever wants to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Queries that wait now.
    pub parked: usize,
    /// Different queries among them.
    pub entries: usize,
    /// How often an entry was evaluated because of a change or at the end of a wait.
    pub evaluations: u64,
    /// How often an answer of an entry was encoded.
    pub encodings: u64,
    /// How often an answer that was kept was used again.
    pub reused: u64,
}

/// A query that waits in a place of its own.
pub struct WaitingElsewhere(Arc<Lot>);

impl Drop for WaitingElsewhere {
    fn drop(&mut self) {
        self.0.elsewhere.fetch_sub(1, Relaxed);
        self.0.show(self.0.state.lock().parked);
    }
}

/// Every query that waits in a server.
pub struct Lot {
    store: Arc<Store>,
    /// When its clock began.
    origin: Instant,
    times: QueryTimes,
    parked_max: usize,
    state: Mutex<State>,
    work: Notify,
    evaluations: AtomicU64,
    encodings: AtomicU64,
    /// Queries that wait, but not here.
    elsewhere: AtomicUsize,
    queries: Counter,
    blocking: Gauge,
    kept: Kept,
}

impl Lot {
    /// An empty lot over `store`. Its evaluator is [`run`](Self::run).
    pub fn new(store: Arc<Store>, times: QueryTimes) -> Arc<Self> {
        Self::bounded(store, times, PARKED_MAX)
    }

    /// As [`new`](Self::new), with another bound than [`PARKED_MAX`].
    pub fn bounded(store: Arc<Store>, times: QueryTimes, parked_max: usize) -> Arc<Self> {
        Arc::new(Self {
            kept: Kept::new(Arc::clone(&store)),
            store,
            origin: Instant::now(),
            times,
            parked_max,
            state: Mutex::default(),
            work: Notify::new(),
            evaluations: AtomicU64::new(0),
            encodings: AtomicU64::new(0),
            elsewhere: AtomicUsize::new(0),
            queries: metrics::counter!(metric::RPC_QUERY.name),
            blocking: metrics::gauge!(metric::RPC_QUERIES_BLOCKING.name),
        })
    }

    /// How long queries wait.
    pub fn times(&self) -> QueryTimes {
        self.times
    }

    /// How much waits and has been done.
    pub fn counts(&self) -> Counts {
        let state = self.state.lock();
        Counts {
            parked: state.parked,
            entries: state.entries.len(),
            evaluations: self.evaluations.load(Relaxed),
            encodings: self.encodings.load(Relaxed),
            reused: self.kept.reused(),
        }
    }

    /// The answers that are kept.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// A query begins.
    pub fn count_query(&self) {
        self.queries.increment(1);
    }

    /// Counts a query among those that wait, which waits in a place of its own, until what this gives is dropped.
    pub fn count_waiting(self: &Arc<Self>) -> WaitingElsewhere {
        self.elsewhere.fetch_add(1, Relaxed);
        self.show(self.state.lock().parked);
        WaitingElsewhere(Arc::clone(self))
    }

    /// Shows how many wait.
    fn show(&self, parked: usize) {
        self.blocking.set((parked + self.elsewhere.load(Relaxed)) as f64);
    }

    /// An apply has changed something. Call it after the store shows the change.
    pub fn changed(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        self.kept.changed(changes);
        let mut state = self.state.lock();
        if state.watches.is_empty() {
            return;
        }
        let mut found = Vec::new();
        state.watches.affected(changes, &mut found);
        let mut any = false;
        for entry in found {
            if changes.took_tree() {
                state.end_list(entry);
            }
            any |= state.mark(entry);
        }
        drop(state);
        if any {
            self.work.notify_one();
        }
    }

    /// Everything may have changed, as after a restore: everybody is answered with what there is. Indexes may have gone
    /// back, and a wait for one that is long past would be a wait for nothing.
    pub fn changed_entirely(&self) {
        self.kept.clear();
        self.end_all(&mut self.state.lock());
    }

    /// Answers everybody with what there is, and from now on nobody waits: the server stops.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.end_all(&mut state);
    }

    fn end_all(&self, state: &mut State) {
        let all: Vec<u32> = state.entries.iter().map(|(key, _)| key as u32).collect();
        for key in all {
            state.entries[key as usize].over = true;
            state.mark(key);
        }
        self.work.notify_one();
    }

    /// A place beside those who ask the same already, for whom nothing is new: no need to look.
    pub(super) fn join(self: &Arc<Self>, method: u16, body: &[u8], until: Instant) -> Option<Parking> {
        let state = self.state.lock();
        if state.closed || state.parked >= self.parked_max {
            return None;
        }
        let sparse = sparse(body);
        let key = state.find(method, sparse.as_deref().unwrap_or(body))?;
        let entry = state.entries.get(key as usize).filter(|entry| !entry.dirty)?;
        let (body, question) = (entry.body.clone(), state.question(method)?);
        let (past, nothing, also) = (entry.past, entry.nothing, entry.also);
        drop(state);
        Some(Parking { lot: Arc::clone(self), question, method, body, past, until, looked: None, nothing, also })
    }

    fn park(self: Arc<Self>, parking: Parking, to: ReplyTo) -> Box<dyn Parked> {
        let Parking { question, method, body, past, until, looked, nothing, also, .. } = parking;
        let until = self.millis_until(until);
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if state.closed || state.parked >= self.parked_max {
            drop(guard);
            let answer = self.answer(&*question, &body);
            to.send(answer);
            return Box::new(Gone);
        }
        let key = match state.find(method, &body) {
            Some(key) => key,
            None => {
                let (at, watches) = looked.map_or_else(|| (None, WatchSet::off()), |(at, set)| (Some(at), set));
                let watches = state.watched(&watches);
                let entry = Entry {
                    method,
                    body,
                    past,
                    also,
                    watches,
                    waiters: Waiters::NONE,
                    generation: 0,
                    nothing,
                    dirty: false,
                    over: false,
                };
                let key = state.insert(entry, question);
                // A change that came between the look and now found nobody to tell.
                if at != Some(self.store.snapshot().index) {
                    state.mark(key);
                    self.work.notify_one();
                }
                key
            }
        };
        let ticket = state.add(key, to, until);
        let earliest = state.waits.first().is_some_and(|(first, ..)| *first == until);
        self.show(state.parked);
        drop(guard);
        if earliest {
            self.work.notify_one(); // the evaluator sleeps until a later end
        }
        Box::new(Hold { lot: self, ticket })
    }

    /// The first millisecond of the lot's clock at which `until` has come.
    fn millis_until(&self, until: Instant) -> u64 {
        let nanos = until.saturating_duration_since(self.origin).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Takes one waiter out. Nothing happens if it has been answered.
    pub(super) fn leave(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let Some(entry) = state.entries.get_mut(ticket.entry as usize) else { return };
        if entry.waiters.get(ticket.waiter).is_none_or(|waiter| waiter.stamp != ticket.stamp) {
            return; // answered already; whoever has the place now waits on
        }
        let Some(waiter) = entry.waiters.remove(ticket.waiter) else { return };
        let empty = entry.waiters.is_empty();
        state.waits.remove(&(waiter.until, ticket.entry, ticket.waiter));
        state.parked -= 1;
        if empty {
            state.remove(ticket.entry);
        }
        self.show(state.parked);
        drop(state);
        drop(waiter); // not under the lock: it may be the last hold on its connection
    }
}

impl std::fmt::Debug for Lot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lot").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
