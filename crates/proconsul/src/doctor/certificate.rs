//! What a certificate says, and what a normal verification says of it.
use rustls::{
    CertificateError, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, UnixTime},
    server::{ParsedCertificate, WebPkiClientVerifier},
};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
    public_key::PublicKey,
};

/// Shorter RSA keys are called weak.
const RSA_BITS_MIN: usize = 2048;

/// Longest text of a peer's that is shown.
const SHOWN_LETTERS_MAX: usize = 200;

/// What one certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    /// CN of the subject.
    pub(super) common_name: Option<String>,
    /// DNS names and IP addresses of the subject alternative name.
    pub(super) names: Vec<String>,
    /// URIs there; Connect's certificates have a SPIFFE one.
    pub(super) uris: Vec<String>,
    /// The issuer, in short.
    pub(super) issuer: String,
    /// Issuer and subject are the same.
    pub(super) self_signed: bool,
    pub(super) is_ca: bool,
    /// Seconds since 1970.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    /// It may not be a server's, or not a client's: it lists what it is for, and that is not there.
    pub(super) no_server: bool,
    pub(super) no_client: bool,
    /// What is weak about it.
    pub(super) weak: Option<String>,
}

impl Certificate {
    /// Reads a certificate; `None` if it is none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        let common_name = x509.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).map(printable);
        let mut names = Vec::new();
        let mut uris = Vec::new();
        if let Ok(Some(alternatives)) = x509.subject_alternative_name() {
            for name in &alternatives.value.general_names {
                match name {
                    GeneralName::DNSName(name) => names.push(printable(name)),
                    GeneralName::IPAddress(bytes) => names.extend(address(bytes)),
                    GeneralName::URI(uri) => uris.push(printable(uri)),
                    _ => {}
                }
            }
        }
        let purposes = x509.extended_key_usage().ok().flatten().map(|usage| usage.value);
        let lacks = |has: fn(&x509_parser::extensions::ExtendedKeyUsage<'_>) -> bool| {
            purposes.is_some_and(|usage| !usage.any && !has(usage))
        };
        let issuer_name =
            x509.issuer().iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
        Some(Self {
            der: der.to_vec(),
            common_name,
            names,
            uris,
            issuer: printable(&issuer_name.unwrap_or_else(|| x509.issuer().to_string())),
            self_signed: x509.issuer().as_raw() == x509.subject().as_raw(),
            is_ca: x509.is_ca(),
            not_before: x509.validity().not_before.timestamp(),
            not_after: x509.validity().not_after.timestamp(),
            no_server: lacks(|usage| usage.server_auth),
            no_client: lacks(|usage| usage.client_auth),
            weak: weak(&x509),
        })
    }

    /// The one that stands first in a chain.
    pub(super) fn leaf(chain: &[Vec<u8>]) -> Option<Self> {
        chain.first().and_then(|der| Self::read(der))
    }

    /// Connect's own certificate for a server, which it presents where the operator gave none.
    pub(super) fn is_automatic(&self) -> bool {
        self.uris.iter().any(|uri| uri.starts_with("spiffe://") && uri.contains("/agent/"))
    }

    /// Whether it is good for a DNS name: a wildcard stands for one label, the first.
    pub(super) fn fits(&self, name: &str) -> bool {
        self.names.iter().any(|mine| fits(mine, name))
    }

    /// Its names, or what there is in their place.
    pub(super) fn described(&self) -> String {
        match (self.names.is_empty(), self.uris.is_empty(), &self.common_name) {
            (false, ..) => self.names.join(", "),
            (true, false, _) => self.uris.join(", "),
            (true, true, Some(name)) => format!("none (CN {name})"),
            (true, true, None) => "none".to_owned(),
        }
    }
}

/// Whether `mine`, which may begin with a wildcard, stands for `name`.
pub(super) fn fits(mine: &str, name: &str) -> bool {
    match mine.strip_prefix("*.") {
        Some(rest) => name.split_once('.').is_some_and(|(_, tail)| tail.eq_ignore_ascii_case(rest)),
        None => mine.eq_ignore_ascii_case(name),
    }
}

/// Without what a terminal would obey: it comes from a peer.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(SHOWN_LETTERS_MAX).map(|letter| if letter.is_control() { '.' } else { letter }).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

fn weak(x509: &X509Certificate<'_>) -> Option<String> {
    /// Signature algorithms by their object identifiers.
    const WEAK: &[(&str, &str)] = &[
        ("1.2.840.113549.1.1.4", "signed with MD5"),
        ("1.2.840.113549.1.1.5", "signed with SHA-1"),
        ("1.2.840.10045.4.1", "signed with SHA-1"),
    ];
    let signature = x509.signature_algorithm.algorithm.to_id_string();
    if let Some((_, what)) = WEAK.iter().find(|(id, _)| *id == signature) {
        return Some((*what).to_owned());
    }
    match x509.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < RSA_BITS_MIN => Some(format!("RSA with {} bits", key.key_size())),
        _ => None,
    }
}

/// What is wrong with a chain, besides its names and dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChainProblem {
    /// No CA that is known signed it, or a certificate between is missing.
    UnknownIssuer,
    /// It is not made for this.
    Purpose,
    /// Anything else, in our TLS library's words.
    Other(String),
}

/// Checks a chain against CAs as of a moment when the leaf is valid, so that dates hide nothing else.
///
/// `as_server`: as a client checks a server; otherwise the reverse.
pub(super) fn check(
    chain: &[Vec<u8>],
    authorities: &[Certificate],
    as_server: bool,
    now: i64,
    provider: &std::sync::Arc<CryptoProvider>,
) -> Result<(), ChainProblem> {
    let other = |error: rustls::Error| problem(&error);
    let Some((leaf, between)) = chain.split_first() else { return Ok(()) };
    let Some(facts) = Certificate::read(leaf) else {
        return Err(ChainProblem::Other("it is no certificate".to_owned()));
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.iter().map(|ca| CertificateDer::from(ca.der.clone())));
    let leaf = CertificateDer::from(leaf.clone());
    let between: Vec<CertificateDer<'_>> = between.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let moment = now.clamp(facts.not_before, facts.not_after.max(facts.not_before));
    let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(moment).unwrap_or(0)));
    if as_server {
        let parsed = ParsedCertificate::try_from(&leaf).map_err(other)?;
        let algorithms = provider.signature_verification_algorithms.all;
        return verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &between, moment, algorithms).map_err(other);
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .map_err(|error| ChainProblem::Other(error.to_string()))?;
    verifier.verify_client_cert(&leaf, &between, moment).map(|_| ()).map_err(other)
}

fn problem(error: &rustls::Error) -> ChainProblem {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            ChainProblem::UnknownIssuer
        }
        rustls::Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        ) => ChainProblem::Purpose,
        other => ChainProblem::Other(other.to_string()),
    }
}

/// A moment as a date, UTC.
pub(super) fn date(seconds: i64) -> String {
    // Days since 1970 to a civil date, by the usual arithmetic on 400-year eras that begin in March.
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
pub(super) mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    /// RSA with 1024 bits, which our library does not make; signed by itself until 2126.
    const WEAK: &str = "-----BEGIN CERTIFICATE-----\n\
         MIICNDCCAZ2gAwIBAgIUMeBbAViGyJBfB7UGLLNyObbOni0wDQYJKoZIhvcNAQEL\n\
         BQAwHDEaMBgGA1UEAwwRc2VydmVyLmRjMS5jb25zdWwwIBcNMjYxMTIyMjA0NzMy\n\
         WhgPMjEyNjEwMjkyMDQ3MzJaMBwxGjAYBgNVBAMMEXNlcnZlci5kYzEuY29uc3Vs\n\
         MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4mnbHY3GsopiqvoqlJijQ7ItA\n\
         51YjimzsBxV/uczhBNz9bG2Mf5A22tpf7D7tvx2ktD6ZAWZQ71Hwe0g4yhIZLbbU\n\
         GwEdk4ygD5Uf9LW9Ic8IPHF7+1vlFKGDi/X1c3r9WhFasP+0XpAHLE3s1uA2u9Qd\n\
         b/QPvE4q1h2Z8e8OowIDAQABo3EwbzAdBgNVHQ4EFgQUYDNGUq5cS4Qixv3T5m3V\n\
         DebfHKEwHwYDVR0jBBgwFoAUYDNGUq5cS4Qixv3T5m3VDebfHKEwDwYDVR0TAQH/\n\
         BAUwAwEB/zAcBgNVHREEFTATghFzZXJ2ZXIuZGMxLmNvbnN1bDANBgkqhkiG9w0B\n\
         AQsFAAOBgQBWNQYDHBpNn6fcNIGGJvlyYKhRqSYj9zEo2Zu70kCl2o/c3lkOA2x8\n\
         bbw9OuwDADlRIXOvaaTB9Mmc7jbMrtkfMTVrsCBU30yQ08lB9seaagO7rNrnv1/W\n\
         HkORBdclHfAdcFdBb04r9I+tn1aPO8wNlP3P73Sm+DeDG3oB5EOpUw==\n\
         -----END CERTIFICATE-----\n";

    /// A certificate with a weak key.
    pub(in crate::doctor) fn weak() -> Certificate {
        Certificate::read(&CertificateDer::from_pem_slice(WEAK.as_bytes()).expect("it is PEM")).expect("it is one")
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        for (mine, name, expected) in [
            ("server.dc1.consul", "server.dc1.consul", true),
            ("SERVER.dc1.consul", "server.DC1.consul", true),
            ("*.dc1.consul", "server.dc1.consul", true),
            ("*.consul", "server.dc1.consul", false),
            ("*.dc1.consul", "a.server.dc1.consul", false),
            ("server.dc2.consul", "server.dc1.consul", false),
            ("*", "server", false),
        ] {
            assert_eq!(fits(mine, name), expected, "{mine} {name}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_709_164_800, "2024-02-29"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn what_is_no_certificate_is_not_read() {
        for cut in [&b""[..], b"\x30\x03\x02\x01\x00", &[0xff; 40]] {
            assert_eq!(Certificate::read(cut), None);
        }
    }
}
