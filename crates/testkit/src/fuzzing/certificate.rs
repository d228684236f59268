//! Certificates, as a peer or a file holds them out.
use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use proconsul_tls::{PeerCertificate, Pool, Usage};
use rustls_pki_types::{CertificateDer, UnixTime};

/// A CA of Consul's making, that nobody else can sign for, and the only certificates of it that there are.
const CA: &str = include_str!("../../../tls/tests/golden/ca.pem");
const SIGNED: [&str; 2] =
    [include_str!("../../../tls/tests/golden/server.pem"), include_str!("../../../tls/tests/golden/client.pem")];

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::from_pem(CA.as_bytes()).expect("a CA"));

/// Input: a certificate, DER.
///
/// What is told of it is bounded and steers no terminal. It is good under a CA only if that CA signed it, whether it is asked
/// once or twice; and as a CA itself it is taken or refused.
pub fn certificate(data: &[u8]) {
    if let Ok(facts) = PeerCertificate::parse(data) {
        assert!(facts.names.len() <= PeerCertificate::NAMES_MAX);
        for text in facts.names.iter().chain(&facts.common_name).chain([&facts.issuer, &facts.serial]) {
            assert!(text.len() <= PeerCertificate::TEXT_BYTES_MAX + 10 && !text.contains(char::is_control), "{text:?}");
        }
    }
    let leaf = CertificateDer::from(data);
    for usage in [Usage::Server, Usage::Client] {
        let good = || POOL.verify(&leaf, &[], usage, UnixTime::now());
        let first = good().is_ok();
        assert_eq!(first, good().is_ok());
        assert!(!first || known(data), "it is none of the CA's");
    }
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(data));
    if let Ok(pool) = Pool::from_pem(pem.as_bytes()) {
        let _ = pool.verify(&leaf, &[], Usage::Client, UnixTime::now());
    }
}

/// Whether it is the CA or one that it signed.
fn known(der: &[u8]) -> bool {
    let is = |pem: &str| {
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        BASE64_STANDARD.decode(text).is_ok_and(|known| known == der)
    };
    is(CA) || SIGNED.into_iter().any(is)
}
