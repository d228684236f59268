//! Calls of one connection that are not answered yet.
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{
    future::{AbortHandle, Abortable},
    stream::{FuturesUnordered, Stream},
};
use proconsul_types::{MethodRow, RequestSeq};
use slab::Slab;

use super::Connection;
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
    to: To<K>,
    held: Held,
}

enum Held {
    /// A future of [`Calls::futures`].
    Future(AbortHandle),
    /// Put away somewhere; `None` only while it is being put away.
    Parked(Option<Box<dyn Parked>>),
}

impl<K, F> Default for Calls<K, F> {
    fn default() -> Self {
        Self { slots: Slab::new(), futures: FuturesUnordered::new(), generation: 0 }
    }
}

impl<K: Copy, F> Calls<K, F>
where
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    /// Keeps a future until it is ready or [`cancel`](Self::cancel)led. Returns the call's number.
    pub(super) fn keep(&mut self, to: To<K>, future: F) -> u64 {
        let (abort, registration) = AbortHandle::new_pair();
        let number = self.insert(to, Held::Future(abort));
        self.futures.push(Abortable::new(Numbered { number, future }, registration));
        number
    }

    /// Parks a call. Returns its number.
    pub(super) fn park(&mut self, to: To<K>, call: Box<dyn Park>, connection: &Arc<Connection>) -> u64 {
        let number = self.insert(to, Held::Parked(None));
        let parked = call.park(ReplyTo::new(Arc::clone(connection) as _, number));
        if let Some(slot) = self.slots.get_mut(index(number)) {
            slot.held = Held::Parked(Some(parked));
        }
        number
    }

    fn insert(&mut self, to: To<K>, held: Held) -> u64 {
        self.generation = self.generation.wrapping_add(1);
        let index = self.slots.insert(Slot { generation: self.generation, to, held });
        (u64::from(self.generation) << 32) | index as u64
    }

    fn remove(&mut self, number: u64) -> Option<Slot<K>> {
        let slot = self.slots.get(index(number))?;
        (u64::from(slot.generation) == number >> 32).then(|| self.slots.remove(index(number)))
    }

    /// A parked call has its answer: where it goes. `None` when it was cancelled meanwhile.
    pub(super) fn answered(&mut self, number: u64, ok: bool) -> Option<To<K>> {
        let slot = self.remove(number)?;
        if let Held::Parked(Some(parked)) = slot.held {
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

    /// The next future that is ready.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<(To<K>, F::Output)> {
        loop {
            match Pin::new(&mut self.futures).poll_next(cx) {
                Poll::Ready(Some(Ok((number, result)))) => {
                    if let Some(slot) = self.remove(number) {
                        return Poll::Ready((slot.to, result));
                    }
                }
                Poll::Ready(Some(Err(_aborted))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
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
