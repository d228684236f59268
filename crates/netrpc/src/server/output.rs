//! Bytes on their way to the peer.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use proconsul_yamux::Stall;
use tokio::io::AsyncWrite;

use super::{
    End,
    buffers::{fits, recycle, spare},
};

/// With this much waiting to be written, no further call is answered: requests stay where they are, unacknowledged.
pub const OUTPUT_BYTES_STOP_SERVING: usize = 1024 * 1024;

/// With this much waiting to be written, nothing further is read. Above the other mark, so that a peer that is slow to read
/// can still tell us so (window updates, pings), and be told (acknowledgements).
pub const OUTPUT_BYTES_STOP_READING: usize = 2 * OUTPUT_BYTES_STOP_SERVING;

/// So much of what the peer did not take is copied; more is kept in the buffer that it is in, if that is not much larger.
const COPY_BYTES_MAX: usize = 4 * 1024;

/// What could not be written in the turn that made it.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    bytes: Vec<u8>,
    start: usize,
    stall: Stall,
}

impl Unsent {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Writes what is left of earlier turns, then `output`; what the peer does not take stays. `output` is empty afterwards.
    pub(super) fn write<IO: AsyncWrite + Unpin>(
        &mut self,
        io: &mut IO,
        output: &mut Vec<u8>,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        let before = self.len() + output.len();
        while self.start < self.bytes.len() {
            match write_some(io, &self.bytes[self.start..], cx)? {
                0 => break,
                count => self.start += count,
            }
        }
        if self.start == self.bytes.len() {
            let mut taken = 0;
            while taken < output.len() {
                match write_some(io, &output[taken..], cx)? {
                    0 => break,
                    count => taken += count,
                }
            }
            recycle(std::mem::take(&mut self.bytes));
            self.start = 0;
            let left = output.len() - taken;
            if left > COPY_BYTES_MAX && fits(output.capacity(), left) {
                // Kept where it is: the turn goes on with another buffer.
                (self.bytes, self.start) = (std::mem::take(output), taken);
            } else if left > 0 {
                self.bytes = spare(left);
                self.bytes.extend_from_slice(&output[taken..]);
            }
        } else {
            if self.start > self.bytes.len() / 2 {
                self.bytes.drain(..self.start);
                self.start = 0;
            }
            self.bytes.extend_from_slice(output);
        }
        output.clear();
        self.stall.after_write(before - self.len(), self.len(), now);
        Ok(())
    }

    /// When the peer has taken too long, if there is anything for it to take.
    pub(super) fn deadline(&self, limit: Duration) -> Option<Instant> {
        self.stall.deadline(limit)
    }

    /// # Errors
    /// When the peer has taken nothing for too long.
    pub(super) fn check(&self, limit: Duration, now: Instant) -> Result<(), End> {
        match self.deadline(limit) {
            Some(deadline) if deadline <= now => Err(End::SlowReader { limit }),
            _ => Ok(()),
        }
    }
}

/// How many bytes the peer takes now; 0: none, and the task will be woken.
fn write_some<IO: AsyncWrite + Unpin>(io: &mut IO, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<usize> {
    match Pin::new(io).poll_write(cx, bytes) {
        Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
        Poll::Ready(result) => result,
        Poll::Pending => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes so many bytes, and then no more until it is told to.
    struct Takes {
        room: usize,
        got: Vec<u8>,
    }

    impl AsyncWrite for Takes {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let count = self.room.min(bytes.len());
            if count == 0 {
                return Poll::Pending;
            }
            self.room -= count;
            self.got.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn bytes_come_in_order_and_a_slow_peer_holds_little_more_than_they_are() {
        let mut cx = Context::from_waker(Waker::noop());
        let (mut io, mut unsent) = (Takes { room: 0, got: Vec::new() }, Unsent::default());
        let mut output = Vec::with_capacity(1024 * 1024);
        let mut sent = Vec::new();
        for (round, (length, room)) in [
            (300_000, 100_000),
            (10, 0),
            (50_000, 250_000),
            (0, 1),
            (700_000, 10_000),
            (9_000, 2_000_000),
            (6_000, 100),
        ]
        .into_iter()
        .enumerate()
        {
            let more = vec![round as u8; length];
            output.extend_from_slice(&more);
            sent.extend(more);
            io.room += room;
            unsent.write(&mut io, &mut output, Instant::now(), &mut cx).expect("it takes some");
            assert!(output.is_empty());
            assert_eq!(io.got.len() + unsent.len(), sent.len());
            assert!(unsent.bytes.capacity() / 4 <= unsent.len() + COPY_BYTES_MAX, "round {round}");
        }
        io.room = usize::MAX;
        unsent.write(&mut io, &mut output, Instant::now(), &mut cx).expect("it takes all");
        assert_eq!(io.got, sent);
        assert_eq!(unsent.bytes.capacity(), 0, "a connection that has written all holds nothing");
    }
}
