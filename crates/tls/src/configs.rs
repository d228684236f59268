//! One generation: rustls configurations made of files and settings, all of them before the first is used.
use std::sync::Arc;

use rustls::{ServerConfig, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::{
    Automatic, Expiry, Incoming, Place, Policy, Settings,
    error::{Fault, LoadError, NotAServer},
    files::{self, Material},
    incoming,
    outgoing::{Dials, Parts},
    peer::PeerCertificate,
    pool::{Pool, Usage, has_name},
    provider,
};

/// What a generation is made of. Two that are equal would make the same one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) settings: Settings,
    pub(crate) automatic: Automatic,
    internal_rpc: Material,
    grpc: Material,
}

/// What is derived from a [`Source`].
#[derive(Debug)]
pub(crate) struct Configs {
    pub(crate) source: Source,
    pub(crate) capable: bool,
    pub(crate) dials: Dials,
    pub(crate) expiries: Vec<Expiry>,
    pub(crate) internal_rpc: Listener,
    pub(crate) grpc: Listener,
    type_byte: Option<Arc<ServerConfig>>,
    insecure: Option<Arc<ServerConfig>>,
    native: Option<Arc<ServerConfig>>,
    external: Option<Arc<ServerConfig>>,
}

impl Source {
    /// Reads the files.
    pub(crate) fn read(mut settings: Settings, automatic: Automatic) -> Result<Self, LoadError> {
        let internal = &mut settings.internal_rpc;
        internal.verify_outgoing |= internal.verify_server_hostname; // documented so, see CVE-2018-19653
        settings.grpc.verify_outgoing = false;
        settings.grpc.verify_server_hostname = false;
        let internal_rpc = Material::read(&settings.internal_rpc).map_err(|fault| fault.at(Place::InternalRpc))?;
        let grpc = Material::read(&settings.grpc).map_err(|fault| fault.at(Place::Grpc))?;
        Ok(Self { settings, automatic, internal_rpc, grpc })
    }
}

/// One listener's certificates and CAs.
#[derive(Debug)]
pub(crate) struct Listener {
    /// That of the files.
    pub(crate) own: Option<Arc<CertifiedKey>>,
    /// CAs of the files alone: the automatic ones do not make a server.
    manual: Option<Pool>,
    /// Those and the automatic ones.
    pub(crate) combined: Option<Pool>,
}

impl Listener {
    fn new(policy: &Policy, material: &Material, automatic: &[CertificateDer<'static>]) -> Result<Self, Fault> {
        let own = match (&material.pair, &policy.cert_file, &policy.key_file) {
            (Some(pair), Some(cert), Some(key)) => {
                let fault = |why| Fault::KeyPair { cert: cert.clone(), key: key.clone(), why };
                Some(Arc::new(pair.certified().map_err(fault)?))
            }
            _ => None,
        };
        let manual = material.cas.clone().map(Pool::new).transpose()?;
        let combined = match (&manual, automatic.is_empty()) {
            (_, false) => Some(Pool::new(material.cas.iter().flatten().chain(automatic).cloned())?),
            (manual, true) => manual.clone(),
        };
        if policy.verify_incoming && combined.is_none() {
            return Err(Fault::IncomingWithoutCa);
        }
        if policy.verify_incoming && own.is_none() {
            return Err(Fault::IncomingWithoutCertificate);
        }
        if policy.verify_outgoing && combined.is_none() {
            return Err(Fault::OutgoingWithoutCa);
        }
        Ok(Self { own, manual, combined })
    }
}

impl Configs {
    /// Builds everything, or nothing.
    pub(crate) fn new(source: Source) -> Result<Self, LoadError> {
        let (certificate, cas) = automatic(&source.automatic).map_err(|fault| fault.at(Place::Automatic))?;
        let Settings { internal_rpc: policy, grpc: grpc_policy, alpn, .. } = &source.settings;
        let internal = |fault: Fault| fault.at(Place::InternalRpc);
        let external = |fault: Fault| fault.at(Place::Grpc);

        let provider = provider::with_suites(&policy.cipher_suites, policy.min_version).map_err(internal)?;
        let listener = Listener::new(policy, &source.internal_rpc, &cas).map_err(internal)?;
        let shown = listener.own.as_ref().or(certificate.as_ref());
        let capable = listener.combined.is_some() && shown.is_some();
        let server = |demand: Option<&Pool>, alpn: &[&'static str]| {
            let config = |shown| incoming::config(provider.clone(), policy.min_version, shown, demand, alpn);
            shown.map(config).transpose().map_err(internal)
        };
        let demanded = listener.combined.as_ref().filter(|_| policy.verify_incoming);
        let type_byte = server(demanded, &[])?;
        let insecure = server(None, &[])?;
        let native = match &listener.combined {
            Some(pool) => server(Some(pool), alpn)?,
            None => None,
        };
        let dials = Dials::new(&Parts {
            provider: &provider,
            min: policy.min_version,
            certificate: listener.own.as_ref(),
            pool: listener.combined.as_ref(),
            verify_outgoing: policy.verify_outgoing,
            verify_server_hostname: policy.verify_server_hostname,
            capable,
            alpn,
        })
        .map_err(internal)?;

        let grpc_provider =
            provider::with_suites(&grpc_policy.cipher_suites, grpc_policy.min_version).map_err(external)?;
        let grpc_listener = Listener::new(grpc_policy, &source.grpc, &cas).map_err(external)?;
        let grpc_shown = grpc_listener.own.as_ref().or(certificate.as_ref().filter(|_| grpc_policy.use_auto_cert));
        let grpc_demanded = grpc_listener.combined.as_ref().filter(|_| grpc_policy.verify_incoming);
        let external_config = grpc_shown
            .map(|shown| incoming::config(grpc_provider, grpc_policy.min_version, shown, grpc_demanded, &[]))
            .transpose()
            .map_err(external)?;

        let expiry = |place, own: Option<&Arc<CertifiedKey>>, shown: Option<&Arc<CertifiedKey>>| {
            shown.and_then(|shown| Expiry::of(place, own.is_none(), &shown.cert))
        };
        let expiries = [
            expiry(Place::InternalRpc, listener.own.as_ref(), shown),
            expiry(Place::Grpc, grpc_listener.own.as_ref(), grpc_shown),
        ];
        let expiries = expiries.into_iter().flatten().collect();
        Ok(Self {
            capable,
            dials,
            expiries,
            type_byte,
            insecure,
            native,
            external: external_config,
            internal_rpc: listener,
            grpc: grpc_listener,
            source,
        })
    }

    pub(crate) fn incoming(&self, how: Incoming) -> Option<&Arc<ServerConfig>> {
        match how {
            Incoming::TypeByte => self.type_byte.as_ref(),
            Incoming::Insecure => self.insecure.as_ref(),
            Incoming::Alpn => self.native.as_ref(),
            Incoming::Grpc => self.external.as_ref(),
        }
    }

    /// Whether the holder of `chain` is a server of our datacenter.
    pub(crate) fn authorize(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), NotAServer> {
        let settings = &self.source.settings;
        if !(settings.internal_rpc.verify_incoming && settings.internal_rpc.verify_server_hostname) {
            return Ok(());
        }
        let expected = settings.server_name();
        let not = |why: String| NotAServer { expected: expected.clone(), why };
        let [leaf, intermediates @ ..] = chain else { return Err(not("no verified chains".into())) };
        let Some(pool) = &self.internal_rpc.manual else {
            return Err(not("there is no CA of a file to check it against".into()));
        };
        pool.verify(leaf, intermediates, Usage::Client, now).map_err(|error| not(error.to_string()))?;
        let name = ServerName::try_from(expected.as_str()).map_err(|_| not("that is no DNS name".into()))?;
        has_name(leaf, &name).map_err(|_| not(has_instead(chain)))
    }

    /// What a watch looks at.
    pub(crate) fn files(&self) -> Vec<std::path::PathBuf> {
        let mut files = files::named(&self.source.settings.internal_rpc);
        files.extend(files::named(&self.source.settings.grpc));
        files.sort();
        files.dedup();
        files
    }
}

fn has_instead(chain: &[CertificateDer<'_>]) -> String {
    match PeerCertificate::of(chain) {
        Some(peer) if !peer.names.is_empty() => format!("the certificate is valid for {}", peer.names.join(", ")),
        _ => "the certificate carries no name".into(),
    }
}

/// The automatic certificate and CAs as rustls has them.
type Parsed = (Option<Arc<CertifiedKey>>, Vec<CertificateDer<'static>>);

fn automatic(automatic: &Automatic) -> Result<Parsed, Fault> {
    let certificate = match &automatic.pair {
        Some(pair) => {
            let pair = files::pair(pair.cert_pem.as_bytes(), pair.key_pem.as_bytes());
            let certified = pair.and_then(|pair| pair.certified()).map_err(Fault::PairInMemory)?;
            Some(Arc::new(certified))
        }
        None => None,
    };
    let mut cas = Vec::new();
    for pem in &automatic.cas {
        cas.extend(files::certificates(pem.as_bytes(), "an automatic CA")?);
    }
    Ok((certificate, cas))
}
