//! Who is let in, by which way, and what the others are told: the alerts are those of the recordings `routing-tls`.
mod support;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use proconsul_tls::{
    Incoming, MinVersion, PeerCertificate,
    create::{self, CaRequest, CertRequest, Pair},
};
use rustls::{AlertDescription, Error, HandshakeKind, ProtocolVersion};
use support::{Client, Lab, Met, at, chain, meet, settings};

#[track_caller]
fn told(met: Met, alert: AlertDescription) {
    assert_eq!(met.client.expect_err("refused"), Error::AlertReceived(alert), "{:?}", met.server);
}

#[test]
fn byte_3_asks_for_a_certificate_only_with_verify_incoming() {
    let lab = Lab::new();
    let (open, shut) = (lab.load(|_| {}), lab.load(|policy| policy.verify_incoming = true));
    let (client, rogue_ca) = (lab.client(), create::ca(&CaRequest::default()).expect("a CA"));
    let rogue = create::cert(&CertRequest::default(), &rogue_ca.cert_pem, &rogue_ca.key_pem).expect("a certificate");

    let (_, server) = Client::new(&lab.ca).showing(&rogue).dials(&open, Incoming::TypeByte).both();
    assert!(server.peer.is_empty(), "it was not asked for");
    let (_, server) = Client::new(&lab.ca).showing(&client).dials(&shut, Incoming::TypeByte).both();
    assert_eq!(server.peer, chain(&client.cert_pem));
    told(Client::new(&lab.ca).dials(&shut, Incoming::TypeByte), AlertDescription::CertificateRequired);
    told(Client::new(&lab.ca).showing(&rogue).dials(&shut, Incoming::TypeByte), AlertDescription::UnknownCA);
}

#[test]
fn alpn_always_asks_for_a_certificate_and_byte_7_never() {
    let lab = Lab::new();
    let client = lab.client();
    for verify_incoming in [false, true] {
        let tls = lab.load(|policy| policy.verify_incoming = verify_incoming);
        let asking = || Client::new(&lab.ca).asking(&["consul/raft"]);
        told(asking().dials(&tls, Incoming::Alpn), AlertDescription::CertificateRequired);
        let (_, server) = asking().showing(&client).dials(&tls, Incoming::Alpn).both();
        assert_eq!((server.alpn.as_str(), server.peer.len()), ("consul/raft", 1));
        let (_, server) = Client::new(&lab.ca).showing(&client).dials(&tls, Incoming::Insecure).both();
        assert!(server.peer.is_empty());
    }
}

#[test]
fn the_servers_order_of_alpn_names_counts_and_unknown_ones_are_refused() {
    let lab = Lab::new();
    let (tls, client) = (lab.load(|_| {}), lab.client());
    let dials = |alpn: &[&str]| Client::new(&lab.ca).showing(&client).asking(alpn).dials(&tls, Incoming::Alpn);
    assert_eq!(dials(&["consul/rpc-multi", "consul/rpc-single"]).both().0.alpn, "consul/rpc-single");
    assert_eq!(dials(&["x", "consul/rpc-multi"]).both().0.alpn, "consul/rpc-multi");
    assert_eq!(dials(&[]).both().0.alpn, "", "a client without ALPN shakes hands");
    told(dials(&["consul/other"]), AlertDescription::NoApplicationProtocol);
    told(dials(&["h2"]), AlertDescription::NoApplicationProtocol);
    let (client, _) = Client::new(&lab.ca).asking(&["h2"]).dials(&tls, Incoming::TypeByte).both();
    assert_eq!(client.alpn, "", "behind a type byte ALPN says nothing");
}

#[test]
fn tls_1_2_is_spoken_unless_1_3_is_the_least() {
    let lab = Lab::new();
    let client = lab.client();
    let tls = lab.load(|policy| policy.verify_incoming = true);
    for how in Incoming::ALL.into_iter().filter(|how| *how != Incoming::Grpc) {
        let (_, server) = Client::new(&lab.ca).showing(&client).tls12().dials(&tls, how).both();
        assert_eq!(server.version, ProtocolVersion::TLSv1_2, "{how:?}");
    }
    let refused = Client::new(&lab.ca).tls12().dials(&tls, Incoming::TypeByte);
    assert!(matches!(refused.server, Err(Error::NoCertificatesPresented)), "{refused:?}");

    let newer = lab.load(|policy| policy.min_version = MinVersion::Tls13);
    told(Client::new(&lab.ca).tls12().dials(&newer, Incoming::TypeByte), AlertDescription::ProtocolVersion);
    assert_eq!(Client::new(&lab.ca).dials(&newer, Incoming::TypeByte).both().0.version, ProtocolVersion::TLSv1_3);
}

#[test]
fn cipher_suites_of_tls_1_2_are_those_that_are_set() {
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.cipher_suites = vec!["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into()]);
    // The certificate is of ECDSA, and no suite with it is left.
    told(Client::new(&lab.ca).tls12().dials(&tls, Incoming::TypeByte), AlertDescription::HandshakeFailure);
    Client::new(&lab.ca).dials(&tls, Incoming::TypeByte).both();
}

#[test]
fn clients_whose_certificate_is_over_or_not_yet_good_are_told_so() {
    let lab = Lab::new();
    // The CA must have been good then, as the new certificate is checked.
    let ca = create::ca(&CaRequest { now: at(-500), ..CaRequest::default() }).expect("a CA");
    let of = |days, now| {
        create::cert(&CertRequest { days, now, ..CertRequest::default() }, &ca.cert_pem, &ca.key_pem).expect("made")
    };
    lab.write("ca.pem", &[lab.ca.cert_pem.clone(), ca.cert_pem.clone()].concat());
    let tls = lab.load(|policy| policy.verify_incoming = true);
    let dials = |pair: &Pair| Client::new(&lab.ca).showing(pair).dials(&tls, Incoming::TypeByte);
    told(dials(&of(30, at(-40))), AlertDescription::CertificateExpired);
    told(dials(&of(30, at(1))), AlertDescription::CertificateExpired); // TLS has no word for too early
    dials(&of(30, at(-1))).both();
}

#[test]
fn an_intermediate_that_the_client_sends_is_followed() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.verify_incoming = true);
    // A CA of two steps; the root alone is known to the server.
    let (root, middle, leaf) =
        (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let ca = |name: &str| {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root_certificate = ca("root").self_signed(&root).expect("made");
    let middle_certificate = ca("middle").signed_by(&middle, &Issuer::new(ca("root"), root)).expect("made");
    let mut params = CertificateParams::new(["client".to_owned()]).expect("a name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&leaf, &Issuer::new(ca("middle"), middle)).expect("made");
    lab.write("ca.pem", &root_certificate.pem());
    tls.reload().expect("the new CA");

    let whole =
        Pair { cert_pem: [certificate.pem(), middle_certificate.pem()].concat(), key_pem: leaf.serialize_pem() };
    let alone = Pair { cert_pem: certificate.pem(), ..whole.clone() };
    let (_, server) = Client::new(&lab.ca).showing(&whole).dials(&tls, Incoming::TypeByte).both();
    assert_eq!(server.peer.len(), 2);
    assert_eq!(PeerCertificate::of(&server.peer).expect("a certificate").issuer, "middle");
    told(Client::new(&lab.ca).showing(&alone).dials(&tls, Incoming::TypeByte), AlertDescription::UnknownCA);
}

#[test]
fn a_certificate_that_signed_itself_and_stands_among_the_cas_is_known() {
    use rcgen::{CertificateParams, KeyPair};
    let lab = Lab::new();
    let key = KeyPair::generate().expect("a key");
    let itself =
        CertificateParams::new(["server.dc1.consul".to_owned()]).expect("a name").self_signed(&key).expect("made");
    lab.write("ca.pem", &[lab.ca.cert_pem.clone(), itself.pem()].concat());
    let tls = lab.load(|policy| policy.verify_incoming = true);
    let pair = Pair { cert_pem: itself.pem(), key_pem: key.serialize_pem() };
    Client::new(&lab.ca).showing(&pair).dials(&tls, Incoming::TypeByte).both();
}

#[test]
fn a_session_is_resumed_with_the_certificate_that_was_checked() {
    let lab = Lab::new();
    let (tls, pair) = (lab.load(|policy| policy.verify_incoming = true), lab.client());
    for client in [Client::new(&lab.ca).showing(&pair), Client::new(&lab.ca).showing(&pair).tls12()] {
        let (config, dials) = (client.config(), |config| {
            meet(tls.incoming(Incoming::TypeByte).expect("one"), config, "server.dc1.consul")
        });
        assert_eq!(dials(config.clone()).both().1.kind, HandshakeKind::Full);
        let (_, server) = dials(config).both();
        assert_eq!(server.kind, HandshakeKind::Resumed);
        assert_eq!(server.peer, chain(&pair.cert_pem), "a resumed session still says who it is");
    }
}

#[test]
fn a_session_of_a_way_in_without_certificates_is_not_resumed_where_they_are_demanded() {
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.verify_incoming = true);
    for client in [Client::new(&lab.ca), Client::new(&lab.ca).tls12()] {
        let config = client.config();
        let dials = |how| meet(tls.incoming(how).expect("one"), config.clone(), "server.dc1.consul");
        assert_eq!(dials(Incoming::Insecure).both().1.kind, HandshakeKind::Full);
        assert!(matches!(dials(Incoming::TypeByte).server, Err(Error::NoCertificatesPresented)));
        assert!(matches!(dials(Incoming::Alpn).server, Err(Error::NoCertificatesPresented)));
    }
}

#[test]
fn the_grpc_port_has_its_own_policy_and_chooses_no_alpn() {
    let lab = Lab::new();
    lab.save("server", &lab.server());
    let mut settings = settings(lab.policy("server"));
    settings.grpc = proconsul_tls::Policy { verify_incoming: true, ..lab.policy("server") };
    let tls = proconsul_tls::Tls::load(settings).expect("loads");
    let client = lab.client();
    let (met, _) = Client::new(&lab.ca).showing(&client).asking(&["h2"]).dials(&tls, Incoming::Grpc).both();
    assert_eq!(met.alpn, "");
    told(Client::new(&lab.ca).asking(&["h2"]).dials(&tls, Incoming::Grpc), AlertDescription::CertificateRequired);
    Client::new(&lab.ca).dials(&tls, Incoming::TypeByte).both();
}

/// A clock that stands where it is set.
#[derive(Debug)]
struct Clock(SystemTime);

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<rustls_pki_types::UnixTime> {
        self.0.duration_since(UNIX_EPOCH).ok().map(rustls_pki_types::UnixTime::since_unix_epoch)
    }
}

#[test]
fn a_session_does_not_outlive_the_certificate_that_it_began_with() {
    use rustls::{ClientConnection, ServerConfig, ServerConnection};
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.verify_incoming = true);
    let pair = lab.cert(&CertRequest { days: 10, ..CertRequest::default() });
    let mut config = ServerConfig::clone(&*tls.incoming(Incoming::TypeByte).expect("one"));
    config.time_provider = Arc::new(Clock(at(1)));
    let config = Arc::new(config);
    let client = Client::new(&lab.ca).showing(&pair).config();
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let dials =
            ClientConnection::new(client.clone(), "server.dc1.consul".try_into().expect("a name")).expect("a client");
        let (_, server) = support::shake(dials, ServerConnection::new(config.clone()).expect("a server"));
        assert_eq!(server.handshake_kind(), Some(kind));
        proconsul_tls::still_good(&server, at(9)).expect("good still");
        let over = proconsul_tls::still_good(&server, at(11));
        assert_eq!(over.is_err(), kind == HandshakeKind::Resumed, "a full handshake has been looked at: {over:?}");
    }
}
