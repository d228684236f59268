//! The end of a connection, so that the peer sees all that was written to it.
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{End, timer::Timer};

/// How long a peer may take to close its side after we have closed ours.
pub const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// How often is read in one turn before others have theirs.
const READS_PER_TURN: usize = 16;

/// Closes our side, then takes off the connection what the peer still sends until it closes its own. A connection that is
/// closed over bytes that nobody read, or that they come to afterwards, is reset, and what the peer has not read yet is lost.
#[derive(Debug, Default)]
pub(super) struct Farewell {
    until: Option<Instant>,
}

impl Farewell {
    /// Whether our side is closed.
    pub(super) fn has_begun(&self) -> bool {
        self.until.is_some()
    }

    /// Ready when the connection may be dropped.
    pub(super) fn poll<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        io: &mut IO,
        input: &mut [u8],
        timer: &mut Timer,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        let until = match self.until {
            Some(until) => until,
            None => {
                ready!(Pin::new(&mut *io).poll_shutdown(cx))?;
                *self.until.insert(now + FAREWELL_MAX)
            }
        };
        for _ in 0..READS_PER_TURN {
            let mut buffer = ReadBuf::new(input);
            match Pin::new(&mut *io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                // The peer has closed its side, or reset the connection: it has read what it wanted.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending if timer.poll(Some(until), cx) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        if now >= until {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
