//! Where queries wait.
use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use foldhash::fast::RandomState;
use metrics::{Counter, Gauge};
use parking_lot::Mutex;
use proconsul_netrpc::{Encode, Fault, Park, Parked, ReplyTo};
use proconsul_state::{Changes, Snapshot, Store, Watch, WatchIndex, WatchSet};
use proconsul_types::{Rejected, metric};
use slab::Slab;
use tokio::{sync::Notify, time::Instant};

use super::{QueryTimes, hold::Hold};

/// Default of how many queries may wait in a server at once. One more is answered with what there is, as if its wait were over.
pub const PARKED_MAX: usize = 1_000_000;

/// How many entries are evaluated before other tasks get their turn.
const EVALUATED_PER_TURN: usize = 64;

/// How many waits end before other tasks get their turn.
const ENDED_PER_TURN: usize = 1024;

/// When waits end.
enum Ends {
    /// Some have ended just now, and more may be over.
    Now,
    /// The next one ends then.
    At(Instant),
    /// Nobody waits.
    Never,
}

/// A query that can be asked again of any snapshot, from the bytes of its request.
pub(super) trait Question: Send + Sync {
    /// Answers from one snapshot.
    fn evaluate(&self, body: &[u8], at: &Snapshot, watches: &mut WatchSet) -> Result<Evaluated, Fault>;
}

/// An answer that is not encoded yet.
pub(super) struct Evaluated {
    /// The index that it goes by.
    pub(super) index: u64,
    /// What was asked for does not exist.
    pub(super) nothing: bool,
    /// Another index to go by, or zero.
    pub(super) also: u64,
    /// The answer.
    pub(super) reply: Box<dyn Encode + Send>,
}

/// Which query: its method, and its request as it came. Rights are part of it, as the token is.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Identity {
    method: u16,
    body: Arc<[u8]>,
}

/// Identical queries that wait.
struct Entry {
    identity: Identity,
    question: Arc<dyn Question>,
    /// The answer must go by an index above this one.
    past: u64,
    /// What was asked for did not exist when it was last looked at.
    nothing: bool,
    /// The other index that it goes by, when it was last looked at.
    also: u64,
    /// Something that it watches has changed since it was last looked at.
    dirty: bool,
    /// Its wait is over for everybody, whether or not anything is new.
    over: bool,
    /// Tells it from others that have had, or will have, its place.
    generation: u32,
    watches: Box<[Watch]>,
    waiters: Slab<Waiter>,
}

struct Waiter {
    to: ReplyTo,
    until: Instant,
    /// Tells it from others that have had, or will have, its place.
    stamp: u64,
}

/// A waiter's place in the lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    entry: u32,
    waiter: u32,
    stamp: u64,
}

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
}

/// Every query that waits in a server.
pub struct Lot {
    store: Arc<Store>,
    times: QueryTimes,
    parked_max: usize,
    state: Mutex<State>,
    work: Notify,
    evaluations: AtomicU64,
    encodings: AtomicU64,
    queries: Counter,
    blocking: Gauge,
}

#[derive(Default)]
struct State {
    entries: Slab<Entry>,
    by_identity: HashMap<Identity, u32, RandomState>,
    watches: WatchIndex<u32>,
    /// Every waiter by the end of its wait.
    waits: BTreeSet<(Instant, u32, u32)>,
    /// Entries to look at again; each at most once.
    dirty: Vec<u32>,
    generation: u32,
    /// How many waiters there have ever been: no two have the same stamp, whatever their entry.
    stamps: u64,
    parked: usize,
    /// The server stops: nobody waits any more.
    closed: bool,
}

impl Lot {
    /// An empty lot over `store`. Its evaluator is [`run`](Self::run).
    pub fn new(store: Arc<Store>, times: QueryTimes) -> Arc<Self> {
        Self::bounded(store, times, PARKED_MAX)
    }

    /// As [`new`](Self::new), with another bound than [`PARKED_MAX`].
    pub fn bounded(store: Arc<Store>, times: QueryTimes, parked_max: usize) -> Arc<Self> {
        Arc::new(Self {
            store,
            times,
            parked_max,
            state: Mutex::default(),
            work: Notify::new(),
            evaluations: AtomicU64::new(0),
            encodings: AtomicU64::new(0),
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
        }
    }

    pub(super) fn count_query(&self) {
        self.queries.increment(1);
    }

    /// An apply has changed something. Call it after the store shows the change.
    pub fn changed(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
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
        let mut state = self.state.lock();
        if state.closed || state.parked >= self.parked_max {
            return None;
        }
        let identity = Identity { method, body: Arc::from(body) };
        let key = *state.by_identity.get(&identity)?;
        let entry = state.entries.get_mut(key as usize).filter(|entry| !entry.dirty)?;
        let (identity, question) = (entry.identity.clone(), Arc::clone(&entry.question));
        let (past, nothing, also) = (entry.past, entry.nothing, entry.also);
        drop(state);
        Some(Parking { lot: Arc::clone(self), question, identity, past, until, looked: None, nothing, also })
    }

    fn park(self: Arc<Self>, parking: Parking, to: ReplyTo) -> Box<dyn Parked> {
        let Parking { question, identity, past, until, looked, nothing, also, .. } = parking;
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if state.closed || state.parked >= self.parked_max {
            drop(guard);
            let answer = self.answer(&*question, &identity.body);
            to.send(answer);
            return Box::new(Gone);
        }
        let key = match state.by_identity.get(&identity) {
            Some(key) => *key,
            None => {
                let (at, watches) = looked.map_or((None, Vec::new()), |(at, watches)| (Some(at), watches));
                state.generation = state.generation.wrapping_add(1);
                let entry = Entry {
                    identity: identity.clone(),
                    question,
                    past,
                    nothing,
                    also,
                    dirty: false,
                    over: false,
                    generation: state.generation,
                    watches: watches.into_boxed_slice(),
                    waiters: Slab::with_capacity(1),
                };
                let key = state.entries.insert(entry) as u32;
                state.by_identity.insert(identity, key);
                state.watch(key);
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
        self.blocking.set(state.parked as f64);
        drop(guard);
        if earliest {
            self.work.notify_one(); // the evaluator sleeps until a later end
        }
        Box::new(Hold { lot: self, ticket })
    }

    /// Takes one waiter out. Nothing happens if it has been answered.
    pub(super) fn leave(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let Some(entry) = state.entries.get_mut(ticket.entry as usize) else { return };
        let place = ticket.waiter as usize;
        if entry.waiters.get(place).is_none_or(|waiter| waiter.stamp != ticket.stamp) {
            return; // answered already; whoever has the place now waits on
        }
        let waiter = entry.waiters.remove(place);
        let empty = entry.waiters.is_empty();
        state.waits.remove(&(waiter.until, ticket.entry, ticket.waiter));
        state.parked -= 1;
        if empty {
            state.remove(ticket.entry);
        }
        self.blocking.set(state.parked as f64);
        drop(state);
        drop(waiter); // not under the lock: it may be the last hold on its connection
    }

    /// Looks at entries whose watches changed and ends waits that are over, until it is dropped. One such future runs per
    /// lot.
    pub async fn run(self: Arc<Self>) {
        loop {
            let mut worked = 0;
            while self.look_at_one() {
                worked += 1;
                if worked % EVALUATED_PER_TURN == 0 {
                    tokio::task::yield_now().await;
                }
            }
            match self.end_waits(Instant::now()) {
                Ends::Now => tokio::task::yield_now().await,
                Ends::Never => self.work.notified().await,
                Ends::At(next) => tokio::select! {
                    () = self.work.notified() => {}
                    () = tokio::time::sleep_until(next) => {}
                },
            }
        }
    }

    /// Evaluates one entry that something has changed for. False if there is none.
    fn look_at_one(&self) -> bool {
        let (key, generation, question, body) = {
            let mut state = self.state.lock();
            let Some(key) = state.dirty.pop() else { return false };
            let Some(entry) = state.entries.get_mut(key as usize).filter(|entry| entry.dirty) else { return true };
            entry.dirty = false;
            (key, entry.generation, Arc::clone(&entry.question), Arc::clone(&entry.identity.body))
        };
        let mut watches = WatchSet::new();
        let snapshot = self.store.snapshot();
        let evaluated = self.evaluate(&*question, &body, &snapshot, &mut watches);
        let answer = {
            let mut state = self.state.lock();
            let Some(entry) = state.entries.get_mut(key as usize).filter(|entry| entry.generation == generation) else {
                return true; // everybody left meanwhile
            };
            match evaluated {
                Err(fault) => Err(fault),
                Ok(evaluated) => {
                    if evaluated.nothing && entry.nothing {
                        // It still does not exist: that the table's index has moved is no news.
                        entry.past = entry.past.max(evaluated.index);
                    }
                    entry.nothing = evaluated.nothing;
                    let passed_over = evaluated.also > std::mem::replace(&mut entry.also, evaluated.also);
                    if evaluated.index <= entry.past && !passed_over && !entry.over {
                        if *entry.watches != *watches.watches() {
                            state.watch_anew(key, watches);
                            // A change since then of what was not watched before found nobody to tell.
                            if snapshot.index != self.store.snapshot().index {
                                state.mark(key);
                            }
                        }
                        return true;
                    }
                    Ok(evaluated.reply)
                }
            }
        };
        let answer = answer.and_then(|reply| self.encode(&*reply));
        let entry = {
            let mut state = self.state.lock();
            match state.entries.get(key as usize) {
                Some(entry) if entry.generation == generation => state.remove(key),
                _ => None,
            }
        };
        if let Some(entry) = entry {
            self.blocking.set(self.state.lock().parked as f64);
            for (_, waiter) in entry.waiters {
                waiter.to.send(answer.clone());
            }
        }
        true
    }

    /// Answers some of those whose wait is over with what there is; those who ask the same share one answer.
    fn end_waits(&self, now: Instant) -> Ends {
        let over = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            let due = state.waits.iter().take_while(|(until, ..)| *until <= now).take(ENDED_PER_TURN);
            let due: Vec<(Instant, u32, u32)> = due.copied().collect();
            if due.is_empty() {
                return state.waits.first().map_or(Ends::Never, |(next, ..)| Ends::At(*next));
            }
            let mut over: HashMap<u32, (Arc<dyn Question>, Arc<[u8]>, Vec<Waiter>), RandomState> = HashMap::default();
            for wait in due {
                state.waits.remove(&wait);
                let (_, key, place) = wait;
                let Some(entry) = state.entries.get_mut(key as usize) else { continue };
                let Some(waiter) = entry.waiters.try_remove(place as usize) else { continue };
                let (question, identity) = (&entry.question, &entry.identity);
                let ended = over.entry(key);
                ended.or_insert_with(|| (Arc::clone(question), Arc::clone(&identity.body), Vec::new())).2.push(waiter);
                state.parked -= 1;
                if entry.waiters.is_empty() {
                    state.remove(key);
                }
            }
            self.blocking.set(state.parked as f64);
            over
        };
        for (question, body, waiters) in over.into_values() {
            let answer = self.answer(&*question, &body);
            for waiter in waiters {
                waiter.to.send(answer.clone());
            }
        }
        Ends::Now
    }

    fn answer(&self, question: &dyn Question, body: &[u8]) -> Result<Bytes, Fault> {
        let evaluated = self.evaluate(question, body, &self.store.snapshot(), &mut WatchSet::off())?;
        self.encode(&*evaluated.reply)
    }

    fn evaluate(
        &self,
        question: &dyn Question,
        body: &[u8],
        snapshot: &Snapshot,
        watches: &mut WatchSet,
    ) -> Result<Evaluated, Fault> {
        self.evaluations.fetch_add(1, Relaxed);
        // A panic here would end the evaluator, and with it every wait: it ends this one.
        unless_it_panics(|| question.evaluate(body, snapshot, watches))
    }

    fn encode(&self, reply: &(dyn Encode + Send)) -> Result<Bytes, Fault> {
        self.encodings.fetch_add(1, Relaxed);
        unless_it_panics(|| {
            let mut out = Vec::new();
            match reply.encode(&mut out) {
                Ok(()) => Ok(Bytes::from(out)),
                Err(error) => Err(Fault::answer(format!("rpc: reply cannot be encoded: {error}"))),
            }
        })
    }
}

fn unless_it_panics<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a parked query panicked");
        Err(Fault::answer(Rejected::Panicked.to_string()))
    })
}

impl std::fmt::Debug for Lot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lot").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl State {
    /// Marks an entry to be looked at. True if it was not marked.
    fn mark(&mut self, key: u32) -> bool {
        match self.entries.get_mut(key as usize) {
            Some(entry) if !entry.dirty => {
                entry.dirty = true;
                self.dirty.push(key);
                true
            }
            _ => false,
        }
    }

    /// Ends the wait for a list that keys were taken from, whatever its index will be.
    fn end_list(&mut self, key: u32) {
        if let Some(entry) = self.entries.get_mut(key as usize) {
            entry.over |= entry.watches.iter().any(|watch| matches!(watch, Watch::Prefix(_)));
        }
    }

    fn add(&mut self, key: u32, to: ReplyTo, until: Instant) -> Ticket {
        self.stamps += 1;
        let stamp = self.stamps;
        let place = self.entries[key as usize].waiters.insert(Waiter { to, until, stamp }) as u32;
        self.waits.insert((until, key, place));
        self.parked += 1;
        Ticket { entry: key, waiter: place, stamp }
    }

    fn watch(&mut self, key: u32) {
        for watch in &self.entries[key as usize].watches {
            self.watches.insert(watch, key);
        }
    }

    fn watch_anew(&mut self, key: u32, watches: WatchSet) {
        for watch in &self.entries[key as usize].watches {
            self.watches.remove(watch, key);
        }
        self.entries[key as usize].watches = watches.watches().into();
        self.watch(key);
    }

    fn remove(&mut self, key: u32) -> Option<Entry> {
        let entry = self.entries.try_remove(key as usize)?;
        self.by_identity.remove(&entry.identity);
        for watch in &entry.watches {
            self.watches.remove(watch, key);
        }
        for (place, waiter) in &entry.waiters {
            self.waits.remove(&(waiter.until, key, place as u32));
        }
        self.parked -= entry.waiters.len();
        if self.entries.is_empty() {
            // A burst of waiters is over: its room goes back.
            self.entries.shrink_to_fit();
            self.by_identity.shrink_to_fit();
            self.watches.shrink();
            self.dirty.shrink_to_fit();
        }
        Some(entry)
    }
}

/// A query on its way into the lot.
pub(super) struct Parking {
    lot: Arc<Lot>,
    question: Arc<dyn Question>,
    identity: Identity,
    past: u64,
    until: Instant,
    /// Which snapshot was looked at, and what is watched; `None`: none, it joins others who looked.
    looked: Option<(u64, Vec<Watch>)>,
    nothing: bool,
    also: u64,
}

impl Parking {
    /// A query that was looked at in the snapshot with index `looked.0`, found nothing there if `looked.1`, also goes
    /// by the index `looked.2`, and watches `looked.3`.
    pub(super) fn new(
        lot: Arc<Lot>,
        question: Arc<dyn Question>,
        (method, body): (u16, &[u8]),
        past: u64,
        until: Instant,
        looked: (u64, bool, u64, WatchSet),
    ) -> Self {
        let identity = Identity { method, body: Arc::from(body) };
        let (at, nothing, also, watches) = looked;
        Self { lot, question, identity, past, until, looked: Some((at, watches.watches().to_vec())), nothing, also }
    }
}

impl Park for Parking {
    fn park(self: Box<Self>, to: ReplyTo) -> Box<dyn Parked> {
        let lot = Arc::clone(&self.lot);
        lot.park(*self, to)
    }
}

/// The hold on a query that was answered instead of parked.
struct Gone;

impl Parked for Gone {
    fn done(self: Box<Self>, _ok: bool) {}
}
