//! What a certificate says about its holder, for operators' eyes.
use std::{fmt::Write, net::IpAddr, time::SystemTime};

use rustls_pki_types::CertificateDer;
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate, X509Name},
};

use crate::pool::moment;

/// Facts of a leaf. Texts are the holder's own words: control characters are escaped, and they are cut at
/// [`PeerCertificate::TEXT_BYTES_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Subject alternative names: DNS names, addresses and URIs; the first [`PeerCertificate::NAMES_MAX`].
    pub names: Vec<String>,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The issuer's common name, or its whole name if it has none.
    pub issuer: String,
    /// The serial number, in hexadecimal digits.
    pub serial: String,
    /// When it begins to be good.
    pub not_before: SystemTime,
    /// When it is no longer good.
    pub not_after: SystemTime,
}

/// What a peer showed is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no X.509 certificate")]
pub struct NotACertificate;

impl PeerCertificate {
    /// Most names that are kept.
    pub const NAMES_MAX: usize = 32;
    /// Most bytes of a text that are kept, a little more when an escape ends there.
    pub const TEXT_BYTES_MAX: usize = 256;

    /// The facts of a chain's leaf; `None` for an empty chain, or when the leaf is no certificate.
    pub fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        Self::parse(chain.first()?).ok()
    }

    /// The facts of one certificate.
    ///
    /// # Errors
    /// [`NotACertificate`].
    pub fn parse(der: &[u8]) -> Result<Self, NotACertificate> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let names =
            alternatives.iter().flat_map(|names| &names.value.general_names).filter_map(name).take(Self::NAMES_MAX);
        let issuer = certificate.issuer();
        Ok(Self {
            names: names.collect(),
            common_name: common_name(certificate.subject()),
            issuer: common_name(issuer).unwrap_or_else(|| plain(&issuer.to_string())),
            serial: hex(certificate.raw_serial()),
            not_before: moment(certificate.validity().not_before.timestamp()),
            not_after: moment(certificate.validity().not_after.timestamp()),
        })
    }

    /// Whether it is good at `now`, by its dates.
    pub fn good_at(&self, now: SystemTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// The common name of a subject or issuer, in plain characters.
pub(crate) fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next()?.as_str().ok().map(plain)
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::URI(text) => Some(plain(text)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

/// A text of a peer without what would steer a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        if plain.len() >= PeerCertificate::TEXT_BYTES_MAX {
            break;
        }
        match character.is_control() {
            true => plain.extend(character.escape_default()),
            false => plain.push(character),
        }
    }
    plain
}

fn hex(bytes: &[u8]) -> String {
    // RFC 5280 allows 20 bytes; who sends more does not get more shown.
    bytes.iter().take(20).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}
