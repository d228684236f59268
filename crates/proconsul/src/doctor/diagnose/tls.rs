//! Does TLS come about, by type byte and natively, and does the server take the client's certificate?
use rustls::AlertDescription as Alert;

use super::View;
use crate::doctor::{
    certificate::Certificate,
    facts::{NoTls, Outcome, Way},
    finding::{Cause, Finding, note, problem, warning},
    plan::TLS,
    reading::Reading,
};

const TO_HAVE_TLS: &str =
    "give the server tls.defaults.ca_file, cert_file and key_file (`proconsul tls cert create -server` makes them)";

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = in_front(view).into_iter().collect();
    if findings.is_empty() {
        findings.extend(by_type_byte(view));
        findings.extend(natively(view));
        findings.extend(client_certificate(view));
    }
    findings
}

/// Something that ends TLS in front of the server, or no server at all.
fn in_front(view: &View<'_>) -> Option<Finding> {
    let shaken = |way| view.outcomes(way).any(|(_, outcome)| matches!(outcome, Outcome::Heard { tls: Some(_), .. }));
    let natives: Vec<&Reading> = view.native(false).map(|(_, reading)| reading).collect();
    let unknown = |reading: &&Reading| matches!(reading, Reading::RefusedWith(Alert::NoApplicationProtocol));
    let all_unknown = !natives.is_empty() && natives.iter().all(unknown);
    let h2 = Way::Native(proconsul_mux::H2);
    if all_unknown && shaken(h2) {
        return Some(problem(
            Cause::TlsTerminated,
            "TLS with the name h2 is the only one that is taken: this is a gRPC port for TLS, or a proxy that ends TLS",
            "give the server port (8300); a load balancer in front of it must pass TCP through",
        ));
    }
    if all_unknown {
        return Some(problem(
            Cause::AlpnUnknown,
            "TLS is spoken, and none of the names consul/… is known there (alert no_application_protocol)",
            "this may be another TLS server, or a proxy that ends TLS: give the server port, or pass TCP through",
        ));
    }
    let ignored = view.facts.probed.iter().any(|(probe, outcome)| {
        let no_name = matches!(outcome, Outcome::Heard { tls: Some(tls), .. } if tls.alpn.is_none());
        matches!(probe.way, Way::Native(_)) && probe.port == crate::doctor::facts::Port::Server && no_name
    });
    ignored.then(|| {
        problem(
            Cause::AlpnIgnored,
            "TLS is spoken, and the name that the client offers (ALPN) is not answered",
            "this may be a gRPC port for TLS (8503), a web server, or a proxy that ends TLS: give the server port, or pass TCP through",
        )
    })
}

/// Byte 3.
fn by_type_byte(view: &View<'_>) -> Option<Finding> {
    let way = Way::TypeByte(TLS);
    let plain = view.by(Way::Plain, false).any(|(_, reading)| matches!(reading, Reading::Reached(_)));
    for (_, outcome) in view.outcomes(way) {
        let Outcome::Heard { tls: Some(tls), .. } = outcome else { continue };
        let automatic = Certificate::leaf(&tls.chain).is_some_and(|leaf| leaf.is_automatic());
        return automatic.then(|| {
            no_tls(
                view,
                "the server has no certificate of its own: it presents the automatic one of Connect, and knows no CA",
            )
        });
    }
    let (_, outcome) = view.outcomes(way).next()?;
    let Outcome::NoTls { why, chain } = outcome else { return None };
    let mismatch = |told: &str| {
        problem(
            Cause::TlsMismatch,
            format!("no version of TLS or cipher suite that both sides speak: {told}"),
            "servers need TLS 1.2 or 1.3: look at tls_min_version and tls_cipher_suites",
        )
    };
    match why {
        NoTls::Silent => Some(problem(
            Cause::TlsSilent,
            format!("the TLS handshake was not answered within {:?} (type byte 3)", view.facts.timeout),
            "the server may be overloaded, or a firewall looks into TLS; a higher --timeout tells whether it is slow",
        )),
        NoTls::Incompatible(told) => Some(mismatch(told)),
        NoTls::Alert(alert @ (Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity))
            if chain.is_empty() =>
        {
            Some(mismatch(&format!("alert {}", alert_name(*alert))))
        }
        NoTls::Alert(alert) if !chain.is_empty() => {
            // TLS 1.2 asks for the client's certificate before the handshake is over.
            (!view.facts.given.client_asked).then(|| required(TurnedAway::Alert(*alert)))
        }
        NoTls::Alert(alert) if plain => {
            Some(no_tls(view, &format!("the server has no certificate (alert {} after byte 3)", alert_name(*alert))))
        }
        NoTls::Alert(alert) => Some(problem(
            Cause::TlsFailed,
            format!("the server ends the TLS handshake with alert {}", alert_name(*alert)),
            "look at the server's log",
        )),
        NoTls::Closed | NoTls::NotTls(_) if plain => Some(no_tls(view, "the server speaks no TLS: byte 3 is closed")),
        // Whatever comes is closed: told with the routes.
        NoTls::Closed | NoTls::NotTls(_) => None,
        NoTls::Other(told) => Some(problem(
            Cause::TlsFailed,
            format!("the TLS handshake fails: {told}"),
            "look at the server's log, and for what lies between",
        )),
    }
}

/// No TLS of the operator's: what was wanted, or just how it is.
fn no_tls(view: &View<'_>, what: &str) -> Finding {
    if view.tls_wanted() {
        problem(Cause::NoTls, format!("TLS was expected, and {what}"), TO_HAVE_TLS)
    } else {
        note(Cause::NoTls, what, TO_HAVE_TLS)
    }
}

/// A ClientHello as the first bytes.
fn natively(view: &View<'_>) -> Vec<Finding> {
    let manual = view.outcomes(Way::TypeByte(TLS)).any(|(_, outcome)| {
        matches!(outcome, Outcome::Heard { tls: Some(tls), .. }
            if Certificate::leaf(&tls.chain).is_some_and(|leaf| !leaf.is_automatic()))
    });
    let mut readings = view.native(false).chain(view.native(true)).peekable();
    if readings.peek().is_none() || !manual {
        return Vec::new();
    }
    let readings: Vec<_> = readings.collect();
    if readings.iter().all(|(_, reading)| *reading == Reading::Refused) {
        let what = "type byte 3 leads to TLS, and a ClientHello as the first bytes is closed: no route can be had by ALPN name";
        return vec![if view.tls_wanted() {
            problem(
                Cause::NativeClosed,
                what,
                "a server needs ca_file (or ca_path), cert_file and key_file for that: give it its CA",
            )
        } else {
            note(Cause::NativeClosed, what, "the server has no CA; the certificate may be one that it made itself")
        }];
    }
    readings
        .iter()
        .filter(|(probe, reading)| {
            *reading == Reading::RefusedWith(Alert::NoApplicationProtocol)
                && probe.certificate == view.certificate_shown()
        })
        .filter_map(|(probe, _)| match probe.way {
            Way::Native(name) => Some(warning(
                Cause::AlpnUnknown,
                format!("the server does not know the name {name} in TLS"),
                "it may be an older Consul; mesh gateways and servers of other datacenters use these names",
            )),
            _ => None,
        })
        .collect()
}

/// How the server turned a client away after a TLS handshake that the client took for done.
#[derive(Clone, Copy)]
enum TurnedAway {
    Alert(Alert),
    /// Closed, on every route: an alert may be lost on the way.
    Closed,
}

fn turned_away(view: &View<'_>, certificate: bool) -> Option<TurnedAway> {
    let readings: Vec<&Reading> = view.by(Way::TypeByte(TLS), certificate).map(|(_, reading)| reading).collect();
    let alert = readings.iter().find_map(|reading| match reading {
        Reading::RefusedWith(alert) => Some(TurnedAway::Alert(*alert)),
        _ => None,
    });
    let closed = !readings.is_empty() && readings.iter().all(|reading| **reading == Reading::Refused);
    alert.or(closed.then_some(TurnedAway::Closed))
}

/// Whether the client's certificate is demanded, and taken.
fn client_certificate(view: &View<'_>) -> Option<Finding> {
    // The server has shown its certificate: what it refuses is ours. (In TLS 1.2 the handshake fails then.)
    let shaken = view.outcomes(Way::TypeByte(TLS)).any(|(_, outcome)| match outcome {
        Outcome::Heard { tls, .. } => tls.is_some(),
        Outcome::NoTls { chain, .. } => !chain.is_empty(),
        Outcome::Unconnected(_) => false,
    });
    if !shaken {
        return None;
    }
    if !view.certificate_shown() {
        // A certificate that was given and could not be used is told of already.
        return turned_away(view, false).filter(|_| !view.facts.given.client_asked).map(required);
    }
    let native_alert = || {
        view.native(true).find_map(|(_, reading)| match reading {
            Reading::RefusedWith(alert) if *alert != Alert::NoApplicationProtocol => Some(TurnedAway::Alert(*alert)),
            _ => None,
        })
    };
    let turned = turned_away(view, true).or_else(native_alert)?;
    let alert = match turned {
        TurnedAway::Alert(alert) => alert,
        TurnedAway::Closed => {
            return Some(problem(
                Cause::ClientRefused,
                "the server closes after the TLS handshake with the client's certificate, on every route",
                "check its dates, its purposes (clientAuth) and that its CA is in the server's ca_file; look at the server's log",
            ));
        }
    };
    let leaf = view.facts.given.client.first();
    let issuer = leaf.map(|leaf| leaf.issuer.as_str()).unwrap_or_default();
    Some(match alert {
        Alert::UnknownCA => problem(
            Cause::ClientWrongCa,
            format!("the server does not know the CA of the client's certificate (issued by {issuer})"),
            "give a certificate of the CA in the server's ca_file, or add that CA there",
        ),
        Alert::CertificateExpired => problem(
            Cause::ClientExpired,
            "the server says that the client's certificate is expired",
            "give the client a new certificate, and check the server's clock",
        ),
        Alert::UnsupportedCertificate => problem(
            Cause::ClientPurpose,
            "the server says that the client's certificate is not made for a client",
            "give it the extended key usage clientAuth",
        ),
        alert => problem(
            Cause::ClientRefused,
            format!("the server refuses the client's certificate (issued by {issuer}): alert {}", alert_name(alert)),
            "check its dates, its purposes (clientAuth) and that its CA is in the server's ca_file",
        ),
    })
}

fn required(turned: TurnedAway) -> Finding {
    let told = match turned {
        TurnedAway::Alert(alert) => format!("alert {}", alert_name(alert)),
        TurnedAway::Closed => "it closes after the handshake".to_owned(),
    };
    problem(
        Cause::ClientCertificateRequired,
        format!("the server demands a client certificate (verify_incoming), and none was given: {told}"),
        "give --client-cert and --client-key, of a CA that the server knows",
    )
}

/// An alert as the standards write it.
pub(in crate::doctor) fn alert_name(alert: Alert) -> String {
    let name = format!("{alert:?}");
    let mut out = String::new();
    let mut before_was_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before_was_lower {
            out.push('_');
        }
        before_was_lower = letter.is_ascii_lowercase();
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_as_in_the_standards() {
        for (alert, name) in [
            (Alert::CertificateRequired, "certificate_required"),
            (Alert::UnknownCA, "unknown_ca"),
            (Alert::NoApplicationProtocol, "no_application_protocol"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }
}
