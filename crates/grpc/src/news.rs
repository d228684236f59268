//! Who waits for a change in the store.
//!
//! A read that waits has looked at the store and knows what its answer depends on. It takes a seat with that, and is woken by the
//! first change of it. What happened between the look and the seat is its own to find: the store's index says.
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use parking_lot::Mutex;
use proconsul_state::{Applied, Follower, WatchIndex, WatchSet};
use slab::Slab;
use tokio::sync::Notify;

/// How many reads of gRPC wait at once in a server. One more is answered with what there is.
pub const WAITING_MAX: usize = 65_536;

/// Everybody who waits.
#[derive(Default)]
pub(crate) struct News(Mutex<State>);

#[derive(Default)]
struct State {
    seats: Slab<Arc<Seated>>,
    index: WatchIndex<usize>,
    /// Nobody waits any more: the server stops.
    is_over: bool,
}

#[derive(Default)]
struct Seated {
    changed: Notify,
    /// There is nothing to wait for any more.
    is_over: AtomicBool,
}

impl News {
    /// A seat for one whose answer depends on `watches`; `None` when there is no room, or no time. Look at the store's index after this.
    pub(crate) fn take_seat(self: &Arc<Self>, watches: WatchSet) -> Option<Seat> {
        let mut state = self.0.lock();
        if state.is_over || state.seats.len() >= WAITING_MAX {
            return None;
        }
        let seated = Arc::new(Seated::default());
        let key = state.seats.insert(Arc::clone(&seated));
        for watch in watches.watches() {
            state.index.insert(watch, key);
        }
        Some(Seat { news: Arc::clone(self), watches, seated, key })
    }

    /// Ends all waits, and nobody waits from now on.
    pub(crate) fn end_all(&self) {
        let mut state = self.0.lock();
        state.is_over = true;
        state.end_waits();
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().seats.len()
    }
}

impl State {
    fn end_waits(&self) {
        for (_, seated) in &self.seats {
            seated.is_over.store(true, Relaxed);
            seated.changed.notify_one();
        }
    }
}

impl Follower for News {
    fn applied(&self, applied: &Applied) {
        let state = self.0.lock();
        if state.seats.is_empty() {
            return;
        }
        let mut affected = Vec::new();
        state.index.affected(&applied.changes, &mut affected);
        affected.into_iter().filter_map(|key| state.seats.get(key)).for_each(|seated| seated.changed.notify_one());
    }

    fn replaced(&self) {
        // Indexes may have gone back, and a wait for one that is long past would be a wait for nothing.
        self.0.lock().end_waits();
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News").finish_non_exhaustive()
    }
}

/// A place among those who wait, until it is dropped.
pub(crate) struct Seat {
    news: Arc<News>,
    watches: WatchSet,
    seated: Arc<Seated>,
    key: usize,
}

impl Seat {
    /// Waits for a change.
    pub(crate) async fn changed(&self) {
        self.seated.changed.notified().await;
    }

    /// Whether there is nothing to wait for any more: another state was put in the store's place, or the server stops.
    pub(crate) fn is_over(&self) -> bool {
        self.seated.is_over.load(Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.news.0.lock();
        for watch in self.watches.watches() {
            state.index.remove(watch, self.key);
        }
        state.seats.try_remove(self.key);
    }
}
