//! Peers that do not read.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How long a peer may take for what is written to it, until it has all of it. Then it is dropped.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection whose writes fail once the peer has not taken what was written within a time. Progress by bits is none: the
/// time runs until everything is written, which is when the writer flushes.
pub(crate) struct Impatient<IO> {
    io: IO,
    limit: Duration,
    /// Runs while something is written that the peer has not taken yet.
    overdue: Option<Pin<Box<Sleep>>>,
}

impl<IO> Impatient<IO> {
    pub(crate) fn new(io: IO, limit: Duration) -> Self {
        Self { io, limit, overdue: None }
    }

    /// What a write that cannot go on now comes to.
    fn waits<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let limit = self.limit;
        let overdue = self.overdue.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(overdue.as_mut().poll(cx));
        Poll::Ready(Err(self.too_slow()))
    }

    fn too_slow(&self) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, format!("the peer has not read for {:?}", self.limit))
    }

    /// An early answer for a peer that reads, and never enough.
    fn is_overdue(&self) -> bool {
        self.overdue.as_ref().is_some_and(|overdue| overdue.deadline() <= Instant::now())
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Impatient<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, into)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Impatient<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_overdue() {
            return Poll::Ready(Err(self.too_slow()));
        }
        match Pin::new(&mut self.io).poll_write(cx, bytes) {
            Poll::Pending => self.waits(cx),
            written => written,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_overdue() {
            return Poll::Ready(Err(self.too_slow()));
        }
        match Pin::new(&mut self.io).poll_write_vectored(cx, bytes) {
            Poll::Pending => self.waits(cx),
            written => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Pending => self.waits(cx),
            Poll::Ready(flushed) => {
                self.overdue = None;
                Poll::Ready(flushed)
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_shutdown(cx) {
            Poll::Pending => self.waits(cx),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_given_up_when_its_time_is_over() {
        let (near, _far) = duplex(8);
        let mut near = Impatient::new(near, LIMIT);
        let start = Instant::now();
        let error = near.write_all(&[0; 9]).await.expect_err("nobody reads");
        assert_eq!((error.kind(), start.elapsed() >= LIMIT), (io::ErrorKind::TimedOut, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_byte_now_and_then_is_not_waited_for_either() {
        let (near, mut far) = duplex(8);
        let drip = tokio::spawn(async move {
            while far.read_u8().await.is_ok() {
                sleep(LIMIT / 4).await;
            }
        });
        let mut near = Impatient::new(near, LIMIT);
        let start = Instant::now();
        near.write_all(&[0; 100]).await.expect_err("it would take 250 seconds");
        assert!(start.elapsed() <= LIMIT + LIMIT / 4, "{:?}", start.elapsed());
        drop(near);
        drip.await.expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn time_runs_only_while_something_is_to_be_written() {
        let (near, mut far) = duplex(8);
        let mut near = Impatient::new(near, LIMIT);
        for _ in 0..3 {
            let mut got = [0; 16];
            let (read, wrote) = tokio::join!(far.read_exact(&mut got), async {
                near.write_all(&[0; 16]).await?;
                near.flush().await
            });
            assert!(read.is_ok() && wrote.is_ok());
            sleep(2 * LIMIT).await;
        }
    }
}
