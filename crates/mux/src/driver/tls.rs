//! TLS handshakes, and why they fail.
use std::{io, sync::Arc, time::SystemTime};

use bytes::{Bytes, BytesMut};
use proconsul_tls::{PeerCertificate, still_good};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant as Deadline, timeout_at},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{CertificateError, CommonState, Error, PeerIncompatible, ProtocolVersion, ServerConfig},
};

use super::{Rewind, TlsFacts, farewell, look::first_bytes, stream::TlsIo};
use crate::{
    ROUTES, Reason,
    hello::{self, Hello},
};

/// A handshake that failed: why, and what there is to say about it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) reason: Reason,
    pub(super) detail: Option<String>,
}

/// Shakes hands until `deadline`. A client whose handshake is refused is told so with an alert.
pub(super) async fn accept(
    config: Arc<ServerConfig>,
    ahead: Bytes,
    tcp: TcpStream,
    deadline: Deadline,
) -> Result<TlsIo, Failed> {
    let (ahead, tcp) = until_hello(ahead, tcp, deadline).await?;
    let handshake = TlsAcceptor::from(config).accept(Rewind::new(ahead, tcp)).into_fallible();
    match timeout_at(deadline, handshake).await {
        Err(_) => Err(Failed { reason: Reason::TlsTimeout, detail: None }),
        Ok(Ok(io)) => match still_good(io.get_ref().1, SystemTime::now()) {
            Ok(()) => Ok(io),
            Err(error) => Err(Failed { reason: reason_of(&error), detail: Some(format!("resumed session: {error}")) }),
        },
        Ok(Err((error, io))) => {
            let reason = reason(&error);
            if reason != Reason::TlsCutOff {
                farewell::part(io, &[]).await;
            }
            Err(Failed { reason, detail: Some(error.to_string()) })
        }
    }
}

/// Reads until it is clear that a handshake begins. What does not begin one ends here, as in Go's TLS.
async fn until_hello(ahead: Bytes, mut tcp: TcpStream, deadline: Deadline) -> Result<(Bytes, TcpStream), Failed> {
    let mut ahead = BytesMut::from(ahead);
    loop {
        let (reason, last_words) = match hello::judge(&ahead) {
            Some(Hello::Tls) => return Ok((ahead.freeze(), tcp)),
            Some(Hello::NotTls) => (Reason::TlsNotTls, None),
            Some(Hello::TooOld) => (Reason::TlsVersion, Some(hello::PROTOCOL_VERSION_ALERT)),
            None => match timeout_at(deadline, tcp.read_buf(&mut ahead)).await {
                Ok(Ok(1..)) => continue,
                Ok(Ok(0) | Err(_)) => (Reason::TlsCutOff, None),
                Err(_) => (Reason::TlsTimeout, None),
            },
        };
        if let Some(words) = last_words {
            farewell::part(tcp, words).await;
        }
        return Err(Failed { reason, detail: first_bytes(&ahead) });
    }
}

/// What a handshake agreed on.
pub(super) fn facts(io: &TlsIo) -> TlsFacts {
    let (_, session) = io.get_ref();
    TlsFacts {
        version: version(session),
        alpn: alpn(session),
        sni: session.server_name().map(Box::from),
        resumed: session.handshake_kind() == Some(tokio_rustls::rustls::HandshakeKind::Resumed),
        certificate: session.peer_certificates().and_then(PeerCertificate::of),
    }
}

/// The agreed version in few letters.
pub(super) fn version(session: &CommonState) -> &'static str {
    match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        Some(ProtocolVersion::TLSv1_2) => "1.2",
        _ => "unknown",
    }
}

/// The agreed name, as it stands in the table: none other was offered.
pub(super) fn alpn(session: &CommonState) -> Option<&'static str> {
    let agreed = session.alpn_protocol()?;
    ROUTES.iter().filter_map(|row| row.alpn).find(|name| name.as_bytes() == agreed)
}

/// Why a handshake failed.
fn reason(error: &io::Error) -> Reason {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return reason_of(error);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::TimedOut => Reason::TlsCutOff,
        _ => Reason::TlsFailed,
    }
}

fn reason_of(error: &Error) -> Reason {
    match error {
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => Reason::TlsNotTls,
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => Reason::TlsNotTls,
        Error::PeerIncompatible(how) => reason_of_incompatible(how),
        Error::NoApplicationProtocol => Reason::TlsAlpn,
        Error::NoCertificatesPresented => Reason::TlsNoClientCertificate,
        Error::AlertReceived(_) => Reason::TlsRefusedByPeer,
        Error::InvalidCertificate(how) => reason_of_certificate(how),
        _ => Reason::TlsFailed,
    }
}

fn reason_of_incompatible(how: &PeerIncompatible) -> Reason {
    use PeerIncompatible::{
        ServerDoesNotSupportTls12Or13, ServerTlsVersionIsDisabledByOurConfig, SupportedVersionsExtensionRequired,
        Tls12NotOffered, Tls12NotOfferedOrEnabled,
    };
    match how {
        ServerDoesNotSupportTls12Or13
        | ServerTlsVersionIsDisabledByOurConfig
        | SupportedVersionsExtensionRequired
        | Tls12NotOffered
        | Tls12NotOfferedOrEnabled => Reason::TlsVersion,
        _ => Reason::TlsCipher,
    }
}

fn reason_of_certificate(how: &CertificateError) -> Reason {
    use CertificateError::{
        Expired, ExpiredContext, InvalidPurpose, InvalidPurposeContext, NotValidYet, NotValidYetContext, UnknownIssuer,
    };
    match how {
        Expired | ExpiredContext { .. } => Reason::TlsCertificateExpired,
        NotValidYet | NotValidYetContext { .. } => Reason::TlsCertificateNotYetValid,
        UnknownIssuer => Reason::TlsUnknownCa,
        InvalidPurpose | InvalidPurposeContext { .. } => Reason::TlsCertificatePurpose,
        _ => Reason::TlsBadCertificate,
    }
}
