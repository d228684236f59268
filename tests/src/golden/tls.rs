//! TLS connections as the recordings dial them: any server certificate is taken, the client's is sent whoever signed it, and what
//! goes wrong is told in the words of Go's TLS, which is what was recorded.
use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, ProtocolVersion, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use serde_json::{Value, json};

use super::{
    case::{Step, Tls, golden_dir},
    link::{Link, is_timeout},
};

mod alert; // Go's words for what a handshake dies of
mod hello; // a ClientHello that offers no more than TLS 1.1

pub use alert::Alert;

/// How long a handshake may take: longer than any that is answered, so that one that is cut off shows how.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(12);
/// The type bytes after which a handshake begins.
const TYPE_BYTES: [(Tls, u8); 2] = [(Tls::Byte3, 3), (Tls::Byte7, 7)];
/// The server name that is asked for when a step does not say.
const DEFAULT_NAME: &str = "server.dc1.consul";
/// How much is read from the socket at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What a dial asks of TLS.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// How it starts.
    pub start: Tls,
    /// ALPN names to offer.
    pub alpn: &'a [String],
    /// The client certificate: a file name in `certs/` without its ending.
    pub certificate: Option<&'a str>,
    /// The server name to ask for.
    pub name: &'a str,
    /// The highest version to offer; none means 1.3.
    pub highest: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// What a `dial` step asks for, if it asks for TLS.
    pub fn by(step: &'a Step) -> Option<Self> {
        Some(Self {
            start: step.tls?,
            alpn: &step.alpn,
            certificate: step.cert.as_deref().filter(|cert| *cert != "none"),
            name: step.sni.as_deref().unwrap_or(DEFAULT_NAME),
            highest: step.max_tls.as_deref(),
        })
    }

    /// What the shared session asks for where plain connections are refused: type byte 3 and the client certificate.
    pub fn session() -> Wanted<'static> {
        Wanted { start: Tls::Byte3, alpn: &[], certificate: Some("client"), name: DEFAULT_NAME, highest: None }
    }
}

/// Does the handshake on a fresh connection. The inner error is the outcome of the dial: an [`Alert`], or what ended it.
///
/// # Errors
/// When a certificate cannot be read, or the step asks for a version that this runner does not know.
pub fn connect(mut tcp: TcpStream, wanted: &Wanted<'_>) -> Result<io::Result<TlsLink>> {
    if let Some((_, byte)) = TYPE_BYTES.iter().find(|(start, _)| *start == wanted.start)
        && let Err(error) = tcp.write_all(&[*byte])
    {
        return Ok(Err(error));
    }
    let versions: &[&rustls::SupportedProtocolVersion] = match wanted.highest {
        None | Some("1.3") => rustls::ALL_VERSIONS,
        Some("1.2") => &[&rustls::version::TLS12],
        Some("1.1") => return Ok(Err(hello::refused(tcp, wanted))),
        Some(other) => bail!("no TLS version {other}"),
    };
    let config = config(versions, wanted, &golden_dir().join("certs"))?;
    let name = ServerName::try_from(wanted.name.to_owned()).context("the server name")?;
    let session = ClientConnection::new(config.into(), name).context("starting TLS")?;
    let link = TlsLink { tcp, shared: Arc::new(Shared { session: Mutex::new(session), writing: Mutex::default() }) };
    Ok(link.handshake().map(|()| link))
}

fn config(
    versions: &[&'static rustls::SupportedProtocolVersion],
    wanted: &Wanted<'_>,
    certs: &Path,
) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer(provider)));
    let mut config = match wanted.certificate {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let (chain, key) = certificate(certs, name)?;
            // It is sent even if the server names no authority that signed it, as the recorder's was.
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = wanted.alpn.iter().map(|name| name.clone().into_bytes()).collect();
    Ok(config)
}

fn certificate(certs: &Path, name: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let read = |file: String| {
        let path = certs.join(file).with_extension("pem");
        fs::read(&path).with_context(|| format!("reading {}", path.display()))
    };
    let chain = read(name.to_owned())?;
    let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().context("a certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&read(format!("{name}-key"))?).context("a key")?;
    Ok((chain, key))
}

/// Takes any certificate: the recordings are about what the server does, not about whom the client believes. The signature is
/// checked all the same.
#[derive(Debug)]
pub struct AnyServer(pub Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A TLS connection. One thread may read while others write.
pub struct TlsLink {
    tcp: TcpStream,
    shared: Arc<Shared>,
}

/// Who takes both locks takes `writing` first.
struct Shared {
    /// Held while encrypted bytes go out, so that they go in order, without holding up who reads.
    writing: Mutex<()>,
    session: Mutex<ClientConnection>,
}

impl Shared {
    fn session(&self) -> MutexGuard<'_, ClientConnection> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TlsLink {
    /// Version and ALPN name that were agreed on, as an outcome.
    pub fn agreed(&self) -> Value {
        let session = self.shared.session();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "1.3",
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "unknown",
        };
        let alpn = String::from_utf8_lossy(session.alpn_protocol().unwrap_or_default()).into_owned();
        json!({"tls": version, "alpn": alpn})
    }

    fn handshake(&self) -> io::Result<()> {
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        loop {
            self.flush_session(|_| Ok(()))?;
            if !self.shared.session().is_handshaking() {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.set_read_timeout(left)?;
            match self.take_in() {
                Ok(0) => return Err(alert::closed()),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once from the socket and lets the session have it: how many bytes, 0 at the end.
    fn take_in(&self) -> io::Result<usize> {
        let mut chunk = [0; CHUNK_BYTES];
        let length = (&self.tcp).read(&mut chunk).map_err(alert::of_socket)?;
        let mut unread = &chunk[..length];
        let taken = self.feed(&mut unread, length == 0);
        self.flush_session(|_| Ok(()))?; // an alert of ours, or an answer that the protocol asks for
        taken.map(|()| length)
    }

    fn feed(&self, unread: &mut &[u8], at_end: bool) -> io::Result<()> {
        let mut session = self.shared.session();
        loop {
            session.read_tls(unread)?;
            session.process_new_packets().map_err(alert::of_session)?;
            if unread.is_empty() || at_end {
                return Ok(());
            }
        }
    }

    /// Does something to the session, then writes what it wants written.
    fn flush_session(&self, act: impl FnOnce(&mut ClientConnection) -> io::Result<()>) -> io::Result<()> {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut encrypted = Vec::new();
        {
            let mut session = self.shared.session();
            act(&mut session)?;
            while session.wants_write() {
                session.write_tls(&mut encrypted)?;
            }
        }
        // A failure shows in what is read next: a server may well have closed after a last word that explains it.
        let _ = (&self.tcp).write_all(&encrypted);
        Ok(())
    }
}

impl Read for TlsLink {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = self.shared.session().reader().read(into);
            match ready {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                ready => return ready,
            }
            self.take_in()?;
        }
    }
}

impl Write for TlsLink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush_session(|session| {
            session.set_buffer_limit(None);
            session.writer().write_all(bytes)
        })?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link for TlsLink {
    fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        self.tcp.set_read_timeout(Some(limit))
    }
    fn shut(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            // Ending our half is TLS's to say; the socket's half stays open, as Go's CloseWrite leaves it.
            self.flush_session(|session| {
                session.send_close_notify();
                Ok(())
            })?;
        }
        if how == Shutdown::Both { self.tcp.shutdown(how) } else { Ok(()) }
    }
    fn second(&self) -> io::Result<Box<dyn Link>> {
        Ok(Box::new(Self { tcp: self.tcp.try_clone()?, shared: Arc::clone(&self.shared) }))
    }
}

#[cfg(test)]
mod tests;
