//! Who is on the port, and who was.
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use parking_lot::Mutex;
use proconsul_types::metric;

use super::{Closed, Entry, Quiet, entry::DETECTING, history::History};
use crate::{ROW_COUNT, Reason, Row, rows};

/// Every live connection of the port, why the last ones ended, and how many there were by route and reason.
#[derive(Debug)]
pub struct Registry {
    live: Mutex<HashMap<u64, Arc<Entry>>>,
    next: AtomicU64,
    /// Connections that took the row of [`rows`] at the same place.
    took: [AtomicU64; ROW_COUNT],
    left: [AtomicU64; ROW_COUNT],
    past: Mutex<Past>,
    said: Quiet<(Option<IpAddr>, &'static str)>,
}

#[derive(Debug, Default)]
struct Past {
    history: History,
    reasons: HashMap<Reason, u64>,
}

/// How many connections took a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteCounts {
    /// The route's row.
    pub row: &'static Row,
    /// How many connections took it since the start.
    pub accepted: u64,
    /// How many of them live.
    pub live: u64,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            live: Mutex::default(),
            next: AtomicU64::new(1),
            took: [const { AtomicU64::new(0) }; ROW_COUNT],
            left: [const { AtomicU64::new(0) }; ROW_COUNT],
            past: Mutex::default(),
            said: Quiet::default(),
        }
    }
}

impl Registry {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Every live connection, by number, so that the oldest is the first.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        let mut entries: Vec<_> = self.live.lock().values().cloned().collect();
        entries.sort_unstable_by_key(|entry| entry.id());
        entries
    }

    /// The live connection with this number.
    pub fn get(&self, id: u64) -> Option<Arc<Entry>> {
        self.live.lock().get(&id).cloned()
    }

    /// How many connections live.
    pub fn len(&self) -> usize {
        self.live.lock().len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends a connection where it stands, for [`Reason::Killed`]; calls in hand are dropped. False if there is none with this
    /// number.
    pub fn kill(&self, id: u64) -> bool {
        let entry = self.get(id);
        if let Some(entry) = &entry {
            entry.kill();
        }
        entry.is_some()
    }

    /// Why the last connections of the last peers ended, the newest first. Ends of a kind are one, with their count.
    pub fn closed(&self) -> Vec<Closed> {
        self.past.lock().history.closes()
    }

    /// How many connections took each route, in the order of [`rows`].
    pub fn routes(&self) -> Vec<RouteCounts> {
        let counts = rows().zip(self.took.iter().zip(&self.left));
        counts
            .map(|(row, (took, left))| {
                // In this order, so that there never were fewer than have left.
                let (left, accepted) = (left.load(Relaxed), took.load(Relaxed));
                RouteCounts { row, accepted, live: accepted.saturating_sub(left) }
            })
            .collect()
    }

    /// How many connections ended for each reason that occurred, the most frequent first.
    pub fn reasons(&self) -> Vec<(Reason, u64)> {
        let mut reasons: Vec<_> = self.past.lock().reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
        reasons.sort_unstable_by_key(|(reason, count)| (std::cmp::Reverse(*count), reason.label()));
        reasons
    }

    pub(super) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Visit {
        let entry = Arc::new(Entry::new(self.next.fetch_add(1, Relaxed), peer, Instant::now()));
        self.live.lock().insert(entry.id(), Arc::clone(&entry));
        Visit { registry: Arc::clone(self), entry, reason: None }
    }

    pub(super) fn take(&self, entry: &Entry, row: &'static Row) {
        if let Some(took) = self.took.get(entry.set_row(row)) {
            took.fetch_add(1, Relaxed);
        }
    }

    /// Records a connection that was closed as it came.
    pub(super) fn refused(&self, peer: SocketAddr, reason: Reason) {
        self.record(Closed { peer: Some(peer), route: DETECTING, reason, detail: None, at: Instant::now(), count: 1 });
    }

    /// Records that connections cannot be accepted.
    pub(super) fn exhausted(&self, error: &io::Error) {
        let (reason, detail) = (Reason::OutOfDescriptors, Some(error.to_string().into()));
        self.record(Closed { peer: None, route: DETECTING, reason, detail, at: Instant::now(), count: 1 });
    }

    fn leave(&self, entry: &Entry, reason: Reason) {
        self.live.lock().remove(&entry.id());
        let left = entry.row().and_then(|row| rows().position(|one| one == row));
        if let Some(left) = left.and_then(|index| self.left.get(index)) {
            left.fetch_add(1, Relaxed);
        }
        let (peer, route, detail) = (Some(entry.peer()), entry.label(), entry.take_note());
        self.record(Closed { peer, route, reason, detail, at: Instant::now(), count: 1 });
    }

    /// Counts, logs and keeps one end.
    fn record(&self, closed: Closed) {
        let reason = closed.reason;
        // One that was never accepted is not closed either.
        if closed.peer.is_some() {
            metrics::counter!(metric::RPC_CONN_CLOSED.name, "reason" => reason.label()).increment(1);
        }
        self.log(&closed);
        let mut past = self.past.lock();
        *past.reasons.entry(reason).or_default() += 1;
        past.history.add(closed);
    }

    fn log(&self, closed: &Closed) {
        let (reason, route) = (closed.reason, closed.route);
        let peer = closed.peer.map(tracing::field::display);
        let detail = closed.detail.as_deref();
        if !reason.is_loud() {
            tracing::debug!(peer, route, reason = reason.label(), detail, "connection closed");
            return;
        }
        let key = (closed.peer.map(|peer| peer.ip().to_canonical()), reason.label());
        let Some(repeated) = self.said.pass(key, closed.at) else { return };
        if closed.peer.is_none() {
            tracing::error!(detail, repeated, "failed to accept RPC conn: {reason}");
        } else {
            tracing::warn!(peer, route, reason = reason.label(), detail, repeated, "connection closed: {reason}");
        }
    }
}

/// A connection in the registry, until it is dropped.
pub(super) struct Visit {
    registry: Arc<Registry>,
    pub(super) entry: Arc<Entry>,
    pub(super) reason: Option<Reason>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        let reason = match self.reason {
            Some(reason) => reason,
            None if self.entry.is_killed() => Reason::Killed,
            None if std::thread::panicking() => Reason::Internal,
            // The runtime goes away.
            None => Reason::Stopped,
        };
        self.registry.leave(&self.entry, reason);
    }
}
