//! One stream of a connection: what it has said so far and what it waits for.
use std::{future::Future, task::Context, time::Instant};

use proconsul_msgpack::GoStr;

use super::{
    RpcService, StreamDescription,
    calls::Calls,
    turn::{After, Lane, Turn},
};
use crate::{Answer, Fault, Intake};

/// A net/rpc stream. An idle one holds no buffer.
#[derive(Debug, Default)]
pub(super) struct Stream {
    intake: Intake,
    /// What has arrived and is not used yet: the beginning of a request, or requests behind the one in hand.
    held: Vec<u8>,
    /// How much of a body had come when it was last looked at for mistakes.
    probed: u32,
    /// Calls taken so far, and those answered with an error.
    calls: u32,
    errors: u32,
    /// When the request that is not whole began.
    since: Option<Instant>,
    /// The call in hand, by its number.
    pending: Option<u64>,
    /// What is held could be served, and waits until the peer takes what was written to it.
    put_off: bool,
    /// The peer will send no more.
    ended: bool,
}

impl Stream {
    /// How many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// When the request that is not whole began.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// The call in hand.
    pub(super) fn pending(&self) -> Option<u64> {
        self.pending
    }

    /// Whether what is held could be served if the peer took what was written to it.
    pub(super) fn is_put_off(&self) -> bool {
        self.put_off
    }

    /// Whether nothing more is read or answered.
    pub(super) fn is_closed(&self) -> bool {
        self.intake.is_closed()
    }

    /// Nothing more is read or answered. Frees what is held.
    pub(super) fn close(&mut self) {
        self.intake.closed();
        (self.held, self.since, self.pending, self.put_off) = (Vec::new(), None, None, false);
    }

    /// Keeps bytes for later without looking at them.
    pub(super) fn hold(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
    }

    /// As [`hold`](Self::hold), for bytes that are looked at once more have come: the request's time runs.
    pub(super) fn begin(&mut self, chunk: &[u8], now: Instant) {
        self.hold(chunk);
        if !self.intake.is_busy() {
            self.since.get_or_insert(now);
        }
    }

    /// The peer will send no more; what it has sent is still answered.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The call in hand has been answered. Call [`serve`](Self::serve) next: more may be waiting behind it.
    pub(super) fn answered(&mut self) {
        self.pending = None;
        self.intake.answered();
    }

    /// The call in hand has to be waited for under another number.
    pub(super) fn wait_for(&mut self, number: u64) {
        self.pending = Some(number);
    }

    /// So many calls of the stream have been answered with an error since the last time.
    pub(super) fn count_errors(&mut self, more: u64) {
        self.errors = self.errors.saturating_add(more as u32);
    }

    /// What the stream does at `now`; its connection began at `start`.
    pub(super) fn describe<K, F>(
        &self,
        id: Option<u32>,
        calls: &Calls<K, F>,
        start: Instant,
        now: Instant,
    ) -> StreamDescription {
        StreamDescription {
            id,
            calls: self.calls,
            errors: self.errors,
            current: self.pending.and_then(|number| calls.describe(number, start, now)),
            receiving: self.since.is_some(),
            put_off: self.put_off,
        }
    }

    /// Gives up on a request that is not whole.
    pub(super) fn give_up<S, F, L: Lane>(
        &mut self,
        turn: &mut Turn<S, F, L::Stream>,
        lane: &mut L,
        id: L::Stream,
        text: GoStr,
    ) where
        S: RpcService<F>,
        F: Future<Output = Result<Answer, Fault>> + Unpin,
    {
        turn.give_up(lane, id, &mut self.intake, text);
        self.close();
    }

    /// Takes `chunk` and serves what can be served. `After::Close`: the stream is to be closed once its output is written.
    pub(super) fn serve<S, F, L: Lane>(
        &mut self,
        turn: &mut Turn<S, F, L::Stream>,
        lane: &mut L,
        id: L::Stream,
        chunk: &[u8],
        now: Instant,
        cx: &mut Context<'_>,
    ) -> After
    where
        S: RpcService<F>,
        F: Future<Output = Result<Answer, Fault>> + Unpin,
    {
        if self.intake.is_busy() {
            self.hold(chunk);
            return After::Wait;
        }
        let mut held = std::mem::take(&mut self.held);
        let data: &[u8] = if held.is_empty() {
            chunk
        } else {
            held.extend_from_slice(chunk);
            &held
        };
        let (mut at, calls, errors) = (0, turn.served, turn.errors);
        let received = self.since.unwrap_or(now);
        let mut after = turn.serve(lane, id, &mut self.intake, data, &mut at, received, cx);
        let rest = &data[at.min(data.len())..];
        if turn.served != calls {
            (self.since, self.probed) = (None, 0);
        }
        if after == After::Wait && !rest.is_empty() && rest.len() >= 2 * self.probed as usize {
            self.probed = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            after = turn.probe(lane, id, &mut self.intake, rest);
        }
        if after == After::Wait && self.ended {
            after = turn.end_of_input(lane, id, &mut self.intake, rest);
        }
        self.calls = self.calls.saturating_add((turn.served - calls) as u32);
        self.count_errors(turn.errors - errors);
        match after {
            After::Close => self.close(),
            After::Pending(number) => self.pending = Some(number),
            After::Wait | After::PutOff => {}
        }
        if after != After::Close {
            if held.is_empty() {
                self.held = rest.to_vec();
            } else if at > 0 {
                held.drain(..at.min(held.len()));
                if !held.is_empty() {
                    self.held = held;
                }
            } else {
                self.held = held;
            }
        }
        self.put_off = after == After::PutOff;
        // Nobody is late with a request that we put off.
        let late = self.intake.is_partial(self.held.len()) && !self.put_off;
        self.since = if late { self.since.or(Some(now)) } else { None };
        after
    }
}
