//! `proconsul routes`: every way into the server port, from the table that decides.
use proconsul_mux::{HTTP2_PREFACE, Needs, ROUTES, Row, Then, TlsPolicy};
use serde_json::{Value, json};

use crate::print;

pub(crate) fn run(json: bool) {
    if json {
        return print::value(&ROUTES.iter().map(row).collect(), true);
    }
    let cells = |row: &Row| {
        let byte = first_byte(row).unwrap_or_else(|| "-".to_owned());
        let alpn = row.alpn.unwrap_or("-").to_owned();
        vec![row.label.to_owned(), byte, alpn, needs(row.needs).to_owned(), leads_to(row.then).to_owned()]
    };
    print::table(&["ROUTE", "FIRST BYTE", "ALPN", "NEEDS", "LEADS TO"], ROUTES.iter().map(cells));
}

/// A row for programs. `first_byte` is a number, or `null` for a route that has only a name.
fn row(row: &Row) -> Value {
    json!({
        "route": row.label,
        "first_byte": row.byte,
        "alpn": row.alpn,
        "needs": match row.needs {
            Needs::Nothing => "nothing",
            Needs::Tls => "tls",
            Needs::ServerCertificate => "server_certificate",
        },
        "leads_to": leads_to(row.then),
        "served_by": row.then.route().map(|route| format!("{route:?}")),
    })
}

fn first_byte(row: &Row) -> Option<String> {
    let byte = row.byte?;
    Some(if byte == HTTP2_PREFACE[0] { "PRI * HTTP/2.0".to_owned() } else { byte.to_string() })
}

fn needs(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing => "",
        Needs::Tls => "TLS",
        Needs::ServerCertificate => "a server's certificate, with verify_incoming and verify_server_hostname",
    }
}

fn leads_to(then: Then) -> &'static str {
    match then {
        Then::Serve(route) => route.handler(),
        Then::StartTls(TlsPolicy::Verify) => "TLS, then a first byte inside it",
        Then::StartTls(TlsPolicy::Insecure) => "TLS without a client certificate; methods that give one",
        Then::Retired => "refused: spoken no more",
    }
}
