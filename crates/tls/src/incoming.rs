//! rustls configurations of listeners.
use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::NoServerSessionStorage,
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::{MinVersion, error::Fault, pool::Pool, provider, verify::Clients};

/// The ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Incoming {
    /// Byte 3 of the server port: a client certificate is demanded if `verify_incoming`, and else not asked for.
    TypeByte,
    /// Byte 7 of the server port: a client certificate is never asked for.
    Insecure,
    /// A ClientHello on the server port: a client certificate is always demanded. A client that offers no ALPN name is let through
    /// here, for that is the port's to refuse.
    Alpn,
    /// The external gRPC port: a client certificate is demanded if `verify_incoming` of `tls.grpc`. No ALPN name is chosen, as in
    /// Consul.
    Grpc,
}

impl Incoming {
    /// Every way in.
    pub const ALL: [Self; 4] = [Self::TypeByte, Self::Insecure, Self::Alpn, Self::Grpc];
}

/// Tickets that a client gets after a handshake of TLS 1.3, as many as Go gives.
pub(crate) const TICKETS: usize = 1;

/// One listener's rustls configuration.
///
/// Each has its own keys for session tickets: a session that began where no client certificate is asked for cannot be resumed
/// where one is, nor can a session outlive the CAs that it was checked against.
pub(crate) fn config(
    provider: Arc<CryptoProvider>,
    min: MinVersion,
    certificate: &Arc<CertifiedKey>,
    demand: Option<&Pool>,
    alpn: &[&'static str],
) -> Result<Arc<ServerConfig>, Fault> {
    let refused = |error: rustls::Error| Fault::Provider(error.to_string());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(provider::versions(min))
        .map_err(refused)?;
    let builder = match demand {
        Some(pool) => builder.with_client_cert_verifier(Clients::shared(pool)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate.clone())));
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = provider::ticketer().map_err(refused)?;
    config.send_tls13_tickets = TICKETS;
    Ok(Arc::new(config))
}
