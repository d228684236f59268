//! The one that looks at parked queries again, and ends their waits.
use std::{
    collections::{
        HashMap,
        hash_map::Entry::{Occupied, Vacant},
    },
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use foldhash::fast::RandomState;
use proconsul_netrpc::{Encode, Fault, ReplyTo};
use proconsul_state::{Snapshot, WatchSet};
use proconsul_types::Rejected;
use tokio::time::Instant;

use super::{Evaluated, Lot, Question, places::Waiter};

/// How many entries are evaluated before other tasks get their turn.
const EVALUATED_PER_TURN: usize = 64;

/// How many waits end before other tasks get their turn.
const ENDED_PER_TURN: usize = 1024;

/// With so many bytes of answers they are sent before more entries are looked at.
const ANSWERED_BYTES_MAX: usize = 1024 * 1024;

/// Answers on their way. Those of several entries go together: a connection is woken for what it then writes at once.
#[derive(Default)]
struct Answers {
    answers: Vec<(ReplyTo, Result<Bytes, Fault>)>,
    /// Of the answers, each counted once however many get it.
    bytes: usize,
}

impl Answers {
    fn add(&mut self, waiters: impl IntoIterator<Item = Waiter>, answer: &Result<Bytes, Fault>) {
        self.bytes += answer.as_ref().map_or(0, Bytes::len);
        self.answers.extend(waiters.into_iter().map(|waiter| (waiter.to, answer.clone())));
    }

    fn send(&mut self) {
        self.answers.drain(..).for_each(|(to, answer)| to.send(answer));
        self.bytes = 0;
    }
}

/// When waits end.
enum Ends {
    /// Some have ended just now, and more may be over.
    Now,
    /// The next one ends then.
    At(Instant),
    /// Nobody waits.
    Never,
}

/// Those who ask the same and whose wait is over.
struct Over {
    question: Arc<dyn Question>,
    body: Box<[u8]>,
    waiters: Vec<Waiter>,
}

impl Lot {
    /// Looks at entries whose watches changed and ends waits that are over, until it is dropped. One such future runs per
    /// lot.
    pub async fn run(self: Arc<Self>) {
        loop {
            let (mut worked, mut found) = (0, Answers::default());
            while self.look_at_one(&mut found) {
                worked += 1;
                if found.bytes >= ANSWERED_BYTES_MAX {
                    found.send();
                }
                if worked % EVALUATED_PER_TURN == 0 {
                    found.send();
                    tokio::task::yield_now().await;
                }
            }
            found.send();
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

    /// Evaluates one entry that something has changed for, and puts what it found into `found`. False if there is none.
    fn look_at_one(&self, found: &mut Answers) -> bool {
        let (key, generation, question, body) = {
            let mut state = self.state.lock();
            let Some(key) = state.dirty.pop() else { return false };
            let Some(entry) = state.entries.get_mut(key as usize).filter(|entry| entry.dirty) else { return true };
            entry.dirty = false;
            let (generation, method, body) = (entry.generation, entry.method, entry.body.clone());
            let Some(question) = state.question(method) else { return true };
            (key, generation, question, body)
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
                        let watches = state.watched(&watches);
                        if state.entries[key as usize].watches.as_slice() != watches.as_slice() {
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
            self.show(self.state.lock().parked);
            found.add(entry.waiters.into_all(), &answer);
        }
        true
    }

    /// Answers some of those whose wait is over with what there is; those who ask the same share one answer.
    fn end_waits(&self, now: Instant) -> Ends {
        let over = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            let now = now.saturating_duration_since(self.origin).as_millis();
            let due = state.waits.iter().take_while(|(until, ..)| u128::from(*until) <= now).take(ENDED_PER_TURN);
            let due: Vec<(u64, u32, u32)> = due.copied().collect();
            if due.is_empty() {
                let at = |next| self.origin + Duration::from_millis(next);
                return state.waits.first().map_or(Ends::Never, |(next, ..)| Ends::At(at(*next)));
            }
            let mut over: HashMap<u32, Over, RandomState> = HashMap::default();
            for wait in due {
                state.waits.remove(&wait);
                let (_, key, place) = wait;
                let Some(entry) = state.entries.get_mut(key as usize) else { continue };
                let Some(waiter) = entry.waiters.remove(place) else { continue };
                let empty = entry.waiters.is_empty();
                match over.entry(key) {
                    Occupied(mut ended) => ended.get_mut().waiters.push(waiter),
                    Vacant(place) => {
                        let (method, body) = (entry.method, entry.body.clone());
                        if let Some(question) = state.question(method) {
                            place.insert(Over { question, body, waiters: vec![waiter] });
                        }
                    }
                }
                state.parked -= 1;
                if empty {
                    state.remove(key);
                }
            }
            self.show(state.parked);
            over
        };
        for Over { question, body, waiters } in over.into_values() {
            let answer = self.answer(&*question, &body);
            for waiter in waiters {
                waiter.to.send(answer.clone());
            }
        }
        Ends::Now
    }

    pub(super) fn answer(&self, question: &dyn Question, body: &[u8]) -> Result<Bytes, Fault> {
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
                Err(error) => Err(Fault::unencodable(&error)),
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
