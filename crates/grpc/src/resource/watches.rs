//! Who follows which list of resources.
//!
//! The store tells of every entry in the order of the log, and shows it already. Whoever follows a list takes a seat first and looks
//! at the store then: what happens after that look is in the seat's queue, and what is older than the look is passed over there.
//! So nothing falls between the two.
//!
//! A queue has a bound. A client that reads more slowly than resources change is ended as Consul ends all at a restored snapshot, and
//! asks again from the start.
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use proconsul_state::{Applied, Follower, ResourceEvent, ResourceQuery, WatchIndex};
use prost::Message;
use slab::Slab;

/// How many lists are followed at once in a server. One more is refused.
pub const WATCHES_MAX: usize = 65_536;
/// How many events wait for one client.
pub const WATCH_EVENTS_MAX: usize = 4096;
/// How many bytes the resources have together that wait for one client. One alone may have more.
pub const WATCH_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many bytes the resources have together that wait for any client. With more, the client goes for whom most wait.
pub const WATCHES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Everybody who follows a list.
#[derive(Default)]
pub(crate) struct Watches {
    state: Mutex<State>,
    /// How many bytes wait, each resource counted once.
    bytes: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    seats: Slab<Arc<Seated>>,
    index: WatchIndex<usize>,
}

struct Seated {
    query: ResourceQuery,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Arc<Queued>>,
    bytes: usize,
    is_over: bool,
    waker: Option<Waker>,
}

/// An event that waits for somebody.
pub(super) struct Queued {
    pub(super) event: ResourceEvent,
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Relaxed);
    }
}

impl Watches {
    /// A seat for one who follows a list; `None` when there is no room. Look at the store after this.
    pub(super) fn take_seat(self: &Arc<Self>, query: ResourceQuery) -> Option<Seat> {
        let mut state = self.state.lock();
        if state.seats.len() >= WATCHES_MAX {
            return None;
        }
        let watch = query.watch();
        let seated = Arc::new(Seated { query, queue: Mutex::default() });
        let key = state.seats.insert(Arc::clone(&seated));
        state.index.insert(&watch, key);
        Some(Seat { watches: Arc::clone(self), seated, key })
    }

    /// How many follow a list.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state.lock().seats.len()
    }

    /// Ends everybody: the server stops, or what they follow is another's now.
    pub(crate) fn end_all(&self) {
        self.state.lock().seats.iter().for_each(|(_, seated)| seated.end());
    }

    fn queue(&self, state: &State, event: &ResourceEvent, affected: Vec<usize>) {
        let mut queued = None;
        for seated in affected.into_iter().filter_map(|key| state.seats.get(key)) {
            if seated.query.matches(&event.resource) {
                let queued = queued.get_or_insert_with(|| {
                    let bytes = event.resource.encoded_len();
                    self.bytes.fetch_add(bytes, Relaxed);
                    Arc::new(Queued { event: event.clone(), bytes, all: Arc::clone(&self.bytes) })
                });
                seated.push(queued);
            }
        }
        if queued.is_some() {
            drop(queued);
            self.keep_bound(state);
        }
    }

    /// Ends the slowest until the bound of all bytes holds.
    fn keep_bound(&self, state: &State) {
        while self.bytes.load(Relaxed) > WATCHES_BYTES_MAX {
            let waiting = state.seats.iter().map(|(_, seated)| (seated.queue.lock().bytes, seated));
            match waiting.max_by_key(|(bytes, _)| *bytes) {
                Some((bytes, seated)) if bytes > 0 => seated.end(),
                _ => return,
            }
        }
    }
}

impl Follower for Watches {
    fn applied(&self, applied: &Applied) {
        let Some(event) = &applied.resource else { return };
        let state = self.state.lock();
        let mut affected = Vec::new();
        state.index.affected(&applied.changes, &mut affected);
        self.queue(&state, event, affected);
    }

    fn replaced(&self) {
        self.end_all();
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watches").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Seated {
    fn push(&self, event: &Arc<Queued>) {
        let mut queue = self.queue.lock();
        if queue.is_over {
            return;
        }
        let is_full = queue.events.len() >= WATCH_EVENTS_MAX
            || (!queue.events.is_empty() && queue.bytes + event.bytes > WATCH_BYTES_MAX);
        if is_full {
            tracing::debug!(
                events = queue.events.len(),
                bytes = queue.bytes,
                "a client that follows resources is too slow"
            );
            queue.end();
        } else {
            queue.bytes += event.bytes;
            queue.events.push_back(Arc::clone(event));
        }
        queue.wake();
    }

    fn end(&self) {
        let mut queue = self.queue.lock();
        queue.end();
        queue.wake();
    }
}

impl Queue {
    fn end(&mut self) {
        (self.is_over, self.bytes, self.events) = (true, 0, VecDeque::new());
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A place among those who follow a list, until it is dropped.
pub(super) struct Seat {
    watches: Arc<Watches>,
    seated: Arc<Seated>,
    key: usize,
}

impl Seat {
    /// The list that is followed.
    pub(super) fn query(&self) -> &ResourceQuery {
        &self.seated.query
    }

    /// Whether there will be no more events, and some may be lost.
    pub(super) fn is_over(&self) -> bool {
        self.seated.queue.lock().is_over
    }

    /// The next event; `None` when it is over.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Arc<Queued>>> {
        let mut queue = self.seated.queue.lock();
        if queue.is_over {
            return Poll::Ready(None);
        }
        match queue.events.pop_front() {
            Some(event) => {
                queue.bytes -= event.bytes;
                Poll::Ready(Some(event))
            }
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.watches.state.lock();
        state.index.remove(&self.seated.query.watch(), self.key);
        state.seats.try_remove(self.key);
    }
}
