//! What a connection says of itself when it is asked: its streams, and the calls in hand.
//!
//! The task that owns the calls describes them, in its next turn, so that a call costs nothing for being seen.
use std::{mem, time::Duration};

use parking_lot::Mutex;
use proconsul_types::RequestSeq;
use tokio::sync::oneshot;

/// How many streams are described at most; those with a call in hand come first.
pub const STREAMS_DESCRIBED_MAX: usize = 4096;

/// How many may wait for the description of one connection at a time. One more is told nothing.
pub const ASKING_MAX: usize = 16;

/// A connection at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Whole requests taken so far, and those refused for their method's name.
    pub calls: u64,
    /// Calls answered with an error so far.
    pub errors: u64,
    /// Bytes of requests that are not whole, or wait behind a call in hand.
    pub held_bytes: usize,
    /// Bytes of answers that the peer has not taken yet.
    pub unsent_bytes: usize,
    /// How many streams there are.
    pub streams_total: usize,
    /// The streams, at most [`STREAMS_DESCRIBED_MAX`].
    pub streams: Vec<StreamDescription>,
}

/// A stream of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamDescription {
    /// Its number on the wire; `None` where the connection is the stream.
    pub id: Option<u32>,
    /// As [`Description::calls`], of this stream.
    pub calls: u32,
    /// As [`Description::errors`], of this stream.
    pub errors: u32,
    /// The call in hand.
    pub current: Option<CallDescription>,
    /// A request has begun and is not all there.
    pub receiving: bool,
    /// It is served no further until the peer takes what was written to it.
    pub put_off: bool,
}

/// A call in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallDescription {
    /// The method's name, as in the method table.
    pub method: &'static str,
    /// The request's number.
    pub seq: RequestSeq,
    /// Since its first byte.
    pub age: Duration,
    /// What it does.
    pub state: CallState,
}

/// What a call in hand does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// A handler's future is at work.
    Running,
    /// It waits as data for something to change.
    Parked,
}

impl Description {
    /// The call that has been in hand longest.
    pub fn oldest(&self) -> Option<&CallDescription> {
        self.streams.iter().filter_map(|stream| stream.current.as_ref()).max_by_key(|call| call.age)
    }

    /// How many calls are in hand.
    pub fn in_hand(&self) -> usize {
        self.streams.iter().filter(|stream| stream.current.is_some()).count()
    }
}

/// Those who wait for a connection's description; nobody can any more once it is over.
#[derive(Debug)]
pub(super) struct Asking(Mutex<Option<Vec<oneshot::Sender<Description>>>>);

impl Default for Asking {
    fn default() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }
}

impl Asking {
    /// Joins those who wait; `None`: the connection is over, or too many wait already.
    pub(super) fn join(&self) -> Option<oneshot::Receiver<Description>> {
        let (sender, receiver) = oneshot::channel();
        let mut asking = self.0.lock();
        let asking = asking.as_mut()?;
        asking.retain(|other| !other.is_closed());
        (asking.len() < ASKING_MAX).then(|| {
            asking.push(sender);
            receiver
        })
    }

    /// Tells all who wait.
    pub(super) fn tell(&self, description: Description) {
        let asking = self.0.lock().as_mut().map(mem::take).unwrap_or_default();
        for sender in asking {
            // Who has gone meanwhile does not want to know.
            let _gone = sender.send(description.clone());
        }
    }

    /// The connection is over: who waits, and who asks from now on, is told nothing.
    pub(super) fn over(&self) {
        *self.0.lock() = None;
    }
}
