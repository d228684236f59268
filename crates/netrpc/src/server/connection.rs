//! A connection as others see it: they may answer one of its calls, ask it to stop, and look at it.
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::Context,
    time::Instant,
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::{Fault, SendAnswer};

/// How a connection is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stop {
    /// Not asked.
    No = 0,
    /// Take no new calls, answer those in hand, then close.
    Drain = 1,
    /// Close at once.
    Now = 2,
}

/// The part of a connection that is shared: its address, and how to reach its task.
pub struct Connection {
    peer: SocketAddr,
    since: Instant,
    stop: AtomicU8,
    waker: AtomicWaker,
    /// Answers that its task has not written yet. At most one for each of its parked calls, which the number of its streams
    /// bounds.
    answers: Mutex<Vec<(u64, Result<Bytes, Fault>)>>,
}

impl Connection {
    /// A connection from `peer`.
    pub fn new(peer: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            peer,
            since: Instant::now(),
            stop: AtomicU8::new(Stop::No as u8),
            waker: AtomicWaker::new(),
            answers: Mutex::new(Vec::new()),
        })
    }

    /// Who is at the other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// When it was accepted.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Asks it to end. What was asked before is only made more urgent.
    pub fn stop(&self, how: Stop) {
        self.stop.fetch_max(how as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// What it was asked.
    pub fn stopping(&self) -> Stop {
        match self.stop.load(Ordering::Acquire) {
            0 => Stop::No,
            1 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    /// The connection's task will be woken by what comes from outside from now on.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Takes what others have answered since.
    pub(super) fn take_answers(&self) -> Vec<(u64, Result<Bytes, Fault>)> {
        let mut answers = self.answers.lock();
        if answers.is_empty() { Vec::new() } else { std::mem::take(&mut *answers) }
    }
}

impl SendAnswer for Connection {
    fn send(&self, slot: u64, answer: Result<Bytes, Fault>) {
        let first = {
            let mut answers = self.answers.lock();
            answers.push((slot, answer));
            answers.len() == 1
        };
        if first {
            self.waker.wake();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).field("stop", &self.stopping()).finish_non_exhaustive()
    }
}
