//! Bytes that go out together: what is written in the first round of a turn is held until the calls that began in it have had their
//! say.
//!
//! Go's clients measure a connection by a ping with nearly every call. Without this, its answer would be a write of its own before
//! the call's, and a lone call would cost four system calls in the place of three.
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are held. More go out at once.
const HELD_BYTES_MAX: usize = 16 * 1024;

/// Says whether bytes are held. The connection's task alone uses it.
#[derive(Clone, Default)]
pub(crate) struct Cork(Arc<Flags>);

#[derive(Default)]
struct Flags {
    /// The peer has begun. What is said before that, HTTP/2 does not flush again.
    begun: AtomicBool,
    is_in: AtomicBool,
    held: AtomicBool,
}

impl Cork {
    /// The peer has sent its first frame: bytes may be held from now on.
    pub(crate) fn begin(&self) {
        self.0.begun.store(true, Relaxed);
    }

    /// From now on bytes are held, or are not.
    pub(crate) fn put(&self, is_in: bool) {
        self.0.is_in.store(is_in, Relaxed);
    }

    /// Whether bytes are held that come.
    pub(crate) fn is_in(&self) -> bool {
        self.0.is_in.load(Relaxed) && self.0.begun.load(Relaxed)
    }

    /// Whether there are bytes to be flushed once it is out.
    pub(crate) fn holds(&self) -> bool {
        self.0.held.load(Relaxed)
    }
}

/// A connection behind a cork.
pub(crate) struct Corked<IO> {
    io: IO,
    cork: Cork,
    held: Vec<u8>,
    start: usize,
}

impl<IO> Corked<IO> {
    pub(crate) fn new(io: IO, cork: Cork) -> Self {
        Self { io, cork, held: Vec::new(), start: 0 }
    }

    /// Takes bytes in, as far as there is room.
    fn hold(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(HELD_BYTES_MAX.saturating_sub(self.held.len()));
        self.held.extend_from_slice(&bytes[..count]);
        self.cork.0.held.store(!self.held.is_empty(), Relaxed);
        count
    }
}

impl<IO: AsyncWrite + Unpin> Corked<IO> {
    /// Writes what is held.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.start < self.held.len() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.held[self.start..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.start += count,
            }
        }
        // A connection at rest has no buffer.
        (self.held, self.start) = (Vec::new(), 0);
        self.cork.0.held.store(false, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Corked<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Corked<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.cork.is_in() || this.cork.holds() {
            match this.hold(buf) {
                0 if !buf.is_empty() => ready!(this.poll_out(cx))?,
                count => return Poll::Ready(Ok(count)),
            }
        }
        Pin::new(&mut this.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.cork.is_in() || this.cork.holds() {
            let mut count = 0;
            for buf in bufs {
                let held = this.hold(buf);
                count += held;
                if held < buf.len() {
                    break;
                }
            }
            if count > 0 || bufs.iter().all(|buf| buf.is_empty()) {
                return Poll::Ready(Ok(count));
            }
            ready!(this.poll_out(cx))?;
        }
        Pin::new(&mut this.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.cork.is_in() {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_out(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes at most so many bytes at once, and remembers each write.
    struct Writes(usize, Vec<Vec<u8>>);

    impl AsyncWrite for Writes {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let count = bytes.len().min(self.0);
            self.1.push(bytes[..count].to_vec());
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn write(corked: &mut Corked<Writes>, bytes: &[u8]) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut at = 0;
        while at < bytes.len() {
            let Poll::Ready(Ok(count)) = Pin::new(&mut *corked).poll_write(&mut cx, &bytes[at..]) else {
                panic!("it waits")
            };
            at += count;
        }
        assert!(matches!(Pin::new(&mut *corked).poll_flush(&mut cx), Poll::Ready(Ok(()))));
    }

    #[test]
    fn what_is_held_goes_out_with_what_follows() {
        let cork = Cork::default();
        let mut corked = Corked::new(Writes(usize::MAX, Vec::new()), cork.clone());
        cork.put(true);
        write(&mut corked, b"settings");
        assert_eq!(corked.io.1, [b"settings"], "a peer that has said nothing may wait for it");
        cork.begin();
        write(&mut corked, b"ack ");
        assert!(cork.holds() && corked.io.1.len() == 1);
        cork.put(false);
        write(&mut corked, b"answer");
        assert_eq!(corked.io.1[1..], [b"ack answer"]);
        assert!(!cork.holds() && corked.held.capacity() == 0);
        write(&mut corked, b"more");
        assert_eq!(corked.io.1[2..], [b"more"]);
    }

    #[test]
    fn more_than_is_held_comes_in_order() {
        let cork = Cork::default();
        let mut corked = Corked::new(Writes(1000, Vec::new()), cork.clone());
        cork.begin();
        cork.put(true);
        let all: Vec<u8> = (0..50_000u32).map(|n| n as u8).collect();
        for piece in all.chunks(7_777) {
            write(&mut corked, piece);
            assert!(corked.held.len() <= HELD_BYTES_MAX);
        }
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(Pin::new(&mut corked).poll_shutdown(&mut cx), Poll::Ready(Ok(()))));
        assert_eq!(corked.io.1.concat(), all);
    }
}
