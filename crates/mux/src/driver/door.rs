//! One connection, from its first byte to its handler.
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use proconsul_tls::{Incoming, Tls};
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant as Deadline, timeout_at},
};

use super::{
    Accepted, Entry, Printable, Registry, Serve, Settings, Stream, farewell, hold,
    registry::Visit,
    tls::{self, Failed},
};
use crate::{
    H2, HTTP2_PREFACE, Needs, Posture, Reason, Route, Row, STRAY_BYTES, Then, TlsPolicy, Verdict, by_alpn,
    by_first_byte, by_first_bytes, row_of_alpn, row_of_byte,
};

/// How much is read with the first byte: enough for a small request, which then costs no read of its own.
const READ_AHEAD_BYTES: usize = 1024;

/// What one listener's connections share.
pub(super) struct Door<H> {
    pub(super) settings: Settings,
    pub(super) handler: H,
    pub(super) registry: Arc<Registry>,
    /// Becomes true when the listener stops: connections that no handler has yet end then.
    pub(super) stopping: watch::Sender<bool>,
}

/// A connection whose route is known.
struct Found {
    row: &'static Row,
    /// What a handler is asked to serve; `None`: nobody can be asked.
    route: Option<Route>,
    io: Stream,
}

/// A connection that is turned away.
struct Turned {
    reason: Reason,
    detail: Option<String>,
    /// What can still be talked to.
    io: Option<Stream>,
}

impl<H: Serve> Door<H> {
    /// Serves one connection until it ends, and says why it did.
    pub(super) async fn attend(&self, tcp: TcpStream, visit: &mut Visit) {
        visit.reason = Some(self.visit(tcp, &visit.entry).await);
    }

    async fn visit(&self, tcp: TcpStream, entry: &Arc<Entry>) -> Reason {
        let found = tokio::select! {
            biased;
            found = self.detect(tcp, entry) => found,
            () = self.stopped() => return Reason::Stopped,
        };
        let Found { row, route, io } = match found {
            Ok(found) => found,
            Err(turned) => return Box::pin(turn_away(turned, entry)).await,
        };
        self.registry.take(entry, row);
        match route {
            Some(route) if self.handler.serves(route) => {
                let (peer, entry) = (entry.peer(), Arc::clone(entry));
                self.handler.serve(Accepted { route, io, peer, entry }).await
            }
            _ => {
                let limit = self.settings.handshake_timeout;
                let held = hold::hold(row, io, limit, entry);
                tokio::select! {
                    biased;
                    reason = Box::pin(held) => reason,
                    () = self.stopped() => Reason::Stopped,
                }
            }
        }
    }

    /// Waits until the listener stops.
    async fn stopped(&self) {
        // A sender that is gone has stopped, too.
        let mut stopping = self.stopping.subscribe();
        let _gone = stopping.wait_for(|stopping| *stopping).await;
    }

    /// What is true of every connection before its first byte, by the certificates of this moment.
    fn posture(&self) -> Posture {
        let tls = self.settings.tls.as_ref();
        Posture {
            inside_tls: false,
            native_tls: tls.is_some_and(Tls::mutual_tls_capable),
            require_tls: tls.is_some_and(Tls::verify_incoming),
            http2_preface: self.settings.http2_preface,
        }
    }

    /// Finds out what a connection wants. The time for that is counted as Consul does: one for the first byte and a ClientHello
    /// that it begins; after byte 3 it starts anew, for the handshake and the byte inside.
    async fn detect(&self, mut tcp: TcpStream, entry: &Arc<Entry>) -> Result<Found, Turned> {
        let deadline = self.deadline();
        let on = self.posture();
        let (verdict, ahead) = match look(&mut tcp, on, deadline).await {
            Ok(looked) => looked,
            Err(failed) => return Err(Turned { reason: failed.reason, detail: failed.detail, io: None }),
        };
        let stream = |ahead, tcp| Stream::plain(ahead, tcp, Arc::clone(entry));
        let (how, config, ahead, deadline) = match verdict {
            Verdict::StartTls(policy) => {
                let how = match policy {
                    TlsPolicy::Verify => Incoming::TypeByte,
                    TlsPolicy::Insecure => Incoming::Insecure,
                };
                let Some(config) = self.settings.tls.as_ref().and_then(|tls| tls.incoming(how)) else {
                    let row = row_of_policy(policy);
                    return Ok(Found { row, route: None, io: stream(ahead.slice(1..), tcp) });
                };
                (how, config, ahead.slice(1..), self.deadline())
            }
            Verdict::NativeTls => {
                let Some(config) = self.settings.tls.as_ref().and_then(|tls| tls.incoming(Incoming::Alpn)) else {
                    return Err(turned(Reason::NoCertificate, &ahead, Some(stream(ahead.clone(), tcp))));
                };
                (Incoming::Alpn, config, ahead, deadline)
            }
            _ => return decided(verdict, ahead, |ahead| stream(ahead, tcp)),
        };
        // Boxed: only a handshake is large, and only while it lasts.
        Box::pin(self.over_tls(how, config, ahead, tcp, deadline, entry)).await
    }

    async fn over_tls(
        &self,
        how: Incoming,
        config: Arc<tokio_rustls::rustls::ServerConfig>,
        ahead: Bytes,
        tcp: TcpStream,
        deadline: Deadline,
        entry: &Arc<Entry>,
    ) -> Result<Found, Turned> {
        let failed = |Failed { reason, detail }| Turned { reason, detail, io: None };
        let mut io = tls::accept(config, ahead, tcp, deadline).await.map_err(failed)?;
        entry.set_tls(tls::facts(&io));
        let found = match how {
            Incoming::TypeByte => {
                let on = Posture { inside_tls: true, ..self.posture() };
                let (verdict, ahead) = look(&mut io, on, deadline).await.map_err(failed)?;
                decided(verdict, ahead, |ahead| Stream::tls(ahead, io, Arc::clone(entry)))?
            }
            Incoming::Insecure => {
                let io = Stream::tls(Bytes::new(), io, Arc::clone(entry));
                Found { row: row_of_policy(TlsPolicy::Insecure), route: Some(Route::RpcInsecure), io }
            }
            Incoming::Alpn | Incoming::Grpc => {
                let name = tls::alpn(io.get_ref().1);
                let io = Stream::tls(Bytes::new(), io, Arc::clone(entry));
                match (name.and_then(row_of_alpn), by_alpn(name.unwrap_or_default())) {
                    (Some(row), Verdict::Serve(route)) => Found { row, route: Some(route), io },
                    (_, Verdict::Refuse(reason)) => return Err(turned(reason, &[], Some(io))),
                    _ => return Err(turned(Reason::NoAlpn, &[], Some(io))),
                }
            }
        };
        self.authorize(found)
    }

    /// Whether the client may have the route: some are for servers, where the configuration asks for that.
    fn authorize(&self, found: Found) -> Result<Found, Turned> {
        if found.row.needs != Needs::ServerCertificate {
            return Ok(found);
        }
        let refused = match &self.settings.tls {
            Some(tls) => tls.authorize_server(found.io.peer_certificates()).err(),
            None => None,
        };
        match refused {
            None => Ok(found),
            Some(why) => Err(Turned { reason: Reason::NotAServer, detail: Some(why.to_string()), io: Some(found.io) }),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::now() + self.settings.handshake_timeout
    }
}

/// Reads until it is clear what the connection wants. What was read belongs to what follows, the type byte included.
async fn look<IO: AsyncRead + Unpin>(io: &mut IO, on: Posture, deadline: Deadline) -> Result<(Verdict, Bytes), Failed> {
    let mut ahead = Bytes::new();
    loop {
        let more = match timeout_at(deadline, read_ahead(io)).await {
            Ok(Ok(more)) => more,
            Ok(Err(error)) => return Err(Failed { reason: Reason::Reset, detail: Some(error.to_string()) }),
            Err(_) => return Err(late(&ahead, on)),
        };
        if more.is_empty() {
            return Err(cut_off(&ahead, on));
        }
        // Nearly always the first read is enough.
        ahead = if ahead.is_empty() { more } else { joined(&ahead, &more) };
        if let Some(verdict) = by_first_bytes(&ahead, on) {
            return Ok((verdict, ahead));
        }
    }
}

fn joined(ahead: &Bytes, more: &Bytes) -> Bytes {
    let mut all = BytesMut::with_capacity(ahead.len() + more.len());
    all.extend_from_slice(ahead);
    all.extend_from_slice(more);
    all.freeze()
}

/// Why a connection whose time is up is closed.
fn late(ahead: &[u8], on: Posture) -> Failed {
    let reason = match ahead.first() {
        None if on.inside_tls => Reason::InnerByteTimeout,
        None => Reason::FirstByteTimeout,
        Some(_) if HTTP2_PREFACE.starts_with(ahead) => Reason::PrefaceTimeout,
        Some(_) => Reason::TlsTimeout,
    };
    Failed { reason, detail: first_bytes(ahead) }
}

/// Why a connection that ended before it was clear is closed.
fn cut_off(ahead: &[u8], on: Posture) -> Failed {
    let reason = match ahead.first() {
        None if on.inside_tls => Reason::PeerClosed,
        None => Reason::Empty,
        Some(byte) => match by_first_byte(*byte, Posture { http2_preface: false, ..on }) {
            Verdict::Refuse(reason) => reason,
            _ => Reason::TlsCutOff,
        },
    };
    Failed { reason, detail: first_bytes(ahead) }
}

/// The route of a verdict that needs no handshake.
fn decided(verdict: Verdict, mut ahead: Bytes, stream: impl FnOnce(Bytes) -> Stream) -> Result<Found, Turned> {
    let row = match verdict {
        Verdict::Http2 => row_of_alpn(H2),
        _ => ahead.first().and_then(|byte| row_of_byte(*byte)),
    };
    match (verdict, row) {
        (Verdict::Serve(route), Some(row)) => {
            ahead.advance(1);
            Ok(Found { row, route: Some(route), io: stream(ahead) })
        }
        (Verdict::Http2, Some(row)) => Ok(Found { row, route: row.then.route(), io: stream(ahead) }),
        (Verdict::Refuse(reason), _) => Err(turned(reason, &ahead, Some(stream(ahead.clone())))),
        // Handshakes are not for here, and every verdict to serve has a row.
        _ => Err(turned(Reason::UnknownByte, &ahead, None)),
    }
}

fn turned(reason: Reason, ahead: &[u8], io: Option<Stream>) -> Turned {
    Turned { reason, detail: first_bytes(ahead), io }
}

/// The bytes that came first, for whoever reads the log.
fn first_bytes(ahead: &[u8]) -> Option<String> {
    let first = &ahead[..ahead.len().min(STRAY_BYTES)];
    (!first.is_empty()).then(|| format!("it began with {:02x?}, in text {}", first, Printable(first)))
}

/// Tells the client why, where it can read that, and closes.
async fn turn_away(turned: Turned, entry: &Entry) -> Reason {
    if let Some(detail) = turned.detail {
        entry.note(detail);
    }
    if let Some(io) = turned.io {
        match turned.reason {
            Reason::Stray(stray) if stray.answer().is_some() => {
                farewell::part(io, stray.answer().unwrap_or_default().as_bytes()).await;
            }
            _ if io.is_tls() => farewell::part(io, &[]).await,
            _ => {}
        }
    }
    turned.reason
}

/// The row of a type byte that begins a handshake.
fn row_of_policy(policy: TlsPolicy) -> &'static Row {
    crate::ROUTES.iter().find(|row| row.then == Then::StartTls(policy)).expect("both policies have a row")
}

/// Reads what is there, at least one byte; none at the end of the stream.
async fn read_ahead<IO: AsyncRead + Unpin>(io: &mut IO) -> io::Result<Bytes> {
    poll_fn(|cx| {
        // On the stack, for as long as a read takes: a connection that is silent holds no buffer.
        let mut bytes = [0; READ_AHEAD_BYTES];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
    .await
}
