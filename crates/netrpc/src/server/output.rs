//! Bytes on their way to the peer.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use proconsul_yamux::Stall;
use tokio::io::AsyncWrite;

use super::End;

/// With this much waiting to be written, no further call is answered: requests stay where they are, unacknowledged.
pub const OUTPUT_BYTES_STOP_SERVING: usize = 1024 * 1024;

/// With this much waiting to be written, nothing further is read. Above the other mark, so that a peer that is slow to read
/// can still tell us so (window updates, pings), and be told (acknowledgements).
pub const OUTPUT_BYTES_STOP_READING: usize = 2 * OUTPUT_BYTES_STOP_SERVING;

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
        let mut taken = 0;
        if self.start == self.bytes.len() {
            (self.bytes, self.start) = (Vec::new(), 0);
            while taken < output.len() {
                match write_some(io, &output[taken..], cx)? {
                    0 => break,
                    count => taken += count,
                }
            }
        } else if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(&output[taken..]);
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
