//! Makes the connections of the plan and notes what comes of each. It has nothing to decide.
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustls::{
    ClientConfig, DigitallySignedStruct, ProtocolVersion, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    facts::{Ask, End, NoTls, Outcome, Probe, Tls, Unconnected, Way},
    reading::{Stranger, answer},
};

/// How many connections are open at once: well below what a server allows one client.
pub(super) const PROBES_AT_ONCE: usize = 4;

/// How long a route is listened to that says nothing when it is reached; longer where the way is long.
pub(super) const QUIET: Duration = Duration::from_millis(400);

/// How many round trips that silence lasts at least.
const QUIET_ROUND_TRIPS: u32 = 4;

/// Which part of the timeout it lasts at least: who is patient with answers is so with silence.
const QUIET_PART: u32 = 8;

/// How long a server is listened to after a TLS handshake before it is asked anything. With TLS 1.3 it looks at the client's
/// certificate only then; if it closes while there is something to read, its alert is lost. Two round trips come on top.
const AFTER_HANDSHAKE: Duration = Duration::from_millis(10);

/// How much of an answer is read.
pub(super) const HEARD_BYTES_MAX: usize = 4096;

/// How many of the bytes under TLS are kept, to name what is no TLS.
const TAPPED_BYTES: usize = 64;

/// The cryptography of every connection and check.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What all connections share.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) client: Option<Arc<CertifiedKey>>,
    /// The name to ask for, by way of the type byte and by ALPN.
    pub(super) server_name: ServerName<'static>,
    pub(super) native_name: ServerName<'static>,
    pub(super) timeout: Duration,
}

impl Dialer {
    /// Makes these connections, a few at a time, and returns their outcomes in the same order.
    pub(super) async fn all(&self, probes: Vec<(Probe, SocketAddr)>) -> Vec<(Probe, Outcome)> {
        let places = Arc::new(Semaphore::new(PROBES_AT_ONCE));
        let mut tasks = JoinSet::new();
        for (at, (probe, address)) in probes.into_iter().enumerate() {
            let (dialer, places) = (self.clone(), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire_owned().await;
                (at, probe, dialer.one(&probe, address).await)
            });
        }
        let mut done = tasks.join_all().await;
        done.sort_by_key(|(at, ..)| *at);
        done.into_iter().map(|(_, probe, outcome)| (probe, outcome)).collect()
    }

    async fn one(&self, probe: &Probe, address: SocketAddr) -> Outcome {
        let began = Instant::now();
        let tcp = match timeout(self.timeout, TcpStream::connect(address)).await {
            Err(_) => return Outcome::Unconnected(Unconnected::Late),
            Ok(Err(error)) => return Outcome::Unconnected(unconnected(&error)),
            Ok(Ok(tcp)) => tcp,
        };
        let round_trip = began.elapsed();
        let quiet = QUIET.max(round_trip * QUIET_ROUND_TRIPS).max(self.timeout / QUIET_PART).min(self.timeout);
        let pause = (AFTER_HANDSHAKE + round_trip * 2).min(self.timeout);
        // Where it fails, small writes leave later.
        let _delayed = tcp.set_nodelay(true);
        let ask = probe.byte.into_iter().chain(probe.ask.bytes()).collect::<Vec<u8>>();
        match probe.way {
            Way::Plain => self.hear(probe, tcp, &ask, Waits { pause: Duration::ZERO, quiet }, None).await,
            Way::TypeByte(byte) => self.shake(probe, tcp, Some(byte), &[], &ask, Waits { pause, quiet }).await,
            Way::Native(name) => self.shake(probe, tcp, None, name.as_bytes(), &ask, Waits { pause, quiet }).await,
        }
    }

    async fn shake(
        &self,
        probe: &Probe,
        mut tcp: TcpStream,
        byte: Option<u8>,
        alpn: &[u8],
        ask: &[u8],
        waits: Waits,
    ) -> Outcome {
        let seen = Arc::new(Seen { provider: Arc::clone(&self.provider), chain: Mutex::default() });
        let name = if byte.is_some() { &self.server_name } else { &self.native_name };
        let first = Arc::<Mutex<Vec<u8>>>::default();
        let failed = |why| Outcome::NoTls { why, chain: seen.chain.lock().clone() };
        let config = match self.config(&seen, alpn, probe.certificate) {
            Ok(config) => config,
            Err(error) => return failed(NoTls::Other(error.to_string())),
        };
        if let Some(byte) = byte
            && tcp.write_all(&[byte]).await.is_err()
        {
            return failed(NoTls::Closed);
        }
        let handshake = TlsConnector::from(config).connect(name.clone(), Tapped { first: Arc::clone(&first), io: tcp });
        let tls = match timeout(self.timeout, handshake).await {
            Err(_) => return failed(NoTls::Silent),
            Ok(Err(error)) => return failed(no_tls(&error, &first.lock())),
            Ok(Ok(tls)) => tls,
        };
        let (_, session) = tls.get_ref();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "1.3",
        };
        let alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        let facts = Tls { version, alpn, chain: seen.chain.lock().clone() };
        self.hear(probe, tls, ask, waits, Some(facts)).await
    }

    fn config(&self, seen: &Arc<Seen>, alpn: &[u8], certificate: bool) -> Result<Arc<ClientConfig>, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(seen) as _);
        let mut config = match &self.client {
            Some(client) if certificate => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(client))))
            }
            _ => builder.with_no_client_auth(),
        };
        // Every handshake is a full one, or a certificate would not be seen again.
        config.resumption = rustls::client::Resumption::disabled();
        if !alpn.is_empty() {
            config.alpn_protocols = vec![alpn.to_vec()];
        }
        Ok(Arc::new(config))
    }

    /// Asks, and listens until the answer is whole, the server closes, or the time is over.
    async fn hear<IO: AsyncRead + AsyncWrite + Unpin>(
        &self,
        probe: &Probe,
        mut io: IO,
        ask: &[u8],
        waits: Waits,
        tls: Option<Tls>,
    ) -> Outcome {
        let mut bytes = Vec::new();
        let early = timeout(waits.pause, listen(probe, &mut io, &mut bytes)).await;
        // A server that closes before it has read still has a reason to tell: it is listened to all the same.
        let _closed = async {
            io.write_all(ask).await?;
            io.flush().await
        }
        .await;
        let limit = if probe.ask == Ask::Nothing { waits.quiet } else { self.timeout };
        let end = match early {
            Ok(end) => end,
            Err(_) => timeout(limit, listen(probe, &mut io, &mut bytes)).await.unwrap_or(End::Open),
        };
        Outcome::Heard { tls, bytes, end }
    }
}

/// How long to listen before something is asked, and after nothing was.
#[derive(Clone, Copy)]
struct Waits {
    pause: Duration,
    quiet: Duration,
}

/// Listens until the answer is whole, what comes is somebody else's, or the server closes.
async fn listen(probe: &Probe, io: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> End {
    let mut piece = [0; 1024];
    loop {
        match io.read(&mut piece).await {
            Ok(0) => return End::Closed,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) => return ended(&error),
        }
        if bytes.len() >= HEARD_BYTES_MAX || answer(probe.ask, bytes).is_some() || Stranger::is_known(bytes) {
            return End::Open;
        }
    }
}

fn unconnected(error: &io::Error) -> Unconnected {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unconnected::Refused,
        io::ErrorKind::TimedOut => Unconnected::Late,
        _ => Unconnected::Other(error.to_string()),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn no_tls(error: &io::Error, first: &[u8]) -> NoTls {
    match tls_error(error) {
        None => NoTls::Closed,
        Some(rustls::Error::AlertReceived(alert)) => NoTls::Alert(*alert),
        Some(rustls::Error::InvalidMessage(_)) if !is_record(first) => NoTls::NotTls(first.to_vec()),
        Some(rustls::Error::PeerIncompatible(why)) => NoTls::Incompatible(format!("{why:?}")),
        Some(other) => NoTls::Other(other.to_string()),
    }
}

/// A TLS record of some kind begins the bytes.
fn is_record(first: &[u8]) -> bool {
    matches!(first, [0x14..=0x17, 3, ..])
}

fn ended(error: &io::Error) -> End {
    match tls_error(error) {
        None => End::Closed,
        Some(rustls::Error::AlertReceived(alert)) => End::Alert(*alert),
        Some(other) => End::Garbled(other.to_string()),
    }
}

/// Takes every certificate and notes it: what is wrong with it is for the diagnosis. The server still has to prove that the
/// key is its own.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.chain.lock() = std::iter::once(leaf).chain(between).map(|der| der.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A stream that keeps the first bytes that came.
struct Tapped<IO> {
    first: Arc<Mutex<Vec<u8>>>,
    io: IO,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Tapped<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        let mut first = self.first.lock();
        let room = TAPPED_BYTES.saturating_sub(first.len());
        if room > 0 {
            first.extend(buf.filled()[before..].iter().take(room));
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Tapped<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
