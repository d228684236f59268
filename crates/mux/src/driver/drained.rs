//! A TLS session that needs no flush.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that holds written bytes until it is flushed, as if it were a socket: what is written goes on its way by itself, as
/// long as somebody reads or writes.
#[derive(Debug)]
pub(super) struct Drained<IO> {
    io: IO,
    /// It may hold bytes that the socket has not taken.
    unflushed: bool,
}

impl<IO> Drained<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self { io, unflushed: false }
    }

    pub(super) fn get_ref(&self) -> &IO {
        &self.io
    }
}

impl<IO: AsyncWrite + Unpin> Drained<IO> {
    /// Ready when it holds nothing.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Drained<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // A reader that waits is woken when the socket takes more, too.
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Drained<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(cx))?;
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, buf))?;
        self.unflushed = true;
        match self.poll_drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(written)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drain(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter, duplex};

    use super::*;

    #[tokio::test]
    async fn what_was_written_arrives_without_a_flush_while_somebody_reads() {
        let (near, mut far) = duplex(16);
        let mut near = Drained::new(BufWriter::with_capacity(64, near));
        near.write_all(&[7; 40]).await.expect("it fits");
        let mut answer = [0];
        let reads = async {
            near.read_exact(&mut answer).await.expect("an answer");
        };
        let takes = async {
            let mut taken = [0; 40];
            far.read_exact(&mut taken).await.expect("all that was written");
            far.write_all(&[1]).await.expect("an answer");
            taken
        };
        let ((), taken) = tokio::join!(reads, takes);
        assert_eq!((taken, answer), ([7; 40], [1]));
    }

    #[tokio::test]
    async fn what_the_peer_does_not_take_holds_the_writer_back() {
        let (near, _far) = duplex(16);
        let mut near = Drained::new(BufWriter::with_capacity(64, near));
        near.write_all(&[7; 40]).await.expect("it fits");
        let more = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut near).poll_write(cx, &[7])));
        assert!(more.await.is_pending());
    }
}
