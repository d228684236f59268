//! What is said of a certificate.
mod support;

use proconsul_tls::{
    PeerCertificate,
    create::{CertRequest, Kind},
};
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use support::{Lab, at, chain};

#[test]
fn a_certificates_facts_are_told() {
    let lab = Lab::new();
    let request = CertRequest {
        kind: Kind::Server { node: None },
        addresses: vec!["2001:db8::7".parse().expect("an address")],
        ..CertRequest::default()
    };
    let facts = PeerCertificate::of(&chain(&lab.cert(&request).cert_pem)).expect("facts");
    assert_eq!(facts.names, ["server.dc1.consul", "localhost", "2001:db8::7", "127.0.0.1"]);
    assert_eq!(facts.common_name.as_deref(), Some("server.dc1.consul"));
    assert!(facts.issuer.starts_with("Consul Agent CA "), "{}", facts.issuer);
    assert!(facts.good_at(at(0)) && !facts.good_at(at(366)) && !facts.good_at(at(-1)));
    assert!(
        facts.serial.len() <= 34 && facts.serial.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{}",
        facts.serial
    );
    assert_eq!(PeerCertificate::of(&[]), None);
    assert!(PeerCertificate::parse(b"none").is_err());
}

#[test]
fn what_would_steer_a_terminal_is_escaped_and_what_is_long_is_cut() {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("\u{1b}[2Jgone{}", "x".repeat(1000)));
    params.subject_alt_names =
        (0..100).map(|n| SanType::DnsName(format!("n{n}\u{7}").try_into().expect("ASCII"))).collect();
    let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("made");
    let facts = PeerCertificate::parse(certificate.der()).expect("facts");
    let name = facts.common_name.expect("a name");
    assert!(name.starts_with("\\u{1b}[2Jgonexxx") && name.len() == PeerCertificate::TEXT_BYTES_MAX, "{name}");
    assert_eq!((facts.names.len(), facts.names[0].as_str()), (PeerCertificate::NAMES_MAX, "n0\\u{7}"));
}
