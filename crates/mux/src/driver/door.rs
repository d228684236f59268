//! One connection, from its first byte to its handler.
use std::{future::Future, sync::Arc};

use bytes::{Buf, Bytes};
use proconsul_tls::{Incoming, Tls};
use tokio::{net::TcpStream, sync::watch, time::Instant as Deadline};
use tokio_rustls::rustls::ServerConfig;

use super::{
    Accepted, Entry, Registry, Serve, Settings, Stream,
    accept::Place,
    farewell, hold,
    look::{first_bytes, look},
    registry::Visit,
    tls::{self, Failed},
};
use crate::{H2, Needs, Posture, Reason, Route, Row, TlsPolicy, Verdict, by_alpn, row_of_alpn, row_of_byte};

/// What one listener's connections share.
pub(super) struct Door<H> {
    pub(super) settings: Settings,
    pub(super) handler: H,
    pub(super) registry: Arc<Registry>,
    /// Becomes true when the listener stops: connections that no handler has yet end then.
    pub(super) stopping: watch::Sender<bool>,
}

/// What a connection holds for as long as it lasts.
pub(super) struct Guest {
    /// Its entry in the registry.
    pub(super) visit: Visit,
    /// Its place among those of its client.
    pub(super) _place: Place,
    /// Tells the listener when the last one is gone.
    pub(super) _alive: watch::Receiver<()>,
}

impl Guest {
    /// Gives everything back. One that is dropped before was killed, or its handler panicked.
    fn end(mut self, reason: Reason) {
        self.visit.reason = Some(reason);
    }
}

/// A connection whose route is known.
struct Found {
    row: &'static Row,
    /// What a handler is asked to serve; `None`: nobody can be asked.
    route: Option<Route>,
    io: Stream,
}

/// How a connection comes to its TLS handshake.
#[derive(Clone, Copy)]
enum Way {
    /// Byte 3.
    TypeByte,
    /// Byte 7, with its row.
    Insecure(&'static Row),
    /// A ClientHello.
    Alpn,
}

impl Way {
    fn incoming(self) -> Incoming {
        match self {
            Self::TypeByte => Incoming::TypeByte,
            Self::Insecure(_) => Incoming::Insecure,
            Self::Alpn => Incoming::Alpn,
        }
    }
}

/// A connection that is turned away.
struct Turned {
    /// The row that it would have taken, if it came so far.
    row: Option<&'static Row>,
    reason: Reason,
    detail: Option<String>,
    /// What can still be talked to.
    io: Option<Box<Stream>>,
}

impl From<Failed> for Turned {
    fn from(Failed { reason, detail }: Failed) -> Self {
        Self { row: None, reason, detail, io: None }
    }
}

impl<H: Serve> Door<H> {
    /// Serves one connection until it ends; with it go `guest`'s places.
    ///
    /// What is needed to find the route is boxed and freed when it is found, and nothing is an argument of an `async fn`, which
    /// would be kept twice: a connection at rest is its handler and little else.
    pub(super) fn attend(self: Arc<Self>, tcp: TcpStream, guest: Guest) -> impl Future<Output = ()> {
        let arriving = Box::pin(Arc::clone(&self).arrive(tcp, Arc::clone(&guest.visit.entry)));
        async move {
            let reason = match arriving.await {
                Ok(accepted) => self.handler.serve(accepted).await,
                Err(reason) => reason,
            };
            guest.end(reason);
        }
    }

    /// Finds a connection's route. An error is why it ended before a handler had it.
    async fn arrive(self: Arc<Self>, tcp: TcpStream, entry: Arc<Entry>) -> Result<Accepted, Reason> {
        let entry = &entry;
        let found = tokio::select! {
            biased;
            found = self.detect(tcp, entry) => found,
            () = self.stopped() => return Err(Reason::Stopped),
        };
        let Found { row, route, io } = match found {
            Ok(found) => found,
            Err(turned) => {
                if let Some(row) = turned.row {
                    self.registry.take(entry, row);
                }
                return Err(Box::pin(turn_away(turned, entry)).await);
            }
        };
        self.registry.take(entry, row);
        match route {
            Some(route) if self.handler.serves(route) => {
                Ok(Accepted { route, io, peer: entry.peer(), entry: Arc::clone(entry) })
            }
            _ => {
                let held = Box::pin(hold::hold(row, io, self.settings.patience(), entry));
                tokio::select! {
                    biased;
                    reason = held => Err(reason),
                    () = self.stopped() => Err(Reason::Stopped),
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
        if let Some(row) = self.settings.only {
            return self.enter_port(row, tcp, entry).await;
        }
        let deadline = self.deadline();
        let (verdict, mut ahead) = look(&mut tcp, self.posture(), deadline).await?;
        let row = ahead.first().and_then(|byte| row_of_byte(*byte));
        let (way, deadline) = match (verdict, row) {
            (Verdict::StartTls(TlsPolicy::Verify), _) => (Way::TypeByte, self.deadline()),
            (Verdict::StartTls(TlsPolicy::Insecure), Some(row)) => (Way::Insecure(row), self.deadline()),
            (Verdict::NativeTls, _) => (Way::Alpn, deadline),
            _ => return decided(verdict, ahead, |ahead| Stream::plain(ahead, tcp, Arc::clone(entry))),
        };
        if row.is_some() {
            ahead.advance(1);
        }
        let Some(config) = self.settings.tls.as_ref().and_then(|tls| tls.incoming(way.incoming())) else {
            let io = Stream::plain(ahead, tcp, Arc::clone(entry));
            return match row {
                Some(row) => Ok(Found { row, route: None, io }),
                // The certificate has gone since it was asked for.
                None => Err(Turned { row, reason: Reason::NoCertificate, detail: None, io: Some(Box::new(io)) }),
            };
        };
        // Boxed: a handshake is large, but only while it lasts.
        Box::pin(self.over_tls(way, config, ahead, tcp, deadline, entry)).await
    }

    /// A port with one route: no byte chooses, and TLS is what the port begins with or what it does not speak.
    async fn enter_port(&self, row: &'static Row, tcp: TcpStream, entry: &Arc<Entry>) -> Result<Found, Turned> {
        let route = row.then.route();
        if row.needs != Needs::Tls {
            return Ok(Found { row, route, io: Stream::plain(Bytes::new(), tcp, Arc::clone(entry)) });
        }
        let Some(config) = self.settings.tls.as_ref().and_then(|tls| tls.incoming(Incoming::Grpc)) else {
            return Err(Turned { row: Some(row), reason: Reason::NoCertificate, detail: None, io: None });
        };
        let io = Box::pin(tls::accept(config, Bytes::new(), tcp, self.deadline())).await?;
        entry.set_tls(tls::facts(&io));
        Ok(Found { row, route, io: Stream::tls(Bytes::new(), io, Arc::clone(entry)) })
    }

    async fn over_tls(
        &self,
        way: Way,
        config: Arc<ServerConfig>,
        ahead: Bytes,
        tcp: TcpStream,
        deadline: Deadline,
        entry: &Arc<Entry>,
    ) -> Result<Found, Turned> {
        let mut io = tls::accept(config, ahead, tcp, deadline).await?;
        entry.set_tls(tls::facts(&io));
        let stream = |ahead, io| Stream::tls(ahead, io, Arc::clone(entry));
        let found = match way {
            Way::TypeByte => {
                let on = Posture { inside_tls: true, ..self.posture() };
                let (verdict, ahead) = look(&mut io, on, deadline).await?;
                decided(verdict, ahead, |ahead| stream(ahead, io))?
            }
            Way::Insecure(row) => Found { row, route: row.then.route(), io: stream(Bytes::new(), io) },
            Way::Alpn => {
                let name = tls::alpn(io.get_ref().1);
                let (row, io) = (name.and_then(row_of_alpn), stream(Bytes::new(), io));
                match (row, by_alpn(name.unwrap_or_default())) {
                    (Some(row), Verdict::Serve(route)) => Found { row, route: Some(route), io },
                    (row, Verdict::Refuse(reason)) => {
                        return Err(Turned { row, reason, detail: None, io: Some(Box::new(io)) });
                    }
                    (row, _) => {
                        return Err(Turned { row, reason: Reason::NoAlpn, detail: None, io: Some(Box::new(io)) });
                    }
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
        let tls = self.settings.tls.as_ref();
        match tls.and_then(|tls| tls.authorize_server(found.io.peer_certificates()).err()) {
            None => Ok(found),
            Some(why) => Err(Turned {
                row: Some(found.row),
                reason: Reason::NotAServer,
                detail: Some(why.to_string()),
                io: Some(Box::new(found.io)),
            }),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::now() + self.settings.patience()
    }
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
        (Verdict::Refuse(reason), row) => {
            let row = row.filter(|_| reason == Reason::Retired);
            Err(Turned { row, reason, detail: first_bytes(&ahead), io: Some(Box::new(stream(Bytes::new()))) })
        }
        // Handshakes are not for here, and every verdict to serve has a row.
        (_, row) => Err(Turned { row, reason: Reason::UnknownByte, detail: first_bytes(&ahead), io: None }),
    }
}

/// Tells the client why, where it can read that, and closes.
async fn turn_away(turned: Turned, entry: &Entry) -> Reason {
    if let Some(detail) = turned.detail {
        entry.note(detail);
    }
    if let Some(io) = turned.io {
        match turned.reason {
            Reason::Stray(stray) if stray.answer().is_some() => {
                farewell::part(*io, stray.answer().unwrap_or_default().as_bytes()).await;
            }
            _ if io.is_tls() => farewell::part(*io, &[]).await,
            _ => {}
        }
    }
    turned.reason
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    struct Nobody;

    impl Serve for Nobody {
        fn serves(&self, _: Route) -> bool {
            true
        }

        async fn serve(&self, _: Accepted) -> Reason {
            Reason::PeerClosed
        }
    }

    #[tokio::test]
    async fn a_connection_at_rest_is_little_more_than_its_handler() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let registry = Registry::new();
        let stopping = watch::Sender::new(false);
        let door = Arc::new(Door { settings: Settings::default(), handler: Nobody, registry, stopping });
        let visit = door.registry.enter(address);
        let entry = Arc::clone(&visit.entry);
        let place = Place::take(&Arc::default(), address.ip(), 0).expect("a place");
        let guest = Guest { visit, _place: place, _alive: watch::channel(()).1 };
        let (one, two) = (TcpStream::connect(address).await, TcpStream::connect(address).await);
        // The handler here is its argument, twice.
        let at_rest = size_of_val(&Arc::clone(&door).attend(one.expect("a connection"), guest));
        let arriving = size_of_val(&door.arrive(two.expect("a connection"), entry));
        let at_rest = at_rest - 2 * size_of::<Accepted>();
        assert!(at_rest <= 256, "{at_rest} bytes beside the handler's own");
        assert!(arriving <= 1024, "{arriving} bytes until the route is found");
        assert!(size_of::<Entry>() <= 144, "{} bytes in the registry", size_of::<Entry>());
    }
}
