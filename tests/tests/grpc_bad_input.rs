//! Clients of gRPC that are no good: each harms its own call or connection, bounds hold, and others notice nothing.
mod support;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use proconsul_server::{Config, PortAt, Server};
use proconsul_tests::golden::{Port, Target, grpc};
use serde_json::{Map, Value, json};
use support::{
    Neighbour, PROMPTLY, STRANGER, assert_no_panic, config, dial,
    http2::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Heard, PING, RST_STREAM, begin, call_headers, frame,
        hello, message,
    },
    pki::Pki,
    pour,
    reasons::ended,
    resident_bytes, start, tls, to_the_end, until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const FEATURES: &str = "/hashicorp.consul.dataplane.DataplaneService/GetSupportedDataplaneFeatures";
const WATCH: &str = "/hashicorp.consul.serverdiscovery.ServerDiscoveryService/WatchServers";
const LOGOUT: &str = "/hashicorp.consul.acl.ACLService/Logout";

/// A server with a gRPC port.
async fn server() -> Server {
    start(Config { grpc: PortAt::At(0), rpc_max_conns_per_client: 0, ..config() }).await
}

/// A server with a gRPC port, and another in TLS.
async fn server_in_tls(pki: &Pki) -> Server {
    let config = pki.config(|_| {});
    let tls = proconsul_tls::Settings { grpc: config.tls.internal_rpc.clone(), ..config.tls.clone() };
    start(Config { grpc: PortAt::At(0), grpc_tls: PortAt::At(0), tls, ..config }).await
}

/// A connection to the gRPC port that has said hello.
async fn stranger(server: &Server) -> TcpStream {
    let address = server.grpc_address().expect("a gRPC port");
    let mut tcp = dial(STRANGER, address, &[]).await;
    pour(&mut tcp, &hello()).await;
    tcp
}

/// What a good client is answered.
async fn call(server: &Server, path: &'static str, meta: &[(&str, &str)], message: Vec<u8>) -> Value {
    let mut target = Target::at(server.rpc_address());
    target.grpc = server.grpc_address();
    let meta: Map<String, Value> = meta.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let calling = tokio::task::spawn_blocking(move || {
        let mut client = grpc::Client::new().expect("a client");
        client.call(&target, Port::Grpc, path, &meta, &message, PROMPTLY).expect("an answer")
    });
    calling.await.expect("no panic")
}

/// That a good client is answered as ever.
async fn answers(server: &Server) {
    assert_eq!(call(server, FEATURES, &[], Vec::new()).await["code"], "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_make_no_call_are_refused_alone() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut tcp = stranger(&server).await;
    let calls: [(&str, &[(&str, &str)]); 4] = [
        (FEATURES, &[("content-type", "text/plain")]),
        (FEATURES, &[("grpc-timeout", "soon")]),
        ("/nopath", &[]),
        ("/a.B/C", &[]),
    ];
    for (stream, (path, more)) in (1..).step_by(2).zip(calls) {
        pour(&mut tcp, &[begin(stream, path, more), message(stream, &[])].concat()).await;
    }
    pour(&mut tcp, &[begin(9, FEATURES, &[]), message(9, &[])].concat()).await;
    let mut heard = Heard::default();
    let all = heard.listen(&mut tcp, PROMPTLY, |heard| [1, 3, 5, 7, 9].iter().all(|stream| heard.has_ended(*stream)));
    assert!(all.await, "{heard:?}");
    assert!(
        heard.frames[&DATA] == 1 && heard.go_away.is_none(),
        "the last alone was answered with a message: {heard:?}"
    );
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_over_the_cap_and_broken_ones_cost_their_call_alone() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let outcome = call(&server, LOGOUT, &[], vec![0x0a, 0xff, 0xff]).await;
    assert_eq!(
        outcome,
        json!({"code": "Internal", "message": "grpc: error unmarshalling request: proto:\u{a0}cannot parse invalid wire-format data"})
    );
    // It declares 60 MiB, and then nothing: refused by the length.
    let mut tcp = stranger(&server).await;
    let declared = [&[0][..], &(60u32 << 20).to_be_bytes()].concat();
    pour(&mut tcp, &[begin(1, LOGOUT, &[]), frame(DATA, 0, 1, &declared)].concat()).await;
    let mut heard = Heard::default();
    assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.has_ended(1)).await, "{heard:?}");
    answers(&server).await;
    neighbour.noticed_nothing().await;
}

/// What is declared and not sent takes no room: 200 calls that declare 49 MiB each and send 200 bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_declared_length_allocates_nothing() {
    let server = server().await;
    answers(&server).await;
    let before = resident_bytes();
    let mut tcp = stranger(&server).await;
    let declared = [&[0][..], &(49u32 << 20).to_be_bytes(), &[0x0a; 200]].concat();
    for stream in (1..400).step_by(2) {
        pour(&mut tcp, &[begin(stream, LOGOUT, &[]), frame(DATA, 0, stream, &declared)].concat()).await;
    }
    let calls = || conns(&server).iter().map(|conn| conn.calls().len()).sum::<usize>();
    until("the calls to have begun", PROMPTLY, || calls() >= 200).await;
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 64 << 20, "{grown} bytes for 40 kilobytes");
    }
    drop(tcp);
    until("the calls to be gone with their client", PROMPTLY, || calls() == 0).await;
    assert_no_panic();
}

/// The connections of gRPC.
fn conns(server: &Server) -> Vec<std::sync::Arc<proconsul_grpc::Connection>> {
    server.grpc_connections()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_metadata_is_refused_within_a_bound() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut tcp = stranger(&server).await;
    // Headers without end: a frame that begins them and others that go on.
    let block = call_headers(FEATURES, &[]);
    pour(&mut tcp, &frame(HEADERS, 0, 1, &block)).await;
    let piece = support::http2::header("x-flood", &"f".repeat(16_000));
    for _ in 0..1000 {
        if tcp.write_all(&frame(CONTINUATION, 0, 1, &piece)).await.is_err() {
            break;
        }
    }
    let _rest = tcp.write_all(&frame(CONTINUATION, END_HEADERS, 1, &[])).await;
    let mut heard = Heard::default();
    let refused =
        heard.listen(&mut tcp, PROMPTLY, |heard| heard.closed || heard.go_away.is_some() || heard.has_ended(1));
    assert!(refused.await || heard.closed, "{heard:?}");
    answers(&server).await;
    neighbour.noticed_nothing().await;
}

/// More streams than a connection may have are opened and reset one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_streams_opened_and_reset_hold_nothing() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut sent = 0;
    // A server may tell such a client to calm down, and close: then it comes again.
    while sent < 100_000 {
        let mut tcp = stranger(&server).await;
        for stream in (1..20_001).step_by(2) {
            let both = [begin(stream, WATCH, &[]), frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat();
            sent += 1;
            if tcp.write_all(&both).await.is_err() {
                break;
            }
        }
    }
    until("the connections to be gone", PROMPTLY, || conns(&server).is_empty()).await;
    answers(&server).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_protocols_on_a_grpc_port_are_closed() {
    let server = server_in_tls(&Pki::new()).await;
    let (plain, in_tls) = (server.grpc_address().expect("a port"), server.grpc_tls_address().expect("a port"));
    // HTTP/1 on the plain port, TLS on the plain port, plain HTTP/2 on the port with TLS.
    for (address, first) in [
        (plain, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        (plain, vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (in_tls, hello()),
    ] {
        let mut tcp = dial(STRANGER, address, &[]).await;
        pour(&mut tcp, &first).await;
        to_the_end("a connection of another protocol", &mut tcp).await;
    }
    ended(&server, "http2_violation", 2).await;
    ended(&server, "tls_not_tls", 1).await;
    assert_no_panic();
}

/// A client that says nothing more after the preface's first bytes is no trouble, and does not hold up a stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_preface_does_not_hold_a_stop() {
    let server = server().await;
    let address = server.grpc_address().expect("a port");
    let _silent = dial(STRANGER, address, &[]).await;
    let _half = dial(STRANGER, address, b"PRI * HT").await;
    let _byte = dial(STRANGER, server.rpc_address(), &[8]).await;
    let mut waits = stranger(&server).await;
    pour(&mut waits, &[begin(1, WATCH, &[]), message(1, &[])].concat()).await;
    until("all to be there", PROMPTLY, || conns(&server).len() == 4).await;
    let mut heard = Heard::default();
    assert!(heard.listen(&mut waits, PROMPTLY, |heard| heard.frames.contains_key(&DATA)).await, "{heard:?}");
    let start = std::time::Instant::now();
    // It answers the server's ping, as any client does: that is how a server knows that its GOAWAY has been read.
    tokio::join!(server.stop(Duration::from_secs(30)), heard.listen(&mut waits, PROMPTLY, |heard| heard.closed));
    assert!(start.elapsed() < PROMPTLY, "it took {:?}", start.elapsed());
    assert!(heard.has_ended(1) && heard.go_away == Some(0), "it was told: {heard:?}");
    assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_has_passed_ends_a_call_and_one_that_passes_ends_a_stream() {
    let server = server().await;
    let late = json!({"code": "DeadlineExceeded", "message": "context deadline exceeded"});
    assert_eq!(call(&server, FEATURES, &[("grpc-timeout", "0n")], Vec::new()).await, late);
    let mut tcp = stranger(&server).await;
    pour(&mut tcp, &[begin(1, WATCH, &[("grpc-timeout", "300m")]), message(1, &[])].concat()).await;
    let mut heard = Heard::default();
    assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.has_ended(1)).await, "{heard:?}");
    assert_eq!(heard.frames[&DATA], 1, "the first message came before: {heard:?}");
    assert_no_panic();
}

/// A client whose window is shut gets nothing, holds one message, and is gone when it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_holds_its_own_streams_alone() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut tcp = dial(STRANGER, server.grpc_address().expect("a port"), &[]).await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0: nothing may be sent.
    let shut = frame(support::http2::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    pour(&mut tcp, &[support::http2::PREFACE, &shut].concat()).await;
    for stream in (1..2000).step_by(2) {
        pour(&mut tcp, &[begin(stream, WATCH, &[]), message(stream, &[])].concat()).await;
    }
    until("the calls to be there", PROMPTLY, || conns(&server).iter().any(|conn| conn.calls().len() >= 1000)).await;
    answers(&server).await;
    drop(tcp);
    until("all of it to be gone", PROMPTLY, || conns(&server).is_empty()).await;
    neighbour.noticed_nothing().await;
}

/// Half a request, and frames for streams that never were.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_requests_and_strange_frames_harm_nobody() {
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut half = stranger(&server).await;
    pour(&mut half, &[begin(1, FEATURES, &[]), frame(DATA, 0, 1, &[0, 0])].concat()).await;
    let mut strange = stranger(&server).await;
    pour(&mut strange, &frame(PING, 0, 0, &[7; 8])).await;
    pour(&mut strange, &frame(DATA, END_STREAM, 99, b"to nobody")).await;
    let mut heard = Heard::default();
    heard.listen(&mut strange, PROMPTLY, |heard| heard.closed).await;
    assert!(heard.closed, "{heard:?}");
    answers(&server).await;
    drop(half);
    until("both to be gone", PROMPTLY, || conns(&server).is_empty()).await;
    neighbour.noticed_nothing().await;
}

/// A client that asks for signs of life without having a call, as fast as it is answered: Go's library lets three pass.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_pings_too_often_is_told_so_and_let_go() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut tcp = stranger(&server).await;
    let mut heard = Heard::default();
    for answered in 1..=3 {
        pour(&mut tcp, &frame(PING, 0, 0, &[7; 8])).await;
        let pings = |heard: &Heard| heard.frames.get(&PING).copied();
        assert!(heard.listen(&mut tcp, PROMPTLY, |heard| pings(heard) == Some(answered)).await, "{heard:?}");
        assert_eq!(heard.go_away, None, "{answered} pings are let pass");
    }
    pour(&mut tcp, &frame(PING, 0, 0, &[7; 8])).await;
    assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.closed).await, "{heard:?}");
    assert_eq!((heard.go_away, &heard.go_away_word[..]), (Some(ENHANCE_YOUR_CALM), &b"too_many_pings"[..]));
    ended(&server, "http2_pings", 1).await;
    answers(&server).await;
    neighbour.noticed_nothing().await;
}

/// Go's clients measure a connection by pings while messages come: each answer forgives what was before.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_ping_as_often_as_it_is_answered() {
    let server = server().await;
    let mut tcp = stranger(&server).await;
    let mut heard = Heard::default();
    for stream in (1..80).step_by(2) {
        pour(&mut tcp, &[begin(stream, FEATURES, &[]), message(stream, &[])].concat()).await;
        assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.has_ended(stream)).await, "{heard:?}");
        pour(&mut tcp, &frame(PING, 0, 0, &[7; 8])).await;
    }
    assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.frames.get(&PING) == Some(&40)).await, "{heard:?}");
    assert_eq!(heard.go_away, None);
}

/// A client that shows no more than a peered cluster's server name gets no further than the service that asks for a secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_peering_server_name_reaches_streams_of_peers_only() {
    const EXCHANGE: &str = "/hashicorp.consul.internal.peerstream.PeerStreamService/ExchangeSecret";
    let server = server_in_tls(&Pki::new()).await;
    let address = server.grpc_tls_address().expect("a port");
    for (name, features) in [
        ("server.dc1.peering.11111111-2222.consul", Some("invalid permissions to the specified endpoint")),
        ("server.dc1.consul", None),
    ] {
        let io = tls::shake_for(name, STRANGER, address, tls::Begin::Name("h2"), tls::client(None)).await;
        let io = TokioIo::new(io.expect("a handshake"));
        let (mut client, driver) = http2::handshake(TokioExecutor::new(), io).await.expect("HTTP/2");
        tokio::spawn(driver);
        let mut said = Vec::new();
        for path in [FEATURES, EXCHANGE] {
            let empty = Full::new(Bytes::from_static(&[0; 5]));
            let request = Request::post(format!("https://{name}{path}")).header("content-type", "application/grpc");
            let response = client.send_request(request.body(empty).expect("a request")).await.expect("an answer");
            let text = response.headers().get("grpc-message").map(|text| String::from_utf8_lossy(text.as_bytes()));
            said.push(text.map(|text| text.replace("%20", " ")));
        }
        assert_eq!(said[0].as_deref(), features, "{name}");
        let exchanged = said[1].as_deref().unwrap_or_default();
        assert!(exchanged.starts_with("failed to read peering secret"), "{name} reaches that one: {exchanged:?}");
    }
}

/// Not bad at all: what HashiCorp's consul-server-connection-manager says, which dials `consul://`.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_an_empty_authority_is_answered() {
    let server = server().await;
    let mut tcp = stranger(&server).await;
    let path = support::http2::header(":path", FEATURES);
    let content = support::http2::header("content-type", "application/grpc");
    let block = [&[0x83, 0x86], &path[..], &[0x81], &content[..]].concat();
    pour(&mut tcp, &[frame(HEADERS, END_HEADERS, 1, &block), message(1, &[])].concat()).await;
    let mut heard = Heard::default();
    assert!(heard.listen(&mut tcp, PROMPTLY, |heard| heard.has_ended(1)).await, "{heard:?}");
    assert_eq!(heard.frames.get(&DATA), Some(&1), "{heard:?}");
}
