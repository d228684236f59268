//! Cut off, silent, half-closed.
use std::sync::Arc;

use proconsul_mux::{HTTP2_PREFACE, Reason, Route, driver::dial::Via};
use tokio::io::AsyncWriteExt;
use tokio_rustls::rustls::{ClientConnection, client::Resumption};

use crate::{
    kinds::raw_type_byte,
    lab::{Port, SHORT, Who, ends, eventually, lab, open, plain, says, settings, strict, within},
};

/// What a client says first in a TLS handshake.
fn client_hello() -> Vec<u8> {
    let Via::Native(dial) = lab().native(Who::Client, &["consul/rpc-multi"]) else { unreachable!("it is native") };
    let mut config = tokio_rustls::rustls::ClientConfig::clone(&dial.config);
    config.resumption = Resumption::disabled();
    let mut client = ClientConnection::new(Arc::new(config), dial.name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("a ClientHello");
    hello
}

#[tokio::test]
async fn a_client_hello_cut_off_at_any_byte_is_told_from_all_else() {
    let port = open();
    let hello = client_hello();
    for (before, first) in [(&[][..], 1), (&[3], 0), (&[7], 0)] {
        for end in first..hello.len() {
            let mut tcp = port.connect().await;
            tcp.write_all(&[before, &hello[..end]].concat()).await.expect("sent");
            tcp.shutdown().await.expect("closed");
            ends(&mut tcp).await;
            let reason = port.reason(tcp.local_addr().expect("an address")).await;
            assert_eq!(reason, Reason::TlsCutOff, "{before:?}, {end} bytes");
        }
    }
    assert!(port.registry.is_empty());
}

#[tokio::test]
async fn a_client_hello_in_two_pieces_is_one() {
    let port = open();
    let hello = client_hello();
    for cut in 1..hello.len() {
        let mut tcp = port.connect().await;
        tcp.set_nodelay(true).expect("set");
        tcp.write_all(&hello[..cut]).await.expect("sent");
        tokio::task::yield_now().await;
        tcp.write_all(&hello[cut..]).await.expect("sent");
        // A ServerHello, and not an alert.
        says(&mut tcp, b"\x16\x03\x03").await;
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_in_time_wherever_it_stops() {
    let mut limited = settings(Some(lab().load(Who::Server, |_| {})));
    limited.handshake_timeout = SHORT;
    let port = Port::start(limited);
    for (bytes, reason) in [
        (&b""[..], Reason::FirstByteTimeout),
        (b"\x03", Reason::TlsTimeout),
        (b"\x07", Reason::TlsTimeout),
        (b"\x16", Reason::TlsTimeout),
        (b"\x16\x03\x01\x02", Reason::TlsTimeout),
        (b"\x0a", Reason::TlsTimeout),
        (b"G", Reason::TlsTimeout),
        (b"P", Reason::PrefaceTimeout),
        (&HTTP2_PREFACE[..23], Reason::PrefaceTimeout),
    ] {
        assert_eq!(port.refuses(bytes).await, reason, "{bytes:02x?}");
    }
    let mut io = raw_type_byte(&port).await;
    let client = io.get_ref().0.local_addr().expect("an address");
    ends(&mut io).await;
    assert_eq!(port.reason(client).await, Reason::InnerByteTimeout);
}

#[tokio::test]
async fn a_timeout_of_zero_is_none() {
    let mut unlimited = settings(Some(lab().load(Who::Server, |_| {})));
    unlimited.handshake_timeout = std::time::Duration::ZERO;
    let port = Port::start(unlimited);
    for via in [Via::Plain, lab().type_byte(Who::Client), lab().native(Who::Client, &["consul/rpc-single"])] {
        let mut io = port.dial(Route::RpcSingle, &via).await.expect("a connection");
        says(&mut io, b"rpc:").await;
    }
}

#[tokio::test]
async fn a_connection_that_has_its_route_may_be_silent() {
    let mut limited = settings(Some(lab().load(Who::Server, |_| {})));
    limited.handshake_timeout = SHORT;
    let port = Port::start(limited);
    let mut ios = Vec::new();
    for (route, via) in [
        (Route::RpcMulti, Via::Plain),
        (Route::RpcMulti, lab().type_byte(Who::Client)),
        (Route::RpcInsecure, lab().type_byte(Who::Nobody)),
        (Route::RpcMulti, lab().native(Who::Client, &["consul/rpc-multi"])),
    ] {
        ios.push(port.dial(route, &via).await.expect("a connection"));
    }
    // One that began after them is closed for its silence.
    assert_eq!(port.refuses(b"").await, Reason::FirstByteTimeout);
    assert_eq!(port.refuses(b"").await, Reason::FirstByteTimeout);
    for mut io in ios {
        io.write_all(b"still").await.expect("sent");
        let mut said = [0; 64];
        within(tokio::io::AsyncReadExt::read(&mut io, &mut said)).await.expect("it is served");
    }
}

#[tokio::test]
async fn a_half_closed_peer_is_heard_to_its_end() {
    for (port, via) in [
        (plain(), Via::Plain),
        (strict(), lab().type_byte(Who::Client)),
        (strict(), lab().native(Who::Client, &["consul/rpc-single"])),
    ] {
        let mut io = port.dial(Route::RpcSingle, &via).await.expect("a connection");
        io.write_all(b"last words").await.expect("sent");
        io.shutdown().await.expect("half-closed");
        assert_eq!(ends(&mut io).await, b"rpc:last words");
        eventually(async || port.registry.reasons().into_iter().find(|one| *one == (Reason::PeerClosed, 1))).await;
    }
}

#[tokio::test]
async fn a_probe_that_sends_nothing_is_no_fault() {
    for port in [plain(), open(), strict()] {
        let mut tcp = port.connect().await;
        tcp.shutdown().await.expect("closed");
        ends(&mut tcp).await;
        assert_eq!(port.reason(tcp.local_addr().expect("an address")).await, Reason::Empty);
    }
    let port = open();
    let mut io = raw_type_byte(&port).await;
    let client = io.get_ref().0.local_addr().expect("an address");
    io.shutdown().await.expect("closed");
    ends(&mut io).await;
    assert_eq!(port.reason(client).await, Reason::Empty);
}

#[tokio::test]
async fn handshakes_that_stand_still_delay_nobody() {
    let port = open();
    let hello = client_hello();
    let mut still = Vec::new();
    for n in 0..300 {
        let mut tcp = port.connect().await;
        tcp.write_all(&hello[..1 + n % (hello.len() - 1)]).await.expect("sent");
        still.push(tcp);
    }
    for via in [Via::Plain, lab().type_byte(Who::Client)] {
        let mut io = port.dial(Route::RpcSingle, &via).await.expect("a connection");
        io.write_all(b"hello").await.expect("sent");
        says(&mut io, b"rpc:hello").await;
    }
    drop(still);
    eventually(async || port.registry.is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_port_that_stops_ends_who_has_no_handler_yet() {
    let port = open();
    let (mut silent, mut hello, mut held) = (port.connect().await, port.connect().await, port.connect().await);
    hello.write_all(&client_hello()[..20]).await.expect("sent");
    held.write_all(&[1]).await.expect("sent");
    eventually(async || {
        let entries = port.registry.entries();
        (entries.len() == 3 && entries.iter().any(|entry| entry.label() == "raft")).then_some(())
    })
    .await;
    let registry = Arc::clone(&port.registry);
    port.stop().await;
    for tcp in [&mut silent, &mut hello, &mut held] {
        ends(tcp).await;
    }
    assert_eq!(registry.reasons(), [(Reason::Stopped, 3)]);
}
