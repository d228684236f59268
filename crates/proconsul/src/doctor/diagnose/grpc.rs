//! The gRPC ports. One that was not asked for may be missing, or somebody else's.
use rustls::AlertDescription as Alert;

use super::View;
use crate::doctor::{
    facts::{NoTls, Outcome, Port},
    finding::{Cause, Finding, Severity, problem},
    reading::{Reading, Stranger},
};

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(plain(view).map(|finding| if view.expected.grpc_asked { finding } else { lower(finding) }));
    findings.extend(tls(view).map(|finding| if view.expected.grpc_tls_asked { finding } else { lower(finding) }));
    findings
}

fn lower(finding: Finding) -> Finding {
    Finding { severity: Severity::Note, ..finding }
}

fn plain(view: &View<'_>) -> Option<Finding> {
    let (_, reading) = view.readings.iter().find(|(probe, _)| probe.port == Port::Grpc)?;
    match reading {
        Reading::Reached(_) => None,
        Reading::Unconnected(_) => Some(not_listening("--grpc", "ports.grpc (8502)")),
        Reading::Stranger(Stranger::Tls) | Reading::Refused => Some(problem(
            Cause::GrpcIsTls,
            "the gRPC port (--grpc) closes a plain HTTP/2 client: it speaks TLS, or no gRPC",
            "dial it in TLS (--grpc-tls), or set ports.grpc",
        )),
        other => Some(wrong("--grpc", other)),
    }
}

fn tls(view: &View<'_>) -> Option<Finding> {
    let of_port = || view.readings.iter().filter(|(probe, _)| probe.port == Port::GrpcTls);
    let (_, without) = of_port().find(|(probe, _)| !probe.certificate)?;
    let with = of_port().find(|(probe, _)| probe.certificate).map(|(_, reading)| reading);
    let failed_with_plain = view.facts.probed.iter().any(|(probe, outcome)| {
        probe.port == Port::GrpcTls
            && matches!(outcome, Outcome::NoTls { why: NoTls::NotTls(bytes), .. } if Stranger::classify(bytes) == Stranger::Http2)
    });
    if failed_with_plain {
        return Some(problem(
            Cause::GrpcIsPlain,
            "the gRPC port for TLS (--grpc-tls) is plain: it answers a ClientHello with HTTP/2",
            "dial it in clear (--grpc), or set ports.grpc_tls and tls.grpc",
        ));
    }
    match (without, with) {
        (Reading::Reached(_), _) | (_, Some(Reading::Reached(_))) => None,
        (Reading::Unconnected(_), _) => Some(not_listening("--grpc-tls", "ports.grpc_tls (8503)")),
        (Reading::RefusedWith(Alert::CertificateRequired), None) => Some(problem(
            Cause::GrpcClientCertificate,
            "the gRPC port for TLS demands a client certificate (tls.grpc.verify_incoming), and none was given",
            "give --client-cert and --client-key",
        )),
        (_, Some(Reading::RefusedWith(alert))) => Some(problem(
            Cause::GrpcClientCertificate,
            format!("the gRPC port for TLS refuses the client's certificate: alert {}", super::tls::alert_name(*alert)),
            "check its CA against tls.grpc.ca_file of the server",
        )),
        (other, _) => Some(wrong("--grpc-tls", other)),
    }
}

fn not_listening(flag: &str, port: &str) -> Finding {
    problem(
        Cause::GrpcNotListening,
        format!("nothing listens on the gRPC port ({flag})"),
        format!("check {port} of the server"),
    )
}

fn wrong(flag: &str, reading: &Reading) -> Finding {
    let what = match reading {
        Reading::Silent => "does not answer".to_owned(),
        Reading::Stranger(Stranger::Http1) => "speaks HTTP/1, not gRPC".to_owned(),
        Reading::Stranger(_) => "speaks another protocol".to_owned(),
        Reading::RefusedWith(alert) => format!("refuses TLS: alert {}", super::tls::alert_name(*alert)),
        Reading::Incompatible(told) => format!("does not come to TLS: {told}"),
        _ => "closes the connection".to_owned(),
    };
    problem(
        Cause::GrpcWrongPort,
        format!("the gRPC port ({flag}) {what}"),
        "check ports.grpc (8502) and ports.grpc_tls (8503)",
    )
}
