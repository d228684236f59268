//! The tokio half: one task owns the connection, streams are handles into the session it drives.
//!
//! The task reads and writes independently of each other: a connection that takes no bytes does not keep it from reading.
//! Only a peer that made us queue [`OUTPUT_BYTES_MAX`] without reading any of it is read no further.

mod control;
mod shared;
mod stream;

use crate::config::{Code, Config, Side};
use crate::error::SessionError;
use crate::stall::Stall;
pub use control::{Control, Incoming, PingError};
use shared::{Inner, Shared};
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
pub use stream::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes waiting to be written to a connection from which on its streams' writers have to wait.
pub const OUTPUT_WRITERS_MAX: usize = 256 * 1024;
/// Bytes waiting to be written to a connection from which on nothing is read from it. What the streams' writers leave
/// free of this is for answers to pings, refusals and window updates.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// How much is read at once, into the stack: an idle connection owns no read buffer.
const READ_BYTES: usize = 16 * 1024;
/// How many reads are made before other tasks of the thread get their turn.
const READS_PER_POLL: usize = 16;
/// Write buffers above this size are given back when they are empty.
const OUTPUT_KEPT_BYTES: usize = 4 * 1024;

/// Why a connection ended otherwise than by a close of either side.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The session ended with an error.
    #[error("the yamux session ended")]
    Session(#[from] SessionError),
    /// The byte stream below failed.
    #[error("the connection below yamux failed")]
    Io(#[from] io::Error),
}

/// A yamux connection over a byte stream. It has no methods of its own: [`new`](Self::new) takes it apart.
#[derive(Debug)]
pub struct Connection;

impl Connection {
    /// Starts yamux on `io`. Spawn or poll the [`Driver`]: nothing moves without it. Whoever called for a TCP connection
    /// should have set `TCP_NODELAY`.
    #[expect(clippy::new_ret_no_self, reason = "a connection is its parts")]
    pub fn new<IO>(io: IO, side: Side, config: impl Into<Arc<Config>>) -> (Control, Incoming, Driver<IO>)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let shared = Shared::new(side, config.into(), now());
        let driver = Driver {
            io,
            shared: shared.clone(),
            writing: Vec::new(),
            written: 0,
            stall: Stall::default(),
            sleep: None,
            ending: None,
        };
        (Control::new(shared.clone()), Incoming::new(shared), driver)
    }
}

/// The connection's task. It ends when the peer closes the connection, after [`Control::close`], or with an error; until
/// then it is pending. Dropping it ends the session: every stream fails.
#[derive(Debug)]
#[must_use = "nothing moves unless the driver is polled"]
pub struct Driver<IO> {
    io: IO,
    shared: Shared,
    /// Output taken from the session, of which `written` bytes are on the connection.
    writing: Vec<u8>,
    written: usize,
    stall: Stall,
    sleep: Option<(Instant, Pin<Box<Sleep>>)>,
    ending: Option<Ending>,
}

/// The session is over; what is left is to write the output and close the connection.
#[derive(Debug)]
struct Ending {
    error: Option<ConnectionError>,
    /// When to stop trying.
    deadline: Instant,
}

/// The driver's clock is tokio's, so that tests can move it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Future for Driver<IO> {
    type Output = Result<(), ConnectionError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.shared.lock().register_driver(cx.waker());
        if this.ending.is_none()
            && let Err(end) = this.run(cx)
        {
            this.begin_end(end);
        }
        match &this.ending {
            None => Poll::Pending,
            Some(_) => this.poll_end(cx),
        }
    }
}

/// Why the running phase is over; `None` for a close without error.
type End = Option<ConnectionError>;

impl<IO: AsyncRead + AsyncWrite + Unpin> Driver<IO> {
    /// Does all that can be done now. `Err` ends the session.
    fn run(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        for _ in 0..READS_PER_POLL {
            let is_read = self.poll_input(cx)?.is_ready();
            self.poll_output(cx).map_err(|error| Some(error.into()))?;
            if self.shared.lock().is_closing() {
                return Err(None);
            }
            if !is_read {
                return self.poll_timers(cx);
            }
        }
        cx.waker().wake_by_ref();
        self.poll_timers(cx)
    }

    /// Reads once. Ready if there may be more, or if more may be read once output is gone.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, End> {
        if self.shared.lock().output_waiting() >= OUTPUT_BYTES_MAX {
            // The write that makes room polls again.
            return Ok(Poll::Pending);
        }
        let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(Err(error)) => Err(Some(error.into())),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Err(self.at_end_of_input()),
            Poll::Ready(Ok(())) => {
                let received = self.shared.lock().receive(buffer.filled(), now());
                received.map(Poll::Ready).map_err(|error| Some(error.into()))
            }
        }
    }

    fn at_end_of_input(&self) -> End {
        let is_clean = self.shared.lock().session.is_between_frames();
        (!is_clean).then(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }

    /// Writes until the connection takes no more or nothing is left.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let was_waiting = self.shared.lock().output_waiting();
        let mut total = 0;
        while self.has_output() {
            match Pin::new(&mut self.io).poll_write(cx, &self.writing[self.written..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => {
                    self.written += count;
                    total += count;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        if total > 0
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.io).poll_flush(cx)
        {
            return Err(error);
        }
        let mut inner = self.shared.lock();
        inner.writing = self.writing.len() - self.written;
        let waiting = inner.output_waiting();
        self.stall.after_write(total, waiting, now());
        if waiting < OUTPUT_WRITERS_MAX {
            inner.wake_writers();
        }
        if was_waiting >= OUTPUT_BYTES_MAX && waiting < OUTPUT_BYTES_MAX {
            cx.waker().wake_by_ref(); // reading was off
        }
        Ok(())
    }

    /// Makes sure that what is to be written is at hand. False if nothing is.
    fn has_output(&mut self) -> bool {
        if self.written < self.writing.len() {
            return true;
        }
        self.writing.clear();
        self.written = 0;
        let mut inner = self.shared.lock();
        if inner.session.output_len() == 0 {
            self.writing.shrink_to(OUTPUT_KEPT_BYTES);
            return false;
        }
        inner.session.swap_output(&mut self.writing);
        inner.writing = self.writing.len();
        true
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        loop {
            let (next, write_timeout) = {
                let inner = self.shared.lock();
                (inner.session.poll_timeout(), inner.session.config().write_timeout)
            };
            let stalled = self.stall.deadline(write_timeout);
            let Some(deadline) = next.into_iter().chain(stalled).min() else {
                self.sleep = None;
                return Ok(());
            };
            if self.poll_sleep(cx, deadline).is_pending() {
                return Ok(());
            }
            let now = now();
            if stalled.is_some_and(|at| at <= now) {
                return Err(Some(SessionError::WriteTimeout.into()));
            }
            self.shared.lock().handle_timeout(now).map_err(|error| Some(error.into()))?;
            self.poll_output(cx).map_err(|error| Some(error.into()))?;
        }
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let at = tokio::time::Instant::from_std(deadline);
        let (set, sleep) = self.sleep.get_or_insert_with(|| (deadline, Box::pin(tokio::time::sleep_until(at))));
        if *set != deadline {
            *set = deadline;
            sleep.as_mut().reset(at);
        }
        ready!(sleep.as_mut().poll(cx));
        // A timer is good for one firing.
        self.sleep = None;
        Poll::Ready(())
    }

    fn begin_end(&mut self, error: End) {
        let mut inner = self.shared.lock();
        if error.is_none() && inner.is_closing() && !inner.session.is_local_gone() {
            inner.session.go_away(Code::Normal);
        }
        inner.end();
        let deadline = now() + inner.session.config().write_timeout;
        self.ending = Some(Ending { error, deadline });
    }

    /// Writes out what is left, then closes the connection; gives up when it takes too long or fails.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let deadline = self.ending.as_ref().map_or_else(now, |ending| ending.deadline);
        if !self.is_broken() && self.poll_sleep(cx, deadline).is_pending() {
            let is_written = self.poll_output(cx).is_err() || self.shared.lock().output_waiting() == 0;
            if !is_written || Pin::new(&mut self.io).poll_shutdown(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.shared.lock().finish_end();
        let error = self.ending.take().and_then(|ending| ending.error);
        self.ending = Some(Ending { error: None, deadline });
        Poll::Ready(error.map_or(Ok(()), Err))
    }

    /// Whether the connection is of no use even for a last word.
    fn is_broken(&self) -> bool {
        let error = self.ending.as_ref().and_then(|ending| ending.error.as_ref());
        matches!(error, Some(ConnectionError::Io(_) | ConnectionError::Session(SessionError::WriteTimeout)))
    }
}

impl<IO> Drop for Driver<IO> {
    fn drop(&mut self) {
        let mut inner: std::sync::MutexGuard<'_, Inner> = self.shared.lock();
        inner.end();
        inner.finish_end();
    }
}
