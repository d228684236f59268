//! Answers that are kept for those who ask the same again.
//!
//! Agents ask for the same large answers again and again, and mostly nothing has changed. An answer is kept as its bytes, with
//! what it depends on: a change of that drops it. Its index may also move when the answer does not change, as Consul's indexes
//! do; so the index is found anew for each caller, which costs a few look-ups, and an answer that goes by another one is not used.
use std::{
    collections::VecDeque,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use parking_lot::Mutex;
use proconsul_state::{Changes, Store, WatchIndex, WatchKey, WatchSet};
use slab::Slab;

/// How many answers are kept.
pub const KEPT_ANSWERS_MAX: usize = 1024;

/// How many bytes all answers that are kept have together.
pub const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A smaller answer is made anew in about the time that it takes to find it.
pub const KEPT_ANSWER_BYTES_MIN: usize = 4 * 1024;

/// The answers that are kept.
pub(super) struct Kept {
    store: Arc<Store>,
    state: Mutex<State>,
    reused: AtomicU64,
}

struct Answer {
    hash: u64,
    method: u16,
    /// The request, as it came.
    body: Box<[u8]>,
    /// The index that the answer goes by.
    index: u64,
    watches: Box<[WatchKey]>,
    encoded: Bytes,
    /// Tells it from others that have had, or will have, its place.
    generation: u64,
}

#[derive(Default)]
struct State {
    answers: Slab<Answer>,
    by_request: HashTable<u32>,
    hasher: RandomState,
    watches: WatchIndex<u32>,
    /// Oldest first, with those that are gone still among them.
    order: VecDeque<(u32, u64)>,
    bytes: usize,
    generation: u64,
}

impl Kept {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, state: Mutex::default(), reused: AtomicU64::new(0) }
    }

    /// How often an answer was used again.
    pub(super) fn reused(&self) -> u64 {
        self.reused.load(Relaxed)
    }

    /// The answer to this request, if it is kept and goes by this index.
    pub(super) fn find(&self, method: u16, body: &[u8], index: u64) -> Option<Bytes> {
        let mut state = self.state.lock();
        let key = state.find(method, body)?;
        if state.answers[key as usize].index != index {
            state.remove(key);
            return None;
        }
        self.reused.fetch_add(1, Relaxed);
        Some(state.answers[key as usize].encoded.clone())
    }

    /// Keeps an answer that was made from the snapshot with index `at`, if it is worth it and still true.
    pub(super) fn keep(
        &self,
        (method, body): (u16, &[u8]),
        (at, index): (u64, u64),
        watches: &WatchSet,
        encoded: &Bytes,
    ) {
        if !(KEPT_ANSWER_BYTES_MIN..=KEPT_BYTES_MAX / 8).contains(&encoded.len()) {
            return;
        }
        let mut state = self.state.lock();
        // A change that came since was told to those who were here then. One that comes from now on finds it here.
        if self.store.snapshot().index != at {
            return;
        }
        if let Some(key) = state.find(method, body) {
            state.remove(key);
        }
        let hash = state.hasher.hash_one((method, body));
        let watches = watches.watches().iter().map(|watch| state.watches.key(watch)).collect();
        state.generation += 1;
        let generation = state.generation;
        state.insert(Answer { hash, method, body: body.into(), index, watches, encoded: encoded.clone(), generation });
        state.evict();
    }

    /// An apply has changed something: what depends on it is kept no longer.
    pub(super) fn changed(&self, changes: &Changes) {
        let mut state = self.state.lock();
        if state.answers.is_empty() {
            return;
        }
        let mut found = Vec::new();
        state.watches.affected(changes, &mut found);
        for key in found {
            state.remove(key);
        }
    }

    /// Everything may have changed.
    pub(super) fn clear(&self) {
        *self.state.lock() = State::default();
    }
}

impl State {
    fn find(&self, method: u16, body: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one((method, body));
        let same = |key: &u32| {
            self.answers.get(*key as usize).is_some_and(|answer| answer.method == method && *answer.body == *body)
        };
        self.by_request.find(hash, same).copied()
    }

    fn insert(&mut self, answer: Answer) {
        self.bytes += answer.encoded.len() + answer.body.len();
        let (hash, generation) = (answer.hash, answer.generation);
        let key = self.answers.insert(answer) as u32;
        let answers = &self.answers;
        self.by_request.insert_unique(hash, key, |key| answers.get(*key as usize).map_or(0, |answer| answer.hash));
        for watch in &answers[key as usize].watches {
            self.watches.insert_key(*watch, key);
        }
        self.order.push_back((key, generation));
    }

    fn remove(&mut self, key: u32) {
        let Some(answer) = self.answers.try_remove(key as usize) else { return };
        self.bytes -= answer.encoded.len() + answer.body.len();
        if let Ok(found) = self.by_request.find_entry(answer.hash, |other| *other == key) {
            found.remove();
        }
        for watch in &answer.watches {
            self.watches.remove_key(*watch, key);
        }
        if self.order.len() > 2 * KEPT_ANSWERS_MAX {
            let answers = &self.answers;
            self.order.retain(|(key, generation)| {
                answers.get(*key as usize).is_some_and(|answer| answer.generation == *generation)
            });
        }
    }

    /// Lets the oldest go until the bounds hold.
    fn evict(&mut self) {
        while self.answers.len() > KEPT_ANSWERS_MAX || self.bytes > KEPT_BYTES_MAX {
            let Some((key, generation)) = self.order.pop_front() else { return };
            if self.answers.get(key as usize).is_some_and(|answer| answer.generation == generation) {
                self.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
