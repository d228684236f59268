//! Whom we have dialled: the chain always, the name where Consul looks at it; and who is a server.
mod support;

use proconsul_tls::{
    DialError, Incoming, Outgoing, Policy, Tls,
    create::{self, CaRequest, CertRequest, Kind, Pair},
};
use rustls::{AlertDescription, CertificateError, Error, ProtocolVersion};
use support::{Lab, Met, at, chain, dial, server_request, settings};

const BYTE: Outgoing<'_> = Outgoing::TypeByte { dc: "dc1" };

/// Byte 3 to dc1, from a client with that policy, to a server that shows `pair`.
fn type_byte(lab: &Lab, pair: &Pair, change: impl FnOnce(&mut Policy)) -> Met {
    let client = lab.load(change);
    lab.save("shown", pair);
    let server = Tls::load(settings(Policy { verify_incoming: true, ..lab.policy("shown") })).expect("loads");
    dial(&server, Incoming::TypeByte, &client.outgoing(BYTE).expect("a name").expect("TLS"))
}

fn named(lab: &Lab, name: &str) -> Pair {
    // Only an additional name is free to choose, so the others are of another datacenter.
    lab.cert(&CertRequest {
        dc: "elsewhere".into(),
        dns_names: vec![name.into()],
        kind: Kind::Server { node: None },
        ..server_request()
    })
}

#[track_caller]
fn wrong_name(met: Met) {
    let wrong = |error: &CertificateError| {
        matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
    };
    assert!(matches!(&met.client, Err(Error::InvalidCertificate(error)) if wrong(error)), "{met:?}");
    assert_eq!(met.server.expect_err("told"), Error::AlertReceived(AlertDescription::BadCertificate));
}

#[test]
fn without_verify_outgoing_servers_are_dialled_plain() {
    let lab = Lab::new();
    assert!(lab.load(|policy| policy.verify_incoming = true).outgoing(BYTE).expect("no error").is_none());
}

#[test]
fn verify_outgoing_looks_at_the_chain_and_not_at_the_name_and_sends_none() {
    let lab = Lab::new();
    let outgoing = |policy: &mut Policy| policy.verify_outgoing = true;
    let (client, server) = type_byte(&lab, &named(&lab, "other.example"), outgoing).both();
    assert_eq!((server.sni, server.peer.len(), client.version), (None, 1, ProtocolVersion::TLSv1_3));
    let ca = create::ca(&CaRequest::default()).expect("a CA");
    let foreign = create::cert(&server_request(), &ca.cert_pem, &ca.key_pem).expect("made");
    let met = type_byte(&lab, &foreign, outgoing);
    assert_eq!(met.client.expect_err("unknown CA"), Error::InvalidCertificate(CertificateError::UnknownIssuer));
    let old = create::ca(&CaRequest { now: at(-100), ..CaRequest::default() }).expect("a CA");
    let expired = CertRequest { days: 10, now: at(-50), ..server_request() };
    let expired = create::cert(&expired, &old.cert_pem, &old.key_pem).expect("made");
    lab.write("ca.pem", &[lab.ca.cert_pem.clone(), old.cert_pem].concat());
    let met = type_byte(&lab, &expired, outgoing);
    assert!(matches!(met.client, Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))), "{met:?}");
}

#[test]
fn verify_server_hostname_looks_at_the_name_and_implies_verify_outgoing() {
    let lab = Lab::new();
    let hostname = |policy: &mut Policy| policy.verify_server_hostname = true;
    let (_, server) = type_byte(&lab, &lab.server(), hostname).both();
    assert_eq!(server.sni.as_deref(), Some("server.dc1.consul"));
    wrong_name(type_byte(&lab, &lab.client(), hostname));
    wrong_name(type_byte(&lab, &named(&lab, "server.dc2.consul"), hostname));
}

#[test]
fn a_wildcard_stands_for_one_whole_leftmost_label() {
    let lab = Lab::new();
    let hostname = |policy: &mut Policy| policy.verify_server_hostname = true;
    type_byte(&lab, &named(&lab, "*.dc1.consul"), hostname).both();
    for name in ["*.consul", "*.server.dc1.consul", "server.*.consul", "ser*.dc1.consul"] {
        let pair = named_unchecked(&lab, name);
        wrong_name(type_byte(&lab, &pair, hostname));
    }
}

/// As [`named`], with names that `create` would not let pass.
fn named_unchecked(lab: &Lab, name: &str) -> Pair {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = ca.self_signed(&ca_key).expect("made");
    lab.write("ca.pem", &[lab.ca.cert_pem.clone(), root.pem()].concat());
    let mut leaf = CertificateParams::default();
    leaf.subject_alt_names = vec![SanType::DnsName(name.try_into().expect("ASCII"))];
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).expect("made");
    Pair { cert_pem: leaf.pem(), key_pem: key.serialize_pem() }
}

#[test]
fn alpn_always_looks_at_the_nodes_name() {
    let lab = Lab::new();
    let client = lab.load(|_| {}); // neither verify_outgoing nor verify_server_hostname
    let dials = |server: &Tls, node, name| {
        dial(
            server,
            Incoming::Alpn,
            &client.outgoing(Outgoing::Alpn { name, dc: "dc1", node }).expect("a target").expect("TLS"),
        )
    };
    let server = lab.load(|_| {});
    let (met, accepted) = dials(&server, "n1", "consul/raft").both();
    assert_eq!((met.alpn.as_str(), accepted.sni.as_deref()), ("consul/raft", Some("n1.server.dc1.consul")));
    assert_eq!(dials(&server, "*", "consul/rpc-multi").both().1.sni.as_deref(), Some("server.dc1.consul"));
    wrong_name(dials(&server, "n2", "consul/raft"));
    let other = dials(&server, "n1", "consul/other").client.expect_err("not served");
    assert_eq!(
        other,
        Error::AlertReceived(AlertDescription::NoApplicationProtocol),
        "a name of the caller's own is asked for"
    );

    lab.save("shown", &named(&lab, "*.server.dc1.consul"));
    let wildcard = Tls::load(settings(lab.policy("shown"))).expect("loads");
    dials(&wildcard, "n2", "consul/raft").both();
    wrong_name(dials(&wildcard, "*", "consul/raft"));
}

#[test]
fn alpn_without_a_target_or_without_certificates_is_an_error_in_consuls_words() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let error = |tls: &Tls, name, dc, node| tls.outgoing(Outgoing::Alpn { name, dc, node }).expect_err("refused");
    assert_eq!(error(&tls, "n", "", "n").to_string(), "cannot dial using ALPN-RPC without a target datacenter");
    assert_eq!(error(&tls, "n", "dc1", "").to_string(), "cannot dial using ALPN-RPC without a target node");
    assert_eq!(error(&tls, "", "dc1", "n").to_string(), "cannot dial using ALPN-RPC without a target alpn protocol");
    assert_eq!(error(&tls, "n", "dc1", "not a name"), DialError::Name("not a name.server.dc1.consul".into()));
    for policy in [
        Policy::default(),
        Policy { cert_file: None, ..lab.policy("server") },
        Policy { ca_file: None, ..lab.policy("server") },
    ] {
        let tls = Tls::load(settings(policy)).expect("loads");
        assert!(!tls.mutual_tls_capable());
        assert_eq!(error(&tls, "n", "dc1", "n"), DialError::NotCapable);
    }
}

#[test]
fn both_versions_are_dialled_unless_the_least_is_1_3() {
    let lab = Lab::new();
    let client = lab.load(|policy| policy.verify_outgoing = true);
    for min_version in [proconsul_tls::MinVersion::Tls12, proconsul_tls::MinVersion::Tls13] {
        let server = lab.load(|policy| policy.min_version = min_version);
        let to = client.outgoing(BYTE).expect("a name").expect("TLS");
        assert_eq!(dial(&server, Incoming::TypeByte, &to).both().0.version, ProtocolVersion::TLSv1_3);
    }
}

#[test]
fn a_server_is_who_has_its_name_and_consul_asks_only_with_both_verifications_on() {
    let lab = Lab::new();
    let both = |policy: &mut Policy| (policy.verify_incoming, policy.verify_server_hostname) = (true, true);
    let tls = lab.load(both);
    tls.authorize_server(&chain(&lab.server().cert_pem)).expect("a server");
    tls.authorize_server(&chain(&named(&lab, "*.dc1.consul").cert_pem)).expect("a wildcard");
    let error = tls.authorize_server(&chain(&lab.client().cert_pem)).expect_err("a client").to_string();
    assert!(error.starts_with(
        "AuthorizeServerConn failed certificate validation for certificate with a SAN.DNSName of server.dc1.consul:"
    ));
    assert!(error.contains("client.dc1.consul, localhost"), "{error}");
    tls.authorize_server(&chain(&named(&lab, "n1.server.dc1.consul").cert_pem)).expect_err("a node's name alone");
    tls.authorize_server(&chain(&named(&lab, "server.dc2.consul").cert_pem)).expect_err("another datacenter's");
    assert!(tls.authorize_server(&[]).expect_err("no certificate").to_string().contains("no verified chains"));
    let ca = create::ca(&CaRequest::default()).expect("a CA");
    let foreign = create::cert(&server_request(), &ca.cert_pem, &ca.key_pem).expect("made");
    tls.authorize_server(&chain(&foreign.cert_pem)).expect_err("another CA's");
    // Clients may be of the automatic CA; servers may not.
    tls.set_automatic(proconsul_tls::Automatic { pair: None, cas: vec![ca.cert_pem] }).expect("taken");
    tls.authorize_server(&chain(&foreign.cert_pem)).expect_err("the automatic CA's");

    let half: [fn(&mut Policy); 3] =
        [|_| {}, |policy| policy.verify_incoming = true, |policy| policy.verify_server_hostname = true];
    for half in half {
        lab.load(half).authorize_server(&[]).expect("nobody asks");
    }
}
