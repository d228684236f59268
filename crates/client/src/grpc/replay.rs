//! A request that can be sent again: what was sent of it is kept, up to a bound, until an answer begins.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use parking_lot::Mutex;
use tonic::{Status, body::Body};

/// How much of a request is kept for another attempt. One that is larger has one attempt. Go's library's.
pub const REPLAY_BYTES_MAX: usize = 256 * 1024;

/// A request of which every attempt sends all.
pub(super) struct Replay(Arc<Mutex<Source>>);

struct Source {
    body: Body,
    ended: bool,
    /// What was sent, from the beginning.
    kept: Vec<Bytes>,
    bytes: usize,
    /// There is no other attempt after this one.
    settled: bool,
    /// The attempt that may take from the body.
    turn: u32,
}

/// The request as one attempt sends it.
pub(super) struct Attempt {
    source: Arc<Mutex<Source>>,
    turn: u32,
    /// How many of the kept pieces were sent.
    at: usize,
}

impl Replay {
    pub(super) fn new(body: Body, again: bool) -> Self {
        let ended = body.is_end_stream();
        Self(Arc::new(Mutex::new(Source { body, ended, kept: Vec::new(), bytes: 0, settled: !again, turn: 0 })))
    }

    /// The request from its beginning; an attempt before this one sends no more of it.
    pub(super) fn attempt(&self) -> Attempt {
        let mut source = self.0.lock();
        source.turn += 1;
        Attempt { turn: source.turn, source: Arc::clone(&self.0), at: 0 }
    }

    /// Whether there can be another attempt.
    pub(super) fn is_whole(&self) -> bool {
        !self.0.lock().settled
    }

    /// There is no other attempt: what was kept is given up as soon as it was sent.
    pub(super) fn settle(&self) {
        self.0.lock().settled = true;
    }
}

impl Source {
    /// Keeps a piece that is being sent. The attempt has sent all that was kept before.
    fn keep(&mut self, piece: &Bytes) {
        self.bytes = self.bytes.saturating_add(piece.len());
        self.settled |= self.bytes > REPLAY_BYTES_MAX;
        if self.settled {
            self.kept = Vec::new();
        } else {
            self.kept.push(piece.clone());
        }
    }

    /// A piece that was sent before, for an attempt that is there.
    fn sent(&self, at: usize) -> Option<Bytes> {
        self.kept.get(at).cloned()
    }
}

impl HttpBody for Attempt {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let source = Arc::clone(&self.source);
        let mut source = source.lock();
        if source.turn != self.turn {
            return Poll::Ready(None);
        }
        if let Some(piece) = source.sent(self.at) {
            self.at += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if source.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut source.body).poll_frame(cx)?);
        source.ended = frame.is_none() || source.body.is_end_stream();
        if let Some(piece) = frame.as_ref().and_then(Frame::data_ref) {
            source.keep(piece);
            self.at += 1;
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        let source = self.source.lock();
        source.turn != self.turn || (source.ended && source.sent(self.at).is_none())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures_util::{FutureExt, future::poll_fn};

    use super::*;

    /// Pieces that are there already.
    struct Pieces(VecDeque<Bytes>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn replay(pieces: &[&'static [u8]]) -> Replay {
        Replay::new(Body::new(Pieces(pieces.iter().map(|piece| Bytes::from_static(piece)).collect())), true)
    }

    fn next(attempt: &mut Attempt) -> Option<Bytes> {
        let frame = poll_fn(|cx| Pin::new(&mut *attempt).poll_frame(cx)).now_or_never().expect("it is there");
        frame.map(|frame| frame.expect("a piece").into_data().expect("data"))
    }

    #[test]
    fn every_attempt_sends_all_of_it() {
        let replay = replay(&[b"a", b"b", b"c"]);
        let mut first = replay.attempt();
        assert_eq!(next(&mut first).as_deref(), Some(&b"a"[..]));
        assert_eq!(next(&mut first).as_deref(), Some(&b"b"[..]));
        let mut second = replay.attempt();
        assert_eq!(next(&mut first), None, "the first has had its turn");
        let all: Vec<Bytes> = std::iter::from_fn(|| next(&mut second)).collect();
        assert_eq!(all, ["a", "b", "c"]);
        assert!(second.is_end_stream());
    }

    #[test]
    fn what_is_larger_than_what_is_kept_is_sent_once() {
        static LARGE: [u8; REPLAY_BYTES_MAX] = [7; REPLAY_BYTES_MAX];
        let replay = replay(&[&LARGE, b"more", b"end"]);
        let mut only = replay.attempt();
        next(&mut only);
        assert!(replay.is_whole());
        next(&mut only);
        assert!(!replay.is_whole());
        assert_eq!(next(&mut only).as_deref(), Some(&b"end"[..]));
        assert_eq!(next(&mut only), None);
    }
}
