//! Which routes are open, of those that should be.
use proconsul_mux::{Needs, ROUTES, Then};
use rustls::AlertDescription;

use super::View;
use crate::doctor::{
    facts::{Ask, Probe, Way},
    finding::{Cause, Finding, note, problem, warning},
    names::server_name,
    plan::{TLS, TLS_INSECURE},
    reading::{Answer, Reading},
};

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = closed(view).into_iter().chain(plain(view)).collect();
    let mut odd = Odd::default();
    for (way, certificate) in [(CLEAR, false), (BY_BYTE, false), (BY_BYTE, true), (BY_NAME, true)] {
        let group: Vec<&(Probe, Reading)> = view
            .server()
            .filter(|(probe, _)| probe.certificate == certificate && kind(probe.way) == way && always_served(probe))
            .collect();
        // What is closed where everything is needs no word for each route.
        if group.iter().any(|(_, reading)| matches!(reading, Reading::Reached(_))) {
            group.iter().for_each(|(probe, reading)| odd.note(way, probe, reading));
        }
    }
    findings.extend(odd.findings(view));
    findings.extend(without_certificate(view));
    findings
}

const CLEAR: &str = "in clear";
const BY_BYTE: &str = "in TLS after byte 3";
const BY_NAME: &str = "by ALPN name";

fn kind(way: Way) -> &'static str {
    match way {
        Way::Plain => CLEAR,
        Way::TypeByte(TLS) => BY_BYTE,
        Way::TypeByte(_) => "in TLS after byte 7",
        Way::Native(_) => BY_NAME,
    }
}

/// Every server serves it; not HTTP/2 without a type byte, which is ours, and not what is retired.
fn always_served(probe: &Probe) -> bool {
    ROUTES.iter().any(|row| {
        row.label == probe.route && row.alpn != Some(proconsul_mux::H2) && matches!(row.then, Then::Serve(_))
    })
}

/// The route asks for a server's certificate, where the server asks for one at all.
fn between_servers(probe: &Probe) -> bool {
    ROUTES.iter().any(|row| row.label == probe.route && row.needs == Needs::ServerCertificate)
}

/// Refused, and not for its ALPN name, which is told of already.
fn turned_away(reading: &Reading) -> bool {
    reading.is_refused() && *reading != Reading::RefusedWith(AlertDescription::NoApplicationProtocol)
}

/// A port that closes whatever comes.
fn closed(view: &View<'_>) -> Option<Finding> {
    let closed = |reading: &Reading| matches!(reading, Reading::Refused | Reading::Silent | Reading::Unconnected(_));
    view.server().all(|(_, reading)| closed(reading)).then(|| {
        problem(
            Cause::ClosesEverything,
            format!("{} closes whatever comes, in clear and in TLS: it may be no server port", view.facts.server),
            "give the server port (ports.server, 8300), and look at the server's log",
        )
    })
}

/// Plain connections.
fn plain(view: &View<'_>) -> Option<Finding> {
    let open = view
        .by(Way::Plain, false)
        .any(|(probe, reading)| probe.ask != Ask::Nothing && matches!(reading, Reading::Reached(_)));
    let tls = view.server().any(|(probe, reading)| probe.way != Way::Plain && reading.is_reached());
    match view.expected.verify_incoming {
        Some(true) if open => Some(problem(
            Cause::PlainOpen,
            "plain connections are served, though verify_incoming is on in the file that was given",
            "the server runs with other settings: start it with that file",
        )),
        _ if open && tls && view.tls_wanted() => Some(note(
            Cause::PlainOpen,
            "plain connections are served beside TLS: anyone may call without a certificate",
            "set tls.internal_rpc.verify_incoming once every client has a certificate",
        )),
        _ => None,
    }
}

/// What is closed or silent, or answers with an error, where other routes taken in the same way are open: way and route.
#[derive(Default)]
struct Odd {
    refused: Vec<Taken>,
    servers_only: Vec<Taken>,
    silent: Vec<Taken>,
    errors: Vec<(Taken, String)>,
}

/// A way, and the route that was taken by it.
type Taken = (&'static str, &'static str);

impl Odd {
    fn note(&mut self, way: &'static str, probe: &Probe, reading: &Reading) {
        let taken = (way, probe.route);
        match reading {
            reading if turned_away(reading) && between_servers(probe) => self.servers_only.push(taken),
            reading if turned_away(reading) => self.refused.push(taken),
            Reading::Silent => self.silent.push(taken),
            Reading::Reached(Answer::Error(told)) if matches!(probe.ask, Ask::Ping | Ask::StreamPing) => {
                self.errors.push((taken, told.clone()));
            }
            _ => {}
        }
    }

    fn findings(&self, view: &View<'_>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = not_a_server(view, &self.servers_only).into_iter().collect();
        if let Some((ways, routes)) = listed(&self.refused) {
            findings.push(warning(
                Cause::RouteRefused,
                format!("{ways}, {routes} refused, while other routes are open"),
                "the server may be of another version, or not serve this (yet): look at its log",
            ));
        }
        if let Some((ways, routes)) = listed(&self.silent) {
            findings.push(warning(
                Cause::RouteSilent,
                format!("{ways}, {routes} reached, without an answer within {:?}", view.facts.timeout),
                "the server may be overloaded, or not serve this (yet)",
            ));
        }
        for ((way, route), told) in &self.errors {
            findings.push(warning(
                Cause::RouteError,
                format!("{way}, {route} answers Status.Ping with: {told}"),
                "look at the server's log and its limits",
            ));
        }
        findings
    }
}

/// The ways, and the routes with their verb; `None` if there are none.
fn listed(taken: &[Taken]) -> Option<(String, String)> {
    let each = |of: fn(&Taken) -> &'static str| {
        let mut seen: Vec<&str> = Vec::new();
        for one in taken.iter().map(of) {
            if !seen.contains(&one) {
                seen.push(one);
            }
        }
        seen
    };
    let (ways, routes) = (each(|(way, _)| way), each(|(_, route)| route));
    let routes = match routes.as_slice() {
        [] => return None,
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(", ")),
    };
    Some((ways.join(" and "), routes))
}

/// Raft and its forwarding are closed: as they should be to a client's certificate.
fn not_a_server(view: &View<'_>, refused: &[Taken]) -> Option<Finding> {
    let (way, routes) = listed(refused)?;
    let datacenter = view.expected.datacenter.as_deref().unwrap_or("<dc>");
    let name = server_name(datacenter, &view.expected.domain);
    let leaf = view.facts.given.client.first();
    let named = leaf.is_some_and(|leaf| match &view.expected.datacenter {
        Some(_) => leaf.fits(&name),
        None => {
            leaf.names.iter().any(|name| crate::doctor::names::datacenter_of(name, &view.expected.domain).is_some())
        }
    });
    let has = leaf.map_or_else(|| "none".to_owned(), crate::doctor::certificate::Certificate::described);
    if named {
        return Some(problem(
            Cause::NotAServer,
            format!("{way}, {routes} refused, though the certificate has the name of a server ({has})"),
            "the server may be of another datacenter or domain, or know another CA: look at its log",
        ));
    }
    let what = format!(
        "{way}, {routes} refused: for servers only (verify_server_hostname), and the certificate lacks {name}; it has: {has}"
    );
    Some(if view.expected.as_server {
        problem(Cause::NotAServer, what, format!("make the server's certificate with {name} among its names"))
    } else {
        note(Cause::NotAServer, what, "right for a client; a server's certificate must carry that name")
    })
}

/// Byte 7, where clients without a certificate ask for one.
fn without_certificate(view: &View<'_>) -> Option<Finding> {
    let (_, reading) = view.by(Way::TypeByte(TLS_INSECURE), false).find(|(probe, _)| probe.ask == Ask::Sign)?;
    match reading {
        Reading::Reached(Answer::Error(told)) if told.contains("AllowTLS") => {
            Some(note(Cause::AutoEncrypt, "auto_encrypt is off: clients get no certificate from this server", ""))
        }
        Reading::Reached(_) => {
            Some(note(Cause::AutoEncrypt, "auto_encrypt is on: clients get certificates from this server", ""))
        }
        _ => None,
    }
}
