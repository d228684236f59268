//! An authority of a test's own, and certificates of it that are good or bad in one way each.
use std::{fs, path::PathBuf};

use proconsul_server::Config;
use proconsul_tls::{Policy, Settings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tempfile::TempDir;

/// The name of every server of the datacenter.
pub(crate) const SERVER_NAME: &str = "server.dc1.consul";

/// The name of a client agent.
pub(crate) const CLIENT_NAME: &str = "client.dc1.consul";

/// An authority, and a folder for what is of it.
pub(crate) struct Pki {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

impl Identity {
    /// The certificate as it goes over the wire.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).expect("rcgen writes PEM")]
    }

    /// Its key.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("rcgen writes PEM")
    }
}

impl Pki {
    /// A new authority, whose certificate is in `ca.pem`, and a server's in `server.pem`.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let folder = tempfile::tempdir().expect("a folder");
        let pki = Self { folder, issuer };
        pki.write("ca.pem", &pki.issuer.pem());
        pki.install("server", &pki.issue(&[SERVER_NAME, "localhost"]));
        pki
    }

    /// A certificate for these names that is good for a server and for a client.
    pub(crate) fn issue(&self, names: &[&str]) -> Identity {
        self.issue_with(names, |_| {})
    }

    /// The same, changed in one way.
    pub(crate) fn issue_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names.clone()).expect("DNS names");
        params.distinguished_name.push(DnType::CommonName, names.first().cloned().unwrap_or_default());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }

    /// Writes a file into the folder, over what is there.
    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("the folder is ours");
    }

    /// Writes a certificate and its key as `NAME.pem` and `NAME-key.pem`.
    pub(crate) fn install(&self, name: &str, identity: &Identity) {
        self.write(&format!("{name}.pem"), &identity.certificate_pem);
        self.write(&format!("{name}-key.pem"), &identity.key_pem);
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The policy of a server with this authority and `server.pem`.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            ca_file: Some(self.path("ca.pem")),
            cert_file: Some(self.path("server.pem")),
            key_file: Some(self.path("server-key.pem")),
            ..Policy::default()
        }
    }

    /// A server with that policy, changed.
    pub(crate) fn config(&self, change: impl FnOnce(&mut Policy)) -> Config {
        let mut policy = self.policy();
        change(&mut policy);
        Config { tls: Settings { internal_rpc: policy, ..Settings::default() }, ..super::unlimited() }
    }
}

/// A certificate that was good until a while ago.
pub(crate) fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2001, 1, 1);
}

/// One that will be good.
pub(crate) fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(4000, 1, 1);
}
