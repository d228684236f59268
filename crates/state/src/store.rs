//! The newest tables, for many readers and one writer.

use crate::{Applied, Entry, Tables};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::ops::Deref;
use std::sync::Arc;

/// The tables as they were after one log entry. Immutable; reads are methods of [`Tables`], which it derefs to.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Index of the last entry that was applied. Zero before the first.
    pub index: u64,
    /// The tables.
    pub tables: Tables,
}

impl Deref for Snapshot {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.tables
    }
}

/// Holds the newest [`Snapshot`]. Readers take it without waiting and keep it as long as they like; writers wait for
/// each other only.
#[derive(Debug, Default)]
pub struct Store {
    newest: ArcSwap<Snapshot>,
    writer: Mutex<()>,
}

impl Store {
    /// A store with empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that goes on from given tables.
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        Store { newest: ArcSwap::from_pointee(snapshot), writer: Mutex::default() }
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.newest.load_full()
    }

    /// Applies the log's next entry. When this returns, [`snapshot`](Self::snapshot) shows it: a waiter that is woken
    /// by the changes finds them there.
    ///
    /// The caller gives indexes in growing order, as the log does.
    pub fn apply(&self, index: u64, entry: &Entry) -> Applied {
        let _alone = self.writer.lock();
        let (tables, applied) = self.newest.load().tables.apply(index, entry);
        self.newest.store(Arc::new(Snapshot { index, tables }));
        applied
    }

    /// Applies several of the log's entries, which readers see all at once or not at all. Cheaper for each than
    /// [`apply`](Self::apply), since nodes that the first entries copied are the last ones' own.
    pub fn apply_all<'a>(&self, entries: impl IntoIterator<Item = (u64, &'a Entry)>) -> Vec<Applied> {
        let _alone = self.writer.lock();
        let mut next = Snapshot::clone(&self.newest.load());
        let advance = |(index, entry)| {
            next.index = index;
            next.tables.advance(index, entry)
        };
        let applied: Vec<Applied> = entries.into_iter().map(advance).collect();
        self.newest.store(Arc::new(next));
        applied
    }

    /// Replaces everything, as a restore from a snapshot file does. Whoever waits must look again.
    pub fn replace(&self, snapshot: Snapshot) {
        let _alone = self.writer.lock();
        self.newest.store(Arc::new(snapshot));
    }
}

#[cfg(test)]
mod tests;
