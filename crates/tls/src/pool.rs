//! CAs, and whether a chain leads to one of them.
use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    server::{ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{error::Fault, files, provider::provider};

/// Certificates of CAs.
#[derive(Clone)]
pub struct Pool {
    roots: Arc<RootCertStore>,
    /// The same, whole: a leaf that stands here itself is trusted, as in Go, whoever signed it.
    whole: Arc<HashSet<CertificateDer<'static>>>,
    clients: Arc<dyn ClientCertVerifier>,
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// By a server that we dial.
    Server,
    /// By a client that dials us.
    Client,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} CAs)", self.roots.len())
    }
}

impl Pool {
    /// A pool of CAs in PEM. What is no certificate in it is skipped.
    ///
    /// # Errors
    /// [`Fault::NoCertificate`] if nothing in it can be a CA.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Fault> {
        Self::new(files::certificates(pem, "the given PEM")?)
    }

    /// A pool of these. What no CA can be is skipped with a warning, as Go skips it without one.
    ///
    /// # Errors
    /// [`Fault::NoCertificate`] if none is left.
    pub(crate) fn new(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, Fault> {
        let (mut roots, mut whole, mut bad) = (RootCertStore::empty(), HashSet::new(), None);
        for certificate in certificates {
            if whole.contains(&certificate) {
                continue;
            }
            match roots.add(certificate.clone()) {
                Ok(()) => drop(whole.insert(certificate)),
                Err(error) => {
                    tracing::warn!(%error, "a CA's certificate cannot be read and is left out");
                    bad = Some(error);
                }
            }
        }
        let none = |why| Fault::NoCertificate { place: "the CAs".into(), why };
        if roots.is_empty() {
            return Err(none(bad.map_or_else(|| "there is none".into(), |error| error.to_string())));
        }
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider().clone()).build();
        let clients = clients.map_err(|error| none(error.to_string()))?;
        Ok(Self { roots, whole: Arc::new(whole), clients })
    }

    /// rustls's own verifier of clients over these CAs.
    pub(crate) fn clients(&self) -> &dyn ClientCertVerifier {
        &*self.clients
    }

    /// Whether `leaf` leads to a CA of the pool through `intermediates`, at `now`, and may be used so. Names are not looked at.
    ///
    /// # Errors
    /// What is wrong with it, as rustls tells it to the peer.
    pub fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<(), Error> {
        let checked = match usage {
            Usage::Client => self.clients.verify_client_cert(leaf, intermediates, now).map(drop),
            Usage::Server => verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(leaf)?,
                &self.roots,
                intermediates,
                now,
                provider().signature_verification_algorithms.all,
            ),
        };
        match checked {
            Err(_) if self.whole.contains(leaf) => trusted_itself(leaf, usage, now),
            checked => checked,
        }
    }
}

/// Whether a certificate carries a DNS name or an address, by Go's rules: subject alternative names only, and a `*` stands for
/// one whole leftmost label.
///
/// # Errors
/// [`CertificateError::NotValidForName`], with the names that it has.
pub(crate) fn has_name(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)
}

/// The checks that are left for a certificate that stands in the pool itself, for example one that signed itself.
fn trusted_itself(leaf: &CertificateDer<'_>, usage: Usage, now: UnixTime) -> Result<(), Error> {
    let bad = |error: CertificateError| Err(Error::InvalidCertificate(error));
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else { return bad(CertificateError::BadEncoding) };
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if seconds < validity.not_before.timestamp() {
        return bad(CertificateError::NotValidYet);
    }
    if seconds > validity.not_after.timestamp() {
        return bad(CertificateError::Expired);
    }
    match certificate.extended_key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usages)) if usages.value.any => Ok(()),
        Ok(Some(usages)) if usage == Usage::Server && usages.value.server_auth => Ok(()),
        Ok(Some(usages)) if usage == Usage::Client && usages.value.client_auth => Ok(()),
        Ok(Some(_)) => bad(CertificateError::InvalidPurpose),
        Err(_) => bad(CertificateError::BadEncoding),
    }
}

/// A moment as `x509-parser` has it, as the system has it; what lies before 1970 is 1970.
pub(crate) fn moment(seconds: i64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
