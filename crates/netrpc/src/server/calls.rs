//! Calls of one connection that are not answered yet.
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::{
    future::{AbortHandle, Abortable},
    stream::{FuturesUnordered, Stream},
};
use proconsul_types::{MethodRow, RequestSeq};
use slab::Slab;

use super::{CallDescription, CallState, Connection};
use crate::{Answer, Fault, Park, Parked, ReplyTo};

/// Where an answer goes: a stream of the connection (`K`), and what the header of the answer repeats.
#[derive(Clone, Copy, Debug)]
pub(super) struct To<K> {
    pub(super) stream: K,
    pub(super) seq: RequestSeq,
    pub(super) method: &'static MethodRow,
}

/// The calls in hand. An idle connection has none of this, see [`Calls::default`].
pub(super) struct Calls<K, F> {
    slots: Slab<Slot<K>>,
    futures: FuturesUnordered<Abortable<Numbered<F>>>,
    /// Makes the number of a slot unlike that of the one that had its place before.
    generation: u32,
}

struct Slot<K> {
    generation: u32,
    /// When the call's first byte came, in milliseconds since the connection began; wraps after 49 days.
    received_ms: u32,
    to: To<K>,
    held: Held,
}

enum Held {
    /// A future of [`Calls::futures`].
    Future(AbortHandle),
    /// Put away somewhere.
    Parked(Box<dyn Parked>),
}

/// In the place of a parked call's hold while the call is being put away.
struct OnItsWay;

impl Parked for OnItsWay {
    fn done(self: Box<Self>, _ok: bool) {}
}

impl<K, F> Default for Calls<K, F> {
    fn default() -> Self {
        Self { slots: Slab::new(), futures: FuturesUnordered::new(), generation: 0 }
    }
}

impl<K, F> Calls<K, F> {
    /// The call in hand with this number, at `now`, on a connection that began at `start`.
    pub(super) fn describe(&self, number: u64, start: Instant, now: Instant) -> Option<CallDescription> {
        let slot = self.slots.get(index(number)).filter(|slot| u64::from(slot.generation) == number >> 32)?;
        let age_ms = millis_since(start, now).wrapping_sub(slot.received_ms);
        let state = match slot.held {
            Held::Future(_) => CallState::Running,
            Held::Parked(_) => CallState::Parked,
        };
        Some(CallDescription {
            method: slot.to.method.name,
            seq: slot.to.seq,
            age: Duration::from_millis(age_ms.into()),
            state,
        })
    }
}

impl<K: Copy, F> Calls<K, F>
where
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    /// Keeps a future until it is ready or [`cancel`](Self::cancel)led. Returns the call's number.
    pub(super) fn keep(&mut self, to: To<K>, received_ms: u32, future: F) -> u64 {
        let (abort, registration) = AbortHandle::new_pair();
        let number = self.insert(to, received_ms, Held::Future(abort));
        self.futures.push(Abortable::new(Numbered { number, future }, registration));
        number
    }

    /// Parks a call. Returns its number.
    pub(super) fn park(
        &mut self,
        to: To<K>,
        received_ms: u32,
        call: Box<dyn Park>,
        connection: &Arc<Connection>,
    ) -> u64 {
        let number = self.insert(to, received_ms, Held::Parked(Box::new(OnItsWay)));
        let parked = call.park(ReplyTo::new(Arc::clone(connection) as _, number));
        if let Some(slot) = self.slots.get_mut(index(number)) {
            slot.held = Held::Parked(parked);
        }
        number
    }

    fn insert(&mut self, to: To<K>, received_ms: u32, held: Held) -> u64 {
        self.generation = self.generation.wrapping_add(1);
        let index = self.slots.insert(Slot { generation: self.generation, received_ms, to, held });
        (u64::from(self.generation) << 32) | index as u64
    }

    fn remove(&mut self, number: u64) -> Option<Slot<K>> {
        let slot = self.slots.get(index(number))?;
        (u64::from(slot.generation) == number >> 32).then(|| self.slots.remove(index(number)))
    }

    /// A parked call has its answer: where it goes. `None` when it was cancelled meanwhile.
    pub(super) fn answered(&mut self, number: u64, ok: bool) -> Option<To<K>> {
        let slot = self.remove(number)?;
        if let Held::Parked(parked) = slot.held {
            parked.done(ok);
        }
        Some(slot.to)
    }

    /// The client has gone: everything that the call waited on is freed now.
    pub(super) fn cancel(&mut self, number: u64) {
        if let Some(Slot { held: Held::Future(abort), .. }) = self.remove(number) {
            abort.abort();
        }
    }

    /// How many calls are in hand.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The next future that is ready: where its answer goes, and when its call's first byte came.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<(To<K>, u32, F::Output)> {
        loop {
            match Pin::new(&mut self.futures).poll_next(cx) {
                Poll::Ready(Some(Ok((number, result)))) => {
                    if let Some(slot) = self.remove(number) {
                        return Poll::Ready((slot.to, slot.received_ms, result));
                    }
                }
                Poll::Ready(Some(Err(_aborted))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Milliseconds from `start` to `now`, in what a call's slot has room for.
pub(super) fn millis_since(start: Instant, now: Instant) -> u32 {
    now.saturating_duration_since(start).as_millis() as u32
}

fn index(number: u64) -> usize {
    (number & u64::from(u32::MAX)) as usize
}

/// A future that says whose it is.
struct Numbered<F> {
    number: u64,
    future: F,
}

impl<F: Future + Unpin> Future for Numbered<F> {
    type Output = (u64, F::Output);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let number = self.number;
        Pin::new(&mut self.future).poll(cx).map(|output| (number, output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand of them may be parked on a server. When each began fits where nothing was before.
    #[test]
    fn what_is_kept_of_a_call_in_hand_is_small() {
        let bytes = size_of::<Slot<proconsul_yamux::StreamKey>>();
        assert!(bytes <= 48, "{bytes}");
    }

    #[test]
    fn an_age_is_right_on_a_connection_older_than_its_clock_can_count() {
        let start = Instant::now();
        let received = start + Duration::from_millis(u64::from(u32::MAX) - 10);
        let now = received + Duration::from_millis(30);
        assert_eq!(millis_since(start, now).wrapping_sub(millis_since(start, received)), 30);
    }
}
