//! The other side of the port: a connection to a server, ours or Consul's, that takes a route.
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use proconsul_tls::Dial;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpStream, lookup_host},
    time::{Instant as Deadline, timeout_at},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{CommonState, Error as TlsError, pki_types::CertificateDer},
};

use super::{drained::Drained, tls};
use crate::{Route, Then, TlsPolicy, preamble, row_of};

/// How to come to a route.
#[derive(Clone, Debug)]
pub enum Via {
    /// In clear, by its type byte.
    Plain,
    /// In TLS after byte 3, by its type byte inside. For [`Route::RpcInsecure`] after byte 7, and nothing inside.
    TypeByte(Dial),
    /// In TLS from the first byte; the configuration offers the route's ALPN name.
    Native(Dial),
}

/// A connection that has said which route it takes.
#[derive(Debug)]
pub struct Dialled {
    io: Io,
    peer: SocketAddr,
}

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Tls(Box<Drained<TlsStream<TcpStream>>>),
}

/// A dial that failed: which server, how far it came, and why.
#[derive(Debug, thiserror::Error)]
#[error("{step} {server} failed{}", advice(*step, cause))]
pub struct DialError {
    /// The server as it was asked for.
    pub server: String,
    /// What was being done.
    pub step: Step,
    /// What went wrong.
    #[source]
    pub cause: Cause,
}

/// What a dial does, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Finding the address of a name.
    Resolve,
    /// Connecting.
    Connect,
    /// Writing the first byte.
    Preamble,
    /// The TLS handshake.
    Handshake,
    /// Writing the byte inside TLS.
    InnerByte,
}

/// Why a dial failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The network, or in a handshake TLS: see [`DialError::tls`].
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("not done within {0:?}")]
    TimedOut(Duration),
    /// The name has no address.
    #[error("the name has no address")]
    NoAddress,
    /// The handshake was done, and no protocol name was agreed on.
    #[error("the server agreed on no ALPN name")]
    NoAlpn,
    /// The route cannot be come to in this way; nothing was sent.
    #[error("the route has no {0}")]
    NoWay(&'static str),
}

impl DialError {
    /// What TLS says about it, if it was TLS that failed.
    pub fn tls(&self) -> Option<&TlsError> {
        match &self.cause {
            Cause::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the address of",
            Self::Connect => "connecting to",
            Self::Preamble => "writing the first byte to",
            Self::Handshake => "the TLS handshake with",
            Self::InnerByte => "writing the byte inside TLS to",
        })
    }
}

/// What to look at, where that is not plain from the cause.
fn advice(step: Step, cause: &Cause) -> &'static str {
    match (step, cause) {
        (Step::Connect, Cause::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            " (is a server running there, and is this its server port?)"
        }
        (Step::Handshake, Cause::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            " (the server closed: has it TLS, and does it know the route?)"
        }
        _ => "",
    }
}

/// Connects to `server` (`host:port`) and says that this connection takes `route`, all within `limit`. The addresses of a name
/// are tried in turn. `TCP_NODELAY` is set before the first byte.
///
/// With TLS 1.3 a server looks at our certificate after our side of the handshake is done: if it refuses that, the first read
/// fails with its alert.
///
/// # Errors
/// [`DialError`].
pub async fn dial(server: &str, route: Route, via: &Via, limit: Duration) -> Result<Dialled, DialError> {
    let deadline = Deadline::now() + limit;
    let mut step = Step::Resolve;
    let connects = connect(server, route, via, &mut step);
    let cause = match timeout_at(deadline, connects).await {
        Ok(Ok(dialled)) => return Ok(dialled),
        Ok(Err(cause)) => cause,
        Err(_) => Cause::TimedOut(limit),
    };
    Err(DialError { server: server.to_owned(), step, cause })
}

/// What is written before a handshake, the handshake, and what is written inside.
struct Plan<'v> {
    first: Option<u8>,
    tls: Option<&'v Dial>,
    inner: Option<u8>,
    named: bool,
}

fn plan(route: Route, via: &Via) -> Result<Plan<'_>, Cause> {
    let byte = preamble(route);
    let insecure = route == Route::RpcInsecure;
    let need = |byte: Option<u8>| byte.ok_or(Cause::NoWay("type byte"));
    Ok(match via {
        Via::Plain if insecure => return Err(Cause::NoWay("way without TLS")),
        Via::Plain => Plan { first: Some(need(byte)?), tls: None, inner: None, named: false },
        Via::TypeByte(dial) if insecure => Plan { first: byte, tls: Some(dial), inner: None, named: false },
        Via::TypeByte(dial) => Plan { first: tls_byte(), tls: Some(dial), inner: Some(need(byte)?), named: false },
        Via::Native(_) if row_of(route).is_none_or(|row| row.alpn.is_none()) => return Err(Cause::NoWay("ALPN name")),
        Via::Native(dial) => Plan { first: None, tls: Some(dial), inner: None, named: true },
    })
}

/// The byte that begins TLS, from the table.
fn tls_byte() -> Option<u8> {
    crate::ROUTES.iter().find(|row| row.then == Then::StartTls(TlsPolicy::Verify)).and_then(|row| row.byte)
}

async fn connect(server: &str, route: Route, via: &Via, step: &mut Step) -> Result<Dialled, Cause> {
    let plan = plan(route, via)?;
    let addresses: Vec<SocketAddr> = lookup_host(server).await?.collect();
    *step = Step::Connect;
    let mut tcp = first_that_answers(&addresses).await?;
    tcp.set_nodelay(true)?;
    let peer = tcp.peer_addr()?;
    if let Some(byte) = plan.first {
        *step = Step::Preamble;
        tcp.write_all(&[byte]).await?;
    }
    let Some(Dial { config, name }) = plan.tls else { return Ok(Dialled { io: Io::Plain(tcp), peer }) };
    *step = Step::Handshake;
    let mut io = Box::new(Drained::new(TlsConnector::from(config.clone()).connect(name.clone(), tcp).await?));
    if plan.named && io.get_ref().get_ref().1.alpn_protocol().is_none() {
        return Err(Cause::NoAlpn);
    }
    if let Some(byte) = plan.inner {
        *step = Step::InnerByte;
        io.write_all(&[byte]).await?;
        io.flush().await?;
    }
    Ok(Dialled { io: Io::Tls(io), peer })
}

async fn first_that_answers(addresses: &[SocketAddr]) -> Result<TcpStream, Cause> {
    let mut last = Cause::NoAddress;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = Cause::Io(error),
        }
    }
    Err(last)
}

impl Dialled {
    /// The address that answered.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The TLS version, `1.2` or `1.3`; `None` in clear.
    pub fn tls_version(&self) -> Option<&'static str> {
        self.session().map(tls::version)
    }

    /// The protocol name that was agreed on.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.session().and_then(CommonState::alpn_protocol)
    }

    /// The chain that the server showed, the leaf first; empty in clear.
    pub fn server_certificates(&self) -> &[CertificateDer<'static>] {
        self.session().and_then(CommonState::peer_certificates).unwrap_or_default()
    }

    fn session(&self) -> Option<&CommonState> {
        match &self.io {
            Io::Plain(_) => None,
            Io::Tls(io) => Some(io.get_ref().get_ref().1),
        }
    }
}

impl AsyncRead for Dialled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

/// What is written needs no flush.
impl AsyncWrite for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
