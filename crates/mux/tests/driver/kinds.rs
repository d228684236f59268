//! Who is let in where, in clear and in TLS.
use proconsul_mux::{
    HTTP2_PREFACE, Reason, Route,
    driver::dial::{Cause, Step, Via},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::{AlertDescription, Error};

use crate::lab::{LONG, Port, Who, ends, eventually, lab, open, plain, says, settings, strict};

/// Dials, and expects to be told this route's label and its own words.
async fn reaches(port: &Port, route: Route, via: &Via, label: &str) {
    let mut io = port.dial(route, via).await.unwrap_or_else(|error| panic!("{label}: {error}: {:?}", error.cause));
    io.write_all(b"hello").await.expect("sent");
    says(&mut io, format!("{label}:hello").as_bytes()).await;
}

/// Dials and reads until the port closes: the alert, if one came, and the port's own reason.
async fn is_closed(port: &Port, route: Route, via: &Via) -> (Option<AlertDescription>, Reason) {
    // Those before are gone, so that what is new is of this one.
    eventually(async || port.registry.is_empty().then_some(())).await;
    let before = port.registry.reasons();
    let alert = match port.dial(route, via).await {
        Err(error) => match error.tls() {
            Some(Error::AlertReceived(alert)) => Some(*alert),
            _ => None,
        },
        Ok(mut io) => match io.read(&mut [0; 64]).await {
            Ok(count) => {
                assert_eq!(count, 0, "it was served");
                None
            }
            Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(Error::AlertReceived(alert)) => Some(*alert),
                _ => None,
            },
        },
    };
    let news = eventually(async || {
        let now = port.registry.reasons();
        now.into_iter().find(|one| !before.contains(one))
    });
    (alert, news.await.0)
}

#[tokio::test]
async fn a_type_byte_leads_to_its_route_in_clear_and_in_tls() {
    for port in [plain(), open()] {
        reaches(&port, Route::RpcSingle, &Via::Plain, "rpc").await;
        reaches(&port, Route::RpcMulti, &Via::Plain, "rpc_multi").await;
    }
    for (port, who) in [(open(), Who::Nobody), (open(), Who::Rogue), (strict(), Who::Client)] {
        reaches(&port, Route::RpcSingle, &lab().type_byte(who), "rpc").await;
        reaches(&port, Route::RpcMulti, &lab().type_byte(who), "rpc_multi").await;
    }
}

#[tokio::test]
async fn byte_7_needs_no_certificate_and_no_byte_inside() {
    for port in [open(), strict()] {
        for who in [Who::Nobody, Who::Client, Who::Rogue] {
            reaches(&port, Route::RpcInsecure, &lab().type_byte(who), "tls_insecure").await;
        }
    }
}

#[tokio::test]
async fn an_alpn_name_leads_to_its_route_and_needs_a_certificate_everywhere() {
    for port in [open(), strict()] {
        for (route, name, label) in [
            (Route::RpcSingle, "consul/rpc-single", "rpc"),
            (Route::RpcMulti, "consul/rpc-multi", "rpc_multi"),
            (Route::InternalGrpc, "consul/rpc-grpc", "grpc"),
            (Route::InternalGrpc, "h2", "http2"),
        ] {
            reaches(&port, route, &lab().native(Who::Client, &[name]), label).await;
        }
        // Our order decides, and names that we do not know are passed over.
        let names = ["other", "consul/rpc-multi", "consul/rpc-single"];
        reaches(&port, Route::RpcSingle, &lab().native(Who::Client, &names), "rpc").await;
        let closed = is_closed(&port, Route::RpcMulti, &lab().native(Who::Nobody, &["consul/rpc-multi"])).await;
        assert_eq!(closed, (Some(AlertDescription::CertificateRequired), Reason::TlsNoClientCertificate));
        let closed = is_closed(&port, Route::RpcMulti, &lab().native(Who::Rogue, &["consul/rpc-multi"])).await;
        assert_eq!(closed, (Some(AlertDescription::UnknownCA), Reason::TlsUnknownCa));
        let closed = is_closed(&port, Route::RpcMulti, &lab().native(Who::Client, &["consul/other"])).await;
        assert_eq!(closed, (Some(AlertDescription::NoApplicationProtocol), Reason::TlsAlpn));
        let closed = is_closed(&port, Route::RpcMulti, &lab().native(Who::Client, &["consul/rpc-gossip"])).await;
        assert_eq!(closed, (None, Reason::Retired));
    }
}

#[tokio::test]
async fn a_handshake_without_a_name_is_closed() {
    let port = open();
    let error = port.dial(Route::RpcMulti, &lab().native(Who::Client, &[])).await.expect_err("no name");
    assert!(matches!((error.step, error.cause), (Step::Handshake, Cause::NoAlpn)));
    eventually(async || port.registry.reasons().into_iter().find(|(reason, _)| *reason == Reason::NoAlpn)).await;
}

#[tokio::test]
async fn where_certificates_are_demanded_a_client_needs_a_good_one() {
    let port = strict();
    for byte in [0, 1, 2, 4, 5, 6, 8, 9] {
        assert_eq!(port.refuses(&[byte]).await, Reason::PlaintextForbidden, "{byte}");
    }
    assert_eq!(port.refuses(HTTP2_PREFACE).await, Reason::PlaintextForbidden);
    for (who, alert, reason) in [
        (Who::Nobody, AlertDescription::CertificateRequired, Reason::TlsNoClientCertificate),
        (Who::Rogue, AlertDescription::UnknownCA, Reason::TlsUnknownCa),
        (Who::Expired, AlertDescription::CertificateExpired, Reason::TlsCertificateExpired),
    ] {
        let closed = is_closed(&port, Route::RpcSingle, &lab().type_byte(who)).await;
        assert_eq!(closed, (Some(alert), reason), "{who:?}");
    }
}

#[tokio::test]
async fn servers_routes_ask_for_a_servers_certificate_exactly_when_consul_does() {
    for (route, byte, name) in
        [(Route::Raft, "raft", "consul/raft"), (Route::RaftForwarding, "raft_forwarding", "consul/raft-forwarding")]
    {
        let strict = strict();
        for via in [lab().type_byte(Who::Client), lab().native(Who::Client, &[name])] {
            assert_eq!(is_closed(&strict, route, &via).await, (None, Reason::NotAServer), "{byte}");
            let closed = &strict.registry.closed()[0];
            assert_eq!(closed.route, byte);
            assert!(closed.detail.as_deref().is_some_and(|detail| detail.contains("server.dc1.consul")), "{closed:?}");
        }
        let verify_only = Port::start(settings(Some(lab().load(Who::Server, |policy| policy.verify_incoming = true))));
        for (port, who) in [(strict, Who::Server), (verify_only, Who::Client), (open(), Who::Client)] {
            for via in [lab().type_byte(who), lab().native(who, &[name])] {
                let _io = port.dial(route, &via).await.expect("a connection");
                eventually(async || {
                    port.registry.routes().into_iter().find(|counts| counts.row.label == byte && counts.live > 0)
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn tls_in_tls_is_refused_however_it_begins() {
    let port = open();
    for inner in [&[3][..], &[7], b"\x16\x03\x01\x02\x00"] {
        let mut io = port.dial(Route::RpcSingle, &lab().type_byte(Who::Client)).await.expect("a connection");
        says(&mut io, b"rpc:").await;
        drop(io);
        let mut io = raw_type_byte(&port).await;
        io.write_all(inner).await.expect("sent");
        let client = io.get_ref().0.local_addr().expect("an address");
        assert_eq!(ends(&mut io).await, b"");
        assert_eq!(port.reason(client).await, Reason::TlsInTls, "{inner:02x?}");
    }
    let mut io = raw_type_byte(&port).await;
    io.write_all(&[0x16]).await.expect("sent");
    let client = io.get_ref().0.local_addr().expect("an address");
    ends(&mut io).await;
    assert_eq!(port.reason(client).await, Reason::UnknownByte);
}

/// Byte 3 and a handshake, and no byte inside yet.
pub(crate) async fn raw_type_byte(port: &Port) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let mut tcp = port.connect().await;
    tcp.write_all(&[3]).await.expect("sent");
    let dial = lab().dial(Who::Client);
    tokio_rustls::TlsConnector::from(dial.config).connect(dial.name, tcp).await.expect("a handshake")
}

#[tokio::test]
async fn an_http2_preface_leads_to_grpc_whole_and_in_pieces_and_nothing_of_it_is_lost() {
    for port in [plain(), open()] {
        for cut in [24, 1, 23] {
            let mut tcp = port.connect().await;
            tcp.set_nodelay(true).expect("set");
            tcp.write_all(&HTTP2_PREFACE[..cut]).await.expect("sent");
            if cut < 24 {
                // The first piece has arrived before the second leaves.
                eventually(async || (!port.registry.is_empty()).then_some(())).await;
            }
            tcp.write_all(&HTTP2_PREFACE[cut..]).await.expect("sent");
            tcp.write_all(b"frames").await.expect("sent");
            says(&mut tcp, b"http2:").await;
            says(&mut tcp, HTTP2_PREFACE).await;
            says(&mut tcp, b"frames").await;
        }
    }
    let port = open();
    let mut io = raw_type_byte(&port).await;
    io.write_all(HTTP2_PREFACE).await.expect("sent");
    says(&mut io, b"http2:PRI * HTTP/2.0").await;
}

#[tokio::test]
async fn http2_can_be_turned_off() {
    let mut without = settings(Some(lab().load(Who::Server, |_| {})));
    without.http2_preface = false;
    let port = Port::start(without);
    assert_eq!(port.refuses(HTTP2_PREFACE).await, Reason::Stray(proconsul_mux::Stray::Http2));
    let mut without = settings(None);
    without.http2_preface = false;
    let port = Port::start(without);
    assert_eq!(port.refuses(b"P").await, Reason::UnknownByte);
}

#[tokio::test]
async fn what_begins_like_http2_and_is_not_is_what_it_would_be_without() {
    assert_eq!(plain().refuses(b"PRINT it").await, Reason::UnknownByte);
    // Where a ClientHello may begin with any byte, it has to be one then.
    assert_eq!(open().refuses(b"PRINT it").await, Reason::TlsNotTls);
}

#[tokio::test]
async fn a_server_without_a_certificate_waits_for_a_client_hello_and_then_says_no() {
    let port = plain();
    for byte in [3, 7] {
        let mut tcp = port.connect().await;
        tcp.write_all(&[byte, 0, 0, 0, 0]).await.expect("sent");
        eventually(async || port.registry.entries().into_iter().find(|entry| entry.label().starts_with("tls"))).await;
        tcp.write_all(&[0]).await.expect("sent");
        ends(&mut tcp).await;
        assert_eq!(port.reason(tcp.local_addr().expect("an address")).await, Reason::NoCertificate);
    }
}

#[tokio::test]
async fn routes_that_nobody_serves_behave_in_tls_as_in_clear() {
    let port = open();
    for (name, first, then) in [
        ("consul/wan-gossip/packet", &b"\0\0\0\x03\xff\xff\xff"[..], &b"\x7f\xff\xff\xff"[..]),
        ("consul/raft", b"\x01", b""),
        ("consul/rpc-snapshot", b"", b"\x84"),
        ("consul/wan-gossip/stream", b"any", b""),
    ] {
        let via = lab().native(Who::Client, &[name]);
        let route = if name == "consul/raft" { Route::Raft } else { Route::WanPacket };
        let mut io = port.dial(route, &via).await.expect("a connection");
        io.write_all(first).await.expect("sent");
        let entry = eventually(async || {
            let entries = port.registry.entries();
            entries.into_iter().find(|entry| {
                entry.row().is_some_and(|row| row.alpn == Some(name)) && entry.bytes_in() == first.len() as u64
            })
        })
        .await;
        if then.is_empty() {
            io.shutdown().await.expect("closed");
            ends(&mut io).await;
            assert_eq!(port.reason(entry.peer()).await, Reason::PeerClosed, "{name}");
        } else {
            io.write_all(then).await.expect("sent");
            ends(&mut io).await;
            assert_eq!(port.reason(entry.peer()).await, Reason::NotServed, "{name}");
        }
    }
}

#[tokio::test]
async fn a_dial_says_how_far_it_came() {
    let port = plain();
    let address = port.address;
    let error = port.dial(Route::RpcMulti, &lab().type_byte(Who::Client)).await.expect_err("no TLS there");
    assert_eq!(error.step, Step::Handshake);
    assert!(error.to_string().starts_with(&format!("the TLS handshake with {address} failed")), "{error}");
    port.stop().await;
    let error = proconsul_mux::driver::dial::dial(&address.to_string(), Route::RpcMulti, &Via::Plain, LONG).await;
    let error = error.expect_err("nobody there");
    assert_eq!(error.step, Step::Connect);
    assert!(error.to_string().contains("is a server running there"), "{error}");
    let error = proconsul_mux::driver::dial::dial("127.0.0.1", Route::RpcMulti, &Via::Plain, LONG).await;
    assert_eq!(error.expect_err("no port").step, Step::Resolve);
    let error = proconsul_mux::driver::dial::dial("127.0.0.1:1", Route::WanPacket, &Via::Plain, LONG).await;
    assert!(matches!(error.expect_err("no byte").cause, Cause::NoWay("type byte")));
}
