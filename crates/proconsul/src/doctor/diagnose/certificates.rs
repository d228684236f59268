//! What the server presents: dates, CA, names, purposes, strength.
use super::View;
use crate::doctor::{
    certificate::{Certificate, ChainProblem, check, date},
    dial::provider,
    facts::{Outcome, Port, Probe, Way},
    finding::{Cause, Finding, note, problem, warning},
    names::{datacenter_of, node_server_name, server_name},
};

/// A certificate that ends before this many days is told of.
const SOON_DAYS: i64 = 30;

/// A chain that was presented, and where.
pub(in crate::doctor) struct Presented {
    pub(in crate::doctor) leaf: Certificate,
    pub(in crate::doctor) chain: Vec<Vec<u8>>,
    /// For people: `byte 3, ALPN`.
    pub(in crate::doctor) at: String,
    /// Version of TLS with the first of them; empty if the handshake failed.
    pub(in crate::doctor) version: &'static str,
    /// On the server port, and not only where clients without certificates are served.
    server: bool,
}

/// Every chain that was presented, each once.
pub(in crate::doctor) fn presented(probed: &[(Probe, Outcome)]) -> Vec<Presented> {
    let mut all: Vec<Presented> = Vec::new();
    for (probe, outcome) in probed {
        let (chain, version) = match outcome {
            Outcome::Heard { tls: Some(tls), .. } => (&tls.chain, tls.version),
            Outcome::NoTls { chain, .. } => (chain, ""),
            _ => continue,
        };
        let Some(leaf) = Certificate::leaf(chain) else { continue };
        let at = match (probe.port, probe.way) {
            (Port::Server, Way::TypeByte(byte)) => format!("byte {byte}"),
            (Port::Server, _) => "ALPN".to_owned(),
            (Port::Grpc | Port::GrpcTls, _) => "gRPC port".to_owned(),
        };
        let server = probe.port == Port::Server;
        match all.iter_mut().find(|known| known.chain == *chain) {
            Some(known) => {
                if !known.at.split(", ").any(|one| one == at) {
                    known.at = format!("{}, {at}", known.at);
                }
                known.server |= server;
            }
            None => all.push(Presented { leaf, chain: chain.clone(), at, version, server }),
        }
    }
    all
}

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let all = presented(&view.facts.probed);
    let mut findings = Vec::new();
    let mut unchecked = false;
    // The automatic certificate is for those who know Connect's CA: it says nothing of what an operator set up.
    for one in all.iter().filter(|one| !one.leaf.is_automatic()) {
        findings.extend(dates(view.facts.now, one));
        findings.extend(trust(view, one));
        if one.server {
            findings.extend(names(view, one));
        }
        if let Some(weak) = &one.leaf.weak {
            let what = format!("the server's certificate ({}) is weak: {weak}", one.at);
            findings.push(warning(
                Cause::ServerWeak,
                what,
                "make one with an EC key (P-256) or RSA with 2048 bits or more",
            ));
        }
        unchecked |= view.facts.given.authorities.is_empty();
    }
    if unchecked && !view.facts.given.authority_asked {
        findings.push(note(
            Cause::ServerUnchecked,
            "the server's certificate was not checked against a CA",
            "give --ca-file or --ca-path",
        ));
    }
    findings
}

fn dates(now: i64, one: &Presented) -> Option<Finding> {
    let Certificate { not_before, not_after, .. } = one.leaf;
    if not_after < now {
        return Some(problem(
            Cause::ServerExpired,
            format!("the server's certificate ({}) expired on {}", one.at, date(not_after)),
            "give the server a new certificate; Consul reads it again on SIGHUP (`consul reload`)",
        ));
    }
    if not_before > now {
        return Some(problem(
            Cause::ServerNotYetValid,
            format!("the server's certificate ({}) is not valid before {}", one.at, date(not_before)),
            "check the clocks here and where it was made",
        ));
    }
    let days = (not_after - now) / 86_400;
    (days < SOON_DAYS).then(|| {
        warning(
            Cause::ServerExpiresSoon,
            format!("the server's certificate ({}) expires in {days} days, on {}", one.at, date(not_after)),
            "give the server a new certificate in time",
        )
    })
}

fn trust(view: &View<'_>, one: &Presented) -> Vec<Finding> {
    let mut findings = Vec::new();
    let authorities = &view.facts.given.authorities;
    let leaf = &one.leaf;
    let itself = authorities.iter().any(|ca| ca.der == leaf.der);
    let purpose = || {
        problem(
            Cause::ServerPurpose,
            format!(
                "the server's certificate ({}) lists purposes, and server authentication is not one of them",
                one.at
            ),
            "give it the extended key usages serverAuth and clientAuth",
        )
    };
    if leaf.no_server {
        findings.push(purpose());
    }
    if leaf.self_signed && !itself {
        findings.push(problem(
            Cause::ServerSelfSigned,
            format!("the server's certificate ({}) is signed by itself", one.at),
            "give the server a certificate of the cluster's CA (`proconsul tls cert create -server`)",
        ));
    } else if !authorities.is_empty() && !itself {
        match check(&one.chain, authorities, true, view.facts.now, &provider()) {
            Ok(()) => {}
            Err(ChainProblem::Purpose) if leaf.no_server => {}
            Err(ChainProblem::Purpose) => findings.push(purpose()),
            Err(ChainProblem::UnknownIssuer) => {
                let mut known: Vec<&str> = authorities.iter().filter_map(|ca| ca.common_name.as_deref()).collect();
                known.truncate(3);
                findings.push(problem(
                    Cause::ServerWrongCa,
                    format!(
                        "the server's certificate ({}) is of another CA: issued by {}, and the given one is {}",
                        one.at,
                        leaf.issuer,
                        known.join(", ")
                    ),
                    "give the CA of this cluster, or the server a certificate of it (with what lies between in its cert_file)",
                ));
            }
            Err(ChainProblem::Other(told)) => findings.push(problem(
                Cause::ServerChain,
                format!("the server's chain ({}) does not verify: {told}", one.at),
                "look at the chain in the server's cert_file: the leaf first, then what lies between",
            )),
        }
    }
    findings
}

fn names(view: &View<'_>, one: &Presented) -> Vec<Finding> {
    let (leaf, expected) = (&one.leaf, view.expected);
    let domain = expected.domain.as_str();
    let wanted = server_name(expected.datacenter.as_deref().unwrap_or("<dc>"), domain);
    let change = format!("make one with {wanted} among its names (`proconsul tls cert create -server -dc …`)");
    if leaf.names.is_empty() {
        let what = format!(
            "the server's certificate ({}) has no names (subject alternative names): {}",
            one.at,
            match &leaf.common_name {
                Some(name) => format!("its CN, {name}, is not looked at any more"),
                None => "nobody can check whose it is".to_owned(),
            }
        );
        return vec![problem(Cause::ServerNoNames, what, change)];
    }
    let exactly = |name: &String| match &expected.datacenter {
        Some(_) => name.eq_ignore_ascii_case(&wanted),
        None => datacenter_of(name, domain).is_some(),
    };
    if !leaf.names.iter().any(exactly) {
        return vec![no_name(view, one, &wanted, change)];
    }
    let (Some(node), Some(datacenter)) = (&expected.node, &expected.datacenter) else { return Vec::new() };
    let wanted = node_server_name(node, datacenter, domain);
    if leaf.fits(&wanted) {
        return Vec::new();
    }
    vec![problem(
        Cause::ServerName,
        format!("the server's certificate ({}) lacks {wanted}, which those who dial by ALPN name check", one.at),
        format!("make one with {wanted} among its names (`proconsul tls cert create -server -node …`)"),
    )]
}

/// The name of a server is not there as such: perhaps under a wildcard, or for another datacenter.
fn no_name(view: &View<'_>, one: &Presented, wanted: &str, change: String) -> Finding {
    let leaf = &one.leaf;
    let at = &one.at;
    if view.expected.datacenter.is_some() && leaf.fits(wanted) {
        return warning(
            Cause::ServerWildcard,
            format!("the server's certificate ({at}) has {wanted} only by a wildcard: {}", leaf.described()),
            format!("{change}: whoever has a wildcard passes for a server"),
        );
    }
    if let Some(wildcard) = leaf.names.iter().find(|name| name.starts_with("*.")) {
        return problem(
            Cause::ServerWildcard,
            format!(
                "the server's certificate ({at}) has a wildcard, {wildcard}, which stands for one label and not for {wanted}"
            ),
            change,
        );
    }
    let other = leaf.names.iter().find_map(|name| datacenter_of(name, &view.expected.domain));
    let what = match other {
        Some(datacenter) => format!(
            "the server's certificate ({at}) is for datacenter {datacenter}: expected {wanted}, presented {}",
            leaf.described()
        ),
        None => format!(
            "the server's certificate ({at}) has not the name of a server: expected {wanted}, presented {}",
            leaf.described()
        ),
    };
    problem(Cause::ServerName, what, format!("{change}, or check --dc and --domain"))
}
