//! Who waits for what, and until when.
use std::{
    collections::{BTreeSet, HashMap},
    hash::BuildHasher,
    sync::Arc,
};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use proconsul_netrpc::ReplyTo;
use proconsul_state::{WatchIndex, WatchSet};
use slab::Slab;

use super::{
    Question,
    few::{Waiters, Watched},
};

/// Room for so many more entries is made at least, and for a quarter of those that are there: doubling, as vectors do, would leave
/// half of a hundred thousand places empty.
const ROOM_MIN: usize = 16;

/// Identical queries that wait: same method, same request. Rights are part of that, as the token is.
pub(super) struct Entry {
    pub(super) method: u16,
    /// The request, without what goes without saying.
    pub(super) body: Box<[u8]>,
    /// The answer must go by an index above this one.
    pub(super) past: u64,
    /// The other index that it goes by, when it was last looked at.
    pub(super) also: u64,
    pub(super) watches: Watched,
    pub(super) waiters: Waiters,
    /// Tells it from others that have had, or will have, its place.
    pub(super) generation: u32,
    /// What was asked for did not exist when it was last looked at.
    pub(super) nothing: bool,
    /// Something that it watches has changed since it was last looked at.
    pub(super) dirty: bool,
    /// Its wait is over for everybody, whether or not anything is new.
    pub(super) over: bool,
}

pub(super) struct Waiter {
    pub(super) to: ReplyTo,
    /// When its wait ends, in milliseconds by the lot's clock.
    pub(super) until: u64,
    /// Tells it from others that have had, or will have, its place.
    pub(super) stamp: u64,
}

/// A waiter's place in the lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::blocking) struct Ticket {
    pub(super) entry: u32,
    pub(super) waiter: u32,
    pub(super) stamp: u64,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) entries: Slab<Entry>,
    /// How an entry's method is asked. What waits for a method has its question here, once for all.
    questions: HashMap<u16, Arc<dyn Question>, RandomState>,
    /// Places of entries, by method and request.
    by_identity: HashTable<u32>,
    hasher: RandomState,
    pub(super) watches: WatchIndex<u32>,
    /// Every waiter by the end of its wait.
    pub(super) waits: BTreeSet<(u64, u32, u32)>,
    /// Entries to look at again; each at most once.
    pub(super) dirty: Vec<u32>,
    pub(super) generation: u32,
    /// How many waiters there have ever been: no two have the same stamp, whatever their entry.
    pub(super) stamps: u64,
    pub(super) parked: usize,
    /// The server stops: nobody waits any more.
    pub(super) closed: bool,
}

impl State {
    /// The entry for this method and request.
    pub(super) fn find(&self, method: u16, body: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one((method, body));
        let same = |key: &u32| {
            self.entries.get(*key as usize).is_some_and(|entry| entry.method == method && *entry.body == *body)
        };
        self.by_identity.find(hash, same).copied()
    }

    /// How a method is asked that something waits for.
    pub(super) fn question(&self, method: u16) -> Option<Arc<dyn Question>> {
        self.questions.get(&method).cloned()
    }

    /// Takes an entry in, with nobody who waits for it yet. Its generation is set here.
    pub(super) fn insert(&mut self, mut entry: Entry, question: Arc<dyn Question>) -> u32 {
        self.questions.entry(entry.method).or_insert(question);
        self.generation = self.generation.wrapping_add(1);
        entry.generation = self.generation;
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(ROOM_MIN.max(self.entries.len() / 4));
        }
        let hash = self.hasher.hash_one((entry.method, &*entry.body));
        let key = self.entries.insert(entry) as u32;
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.by_identity.insert_unique(hash, key, |key| {
            entries.get(*key as usize).map_or(0, |entry| hasher.hash_one((entry.method, &*entry.body)))
        });
        self.watch(key);
        key
    }

    /// What `watches` are in terms of this lot's index.
    pub(super) fn watched(&self, watches: &WatchSet) -> Watched {
        watches.watches().iter().map(|watch| self.watches.key(watch)).collect()
    }

    /// Marks an entry to be looked at. True if it was not marked.
    pub(super) fn mark(&mut self, key: u32) -> bool {
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
    pub(super) fn end_list(&mut self, key: u32) {
        if let Some(entry) = self.entries.get_mut(key as usize) {
            entry.over |= entry.watches.as_slice().iter().any(|watch| watch.is_prefix());
        }
    }

    pub(super) fn add(&mut self, key: u32, to: ReplyTo, until: u64) -> Ticket {
        self.stamps += 1;
        let stamp = self.stamps;
        let place = self.entries[key as usize].waiters.insert(Waiter { to, until, stamp });
        self.waits.insert((until, key, place));
        self.parked += 1;
        Ticket { entry: key, waiter: place, stamp }
    }

    fn watch(&mut self, key: u32) {
        for watch in self.entries[key as usize].watches.as_slice() {
            self.watches.insert_key(*watch, key);
        }
    }

    fn unwatch(&mut self, watched: &Watched, key: u32) {
        for watch in watched.as_slice() {
            self.watches.remove_key(*watch, key);
        }
    }

    pub(super) fn watch_anew(&mut self, key: u32, watches: Watched) {
        let before = std::mem::replace(&mut self.entries[key as usize].watches, watches);
        self.unwatch(&before, key);
        self.watch(key);
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<Entry> {
        let entry = self.entries.try_remove(key as usize)?;
        let hash = self.hasher.hash_one((entry.method, &*entry.body));
        if let Ok(found) = self.by_identity.find_entry(hash, |other| *other == key) {
            found.remove();
        }
        self.unwatch(&entry.watches, key);
        for (place, waiter) in entry.waiters.iter() {
            self.waits.remove(&(waiter.until, key, place));
        }
        self.parked -= entry.waiters.len();
        if self.entries.is_empty() {
            // A burst of waiters is over: its room goes back.
            self.entries.shrink_to_fit();
            self.by_identity = HashTable::new();
            self.watches.shrink();
            self.dirty.shrink_to_fit();
            self.questions.clear();
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred thousand of them may wait, each with one waiter.
    #[test]
    fn what_is_kept_of_a_question_is_small() {
        let bytes = size_of::<Entry>();
        assert!(bytes <= 120, "{bytes}");
    }
}
