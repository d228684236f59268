//! Who waits for what, and until when.
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use foldhash::fast::RandomState;
use proconsul_netrpc::ReplyTo;
use proconsul_state::{Watch, WatchIndex, WatchSet};
use slab::Slab;
use tokio::time::Instant;

use super::Question;

/// Which query: its method, and its request as it came. Rights are part of it, as the token is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) method: u16,
    pub(super) body: Arc<[u8]>,
}

/// Identical queries that wait.
pub(super) struct Entry {
    pub(super) identity: Identity,
    pub(super) question: Arc<dyn Question>,
    /// The answer must go by an index above this one.
    pub(super) past: u64,
    /// What was asked for did not exist when it was last looked at.
    pub(super) nothing: bool,
    /// The other index that it goes by, when it was last looked at.
    pub(super) also: u64,
    /// Something that it watches has changed since it was last looked at.
    pub(super) dirty: bool,
    /// Its wait is over for everybody, whether or not anything is new.
    pub(super) over: bool,
    /// Tells it from others that have had, or will have, its place.
    pub(super) generation: u32,
    pub(super) watches: Box<[Watch]>,
    pub(super) waiters: Slab<Waiter>,
}

pub(super) struct Waiter {
    pub(super) to: ReplyTo,
    pub(super) until: Instant,
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
    pub(super) by_identity: HashMap<Identity, u32, RandomState>,
    pub(super) watches: WatchIndex<u32>,
    /// Every waiter by the end of its wait.
    pub(super) waits: BTreeSet<(Instant, u32, u32)>,
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
            entry.over |= entry.watches.iter().any(|watch| matches!(watch, Watch::Prefix(_)));
        }
    }

    pub(super) fn add(&mut self, key: u32, to: ReplyTo, until: Instant) -> Ticket {
        self.stamps += 1;
        let stamp = self.stamps;
        let place = self.entries[key as usize].waiters.insert(Waiter { to, until, stamp }) as u32;
        self.waits.insert((until, key, place));
        self.parked += 1;
        Ticket { entry: key, waiter: place, stamp }
    }

    pub(super) fn watch(&mut self, key: u32) {
        for watch in &self.entries[key as usize].watches {
            self.watches.insert(watch, key);
        }
    }

    pub(super) fn watch_anew(&mut self, key: u32, watches: WatchSet) {
        for watch in &self.entries[key as usize].watches {
            self.watches.remove(watch, key);
        }
        self.entries[key as usize].watches = watches.watches().into();
        self.watch(key);
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<Entry> {
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
