//! The newest tables, for many readers and one writer.

use crate::{Applied, Entry, Tables};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

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

/// Whoever is told what each entry did, in the order of the log. Told while the next entry waits: be quick, and do not apply.
pub trait Follower: Send + Sync {
    /// An entry was applied, and the store shows it.
    fn applied(&self, applied: &Applied);

    /// Everything was replaced, and the store shows that.
    fn replaced(&self);
}

/// Holds the newest [`Snapshot`]. Readers take it without waiting and keep it as long as they like; writers wait for
/// each other only.
#[derive(Default)]
pub struct Store {
    newest: ArcSwap<Snapshot>,
    /// Held by whoever writes.
    followers: Mutex<Vec<Weak<dyn Follower>>>,
}

impl Store {
    /// A store with empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that goes on from given tables.
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        Store { newest: ArcSwap::from_pointee(snapshot), followers: Mutex::default() }
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.newest.load_full()
    }

    /// Tells `follower` of every entry from now on, until it is dropped.
    pub fn follow(&self, follower: &Arc<impl Follower + 'static>) {
        let follower: Arc<dyn Follower> = Arc::clone(follower) as _;
        let mut followers = self.followers.lock();
        followers.retain(|follower| follower.strong_count() > 0);
        followers.push(Arc::downgrade(&follower));
    }

    /// Applies the log's next entry. When this returns, [`snapshot`](Self::snapshot) shows it: a waiter that is woken
    /// by the changes finds them there.
    ///
    /// The caller gives indexes in growing order, as the log does.
    pub fn apply(&self, index: u64, entry: &Entry) -> Applied {
        let followers = self.followers.lock();
        let (tables, applied) = self.newest.load().tables.apply(index, entry);
        self.newest.store(Arc::new(Snapshot { index, tables }));
        tell(&followers, |follower| follower.applied(&applied));
        applied
    }

    /// Applies several of the log's entries, which readers see all at once or not at all. Cheaper for each than
    /// [`apply`](Self::apply), since nodes that the first entries copied are the last ones' own.
    pub fn apply_all<'a>(&self, entries: impl IntoIterator<Item = (u64, &'a Entry)>) -> Vec<Applied> {
        let followers = self.followers.lock();
        let mut next = Snapshot::clone(&self.newest.load());
        let advance = |(index, entry)| {
            next.index = index;
            next.tables.advance(index, entry)
        };
        let applied: Vec<Applied> = entries.into_iter().map(advance).collect();
        self.newest.store(Arc::new(next));
        tell(&followers, |follower| applied.iter().for_each(|applied| follower.applied(applied)));
        applied
    }

    /// Replaces everything, as a restore from a snapshot file does. Whoever waits must look again.
    pub fn replace(&self, snapshot: Snapshot) {
        let followers = self.followers.lock();
        self.newest.store(Arc::new(snapshot));
        tell(&followers, |follower| follower.replaced());
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("newest", &self.newest).finish_non_exhaustive()
    }
}

fn tell(followers: &[Weak<dyn Follower>], tell: impl Fn(&dyn Follower)) {
    followers.iter().filter_map(Weak::upgrade).for_each(|follower| tell(&*follower));
}

#[cfg(test)]
mod tests;
