//! What was found, for people and for programs.
use proconsul_mux::{H2, ROUTES, Then};
use rustls::AlertDescription;
use serde_json::{Value, json};

use super::{
    certificate::date,
    diagnose::{alert_name, presented},
    facts::{Ask, Expected, Facts, Port, Probe, Unconnected, Way},
    finding::{Finding, Severity},
    names::server_name,
    plan::{GREETING, TLS_INSECURE},
    reading::{Answer, Reading, Stranger, read_all},
};

/// One line of the table: a way to a route, tried without the client's certificate and with it.
struct Line {
    probe: Probe,
    without: Option<Reading>,
    with: Option<Reading>,
}

fn lines(facts: &Facts) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (probe, reading) in read_all(facts).into_iter().filter(|(probe, _)| probe.route != GREETING) {
        let key = Probe { certificate: false, ..probe };
        let at = lines.iter().position(|line| line.probe == key).unwrap_or_else(|| {
            lines.push(Line { probe: key, without: None, with: None });
            lines.len() - 1
        });
        let line = &mut lines[at];
        *if probe.certificate { &mut line.with } else { &mut line.without } = Some(reading);
    }
    lines.sort_by_key(|line| order(&line.probe));
    lines
}

/// By route, in the order of the route table; then in clear, by byte, by name.
fn order(probe: &Probe) -> (u8, usize, u8) {
    let port = match probe.port {
        Port::Server => 0,
        Port::Grpc => 1,
        Port::GrpcTls => 2,
    };
    let row = ROUTES.iter().position(|row| row.label == probe.route).unwrap_or(ROUTES.len());
    let way = match probe.way {
        Way::Plain => 0,
        Way::TypeByte(_) => 1,
        Way::Native(_) => 2,
    };
    (port, row, way)
}

fn how(probe: &Probe) -> String {
    match (probe.port, probe.way, probe.byte) {
        (Port::Grpc, ..) => "gRPC port, in clear".to_owned(),
        (Port::GrpcTls, ..) => "gRPC port, TLS".to_owned(),
        (_, Way::Plain, Some(byte)) => format!("byte {byte}"),
        (_, Way::Plain, None) => "HTTP/2 preface".to_owned(),
        (_, Way::TypeByte(outer), Some(byte)) => format!("byte {outer}, TLS, byte {byte}"),
        (_, Way::TypeByte(outer), None) => format!("byte {outer}, TLS"),
        (_, Way::Native(name), _) => format!("TLS {name}"),
    }
}

/// Why it is right that a route refuses.
fn expected_refusal(probe: &Probe) -> Option<&'static str> {
    let row = ROUTES.iter().find(|row| row.label == probe.route)?;
    match row.then {
        Then::Retired => Some("not served any more"),
        _ if row.alpn == Some(H2) => Some("as by Consul"),
        _ => None,
    }
}

/// A reading in a few words.
fn words(probe: &Probe, reading: &Reading) -> String {
    match reading {
        Reading::Reached(Answer::Well) => "reached".to_owned(),
        // What these answer is an error by design.
        Reading::Reached(Answer::Error(_))
            if probe.ask == Ask::Snapshot || probe.way == Way::TypeByte(TLS_INSECURE) =>
        {
            "reached".to_owned()
        }
        Reading::Reached(Answer::Error(told)) => format!("reached: {}", short(told)),
        Reading::ReachedSilent => "reached (silent, as it is)".to_owned(),
        Reading::Refused if expected_refusal(probe).is_some() => {
            format!("refused ({})", expected_refusal(probe).unwrap_or_default())
        }
        Reading::Refused => "refused: closed".to_owned(),
        Reading::RefusedWith(AlertDescription::NoApplicationProtocol) if expected_refusal(probe).is_some() => {
            format!("refused ({})", expected_refusal(probe).unwrap_or_default())
        }
        Reading::RefusedWith(alert) => format!("refused: {}", alert_name(*alert)),
        Reading::Incompatible(told) => format!("refused: {}", short(told)),
        Reading::Silent => "no answer".to_owned(),
        Reading::Stranger(stranger) => format!("something else: {}", stranger_words(stranger)),
        Reading::Unconnected(Unconnected::Refused) => "not listening".to_owned(),
        Reading::Unconnected(_) => "no connection".to_owned(),
    }
}

fn stranger_words(stranger: &Stranger) -> String {
    match stranger {
        Stranger::Http1 => "HTTP/1".to_owned(),
        Stranger::Ssh => "SSH".to_owned(),
        Stranger::Http2 => "HTTP/2".to_owned(),
        Stranger::Gossip => "gossip".to_owned(),
        Stranger::Tls => "TLS".to_owned(),
        Stranger::Named(name) => (*name).to_owned(),
        Stranger::Unknown(bytes) => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// A peer's text, cut, and without what a terminal would obey.
fn short(text: &str) -> String {
    text.chars().take(60).map(|letter| if letter.is_control() { '.' } else { letter }).collect()
}

fn wanted(expected: &Expected) -> String {
    server_name(expected.datacenter.as_deref().unwrap_or("<dc>"), &expected.domain)
}

pub(super) fn print(facts: &Facts, expected: &Expected, findings: &[Finding]) {
    let lines = lines(facts);
    let show = |probe: &Probe, reading: &Option<Reading>| {
        reading.as_ref().map(|reading| words(probe, reading)).unwrap_or_default()
    };
    if lines.iter().any(|line| line.with.is_some()) {
        let rows = lines.iter().map(|line| {
            vec![
                line.probe.route.to_owned(),
                how(&line.probe),
                show(&line.probe, &line.without),
                show(&line.probe, &line.with),
            ]
        });
        crate::print::table(&["ROUTE", "HOW", "WITHOUT CERTIFICATE", "WITH CERTIFICATE"], rows);
    } else {
        let rows = lines
            .iter()
            .map(|line| vec![line.probe.route.to_owned(), how(&line.probe), show(&line.probe, &line.without)]);
        crate::print::table(&["ROUTE", "HOW", "RESULT"], rows);
    }
    let presented = presented(&facts.probed);
    if !presented.is_empty() {
        crate::print::line("");
        let rows = presented.iter().map(|one| {
            let version = if one.version.is_empty() { "-".to_owned() } else { format!("TLS {}", one.version) };
            let expected =
                if one.leaf.is_automatic() { "(automatic, of Connect)".to_owned() } else { wanted(expected) };
            vec![
                one.at.clone(),
                version,
                expected,
                one.leaf.described(),
                date(one.leaf.not_after),
                one.leaf.issuer.clone(),
            ]
        });
        crate::print::table(&["CERTIFICATE AT", "VERSION", "EXPECTED", "PRESENTED", "VALID UNTIL", "ISSUED BY"], rows);
    }
    if !findings.is_empty() {
        crate::print::line("");
    }
    for finding in findings {
        let change = if finding.change.is_empty() { String::new() } else { format!(" -> {}", finding.change) };
        crate::print::line(&format!("{:8} {}{change}", finding.severity.as_str(), finding.what));
    }
    crate::print::line(&format!("\n{}: {}", facts.server, verdict(findings)));
}

/// The end of it, in one sentence.
fn verdict(findings: &[Finding]) -> String {
    let problems = findings.iter().filter(|finding| finding.severity == Severity::Problem).count();
    if findings.iter().any(|finding| finding.cause.is_no_answer()) {
        return "not reachable".to_owned();
    }
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    match (problems, warnings) {
        (0, 0) => "all is as it should be".to_owned(),
        (0, _) => format!("no problem, {}", count(warnings, "warning")),
        _ => count(problems, "problem"),
    }
}

fn count(many: usize, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
}

pub(super) fn json(facts: &Facts, expected: &Expected, findings: &[Finding]) -> Value {
    let routes: Vec<Value> = read_all(facts)
        .iter()
        .filter(|(probe, _)| probe.route != GREETING)
        .map(|(probe, reading)| {
            json!({
                "port": match probe.port { Port::Server => "server", Port::Grpc => "grpc", Port::GrpcTls => "grpc_tls" },
                "route": probe.route,
                "how": how(probe),
                "with_certificate": probe.certificate,
                "reached": reading.is_reached(),
                "result": words(probe, reading),
            })
        })
        .collect();
    let certificates: Vec<Value> = presented(&facts.probed)
        .iter()
        .map(|one| {
            json!({
                "at": one.at,
                "tls_version": one.version,
                "expected": wanted(expected),
                "names": one.leaf.names,
                "uris": one.leaf.uris,
                "common_name": one.leaf.common_name,
                "issuer": one.leaf.issuer,
                "not_before": one.leaf.not_before,
                "not_after": one.leaf.not_after,
                "automatic": one.leaf.is_automatic(),
            })
        })
        .collect();
    let findings_json: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "severity": finding.severity.as_str(),
                "cause": finding.cause.label(),
                "what": finding.what,
                "change": finding.change,
            })
        })
        .collect();
    json!({
        "server": facts.server,
        "address": facts.address.map(|address| address.to_string()),
        "routes": routes,
        "certificates": certificates,
        "findings": findings_json,
        "verdict": verdict(findings),
    })
}
