//! Certificates to try with are those that `consul tls` makes: compared with some that Consul 1.21.4 made.
mod support;

use std::collections::BTreeMap;

use proconsul_tls::{
    Automatic, PeerCertificate, Pool, Usage,
    create::{self, CaRequest, CertRequest, CreateError, Kind, Pair},
};
use rustls_pki_types::UnixTime;
use support::{Lab, at, chain, server_request};
use x509_parser::prelude::{FromDer, X509Certificate};

const CA: &str = include_str!("golden/ca.pem");
const SERVER: &str = include_str!("golden/server.pem");
const CLIENT: &str = include_str!("golden/client.pem");

/// Everything of a certificate that is not random and not a date.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    version: u32,
    subject: Vec<(String, u32, String)>,
    extensions: BTreeMap<String, (bool, Vec<u8>)>,
    algorithms: Vec<String>,
    days: i64,
}

fn shape(pem: &str) -> Shape {
    let der = &chain(pem)[0];
    let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
    let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let subject = certificate.subject().iter_attributes().map(|attribute| {
        let value = attribute.as_str().expect("text");
        // The serial number stands in the CA's name.
        let value = if value.starts_with("Consul Agent CA") { digits(value) } else { value.to_owned() };
        (attribute.attr_type().to_id_string(), attribute.attr_value().tag().0, value)
    });
    let extensions = certificate.extensions().iter().map(|extension| {
        let id = extension.oid.to_id_string();
        // Key identifiers: their lengths are compared.
        let random = matches!(id.as_str(), "2.5.29.14" | "2.5.29.35");
        let value = if random { vec![extension.value.len() as u8] } else { extension.value.to_vec() };
        (id, (extension.critical, value))
    });
    let spki = &certificate.public_key().algorithm;
    let curve = spki.parameters.as_ref().and_then(|curve| curve.as_oid().ok()).map(|oid| oid.to_id_string());
    let validity = certificate.validity();
    Shape {
        version: certificate.version().0,
        subject: subject.collect(),
        extensions: extensions.collect(),
        algorithms: [certificate.signature_algorithm.algorithm.to_id_string(), spki.algorithm.to_id_string()]
            .into_iter()
            .chain(curve)
            .collect(),
        days: (validity.not_after.timestamp() - validity.not_before.timestamp()) / (24 * 60 * 60),
    }
}

#[test]
fn a_ca_has_the_fields_that_consuls_has() {
    let golden = shape(CA);
    let ca = create::ca(&CaRequest { days: golden.days as u32, ..CaRequest::default() }).expect("made");
    assert_eq!(shape(&ca.cert_pem), golden);
}

#[test]
fn certificates_have_the_fields_that_consuls_have() {
    let lab = Lab::new();
    let days = shape(SERVER).days as u32;
    let server = CertRequest { kind: Kind::Server { node: Some("probe-srv1".into()) }, days, ..CertRequest::default() };
    assert_eq!(shape(&lab.cert(&server).cert_pem), shape(SERVER));
    assert_eq!(shape(&lab.cert(&CertRequest { days, ..CertRequest::default() }).cert_pem), shape(CLIENT));
}

#[test]
fn a_ca_says_its_serial_number_in_its_name_unless_it_is_named() {
    let facts = |ca: &Pair| PeerCertificate::of(&chain(&ca.cert_pem)).expect("facts");
    let made = facts(&create::ca(&CaRequest::default()).expect("made"));
    let number = u128::from_str_radix(&made.serial, 16).expect("128 bits");
    assert_eq!(made.common_name, Some(format!("Consul Agent CA {number}")));
    let named =
        CaRequest { common_name: Some("My CA".into()), cluster_id: Some("DC-Id".into()), ..CaRequest::default() };
    let named = facts(&create::ca(&named).expect("made"));
    assert_eq!(named.common_name.as_deref(), Some("My CA"));
    assert_eq!(named.names, ["spiffe://dc-id.consul"]);
}

#[test]
fn days_run_from_the_given_moment_and_none_are_a_year() {
    let now = at(-3);
    let ca = create::ca(&CaRequest { days: 0, now, ..CaRequest::default() }).expect("made");
    assert_eq!(shape(&ca.cert_pem).days, 365);
    let facts = PeerCertificate::of(&chain(&ca.cert_pem)).expect("facts");
    assert!(!facts.good_at(at(-4)) && facts.good_at(at(361)) && !facts.good_at(at(363)));
    let error = create::ca(&CaRequest { days: u32::MAX, ..CaRequest::default() }).expect_err("no such date");
    assert!(matches!(error, CreateError::Days(u32::MAX)), "{error}");
}

#[test]
fn each_kind_has_its_names() {
    let lab = Lab::new();
    let names = |request: CertRequest| {
        let facts = PeerCertificate::of(&chain(&lab.cert(&request).cert_pem)).expect("facts");
        (facts.common_name.expect("a name"), facts.names)
    };
    let more = CertRequest {
        dns_names: vec![" extra.example ".into(), "".into()],
        addresses: vec!["::1".parse().expect("an address")],
        dc: "east".into(),
        domain: "corp".into(),
        ..CertRequest::default()
    };
    let (name, all) = names(CertRequest { kind: Kind::Server { node: Some("n1".into()) }, ..more.clone() });
    assert_eq!(name, "server.east.corp");
    assert_eq!(all, ["extra.example", "n1.server.east.corp", "server.east.corp", "localhost", "::1", "127.0.0.1"]);
    assert_eq!(names(CertRequest { kind: Kind::Server { node: None }, ..more.clone() }).1[1], "server.east.corp");
    let (name, all) = names(CertRequest { kind: Kind::Client, ..more.clone() });
    assert_eq!((name.as_str(), all.len()), ("client.east.corp", 5));
    let (name, all) = names(CertRequest { kind: Kind::Cli, ..more });
    assert_eq!(
        (name.as_str(), all),
        ("cli.east.corp", vec!["cli.east.corp".into(), "localhost".into(), "::1".to_string()])
    );
}

#[test]
fn files_are_named_as_consul_names_them() {
    assert_eq!(CaRequest::default().files(), ("consul-agent-ca.pem".into(), "consul-agent-ca-key.pem".into()));
    assert_eq!(server_request().files(0), ("dc1-server-consul-0.pem".into(), "dc1-server-consul-0-key.pem".into()));
    let client = CertRequest { dc: "east".into(), domain: "corp".into(), ..CertRequest::default() };
    assert_eq!(client.files(12), ("east-client-corp-12.pem".into(), "east-client-corp-12-key.pem".into()));
}

#[test]
fn keys_are_written_as_go_writes_them_and_read_in_every_form() {
    let lab = Lab::new();
    assert!(lab.ca.key_pem.starts_with("-----BEGIN EC PRIVATE KEY-----\n"), "{}", lab.ca.key_pem);
    let sec1 = match support::key(&lab.ca.key_pem) {
        rustls_pki_types::PrivateKeyDer::Sec1(key) => key.secret_sec1_der().to_vec(),
        key => panic!("{key:?}"),
    };
    // What Go's x509.MarshalECPrivateKey makes of a P-256 key: version, key, curve, public key.
    assert_eq!((sec1.len(), &sec1[..7]), (121, &[0x30, 119, 2, 1, 1, 4, 32][..]));
    assert_eq!(&sec1[39..56], [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 0xa1, 68, 3, 66, 0]);
    let pkcs8 = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&pkcs8).expect("made");
    create::cert(&server_request(), &ca.pem(), &pkcs8.serialize_pem()).expect("PKCS #8");
}

#[test]
fn a_cas_name_constraint_is_kept() {
    let ca = CaRequest { name_constraint: true, constraints: vec!["example.org".into()], ..CaRequest::default() };
    let ca = create::ca(&ca).expect("made");
    let cert = |request: CertRequest| create::cert(&request, &ca.cert_pem, &ca.key_pem);
    cert(server_request()).expect("within");
    cert(CertRequest { dns_names: vec!["ui.example.org".into()], ..server_request() }).expect("within");
    let error = cert(CertRequest { domain: "other".into(), ..server_request() }).expect_err("outside");
    assert!(matches!(error, CreateError::Invalid(_)), "{error}");
}

#[test]
fn what_cannot_be_made_is_said() {
    let lab = Lab::new();
    let other = create::ca(&CaRequest::default()).expect("made");
    let cert = |request: &CertRequest, ca: &str, key: &str| create::cert(request, ca, key).expect_err("refused");
    let request = server_request();
    assert!(matches!(cert(&request, &lab.ca.cert_pem, &other.key_pem), CreateError::NotTheCasKey));
    assert!(matches!(cert(&request, "no PEM", &lab.ca.key_pem), CreateError::Ca(_)));
    assert!(matches!(cert(&request, &lab.ca.key_pem, &lab.ca.key_pem), CreateError::Ca(_)));
    assert!(matches!(cert(&request, &lab.ca.cert_pem, &lab.ca.cert_pem), CreateError::CaKey(_)));
    let umlaut = CertRequest { dns_names: vec!["k\u{fc}che".into()], ..request.clone() };
    assert!(matches!(cert(&umlaut, &lab.ca.cert_pem, &lab.ca.key_pem), CreateError::Name(_)));
    // A certificate that is no CA's signs nothing that is believed.
    let leaf = lab.server();
    assert!(matches!(cert(&request, &leaf.cert_pem, &leaf.key_pem), CreateError::Invalid(_)));
}

#[test]
fn consuls_own_certificates_are_good_under_its_ca() {
    let pool = Pool::from_pem(CA.as_bytes()).expect("a CA");
    let facts = PeerCertificate::of(&chain(SERVER)).expect("facts");
    assert_eq!(facts.names, ["probe-srv1.server.dc1.consul", "server.dc1.consul", "localhost", "127.0.0.1"]);
    let good = UnixTime::since_unix_epoch(facts.not_before.duration_since(std::time::UNIX_EPOCH).expect("after 1970"));
    for pem in [SERVER, CLIENT] {
        for usage in [Usage::Server, Usage::Client] {
            pool.verify(&chain(pem)[0], &[], usage, good).expect("good");
        }
    }
}

#[test]
fn the_automatic_certificate_carries_the_servers_names() {
    let made = Automatic::generate("dc1", "consul.", "n1").expect("made");
    let facts = PeerCertificate::of(&chain(&made.pair.expect("a pair").cert_pem)).expect("facts");
    assert_eq!(facts.names, ["n1.server.dc1.consul", "server.dc1.consul", "localhost", "127.0.0.1"]);
    let unprintable = Automatic::generate("dc\u{e9}", "consul", "n1").expect_err("no name");
    assert!(matches!(unprintable, CreateError::Name(_)), "{unprintable}");
}
