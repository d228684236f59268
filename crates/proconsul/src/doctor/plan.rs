//! Which connections to make: from the route table, so that a new route is walked too.
use proconsul_mux::{H2, HTTP2_PREFACE, ROUTES, Route, Row, Then, TlsPolicy};
use proconsul_netrpc::write_request_header;
use proconsul_types::RequestSeq;
use proconsul_yamux::{Flags, Header, Kind};

use super::facts::{Ask, Port, Probe, Way};

/// The type byte of TLS as the port is configured for it.
pub(super) const TLS: u8 = 3;

/// The type byte of TLS for clients without a certificate.
pub(super) const TLS_INSECURE: u8 = 7;

/// The label of the probe that says nothing at all.
pub(super) const GREETING: &str = "(silence)";

/// Connections that tell whether there is a server port at all. They go first: nobody else's port is walked route by route.
pub(super) fn first() -> Vec<Probe> {
    let server = |route, way, byte, ask| Probe { port: Port::Server, route, way, byte, ask, certificate: false };
    vec![
        server(GREETING, Way::Plain, None, Ask::Nothing),
        server("rpc", Way::Plain, Some(0), Ask::Ping),
        server("rpc", Way::TypeByte(TLS), Some(0), Ask::Ping),
        server("http2", Way::Plain, None, Ask::Settings),
    ]
}

/// All others, in the order of the route table; each in TLS also with the client's certificate, if there is one.
pub(super) fn rest(certificate: bool) -> Vec<Probe> {
    let mut probes = Vec::new();
    for row in ROUTES {
        probes.extend(ways(row).map(|(way, byte)| Probe {
            port: Port::Server,
            route: row.label,
            way,
            byte,
            ask: ask(row),
            certificate: false,
        }));
        if row.then == Then::StartTls(TlsPolicy::Insecure) {
            let way = Way::TypeByte(TLS_INSECURE);
            probes.push(Probe {
                port: Port::Server,
                route: "auto_encrypt",
                way,
                byte: None,
                ask: Ask::Sign,
                certificate: false,
            });
        }
    }
    let with: Vec<Probe> = probes
        .iter()
        .filter(|probe| certificate && !matches!(probe.way, Way::Plain | Way::TypeByte(TLS_INSECURE)))
        .map(|probe| Probe { certificate: true, ..*probe })
        .collect();
    let done = first();
    probes.retain(|probe| !done.contains(probe));
    probes.extend(with);
    probes
}

/// The ways to a row's route: its byte in clear, its byte within TLS, its name.
fn ways(row: &'static Row) -> impl Iterator<Item = (Way, Option<u8>)> {
    let (plain, inner, native) = match row.then {
        Then::StartTls(TlsPolicy::Verify) => (None, None, None), // the way to the others
        Then::StartTls(TlsPolicy::Insecure) => (None, Some((Way::TypeByte(TLS_INSECURE), None)), None),
        // Its byte belongs to the preface.
        _ if row.alpn == Some(H2) => (Some((Way::Plain, None)), None, Some((Way::Native(H2), None))),
        _ => (
            row.byte.map(|byte| (Way::Plain, Some(byte))),
            row.byte.map(|byte| (Way::TypeByte(TLS), Some(byte))),
            row.alpn.map(|name| (Way::Native(name), None)),
        ),
    };
    plain.into_iter().chain(inner).chain(native)
}

/// What to say on a route, so that it answers and nothing changes.
fn ask(row: &Row) -> Ask {
    match row.then {
        Then::Serve(Route::RpcSingle) | Then::StartTls(_) => Ask::Ping,
        Then::Serve(Route::RpcMulti) => Ask::StreamPing,
        Then::Serve(Route::InternalGrpc | Route::RaftForwarding) => Ask::Settings,
        Then::Serve(Route::Snapshot) => Ask::Snapshot,
        Then::Serve(_) | Then::Retired => Ask::Nothing,
    }
}

/// The gRPC ports, in clear and in TLS, each with the client's certificate too if there is one.
pub(super) fn grpc(certificate: bool) -> Vec<Probe> {
    let probe =
        |port, way, certificate| Probe { port, route: "grpc", way, byte: None, ask: Ask::Settings, certificate };
    let mut probes = vec![probe(Port::Grpc, Way::Plain, false), probe(Port::GrpcTls, Way::Native(H2), false)];
    if certificate {
        probes.push(probe(Port::GrpcTls, Way::Native(H2), true));
    }
    probes
}

impl Ask {
    /// The bytes that ask.
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Ping => call("Status.Ping"),
            Self::Sign => call("AutoEncrypt.Sign"),
            Self::StreamPing => {
                let call = call("Status.Ping");
                let length = call.len() as u32; // a few dozen
                let frame = |kind, flags, length| Header { kind, flags, stream: 1, length }.encode();
                let open = frame(Kind::WindowUpdate, Flags::SYN, 0);
                [&open[..], &frame(Kind::Data, Flags::NONE, length), &call].concat()
            }
            // Type 4, no flags, stream 0, nothing set.
            Self::Settings => [&HTTP2_PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat(),
            // A map of one field, Op, which is 0: save.
            Self::Snapshot => b"\x81\xa2Op\x00".to_vec(),
        }
    }
}

/// A request without arguments.
fn call(method: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_request_header(&mut bytes, method, RequestSeq(1), None);
    bytes.push(0x80); // an empty map
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_route_table_is_walked_by_byte_in_tls_and_by_name() {
        let all: Vec<Probe> = first().into_iter().chain(rest(true)).collect();
        for row in ROUTES {
            let mine = |way: Way, byte: Option<u8>, certificate: bool| {
                all.iter().filter(|p| p.way == way && p.byte == byte && p.certificate == certificate).count()
            };
            if row.then == Then::StartTls(TlsPolicy::Verify) {
                continue;
            }
            if let Some(byte) = row.byte
                && byte <= proconsul_mux::LAST_TYPE_BYTE
                && byte != TLS_INSECURE
            {
                assert_eq!(mine(Way::Plain, Some(byte), false), 1, "{}", row.label);
                assert_eq!(mine(Way::TypeByte(TLS), Some(byte), false), 1, "{}", row.label);
                assert_eq!(mine(Way::TypeByte(TLS), Some(byte), true), 1, "{}", row.label);
            }
            if let Some(name) = row.alpn {
                assert_eq!(mine(Way::Native(name), None, false), 1, "{}", row.label);
                assert_eq!(mine(Way::Native(name), None, true), 1, "{}", row.label);
            }
        }
        assert_eq!(all.iter().filter(|probe| probe.way == Way::TypeByte(TLS_INSECURE)).count(), 2);
        for (at, probe) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(probe), "{probe:?} is made twice");
        }
    }

    #[test]
    fn without_a_client_certificate_none_is_shown() {
        assert!(rest(false).iter().chain(&grpc(false)).all(|probe| !probe.certificate));
    }

    #[test]
    fn nothing_that_is_asked_asks_for_a_change() {
        for ask in [Ask::Nothing, Ask::Ping, Ask::StreamPing, Ask::Sign, Ask::Settings, Ask::Snapshot] {
            let bytes = ask.bytes();
            let names = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
            assert!(!names(b"Apply") && !names(b"Register"), "{ask:?}");
        }
        assert_eq!(Ask::Ping.bytes(), b"\x82\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80");
    }
}
