//! CAs, and whether a chain leads to one of them.
use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{
    CertificateError, DistinguishedName, Error, OtherError, client::verify_server_name, server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext,
    VerifiedPath, anchor_from_trusted_cert,
};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::{error::Fault, files, peer::common_name, provider::provider, seen::Seen};

/// Certificates of CAs.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Those that may sign.
    anchors: Vec<TrustAnchor<'static>>,
    /// What Go asks of each of them besides, and rustls does not.
    limits: Vec<Limits>,
    /// All of them, whole: a leaf that stands here itself is trusted, as in Go, whoever signed it.
    whole: HashSet<CertificateDer<'static>>,
    /// Chains that were found good.
    seen: Seen,
    /// The subjects of all, which a client is told to choose its certificate by.
    subjects: Vec<DistinguishedName>,
}

/// What a CA's own certificate allows.
#[derive(Clone)]
struct Limits {
    /// When it is good: a signature of a CA that is over is worth nothing.
    dates: Dates,
    server: bool,
    client: bool,
    /// The subject, for an operator's eyes.
    name: String,
}

/// From when to when a certificate is good, both included; in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dates {
    pub(crate) from: i64,
    pub(crate) to: i64,
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
        write!(f, "Pool({} CAs)", self.0.anchors.len())
    }
}

impl Pool {
    /// A pool of CAs in PEM. What is no certificate in it is skipped.
    ///
    /// # Errors
    /// [`Fault::NoCertificate`] if nothing in it can be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Fault> {
        Self::new(files::certificates(pem, "the given PEM")?)
    }

    /// A pool of these. What cannot be read is skipped with a warning, as Go skips it without one.
    ///
    /// # Errors
    /// [`Fault::NoCertificate`] if none is left.
    pub(crate) fn new(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, Fault> {
        let mut inner = Inner::default();
        let mut bad = None;
        for certificate in certificates {
            if let Err(why) = inner.add(certificate) {
                tracing::warn!(why, "a CA's certificate cannot be read and is left out");
                bad = Some(why);
            }
        }
        if inner.whole.is_empty() {
            return Err(Fault::NoCertificate {
                place: "the CAs".into(),
                why: bad.unwrap_or_else(|| "there is none".into()),
            });
        }
        Ok(Self(Arc::new(inner)))
    }

    /// The subjects of all, as a server tells them to clients.
    pub(crate) fn subjects(&self) -> &[DistinguishedName] {
        &self.0.subjects
    }

    /// The names of CAs that have expired or are not yet good.
    pub(crate) fn out_of_date(&self, now: UnixTime) -> Vec<&str> {
        let bad = self.0.limits.iter().filter(|limits| limits.dates.check(now).is_err());
        bad.map(|limits| limits.name.as_str()).collect()
    }

    /// Whether `leaf` leads to a CA of the pool through `intermediates`, at `now`, and may be used so, by Go's rules. Names are not
    /// looked at.
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
        let seen = &self.0.seen;
        let key = Seen::key(leaf, intermediates, usage);
        if key.as_ref().and_then(|key| seen.get(key)).is_some_and(|dates| dates.check(now).is_ok()) {
            return Ok(());
        }
        let good = self.check(leaf, intermediates, usage, now)?;
        if let Some((key, good)) = key.zip(good) {
            seen.insert(key, good);
        }
        Ok(())
    }

    /// As [`Pool::verify`], anew: when all of the chain is good, if that can be said.
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<Option<Dates>, Error> {
        let Inner { anchors, limits, whole, .. } = &*self.0;
        let end = EndEntityCert::try_from(leaf).map_err(rustls_error)?;
        let of = |anchor: &TrustAnchor<'_>| {
            let which = anchors.iter().position(|candidate| std::ptr::eq(candidate, anchor));
            which.and_then(|which| limits.get(which))
        };
        let within = |path: &VerifiedPath<'_>| of(path.anchor()).map_or(Ok(()), |limits| limits.check(usage, now));
        let algorithms = provider().signature_verification_algorithms.all;
        match end.verify_for_usage(algorithms, anchors, intermediates, now, Purpose(usage), None, Some(&within)) {
            Ok(path) => {
                let mut dates = of(path.anchor()).map(|limits| limits.dates);
                for certificate in [leaf].into_iter().chain(intermediates) {
                    let parsed = X509Certificate::from_der(certificate).ok();
                    dates = dates.zip(parsed).map(|(dates, (_, parsed))| dates.and(Dates::of(&parsed)));
                }
                Ok(dates)
            }
            Err(_) if whole.contains(leaf) => trusted_itself(leaf, usage, now).map(|()| None),
            Err(error) => Err(rustls_error(error)),
        }
    }
}

impl Inner {
    fn add(&mut self, der: CertificateDer<'static>) -> Result<(), String> {
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|error| error.to_string())?;
        if self.whole.contains(&der) {
            return Ok(());
        }
        if may_sign(&certificate) {
            let anchor = anchor_from_trusted_cert(&der).map_err(|error| error.to_string())?.to_owned();
            self.limits.push(Limits::of(&certificate));
            self.anchors.push(anchor);
        }
        self.subjects.push(DistinguishedName::from(certificate.subject().as_raw().to_vec()));
        drop(certificate);
        self.whole.insert(der);
        Ok(())
    }
}

/// Whether one of them can be read; if not, why.
pub(crate) fn any_readable(certificates: &[CertificateDer<'_>]) -> Result<(), String> {
    let mut bad = "there is none".to_owned();
    for certificate in certificates {
        match X509Certificate::from_der(certificate) {
            Ok(_) => return Ok(()),
            Err(error) => bad = error.to_string(),
        }
    }
    Err(bad)
}

/// Whether a certificate of the pool may sign others, as Go's `CheckSignatureFrom` sees it. Else whoever has the key of a server's
/// certificate that lies among the CAs could make certificates of its own.
fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    let constraints = match certificate.basic_constraints() {
        Ok(Some(constraints)) => constraints.value.ca,
        Ok(None) => certificate.version() != X509Version::V3,
        Err(_) => false,
    };
    let usage = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    constraints && usage
}

impl Limits {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let [server, client] = [Usage::Server, Usage::Client].map(|usage| allows(certificate, usage).is_ok());
        let name = common_name(certificate.subject()).unwrap_or_else(|| "without a common name".into());
        Self { dates: Dates::of(certificate), server, client, name }
    }

    fn check(&self, usage: Usage, now: UnixTime) -> Result<(), webpki::Error> {
        self.dates.check(now)?;
        match usage {
            Usage::Server if !self.server => Err(purpose(usage)),
            Usage::Client if !self.client => Err(purpose(usage)),
            _ => Ok(()),
        }
    }
}

impl Dates {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self { from: validity.not_before.timestamp(), to: validity.not_after.timestamp() }
    }

    /// When both are good.
    fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }

    fn check(self, now: UnixTime) -> Result<(), webpki::Error> {
        let unix = |seconds: i64| UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if seconds < self.from {
            return Err(webpki::Error::CertNotValidYet { time: now, not_before: unix(self.from) });
        }
        if seconds > self.to {
            return Err(webpki::Error::CertExpired { time: now, not_after: unix(self.to) });
        }
        Ok(())
    }
}

/// The usages that a certificate must allow, if it says any: the one that is asked for, or all there are.
struct Purpose(Usage);

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        const SERVER: KeyPurposeId<'_> = KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 1]);
        const CLIENT: KeyPurposeId<'_> = KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 2]);
        const ANY: KeyPurposeId<'_> = KeyPurposeId::new(&[0x55, 0x1d, 0x25, 0]);
        let wanted = match self.0 {
            Usage::Server => SERVER,
            Usage::Client => CLIENT,
        };
        let mut none = true;
        for usage in usages {
            let usage = usage?;
            if usage == wanted || usage == ANY {
                return Ok(());
            }
            none = false;
        }
        if none { Ok(()) } else { Err(purpose(self.0)) }
    }
}

/// The error of a certificate that is for something else.
fn purpose(usage: Usage) -> webpki::Error {
    let required = match usage {
        Usage::Server => KeyUsage::server_auth(),
        Usage::Client => KeyUsage::client_auth(),
    };
    webpki::Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present: Vec::new() })
}

/// An error of webpki as rustls has it, which decides what the peer is told.
fn rustls_error(error: webpki::Error) -> Error {
    use webpki::Error as E;
    Error::InvalidCertificate(match error {
        E::BadDer | E::BadDerTime | E::TrailingData(_) => CertificateError::BadEncoding,
        E::CertNotValidYet { time, not_before } => CertificateError::NotValidYetContext { time, not_before },
        E::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        E::InvalidCertValidity => CertificateError::Expired,
        // A CA that has the issuer's name and another key is not the issuer: Go says so, and the peer is told the same.
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => CertificateError::UnknownIssuer,
        E::RequiredEkuNotFoundContext(_) => CertificateError::InvalidPurpose,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    })
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
    Dates::of(&certificate).check(now).map_err(rustls_error)?;
    allows(&certificate, usage).map_err(Error::InvalidCertificate)
}

/// Whether a certificate may be used so, by its extended key usages if it has any.
fn allows(certificate: &X509Certificate<'_>, usage: Usage) -> Result<(), CertificateError> {
    match certificate.extended_key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usages)) if usages.value.any => Ok(()),
        Ok(Some(usages)) if usage == Usage::Server && usages.value.server_auth => Ok(()),
        Ok(Some(usages)) if usage == Usage::Client && usages.value.client_auth => Ok(()),
        Ok(Some(_)) => Err(CertificateError::InvalidPurpose),
        Err(_) => Err(CertificateError::BadEncoding),
    }
}

/// A moment as certificates have it, as the system has it; what lies before 1970 is 1970.
pub(crate) fn moment(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::create::{self, CaRequest};

    #[test]
    fn subjects_are_told_as_rustls_tells_them() {
        let ca = create::ca(&CaRequest::default()).expect("made");
        let pool = Pool::from_pem(ca.cert_pem.as_bytes()).expect("a CA");
        let [anchor] = pool.0.anchors.as_slice() else { panic!("one CA") };
        let [subject] = pool.subjects() else { panic!("one subject") };
        assert_eq!(subject.as_ref(), DistinguishedName::in_sequence(&anchor.subject).as_ref());
    }
}
