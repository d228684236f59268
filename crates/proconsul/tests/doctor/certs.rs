//! Certificates in every state, made anew for each run.
use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

/// A certificate and its key, in files too.
pub(crate) struct Pair {
    pub(crate) cert: CertificateDer<'static>,
    key: Vec<u8>,
    pub(crate) cert_file: String,
    pub(crate) key_file: String,
}

impl Pair {
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// A CA and where its certificates go.
pub(crate) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: Arc<TempDir>,
    pub(crate) file: String,
}

/// What to make.
#[derive(Clone)]
pub(crate) struct Want<'w> {
    pub(crate) name: &'w str,
    pub(crate) names: &'w [&'w str],
    pub(crate) years: (i32, i32),
    pub(crate) purposes: &'w [ExtendedKeyUsagePurpose],
}

/// Both purposes, as Consul's own certificates have them.
pub(crate) const BOTH: &[ExtendedKeyUsagePurpose] =
    &[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];

/// A server of dc1.
pub(crate) const SERVER: Want<'static> =
    Want { name: "server", names: &["server.dc1.consul", "localhost"], years: (2020, 2120), purposes: BOTH };

/// A client of dc1.
pub(crate) const CLIENT: Want<'static> =
    Want { name: "client", names: &["client.dc1.consul", "localhost"], years: (2020, 2120), purposes: BOTH };

fn params(name: &str, names: &[&str], years: (i32, i32)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

impl Ca {
    pub(crate) fn new(directory: &Arc<TempDir>, name: &str, years: (i32, i32)) -> Self {
        let mut params = params(name, &[], years);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("a key can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a CA can be made");
        let file = write(directory, &format!("{name}.pem"), &issuer.pem());
        Self { issuer, directory: Arc::clone(directory), file }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A certificate of this CA, in files named after `file`.
    pub(crate) fn make(&self, file: &str, want: &Want<'_>) -> Pair {
        let (params, key) = leaf(want);
        let cert = params.signed_by(&key, &self.issuer).expect("it can be signed");
        pair(&self.directory, file, &cert, &key)
    }

    /// A certificate signed by itself, beside those of this CA.
    pub(crate) fn self_signed(&self, file: &str, want: &Want<'_>) -> Pair {
        let (params, key) = leaf(want);
        let cert = params.self_signed(&key).expect("it can be signed");
        pair(&self.directory, file, &cert, &key)
    }
}

fn leaf(want: &Want<'_>) -> (CertificateParams, KeyPair) {
    let mut params = params(want.name, want.names, want.years);
    params.extended_key_usages = want.purposes.to_vec();
    (params, KeyPair::generate().expect("a key can be made"))
}

fn pair(directory: &TempDir, file: &str, cert: &rcgen::Certificate, key: &KeyPair) -> Pair {
    Pair {
        cert: cert.der().clone(),
        key: key.serialize_der(),
        cert_file: write(directory, &format!("{file}.pem"), &cert.pem()),
        key_file: write(directory, &format!("{file}-key.pem"), &key.serialize_pem()),
    }
}

/// Writes a file and returns its path.
pub(crate) fn write(directory: &TempDir, name: &str, text: &str) -> String {
    let path: PathBuf = directory.path().join(name);
    fs::write(&path, text).expect("the directory is ours");
    path.to_str().expect("the path is text").to_owned()
}
