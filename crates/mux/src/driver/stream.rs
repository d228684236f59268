//! A connection as its handler sees it: plain or in TLS, with what was read ahead, counted.
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{Entry, Rewind, drained::Drained};

/// A TLS session over what was read ahead of it.
pub(super) type TlsIo = tokio_rustls::server::TlsStream<Rewind<TcpStream>>;

/// A connection of the port. What is written needs no flush: it is on its way as if this were a socket. What is read and
/// written counts in its [`Entry`], without TLS's own bytes.
///
/// Once the peer of a plain connection has ended its side, shutting ours down is left to the drop that has to follow: the
/// peer sees the same, and a system call is saved for every connection.
#[derive(Debug)]
pub struct Stream {
    io: Io,
    /// The peer has ended its side.
    ended: bool,
    entry: Arc<Entry>,
}

#[derive(Debug)]
enum Io {
    Plain(Rewind<TcpStream>),
    /// Boxed, so that a plain connection is not as large as a TLS session.
    Tls(Box<Drained<Rewind<TlsIo>>>),
}

impl Stream {
    /// A plain connection, and what was read ahead of it.
    pub(super) fn plain(ahead: Bytes, tcp: TcpStream, entry: Arc<Entry>) -> Self {
        Self { io: Io::Plain(Rewind::new(ahead, tcp)), ended: false, entry }
    }

    /// A connection inside TLS, and what was read ahead inside.
    pub(super) fn tls(ahead: Bytes, io: TlsIo, entry: Arc<Entry>) -> Self {
        Self { io: Io::Tls(Box::new(Drained::new(Rewind::new(ahead, io)))), ended: false, entry }
    }

    /// Whether it is inside TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.io, Io::Tls(_))
    }

    /// The chain that the client showed in its TLS handshake, the leaf first; empty if it showed none.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        match &self.io {
            Io::Plain(_) => &[],
            Io::Tls(io) => io.get_ref().get_ref().get_ref().1.peer_certificates().unwrap_or_default(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_read(cx, buf),
        })?;
        let read = buf.filled().len() - before;
        self.ended |= read == 0 && buf.remaining() > 0;
        self.entry.count_read(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_write(cx, buf),
        })?;
        self.entry.count_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.ended;
        match &mut self.io {
            Io::Plain(_) if ended => Poll::Ready(Ok(())),
            Io::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
