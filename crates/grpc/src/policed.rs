//! Bytes of a connection on their way to and from the HTTP/2 library, which does not tell of pings: whoever sends too many is told so
//! in Go's words, and let go. Calls with an empty authority, which the library does not take, get past it.
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    authority::Blocks,
    connection::Connection,
    cork::Cork,
    frames::{Frames, HEADERS, PREFACE_BYTES, Part, goaway},
    pings::Pings,
};

/// HTTP/2's `ENHANCE_YOUR_CALM`.
const ENHANCE_YOUR_CALM: u32 = 0xb;
/// What Go's clients look for in a GOAWAY, to ping less often from then on.
const TOO_MANY_PINGS: &[u8] = b"too_many_pings";

/// Whether a peer was let go for its pings.
pub(crate) type LetGo = Arc<AtomicBool>;

/// A connection's bytes, looked at as they pass.
pub(crate) struct Policed<IO> {
    io: IO,
    /// While bytes are held the last word waits: it must not be held with them.
    cork: Cork,
    connection: Arc<Connection>,
    /// What the peer sends.
    received: Frames,
    blocks: Blocks,
    /// What it is sent.
    sent: Frames,
    pings: Pings,
    /// The newest stream that the peer has begun.
    newest: u32,
    let_go: LetGo,
    /// What is still to be said to a peer that is let go.
    farewell: Vec<u8>,
}

impl<IO> Policed<IO> {
    pub(crate) fn new(io: IO, cork: Cork, connection: Arc<Connection>) -> Self {
        Self {
            io,
            cork,
            connection,
            received: Frames::after(PREFACE_BYTES),
            blocks: Blocks::default(),
            sent: Frames::after(0),
            pings: Pings::default(),
            newest: 0,
            let_go: LetGo::default(),
            farewell: Vec::new(),
        }
    }

    /// Turns true when the peer is let go.
    pub(crate) fn let_go(&self) -> LetGo {
        Arc::clone(&self.let_go)
    }

    fn is_let_go(&self) -> bool {
        self.let_go.load(Relaxed)
    }

    fn see_received(&mut self, bytes: &mut [u8]) {
        let Self { cork, connection, received, blocks, pings, newest, let_go, farewell, .. } = self;
        let before = *newest;
        received.look_into(bytes, |part| {
            let frame = match part {
                Part::Begins(frame) => frame,
                Part::Payload(bytes) => return blocks.payload(bytes),
            };
            blocks.begins(frame);
            cork.begin();
            if frame.kind == HEADERS {
                *newest = frame.stream.max(*newest);
            }
            // One that was begun just now is not in the connection's list yet.
            let has_calls = || *newest > before || connection.has_calls();
            if frame.is_ping() && pings.came(Instant::now(), has_calls()) && !let_go.swap(true, Relaxed) {
                *farewell = goaway(*newest, ENHANCE_YOUR_CALM, TOO_MANY_PINGS);
            }
        });
    }

    fn see_sent(&mut self, bytes: &[u8]) {
        let Self { sent, pings, .. } = self;
        sent.see(bytes, |frame| {
            if frame.is_of_call() {
                pings.answered();
            }
        });
    }
}

/// What the library is told when the peer is let go.
fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "got too many pings from the client")
}

impl<IO: AsyncWrite + Unpin> Policed<IO> {
    /// Says the last word to a peer that is let go, once the frame before it is out.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_let_go() || self.cork.is_in() || !self.sent.is_between() {
            return Poll::Ready(Ok(()));
        }
        while !self.farewell.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.farewell))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.farewell.drain(..written);
        }
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        Poll::Ready(Err(gone()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Policed<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_let_go() {
            // Nothing it says is listened to any more. The library has an answer to the ping to write, and ends there.
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        this.see_received(&mut buf.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Policed<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_farewell(cx))?;
        let written = ready!(Pin::new(&mut this.io).poll_write(cx, buf))?;
        this.see_sent(&buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_farewell(cx))?;
        let written = ready!(Pin::new(&mut this.io).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let part = left.min(buf.len());
            this.see_sent(&buf[..part]);
            left -= part;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_farewell(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
