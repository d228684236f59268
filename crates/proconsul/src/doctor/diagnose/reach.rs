//! Is a server port there at all?
use super::View;
use crate::doctor::{
    facts::Unconnected,
    finding::{Cause, Finding, problem},
    plan::GREETING,
    reading::{Reading, Stranger},
};

/// The one thing that is wrong, when it keeps us from everything else.
pub(super) fn finding(view: &View<'_>) -> Option<Finding> {
    let at = &view.facts.server;
    let readings: Vec<&Reading> = view.server().map(|(_, reading)| reading).collect();
    if readings.iter().all(|reading| matches!(reading, Reading::Unconnected(_))) {
        let Some(Reading::Unconnected(why)) = readings.first() else { return None };
        return Some(unconnected(at, why));
    }
    if let Some(Reading::Refused) = view.server().find(|(probe, _)| probe.route == GREETING).map(|(_, reading)| reading)
    {
        return Some(problem(
            Cause::ClosesAtOnce,
            format!("{at} closes every connection before a byte is said"),
            "this client may have more than limits.rpc_max_conns_per_client connections there, or a load balancer has no \
             server behind it: look at the server's log",
        ));
    }
    let stranger = readings.iter().find_map(|reading| match reading {
        Reading::Stranger(stranger) if *stranger != Stranger::Tls => Some(stranger),
        _ => None,
    });
    if let Some(stranger) = stranger {
        return Some(wrong_port(at, stranger));
    }
    let timeout = view.facts.timeout;
    let quiet = |reading: &&Reading| matches!(reading, Reading::Silent | Reading::Unconnected(_));
    readings.iter().all(quiet).then(|| {
        problem(
            Cause::Silent,
            format!("{at} takes connections and answers nothing within {timeout:?}, neither in clear nor in TLS"),
            "the process may hang, or a firewall or proxy holds what is sent; a higher --timeout tells whether it is slow",
        )
    })
}

fn unconnected(at: &str, why: &Unconnected) -> Finding {
    match why {
        Unconnected::Unresolved(why) => {
            problem(Cause::Unresolved, format!("{at} has no address: {why}"), "check the name, and write HOST:PORT")
        }
        Unconnected::Refused => problem(
            Cause::NotListening,
            format!("nothing listens on {at}: the connection is refused"),
            "start the server, or check bind_addr and ports.server (8300 by default)",
        ),
        Unconnected::Late => problem(
            Cause::Unreachable,
            format!("{at} does not answer: the connection is neither made nor refused in time"),
            "check the address, routes and firewalls",
        ),
        Unconnected::Other(why) => problem(
            Cause::Unreachable,
            format!("{at} cannot be reached: {why}"),
            "check the address, routes and firewalls",
        ),
    }
}

fn wrong_port(at: &str, stranger: &Stranger) -> Finding {
    let (what, change) = match stranger {
        Stranger::Http1 => {
            ("HTTP", "this may be the HTTP API (ports.http, 8500); give the server port (ports.server, 8300)")
        }
        Stranger::Ssh => ("SSH", "give the server port (ports.server, 8300)"),
        Stranger::Http2 => (
            "HTTP/2 before it is asked",
            "this is a gRPC port (8502, or 8503 in TLS); give the server port (ports.server, 8300), and this one to --grpc or --grpc-tls",
        ),
        Stranger::Gossip => (
            "gossip",
            "this is a Serf port (ports.serf_lan 8301 or serf_wan 8302); give the server port (ports.server, 8300)",
        ),
        Stranger::Tls => ("TLS", "give the server port (ports.server, 8300)"),
        Stranger::Named(name) => (*name, "give the server port (ports.server, 8300)"),
        Stranger::Unknown(bytes) => {
            let shown: String = bytes.escape_ascii().to_string();
            return problem(
                Cause::WrongPort,
                format!("{at} is no server port: it answers \"{shown}\", which is none of its protocols"),
                "give the server port (ports.server, 8300)",
            );
        }
    };
    problem(Cause::WrongPort, format!("{at} is no server port: it speaks {what}"), change)
}
