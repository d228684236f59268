//! What is hard to set up with a real peer: facts in, causes out.
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::AlertDescription as Alert;

use super::*;
use crate::doctor::{
    certificate::Certificate,
    facts::{Ask, End, NoTls, Tls},
    finding::Cause,
    plan::{TLS, first, grpc, rest},
};

/// 2026-01-01.
const NOW: i64 = 1_767_225_600;

const PONG: &[u8] = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";
const SETTINGS: &[u8] = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00";

fn expected() -> Expected {
    Expected {
        datacenter: Some("dc1".to_owned()),
        domain: "consul".to_owned(),
        node: None,
        verify_incoming: None,
        as_server: false,
        grpc_asked: false,
        grpc_tls_asked: false,
    }
}

/// A certificate of a server, until this year.
fn server_certificate(until: i32) -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["server.dc1.consul".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 20);
    let key = KeyPair::generate().unwrap();
    let issuer =
        rcgen::Issuer::new(CertificateParams::new(vec!["ca".to_owned()]).unwrap(), KeyPair::generate().unwrap());
    params.distinguished_name.push(rcgen::DnType::CommonName, "leaf");
    params.signed_by(&key, &issuer).unwrap().der().to_vec()
}

/// The answer that each question is due.
fn answers(ask: Ask) -> Vec<u8> {
    match ask {
        Ask::Nothing => Vec::new(),
        Ask::Ping => PONG.to_vec(),
        Ask::StreamPing => [&b"\0\0\0\0\0\0\0\x01\0\0\0"[..], &[PONG.len() as u8], PONG].concat(),
        Ask::Sign => b"\x83\xa5Error\xb0AllowTLS must be\xa3Seq\x01\xadServiceMethod\xa1x\x80".to_vec(),
        Ask::Settings => SETTINGS.to_vec(),
        Ask::Snapshot => b"\x81\xa5Error\xa4path".to_vec(),
    }
}

/// What a server that is as it should be shows to everybody, in clear and in TLS.
fn healthy(certificate: bool, chain: &[Vec<u8>]) -> Facts {
    let mut facts =
        Facts { server: "s:8300".to_owned(), now: NOW, timeout: Duration::from_secs(3), ..Facts::default() };
    for probe in first().into_iter().chain(rest(certificate)).chain(grpc(certificate)) {
        let tls = match probe.way {
            Way::Plain => None,
            Way::TypeByte(_) => Some(Tls { version: "1.3", alpn: None, chain: chain.to_vec() }),
            Way::Native(name) => Some(Tls { version: "1.3", alpn: Some(name.to_owned()), chain: chain.to_vec() }),
        };
        let end = if matches!(probe.route, "muxado" | "gossip") { End::Closed } else { End::Open };
        facts.probed.push((probe, Outcome::Heard { tls, bytes: answers(probe.ask), end }));
    }
    facts
}

/// Changes the outcomes of some probes.
fn with(mut facts: Facts, change: impl Fn(&Probe, &mut Outcome)) -> Facts {
    for (probe, outcome) in &mut facts.probed {
        change(probe, outcome);
    }
    facts
}

fn causes(facts: &Facts, expected: &Expected) -> Vec<(Severity, Cause)> {
    let routine = [Cause::ServerUnchecked, Cause::AutoEncrypt];
    let findings = diagnose(facts, expected);
    findings.iter().filter(|one| !routine.contains(&one.cause)).map(|one| (one.severity, one.cause)).collect()
}

fn heard(outcome: &mut Outcome, with: &[u8], how: End) {
    if let Outcome::Heard { bytes, end, .. } = outcome {
        *bytes = with.to_vec();
        *end = how;
    }
}

#[test]
fn facts_are_read_as_their_causes() {
    use Severity::{Note, Problem, Warning};
    let chain = [server_certificate(2100)];
    let well = || healthy(true, &chain);
    let by_byte = |probe: &Probe| probe.way == Way::TypeByte(TLS);
    let no_tls = |why: NoTls, shown: &[Vec<u8>]| Outcome::NoTls { why, chain: shown.to_vec() };
    let given = |mut facts: Facts| {
        facts.given.client = vec![Certificate::read(&chain[0]).unwrap()];
        facts.given.client_asked = true;
        facts
    };
    let cases = [
        ("well", well(), vec![]),
        (
            "TLS 1.2 demands a certificate in the handshake",
            with(healthy(false, &chain), |probe, outcome| match probe.way {
                Way::TypeByte(TLS) => *outcome = no_tls(NoTls::Alert(Alert::HandshakeFailure), &chain),
                Way::Native(_) if probe.port == Port::Server => {
                    *outcome = no_tls(NoTls::Alert(Alert::HandshakeFailure), &chain);
                }
                _ => {}
            }),
            vec![(Problem, Cause::ClientCertificateRequired)],
        ),
        (
            "TLS 1.2 refuses the certificate in the handshake",
            given(with(well(), |probe, outcome| {
                if by_byte(probe) {
                    *outcome = no_tls(NoTls::Alert(Alert::BadCertificate), &chain);
                }
            })),
            vec![(Problem, Cause::ClientRefused), (Note, Cause::PlainOpen)],
        ),
        (
            "the alert is lost: closed after the handshake",
            with(healthy(false, &chain), |probe, outcome| {
                if by_byte(probe) {
                    heard(outcome, b"", End::Closed);
                }
            }),
            vec![(Problem, Cause::ClientCertificateRequired)],
        ),
        (
            "the same with a certificate",
            given(with(well(), |probe, outcome| {
                if by_byte(probe) {
                    heard(outcome, b"", End::Closed);
                }
            })),
            vec![(Problem, Cause::ClientRefused), (Note, Cause::PlainOpen)],
        ),
        (
            "an older server",
            with(well(), |probe, outcome| {
                if probe.way == Way::Native("consul/raft-forwarding") {
                    *outcome = no_tls(NoTls::Alert(Alert::NoApplicationProtocol), &[]);
                }
            }),
            vec![(Warning, Cause::AlpnUnknown)],
        ),
        (
            "a limit is reached",
            with(well(), |probe, outcome| {
                if probe.ask == Ask::Ping && probe.way == Way::Plain {
                    heard(outcome, b"\x83\xa5Error\xa4slow\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80", End::Open);
                }
            }),
            vec![(Warning, Cause::RouteError)],
        ),
        (
            "gRPC hangs",
            with(well(), |probe, outcome| {
                if probe.route == "grpc" && probe.way == Way::Plain && probe.port == Port::Server {
                    heard(outcome, b"", End::Open);
                }
            }),
            vec![(Warning, Cause::RouteSilent)],
        ),
        (
            "byte 8 is closed",
            with(well(), |probe, outcome| {
                if probe.route == "grpc" && probe.way == Way::Plain && probe.port == Port::Server {
                    heard(outcome, b"", End::Closed);
                }
            }),
            vec![(Warning, Cause::RouteRefused)],
        ),
        ("soon over", healthy(true, &[server_certificate(2026)]), vec![(Warning, Cause::ServerExpiresSoon)]),
        (
            "no gRPC ports, which nobody asked for",
            with(well(), |probe, outcome| {
                if probe.port != Port::Server {
                    *outcome = Outcome::Unconnected(crate::doctor::facts::Unconnected::Refused);
                }
            }),
            vec![(Note, Cause::GrpcNotListening), (Note, Cause::GrpcNotListening)],
        ),
        (
            "TLS fails in our library's words",
            with(well(), |probe, outcome| {
                if probe.way != Way::Plain && probe.port == Port::Server {
                    *outcome = no_tls(NoTls::Other("odd".to_owned()), &[]);
                }
            }),
            vec![(Problem, Cause::TlsFailed)],
        ),
    ];
    for (name, facts, causes_due) in cases {
        assert_eq!(causes(&facts, &expected()), causes_due, "{name}: {:#?}", diagnose(&facts, &expected()));
    }
}

#[test]
fn silence_is_no_answer_where_nobody_speaks() {
    let facts = with(healthy(false, &[]), |_, outcome| heard(outcome, b"", End::Open));
    let facts = with(facts, |probe, outcome| {
        if probe.way != Way::Plain {
            *outcome = Outcome::NoTls { why: NoTls::Silent, chain: Vec::new() };
        }
    });
    assert_eq!(causes(&facts, &expected()), [(Severity::Problem, Cause::Silent)]);
}

#[test]
fn a_ca_past_its_date_is_told_before_anything_else() {
    let mut facts = healthy(true, &[server_certificate(2100)]);
    let mut ca = Certificate::read(&server_certificate(2025)).unwrap();
    ca.is_ca = true;
    facts.given.authorities = vec![ca];
    facts.given.authority_asked = true;
    let found = causes(&facts, &expected());
    assert_eq!(found[0], (Severity::Problem, Cause::CaExpired), "{found:?}");
    assert!(found.contains(&(Severity::Problem, Cause::ServerWrongCa)), "{found:?}");
}

#[test]
fn weak_keys_and_signatures_are_told() {
    let weak = crate::doctor::certificate::tests::weak();
    assert_eq!(weak.weak.as_deref(), Some("RSA with 1024 bits"));
    let found = causes(&healthy(true, &[weak.der]), &expected());
    assert!(found.contains(&(Severity::Warning, Cause::ServerWeak)), "{found:?}");
}

/// Each cause has a row in the manual, and each row a cause.
#[test]
fn the_manual_lists_every_cause() {
    let manual = include_str!("../../../../../docs/rpc/doctor.md");
    let rows: Vec<&str> =
        manual.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next()).collect();
    let labels: Vec<&str> = Cause::ALL.iter().map(|cause| cause.label()).collect();
    assert_eq!(rows, labels);
}
