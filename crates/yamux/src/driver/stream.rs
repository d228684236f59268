//! One stream as tokio's byte stream.

use super::now;
use super::shared::{CellId, Shared};
use crate::stream::StreamId;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of a yamux connection.
///
/// Reading ends with 0 bytes when the peer has finished, and fails with `ConnectionReset` when it reset the stream or
/// `ConnectionAborted` when the session ended; what came before can be read first. A write takes what the stream's
/// window and the connection's output have room for; a flush waits for nothing. Shutting down sends FIN and leaves the
/// reading half open. A dropped stream is finished; to cut it off, [`reset`](Self::reset) it.
#[derive(Debug)]
pub struct Stream {
    shared: Shared,
    cell: CellId,
}

impl Stream {
    pub(super) fn new(shared: Shared, cell: CellId) -> Self {
        Self { shared, cell }
    }

    /// Its number on the wire; `None` once both sides are done with it.
    pub fn id(&self) -> Option<StreamId> {
        let inner = self.shared.lock();
        inner.session.stream_id(inner.stream_key(self.cell)?)
    }

    /// Ends the stream in both directions at once.
    pub fn reset(&mut self) {
        self.shared.lock().reset(self.cell);
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().poll_read(self.cell, cx, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.lock().poll_write(self.cell, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shared.lock().finish(self.cell, now()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.lock().forget(self.cell, now());
    }
}
