//! Large messages are kept back until they are whole: what reads them next makes room by the length that the client declares, and
//! a client that declares megabytes and sends none shall hold none.
use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

/// Messages that declare no more than this are passed on as they come.
pub const PASSED_ON_BYTES_MAX: usize = 16 * 1024;

/// A flag and a length stand before every message.
const PREFIX_BYTES: usize = 5;

/// The bytes of a request on their way to who reads messages of at most `max` bytes.
#[derive(Debug)]
pub(crate) struct Gather {
    max: usize,
    held: VecDeque<Bytes>,
    held_bytes: usize,
    /// How many of the held bytes may go on.
    free: usize,
    /// How many bytes of the message at hand have not come yet, where it may go on as it comes.
    passing: usize,
    ended: bool,
}

impl Gather {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, held: VecDeque::new(), held_bytes: 0, free: 0, passing: 0, ended: false }
    }

    /// What came.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.held_bytes += bytes.len();
        let passed = self.passing.min(bytes.len());
        self.passing -= passed;
        self.free += passed;
        self.held.push_back(bytes);
        self.judge();
    }

    /// Nothing more will come: what is held goes on as it is.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.free = self.held_bytes;
    }

    /// The next bytes to go on.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let first = self.held.front_mut()?;
        let count = self.free.min(first.len());
        if count == 0 {
            return None;
        }
        let taken = if count == first.len() { self.held.pop_front()? } else { first.split_to(count) };
        self.free -= count;
        self.held_bytes -= count;
        Some(taken)
    }

    /// Lets go what may go: whole messages, and small or impossible ones as they come.
    fn judge(&mut self) {
        while self.passing == 0 && !self.ended {
            let Some(declared) = self.declared() else { return };
            let whole = PREFIX_BYTES + declared;
            let here = self.held_bytes - self.free;
            if here >= whole {
                self.free += whole;
            } else if declared <= PASSED_ON_BYTES_MAX || declared > self.max {
                self.free += here;
                self.passing = whole - here;
            } else {
                return;
            }
        }
    }

    /// The length in the prefix behind what is free already, if all of the prefix is there.
    fn declared(&self) -> Option<usize> {
        let mut prefix = [0; PREFIX_BYTES];
        let (mut skip, mut got) = (self.free, 0);
        for piece in &self.held {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            let piece = &piece[skipped..];
            let count = piece.len().min(PREFIX_BYTES - got);
            prefix[got..got + count].copy_from_slice(&piece[..count]);
            got += count;
            if got == PREFIX_BYTES {
                let [_, length @ ..] = prefix;
                return Some(u32::from_be_bytes(length) as usize);
            }
        }
        None
    }
}

/// A request's body through [`Gather`].
pub(crate) struct Gathered {
    inner: Body,
    gather: Gather,
}

impl Gathered {
    pub(crate) fn body(inner: Body, max: usize) -> Body {
        Body::new(Self { inner, gather: Gather::new(max) })
    }
}

impl http_body::Body for Gathered {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let Some(bytes) = self.gather.next() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.gather.ended {
                return Poll::Ready(None);
            }
            match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                None => self.gather.end(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    // Trailers of a request say nothing in gRPC.
                    if let Ok(mut bytes) = frame.into_data() {
                        self.gather.push(bytes.copy_to_bytes(bytes.remaining()));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.gather.held.is_empty() && (self.gather.ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1024 * 1024;

    fn message(length: usize) -> Vec<u8> {
        let mut message = vec![0];
        message.extend(u32::try_from(length).expect("short").to_be_bytes());
        message.resize(PREFIX_BYTES + length, 7);
        message
    }

    fn passed(gather: &mut Gather) -> usize {
        std::iter::from_fn(|| gather.next()).map(|bytes| bytes.len()).sum()
    }

    #[test]
    fn a_large_message_goes_on_when_it_is_whole_and_a_small_one_as_it_comes() {
        let mut gather = Gather::new(MAX);
        let small = message(100);
        gather.push(Bytes::copy_from_slice(&small[..3]));
        assert_eq!(passed(&mut gather), 0, "no prefix, no message");
        gather.push(Bytes::copy_from_slice(&small[3..50]));
        assert_eq!(passed(&mut gather), 50);
        let large = message(PASSED_ON_BYTES_MAX + 1);
        let both = [&small[50..], &large[..1000]].concat();
        gather.push(both.into());
        assert_eq!(passed(&mut gather), small.len() - 50, "the rest of the small one alone");
        gather.push(Bytes::copy_from_slice(&large[1000..]));
        assert_eq!(passed(&mut gather), large.len());
        gather.push(message(MAX + 1)[..PREFIX_BYTES].to_vec().into());
        assert_eq!(passed(&mut gather), PREFIX_BYTES, "one that is too large is refused by who reads it");
    }

    #[test]
    fn in_whatever_pieces_it_comes_it_goes_on_whole_and_in_order() {
        let sent: Vec<u8> = [0, 1, 200, PASSED_ON_BYTES_MAX, PASSED_ON_BYTES_MAX + 1, 70_000, 3]
            .into_iter()
            .flat_map(message)
            .collect();
        for size in [1, 2, 5, 7, 1000, 16_384, 200_000] {
            let mut gather = Gather::new(MAX);
            let mut got = Vec::new();
            for piece in sent.chunks(size) {
                gather.push(Bytes::copy_from_slice(piece));
                got.extend(std::iter::from_fn(|| gather.next()).flatten());
            }
            gather.end();
            got.extend(std::iter::from_fn(|| gather.next()).flatten());
            assert!(got == sent, "pieces of {size}");
        }
    }

    #[test]
    fn what_is_cut_short_goes_on_as_it_is() {
        let mut gather = Gather::new(MAX);
        gather.push(message(100_000)[..500].to_vec().into());
        assert_eq!(passed(&mut gather), 0);
        gather.end();
        assert_eq!(passed(&mut gather), 500);
    }
}
