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

use super::{Entry, Rewind};

/// A TLS session over what was read ahead of it.
pub(super) type TlsIo = tokio_rustls::server::TlsStream<Rewind<TcpStream>>;

/// A connection of the port. What is written needs no flush: it is on its way as if this were a socket. What is read and
/// written counts in its [`Entry`], without TLS's own bytes.
#[derive(Debug)]
pub struct Stream {
    io: Io,
    entry: Arc<Entry>,
}

#[derive(Debug)]
enum Io {
    Plain(Rewind<TcpStream>),
    /// Boxed, so that a plain connection is not as large as a TLS session.
    Tls(Box<Tls>),
}

#[derive(Debug)]
struct Tls {
    io: Rewind<TlsIo>,
    /// The session may hold records that the socket has not taken.
    unflushed: bool,
}

impl Stream {
    /// A plain connection, and what was read ahead of it.
    pub(super) fn plain(ahead: Bytes, tcp: TcpStream, entry: Arc<Entry>) -> Self {
        Self { io: Io::Plain(Rewind::new(ahead, tcp)), entry }
    }

    /// A connection inside TLS, and what was read ahead inside.
    pub(super) fn tls(ahead: Bytes, io: TlsIo, entry: Arc<Entry>) -> Self {
        Self { io: Io::Tls(Box::new(Tls { io: Rewind::new(ahead, io), unflushed: false })), entry }
    }

    /// Whether it is inside TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.io, Io::Tls(_))
    }
}

impl Stream {
    /// The chain that the client showed in its TLS handshake, the leaf first; empty if it showed none.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        match &self.io {
            Io::Plain(_) => &[],
            Io::Tls(tls) => tls.io.get_ref().get_ref().1.peer_certificates().unwrap_or_default(),
        }
    }
}

impl Tls {
    /// Hands the socket what the session holds for it. Ready when nothing is left.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let read = match &mut this.io {
            Io::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(tls) => {
                // A reader that waits is woken when the socket takes more, too.
                if let Poll::Ready(Err(error)) = tls.poll_drain(cx) {
                    return Poll::Ready(Err(error));
                }
                Pin::new(&mut tls.io).poll_read(cx, buf)
            }
        };
        this.entry.count_read(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = match &mut this.io {
            Io::Plain(io) => ready!(Pin::new(io).poll_write(cx, buf))?,
            Io::Tls(tls) => {
                ready!(tls.poll_drain(cx))?;
                let written = ready!(Pin::new(&mut tls.io).poll_write(cx, buf))?;
                tls.unflushed = true;
                if let Poll::Ready(Err(error)) = tls.poll_drain(cx) {
                    return Poll::Ready(Err(error));
                }
                written
            }
        };
        this.entry.count_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(tls) => tls.poll_drain(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(tls) => Pin::new(&mut tls.io).poll_shutdown(cx),
        }
    }
}
