//! rustls configurations of dials.
use std::sync::Arc;

use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::CryptoProvider,
    sign::{CertifiedKey, SingleCertAndKey},
};
use rustls_pki_types::ServerName;

use crate::{
    MinVersion,
    error::{DialError, Fault},
    names,
    pool::Pool,
    provider,
    verify::Servers,
};

/// The ways out: what is about to be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// A server of a datacenter, after byte 3.
    TypeByte {
        /// Its datacenter.
        dc: &'a str,
    },
    /// One route of one server, by ALPN.
    Alpn {
        /// The route's name.
        name: &'a str,
        /// The server's datacenter.
        dc: &'a str,
        /// The server's node, or `*` for any server of the datacenter.
        node: &'a str,
    },
}

/// How to dial: with this configuration, and this name of the peer.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Verifies the peer as the settings want it, and has our certificate if there is one.
    pub config: Arc<ClientConfig>,
    /// The name to give to rustls. It is sent and checked where the settings say so; else it is neither.
    pub name: ServerName<'static>,
}

/// The configurations of one generation.
#[derive(Debug)]
pub(crate) struct Dials {
    /// After byte 3, if `verify_outgoing`.
    type_byte: Option<Arc<ClientConfig>>,
    /// By ALPN, if there are CAs and a certificate; without a name yet.
    alpn: Option<Arc<ClientConfig>>,
    /// The same, with each name that the server port has itself.
    by_name: Vec<(&'static str, Arc<ClientConfig>)>,
}

/// What [`Dials`] are made of.
pub(crate) struct Parts<'a> {
    pub(crate) provider: &'a Arc<CryptoProvider>,
    pub(crate) min: MinVersion,
    pub(crate) certificate: Option<&'a Arc<CertifiedKey>>,
    pub(crate) pool: Option<&'a Pool>,
    pub(crate) verify_outgoing: bool,
    pub(crate) verify_server_hostname: bool,
    pub(crate) capable: bool,
    pub(crate) alpn: &'a [&'static str],
}

impl Dials {
    pub(crate) fn new(parts: &Parts<'_>) -> Result<Self, Fault> {
        let type_byte = match parts.pool {
            Some(pool) if parts.verify_outgoing => Some(Arc::new(config(parts, pool, parts.verify_server_hostname)?)),
            _ => None,
        };
        let alpn = match parts.pool {
            Some(pool) if parts.capable => Some(Arc::new(config(parts, pool, true)?)),
            _ => None,
        };
        let by_name = match &alpn {
            Some(config) => parts.alpn.iter().map(|name| (*name, named(config, name))).collect(),
            None => Vec::new(),
        };
        Ok(Self { type_byte, alpn, by_name })
    }

    /// How to dial `to`, or `None` where it is dialled without TLS.
    pub(crate) fn to(&self, to: Outgoing<'_>, domain: &str) -> Result<Option<Dial>, DialError> {
        match to {
            Outgoing::TypeByte { dc } => {
                let Some(config) = &self.type_byte else { return Ok(None) };
                Ok(Some(Dial { config: config.clone(), name: name(names::server_name(dc, domain))? }))
            }
            Outgoing::Alpn { dc: "", .. } => Err(DialError::NoDatacenter),
            Outgoing::Alpn { node: "", .. } => Err(DialError::NoNode),
            Outgoing::Alpn { name: "", .. } => Err(DialError::NoProtocol),
            Outgoing::Alpn { name: route, dc, node } => {
                let base = self.alpn.as_ref().ok_or(DialError::NotCapable)?;
                let known = self.by_name.iter().find(|(name, _)| *name == route);
                let config = known.map_or_else(|| named(base, route), |(_, config)| config.clone());
                Ok(Some(Dial { config, name: name(names::node_server_name(node, dc, domain))? }))
            }
        }
    }
}

fn name(name: String) -> Result<ServerName<'static>, DialError> {
    ServerName::try_from(name.clone()).map_err(|_| DialError::Name(name))
}

fn named(config: &Arc<ClientConfig>, route: &str) -> Arc<ClientConfig> {
    let mut config = ClientConfig::clone(config);
    config.alpn_protocols = vec![route.as_bytes().to_vec()];
    Arc::new(config)
}

/// A dial's configuration. Sessions are not resumed: a server's certificate is looked at on every dial, as Consul does, and
/// connections are pooled, so that dials are few.
fn config(parts: &Parts<'_>, pool: &Pool, by_name: bool) -> Result<ClientConfig, Fault> {
    let builder = ClientConfig::builder_with_provider(parts.provider.clone())
        .with_protocol_versions(provider::versions(parts.min))
        .map_err(|error| Fault::Provider(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Servers { pool: pool.clone(), named: by_name }));
    let mut config = match parts.certificate {
        Some(certificate) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certificate.clone()))),
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = by_name;
    config.resumption = Resumption::disabled();
    Ok(config)
}
