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

use super::describe::{Asking, Description};
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

/// In the same byte as what it was asked by [`Stop`], so that a turn looks at one number: somebody wants its description.
const DESCRIBE: u8 = 4;

/// The part of a connection that is shared: its address, and how to reach its task.
pub struct Connection {
    peer: SocketAddr,
    since: Instant,
    /// The bits of [`Stop`], and [`DESCRIBE`].
    asked: AtomicU8,
    waker: AtomicWaker,
    /// Answers that its task has not written yet. At most one for each of its parked calls, which the number of its streams
    /// bounds.
    answers: Mutex<Vec<(u64, Result<Bytes, Fault>)>>,
    asking: Asking,
}

impl Connection {
    /// A connection from `peer`.
    pub fn new(peer: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            peer,
            since: Instant::now(),
            asked: AtomicU8::new(Stop::No as u8),
            waker: AtomicWaker::new(),
            answers: Mutex::new(Vec::new()),
            asking: Asking::default(),
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
        self.asked.fetch_or(how as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// What it was asked.
    pub fn stopping(&self) -> Stop {
        self.asked().stop
    }

    /// What it is doing: its task says so in its next turn. `None` when it is over, or when [`ASKING_MAX`] others wait to be
    /// told. A task that is held up by a handler answers when that lets go of it: whoever asks sets a limit, and what does not
    /// answer within it is busy. Dropping the future only takes the question back.
    ///
    /// [`ASKING_MAX`]: super::ASKING_MAX
    pub async fn describe(&self) -> Option<Description> {
        let told = self.asking.join()?;
        self.asked.fetch_or(DESCRIBE, Ordering::AcqRel);
        self.waker.wake();
        told.await.ok()
    }

    /// All that it was asked.
    pub(super) fn asked(&self) -> Asked {
        let bits = self.asked.load(Ordering::Acquire);
        let stop = match bits & !DESCRIBE {
            0 => Stop::No,
            1 => Stop::Drain,
            _ => Stop::Now,
        };
        Asked { stop, describe: bits & DESCRIBE != 0 }
    }

    /// Tells those who asked.
    pub(super) fn tell(&self, description: Description) {
        // Taken back first: who asks from here on is told by this turn or asks for another.
        self.asked.fetch_and(!DESCRIBE, Ordering::AcqRel);
        self.asking.tell(description);
    }

    /// Nobody serves it any more.
    pub(super) fn over(&self) {
        self.asking.over();
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

/// What a connection's task was asked from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) stop: Stop,
    /// Somebody wants to know what it does.
    pub(super) describe: bool,
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
