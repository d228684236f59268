//! From facts to findings. Pure: whoever wants to know what a set of facts means asks [`diagnose`].
mod certificates; // what the server presents
mod grpc; // the gRPC ports
mod local; // the files that were given
mod reach; // is a server port there at all
mod routes; // which routes are open
mod tls; // does TLS come about

pub(super) use {certificates::presented, tls::alert_name};

use super::{
    facts::{Expected, Facts, Outcome, Port, Probe, Way},
    finding::{Finding, Severity},
    reading::{Reading, read_all},
};

/// What every part of the diagnosis looks at.
struct View<'f> {
    facts: &'f Facts,
    expected: &'f Expected,
    readings: Vec<(Probe, Reading)>,
}

impl View<'_> {
    /// What came of probes of the server port.
    fn server(&self) -> impl Iterator<Item = &(Probe, Reading)> {
        self.readings.iter().filter(|(probe, _)| probe.port == Port::Server)
    }

    /// Of those, the ones that began in this way, with or without the client's certificate.
    fn by(&self, way: Way, certificate: bool) -> impl Iterator<Item = &(Probe, Reading)> {
        self.server().filter(move |(probe, _)| probe.way == way && probe.certificate == certificate)
    }

    /// Of those in native TLS, the ones that offered a name of Consul's.
    fn native(&self, certificate: bool) -> impl Iterator<Item = &(Probe, Reading)> {
        self.server().filter(move |(probe, _)| {
            matches!(probe.way, Way::Native(name) if name != proconsul_mux::H2) && probe.certificate == certificate
        })
    }

    /// Outcomes of the server port that began in this way.
    fn outcomes(&self, way: Way) -> impl Iterator<Item = (&Probe, &Outcome)> {
        let mine = move |probe: &Probe| probe.port == Port::Server && probe.way == way;
        self.facts.probed.iter().filter(move |(probe, _)| mine(probe)).map(|(probe, outcome)| (probe, outcome))
    }

    /// The operator speaks of TLS: certificates were given, or `verify_incoming` is on.
    fn tls_wanted(&self) -> bool {
        let given = &self.facts.given;
        given.authority_asked || given.client_asked || self.expected.verify_incoming == Some(true)
    }

    /// The client's certificate was shown to the server.
    fn certificate_shown(&self) -> bool {
        self.readings.iter().any(|(probe, _)| probe.certificate)
    }
}

/// Says what the facts mean, the worst first.
pub(super) fn diagnose(facts: &Facts, expected: &Expected) -> Vec<Finding> {
    let view = View { facts, expected, readings: read_all(facts) };
    let mut findings = local::findings(&view);
    if let Some(finding) = reach::finding(&view) {
        findings.insert(0, finding);
        return findings;
    }
    findings.extend(tls::findings(&view));
    findings.extend(certificates::findings(&view));
    findings.extend(routes::findings(&view));
    findings.extend(grpc::findings(&view));
    // What the files show already is not told again when the server says it.
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        let repeated = told.iter().any(|before| before.cause == finding.cause && before.what == finding.what);
        let client = finding.severity == Severity::Problem && told.iter().any(|before| explains(before, &finding));
        if !repeated && !client {
            told.push(finding);
        }
    }
    told.sort_by_key(|finding| finding.severity);
    told
}

/// Whether one finding about the client's certificate is why there is the other. TLS has one alert for both dates.
fn explains(before: &Finding, finding: &Finding) -> bool {
    use super::finding::Cause::{ClientExpired, ClientNotYetValid, ClientPurpose, ClientRefused, ClientWrongCa};
    before.severity == Severity::Problem
        && match finding.cause {
            ClientRefused => [ClientExpired, ClientNotYetValid, ClientPurpose, ClientWrongCa].contains(&before.cause),
            ClientExpired => [ClientExpired, ClientNotYetValid].contains(&before.cause),
            other => other == before.cause && [ClientPurpose, ClientWrongCa].contains(&other),
        }
}

#[cfg(test)]
mod tests;
