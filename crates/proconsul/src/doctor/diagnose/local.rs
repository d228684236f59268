//! What is wrong with the files that were given, before any server sees them.
use super::View;
use crate::doctor::{
    certificate::{ChainProblem, check, date},
    dial::provider,
    finding::{Cause, Finding, problem, warning},
    names::server_name,
};

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let given = &view.facts.given;
    let now = view.facts.now;
    let mut findings: Vec<Finding> = given
        .unusable
        .iter()
        .map(|(file, why)| {
            problem(Cause::File, format!("{file} is of no use: {why}"), "check the path and its content (PEM)")
        })
        .collect();
    for ca in given.authorities.iter().filter(|ca| ca.not_after < now) {
        findings.push(problem(
            Cause::CaExpired,
            format!("the CA {} expired on {}", ca.issuer, date(ca.not_after)),
            "make a new CA, and certificates of it for all",
        ));
    }
    if given.key_fits == Some(false) {
        findings.push(problem(
            Cause::KeyMismatch,
            "the client's key is not that of its certificate, so none was shown",
            "give the --client-key that was made with --client-cert",
        ));
    }
    let Some(leaf) = given.client.first() else { return findings };
    if leaf.not_after < now {
        findings.push(problem(
            Cause::ClientExpired,
            format!("the client's certificate expired on {}", date(leaf.not_after)),
            "give the client a new certificate",
        ));
    }
    if leaf.not_before > now {
        findings.push(problem(
            Cause::ClientNotYetValid,
            format!("the client's certificate is not valid before {}", date(leaf.not_before)),
            "check the clocks here and where it was made",
        ));
    }
    if leaf.no_client {
        findings.push(problem(
            Cause::ClientPurpose,
            "the client's certificate lists purposes, and client authentication is not one of them",
            "give it the extended key usage clientAuth; servers need serverAuth and clientAuth",
        ));
    }
    if !given.authorities.is_empty() {
        let chain: Vec<Vec<u8>> = given.client.iter().map(|one| one.der.clone()).collect();
        if check(&chain, &given.authorities, false, now, &provider()) == Err(ChainProblem::UnknownIssuer) {
            findings.push(warning(
                Cause::ClientWrongCa,
                format!("the client's certificate is not of the given CA: it was issued by {}", leaf.issuer),
                "fine if servers trust that CA, too; otherwise give a certificate of theirs",
            ));
        }
    }
    if view.expected.as_server {
        findings.extend(own_name(view, leaf));
    }
    findings
}

/// A server's own certificate must carry the name that other servers look for.
fn own_name(view: &View<'_>, leaf: &crate::doctor::certificate::Certificate) -> Option<Finding> {
    let name = server_name(view.expected.datacenter.as_deref()?, &view.expected.domain);
    (!leaf.fits(&name)).then(|| {
        problem(
            Cause::NotAServer,
            format!("the certificate of this server lacks the name {name}; it has: {}", leaf.described()),
            format!(
                "make one with {name} among its names: with verify_server_hostname, others neither dial nor admit it"
            ),
        )
    })
}
