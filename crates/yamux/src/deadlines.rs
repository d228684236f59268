//! Timers that all have the same length, kept in the order in which they end.

use crate::session::StreamKey;
use std::collections::VecDeque;
use std::time::Instant;

/// Below this many entries nothing is gained by looking for dead ones.
const SWEEP_FROM: usize = 32;

/// A queue of streams and the instants at which their time is up. Entries of streams that no longer wait stay until they
/// reach the front or outnumber the live ones, so adding and dropping are cheap and the queue is never more than about
/// twice the session's streams.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    queue: VecDeque<(Instant, StreamKey)>,
}

impl Deadlines {
    /// Adds a deadline that is not before any added earlier. `waits` tells the live entries.
    pub(crate) fn push(&mut self, at: Instant, key: StreamKey, streams: usize, waits: impl Fn(StreamKey) -> bool) {
        if self.queue.len() >= SWEEP_FROM.max(2 * streams) {
            self.queue.retain(|(_, key)| waits(*key));
        }
        self.queue.push_back((at, key));
    }

    /// Drops entries at the front that no longer wait.
    pub(crate) fn prune(&mut self, waits: impl Fn(StreamKey) -> bool) {
        while self.queue.front().is_some_and(|(_, key)| !waits(*key)) {
            self.queue.pop_front();
        }
    }

    /// The next instant at which something is up.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.front().map(|(at, _)| *at)
    }

    /// Takes the next entry whose time is up.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<StreamKey> {
        self.next().filter(|at| *at <= now)?;
        self.queue.pop_front().map(|(_, key)| key)
    }

    /// Gives back memory that is not needed.
    pub(crate) fn shrink(&mut self) {
        self.queue.shrink_to_fit();
    }
}
