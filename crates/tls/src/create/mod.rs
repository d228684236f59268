//! CAs and certificates to try with, as `consul tls ca create` and `consul tls cert create` make them: the same fields, names and file
//! names, P-256 keys. Nothing is written here: [`Pair`]s of PEM texts come out.
//!
//! Source: `command/tls` and `tlsutil/generate.go` of Consul 1.21, and certificates that it made.
mod der; // keys in the forms that PEM files have
mod make; // what is in the certificates

use std::{fmt, net::IpAddr, time::SystemTime};

pub use make::{ca, cert};

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, or a chain with the leaf first: PEM.
    pub cert_pem: String,
    /// The key: PEM.
    pub key_pem: String,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("cert_pem", &self.cert_pem).field("key_pem", &"<hidden>").finish()
    }
}

/// A CA to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaRequest {
    /// `-domain`: part of the files' names, of the constraint and of the URI.
    pub domain: String,
    /// `-days`; 0 is read as 365.
    pub days: u32,
    /// `-common-name`; without: `Consul Agent CA` and the serial number.
    pub common_name: Option<String>,
    /// `-cluster-id`: with it, the CA carries the URI `spiffe://<cluster id>.<domain>`.
    pub cluster_id: Option<String>,
    /// `-name-constraint`: it signs for `domain`, `localhost` and `constraints` only.
    pub name_constraint: bool,
    /// `-additional-name-constraint`; looked at with `name_constraint` only.
    pub constraints: Vec<String>,
    /// From when on it is good.
    pub now: SystemTime,
}

impl Default for CaRequest {
    /// What `consul tls ca create` makes without flags: the domain `consul`, five years.
    fn default() -> Self {
        Self {
            domain: "consul".into(),
            days: 1825,
            common_name: None,
            cluster_id: None,
            name_constraint: false,
            constraints: Vec::new(),
            now: SystemTime::now(),
        }
    }
}

impl CaRequest {
    /// The names of the two files: certificate, key.
    pub fn files(&self) -> (String, String) {
        ca_files(&self.domain)
    }
}

/// The names of a CA's two files: certificate, key. They are also where `tls cert create` looks for it.
pub fn ca_files(domain: &str) -> (String, String) {
    (format!("{domain}-agent-ca.pem"), format!("{domain}-agent-ca-key.pem"))
}

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `-server`: the authority to be a server.
    Server {
        /// `-node`: with it, the name `<node>.server.<dc>.<domain>` is added, which ALPN routes ask for.
        node: Option<String>,
    },
    /// `-client`.
    Client,
    /// `-cli`.
    Cli,
}

impl Kind {
    /// The word for it in names.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Server { .. } => "server",
            Self::Client => "client",
            Self::Cli => "cli",
        }
    }
}

/// A certificate to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertRequest {
    /// Whom it is for.
    pub kind: Kind,
    /// `-dc`.
    pub dc: String,
    /// `-domain`.
    pub domain: String,
    /// `-days`.
    pub days: u32,
    /// `-additional-dnsname`. As in Consul, one of [`Kind::Cli`] does not get them.
    pub dns_names: Vec<String>,
    /// `-additional-ipaddress`.
    pub addresses: Vec<IpAddr>,
    /// From when on it is good.
    pub now: SystemTime,
}

impl Default for CertRequest {
    /// A client's, for the datacenter `dc1` and the domain `consul`, for a year.
    fn default() -> Self {
        Self {
            kind: Kind::Client,
            dc: "dc1".into(),
            domain: "consul".into(),
            days: 365,
            dns_names: Vec::new(),
            addresses: Vec::new(),
            now: SystemTime::now(),
        }
    }
}

impl CertRequest {
    /// How many files of one kind [`CertRequest::files`] is asked for before giving up.
    pub const FILES_MAX: u32 = 10_000;

    /// `<kind>.<dc>.<domain>`: its common name, and one of its alternative names.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.kind.as_str(), self.dc, self.domain)
    }

    /// The names of the two files, of the `n`th such certificate from 0 on: certificate, key.
    pub fn files(&self, n: u32) -> (String, String) {
        let prefix = format!("{}-{}-{}", self.dc, self.kind.as_str(), self.domain);
        (format!("{prefix}-{n}.pem"), format!("{prefix}-{n}-key.pem"))
    }
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The CA's certificate cannot be read.
    #[error("failed to parse CA: {0}")]
    Ca(String),
    /// The CA's key cannot be read.
    #[error("failed to parse the CA's key: {0}")]
    CaKey(String),
    /// The CA's key is not that of its certificate.
    #[error("x509: provided PrivateKey doesn't match parent's PublicKey; give the key that was saved beside this CA")]
    NotTheCasKey,
    /// A name that no certificate can carry.
    #[error("{0:?} cannot stand in a certificate")]
    Name(String),
    /// More days than a date can have.
    #[error("{0} days from now is no date")]
    Days(u32),
    /// What was made is not valid under its CA, for example for a name constraint.
    #[error("the certificate would not be valid: {0}")]
    Invalid(String),
    /// The cryptographic provider refuses.
    #[error("failed to create certificate: {0}")]
    Failed(String),
}
