//! Handshakes that go wrong on purpose: each ends, in time and for its reason, and other clients notice nothing.
mod support;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use proconsul_server::{Config, Server};
use rustls::ClientConfig;
use serde_json::json;
use support::{
    Neighbour, PROMPTLY, STRANGER, dial,
    pki::{CLIENT_NAME, Identity, Pki},
    pour, promptly,
    reasons::{ended, reasons, why},
    request, start,
    tls::{Begin, ByHand, SINGLE, TLS, TLS_INSECURE, client, client_hello, ping, reach, shake},
    to_the_end,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// Every way to begin a handshake.
const WAYS: [Begin; 3] = [Begin::Byte(TLS), Begin::Byte(TLS_INSECURE), Begin::Name(SINGLE)];

/// How long a handshake may take where that is what is tested.
const BRIEF: Duration = Duration::from_millis(400);

/// What a clock may be early.
const TICK: Duration = Duration::from_millis(5);

/// A server with TLS, and a certificate for its clients.
async fn server(change: impl FnOnce(&mut Config)) -> (Server, Identity) {
    let pki = Pki::new();
    let identity = pki.issue(&[CLIENT_NAME]);
    let mut config = pki.config(|_| {});
    change(&mut config);
    (start(config).await, identity)
}

/// A client is still served, on every way.
async fn all_is_well(server: &Server, identity: &Identity, neighbour: Neighbour) {
    for begin in WAYS {
        if begin == Begin::Byte(TLS_INSECURE) {
            continue; // has no ping
        }
        reach(STRANGER, server, begin, client(Some(identity))).await.expect("a new client is served");
    }
    neighbour.noticed_nothing().await;
}

/// Runs them at the same time, but not too many, and sees all end well.
async fn together(peers: impl IntoIterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let mut running = JoinSet::new();
    for peer in peers {
        running.spawn(peer);
        if running.len() >= 64 {
            running.join_next().await.expect("some are left").expect("a peer saw what it should");
        }
    }
    while let Some(peer) = running.join_next().await {
        peer.expect("a peer saw what it should");
    }
}

/// Every beginning of what a client writes first, shortest first, without the whole.
fn beginnings(begin: Begin, config: ClientConfig) -> impl Iterator<Item = Vec<u8>> {
    let hello = client_hello(begin, config);
    (0..hello.len()).map(move |cut| [begin.first(), &hello[..cut]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hello_cut_off_anywhere_is_the_end_of_its_connection_only() {
    let (server, identity) = server(|_| {}).await;
    let neighbour = Neighbour::of(&server).await;
    let (address, mut cut_off) = (server.rpc_address(), 0);
    for begin in WAYS {
        let inputs: Vec<_> = beginnings(begin, client(Some(&identity))).collect();
        cut_off += inputs.iter().filter(|input| !input.is_empty()).count() as u64;
        together(inputs.into_iter().map(|input| async move {
            let mut tcp = dial(STRANGER, address, &[]).await;
            pour(&mut tcp, &input).await;
            let _closed = tcp.shutdown().await;
            to_the_end("a ClientHello cut off", &mut tcp).await;
        }))
        .await;
    }
    ended(&server, "tls_cut_off", cut_off).await;
    ended(&server, "empty", 1).await;
    all_is_well(&server, &identity, neighbour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hello_that_stops_anywhere_is_given_up_in_time() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = BRIEF).await;
    let neighbour = Neighbour::of(&server).await;
    let (address, mut stopped) = (server.rpc_address(), 0);
    for begin in WAYS {
        let inputs: Vec<_> = beginnings(begin, client(Some(&identity))).filter(|input| !input.is_empty()).collect();
        stopped += inputs.len() as u64;
        together(inputs.into_iter().map(|input| async move {
            let began = Instant::now();
            let mut tcp = dial(STRANGER, address, &input).await;
            assert!(to_the_end("a ClientHello that stops", &mut tcp).await.is_empty(), "nothing is said to it");
            assert!(began.elapsed() >= BRIEF - TICK, "it had its time: {:?}", began.elapsed());
        }))
        .await;
    }
    ended(&server, "tls_timeout", stopped).await;
    all_is_well(&server, &identity, neighbour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hello_that_trickles_has_no_more_time_for_it() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = BRIEF).await;
    let address = server.rpc_address();
    for begin in WAYS {
        let hello = client_hello(begin, client(Some(&identity)));
        let (began, pause) = (Instant::now(), Duration::from_millis(40));
        let all = pause * hello.len() as u32;
        assert!(all > 10 * BRIEF, "a whole one would take {all:?}");
        let mut tcp = dial(STRANGER, address, begin.first()).await;
        let mut byte = [0];
        for part in hello.chunks(1) {
            pour(&mut tcp, part).await;
            // The end shows here, or else the pause is over.
            if tokio::time::timeout(pause, tcp.read(&mut byte)).await.is_ok() {
                break;
            }
        }
        assert!(began.elapsed() < all / 2, "{begin:?}: it was given up after {:?}", began.elapsed());
    }
    ended(&server, "tls_timeout", WAYS.len() as u64).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inner_byte_that_never_comes_is_given_up_in_time() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = BRIEF).await;
    let neighbour = Neighbour::of(&server).await;
    let began = Instant::now();
    let mut silent =
        shake(STRANGER, server.rpc_address(), Begin::Byte(TLS), client(Some(&identity))).await.expect("TLS");
    let mut got = Vec::new();
    let _reset = promptly("the end", silent.read_to_end(&mut got)).await;
    assert!(got.is_empty() && began.elapsed() >= BRIEF - TICK, "it had its time: {:?}", began.elapsed());
    ended(&server, "inner_byte_timeout", 1).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_named_its_route_may_be_silent() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = BRIEF).await;
    let address = server.rpc_address();
    let mut by_byte = shake(STRANGER, address, Begin::Byte(TLS), client(Some(&identity))).await.expect("TLS");
    by_byte.write_all(&[0]).await.expect("the inner byte");
    let mut by_name = shake(STRANGER, address, Begin::Name(SINGLE), client(Some(&identity))).await.expect("TLS");
    let mut insecure = shake(STRANGER, address, Begin::Byte(TLS_INSECURE), client(None)).await.expect("TLS");
    let mut byte = [0];
    for stream in [&mut by_byte, &mut by_name, &mut insecure] {
        let quiet = tokio::time::timeout(2 * BRIEF, stream.read(&mut byte)).await;
        assert!(quiet.is_err(), "an idle connection was closed: {quiet:?}");
    }
    ping(&mut by_byte).await.expect("it is still served");
    ping(&mut by_name).await.expect("it is still served");
    insecure.write_all(&request("AutoEncrypt.Sign", &json!({}))).await.expect("it is open");
    promptly("an answer", insecure.read_exact(&mut byte)).await.expect("it is still served");
}

/// How far a client goes before it closes its side.
#[derive(Clone, Copy, Debug)]
enum Phase {
    First,
    TypeByte,
    HalfHello,
    Hello,
    Handshake,
    Route,
    HalfRequest,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_closes_its_side_in_any_phase_is_let_go_at_once() {
    // Nothing here may end by the clock.
    let (server, identity) = server(|config| config.rpc_handshake_timeout = Duration::from_secs(600)).await;
    let neighbour = Neighbour::of(&server).await;
    use Phase::{First, HalfHello, HalfRequest, Handshake, Hello, Route, TypeByte};
    let table = [
        (First, "empty", "empty"),
        // A name has no byte before its ClientHello.
        (TypeByte, "tls_cut_off", "empty"),
        (HalfHello, "tls_cut_off", "tls_cut_off"),
        (Hello, "tls_cut_off", "tls_cut_off"),
        // These end below TLS, without its own end: who is killed has none.
        (Handshake, "empty", "peer_closed"),
        (Route, "peer_closed", "peer_closed"),
        (HalfRequest, "peer_closed", "peer_closed"),
    ];
    for (way, begin) in [Begin::Byte(TLS), Begin::Name(SINGLE)].into_iter().enumerate() {
        for (at, (phase, after_byte, by_name)) in table.into_iter().enumerate() {
            let from = Ipv4Addr::new(127, 0, 50 + way as u8, 1 + at as u8);
            let mut tcp = half_way(from, &server, begin, phase, client(Some(&identity))).await;
            tcp.shutdown().await.expect("it is open");
            to_the_end(&format!("{begin:?} {phase:?}"), &mut tcp).await;
            let expected = if way == 0 { after_byte } else { by_name };
            assert_eq!(why(&server, from).await[0].0, expected, "{begin:?} {phase:?}");
        }
    }
    all_is_well(&server, &identity, neighbour).await;
}

/// A connection that has come so far.
async fn half_way(from: Ipv4Addr, server: &Server, begin: Begin, phase: Phase, mut config: ClientConfig) -> TcpStream {
    if let Begin::Name(name) = begin {
        config.alpn_protocols = vec![name.as_bytes().to_vec()];
    }
    let mut tcp = dial(from, server.rpc_address(), &[]).await;
    let mut peer = ByHand::new(config);
    let phase = phase as usize;
    if phase >= Phase::TypeByte as usize {
        pour(&mut tcp, begin.first()).await;
    }
    if phase == Phase::HalfHello as usize {
        let hello = peer.written();
        pour(&mut tcp, &hello[..hello.len() / 2]).await;
    }
    if phase >= Phase::Hello as usize {
        peer.send(&mut tcp).await;
        // The server's part is there, and the last of the client's is still to come.
        assert!(peer.receive(&mut tcp).await.expect("a handshake"));
    }
    if phase >= Phase::Handshake as usize {
        peer.shake(&mut tcp).await;
    }
    let mut say = |bytes: &[u8]| {
        use std::io::Write;
        peer.tls.writer().write_all(bytes).expect("a buffer takes it");
        peer.written()
    };
    if phase >= Phase::Route as usize {
        let bytes = say(begin.inner());
        pour(&mut tcp, &bytes).await;
    }
    if phase >= Phase::HalfRequest as usize {
        let ping = request("Status.Ping", &json!({}));
        let bytes = say(&ping[..ping.len() / 2]);
        pour(&mut tcp, &bytes).await;
    }
    tcp
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_closes_its_side_is_answered() {
    let (server, identity) = server(|_| {}).await;
    for begin in [Begin::Byte(TLS), Begin::Name(SINGLE)] {
        let mut stream = shake(STRANGER, server.rpc_address(), begin, client(Some(&identity))).await.expect("TLS");
        let asked = [begin.inner(), &request("Status.Ping", &json!({}))].concat();
        stream.write_all(&asked).await.expect("it is open");
        stream.shutdown().await.expect("close_notify and FIN");
        let mut got = Vec::new();
        promptly("an answer and the end", stream.read_to_end(&mut got)).await.expect("an end that TLS vouches for");
        assert!(got.ends_with(b"Status.Ping\x80"), "{begin:?}: {got:02x?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_messages_that_say_too_much_of_themselves_end_their_connection() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = Duration::from_secs(600)).await;
    let neighbour = Neighbour::of(&server).await;
    let hello = client_hello(Begin::Byte(TLS), client(Some(&identity)));
    let longer = [&[0x16, 3, 1, 0x40, 0x00][..], &[1, 0xff, 0xff, 0xff], &[0; 0x4000 - 4]].concat();
    let inputs: [(&str, Vec<u8>); 7] = [
        ("a record of 64 KiB", [&[0x16, 3, 1, 0xff, 0xff][..], &[1; 300]].concat()),
        ("a record that is no handshake", [&[0x17, 3, 3, 0, 20][..], &[1; 20]].concat()),
        ("a handshake message of 16 MiB", longer),
        ("a record without content", vec![0x16, 3, 1, 0, 0]),
        ("an unknown kind of record", vec![0x55, 3, 1, 0, 1, 0]),
        ("a ServerHello", [&[0x16, 3, 1][..], &hello[3..5], &[2], &hello[6..]].concat()),
        ("a ClientHello with a byte too many", {
            let body = [&hello[5..], &[0]].concat();
            let length = (body.len() - 4) as u32;
            let head =
                [&[0x16, 3, 1][..], &(body.len() as u16).to_be_bytes(), &[1], &length.to_be_bytes()[1..]].concat();
            [head, body[4..].to_vec()].concat()
        }),
    ];
    for (at, (what, input)) in inputs.iter().enumerate() {
        let from = Ipv4Addr::new(127, 0, 7, 1 + at as u8);
        let mut tcp = dial(from, server.rpc_address(), &[TLS]).await;
        pour(&mut tcp, input).await;
        let said = to_the_end(what, &mut tcp).await;
        assert!(said.len() < 64, "{what}: no more than an alert: {said:02x?}");
        let why = why(&server, from).await;
        assert!(why[0].0.starts_with("tls_"), "{what}: {why:?}");
    }
    all_is_well(&server, &identity, neighbour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_not_what_they_should_be_end_an_established_connection() {
    let (server, identity) = server(|_| {}).await;
    let neighbour = Neighbour::of(&server).await;
    let hello = client_hello(Begin::Byte(TLS), client(Some(&identity)));
    let forged: [(&str, Vec<u8>); 5] = [
        ("a ClientHello in clear", hello),
        ("a record of 64 KiB", [&[0x17, 3, 3, 0xff, 0xff][..], &[1; 300]].concat()),
        ("a record that was not encrypted for us", [&[0x17, 3, 3, 0, 40][..], &[7; 40]].concat()),
        ("an alert in clear", vec![0x15, 3, 3, 0, 2, 1, 0]),
        ("no TLS", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ];
    for (what, input) in &forged {
        let stream = reach(STRANGER, &server, Begin::Byte(TLS), client(Some(&identity))).await.expect("TLS");
        let (mut tcp, _) = stream.into_inner();
        pour(&mut tcp, input).await;
        to_the_end(what, &mut tcp).await;
    }
    all_is_well(&server, &identity, neighbour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_in_place_of_tls_harm_nobody() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = BRIEF).await;
    let neighbour = Neighbour::of(&server).await;
    let mut random = support::Random::new();
    let hello = client_hello(Begin::Name(SINGLE), client(Some(&identity)));
    let address = server.rpc_address();
    let inputs: Vec<Vec<u8>> = (0..1000)
        .map(|_| {
            let mut bytes = match random.below(3) {
                0 => [vec![[3, 7, 0x16][random.below(3)]], {
                    let n = random.below(400);
                    random.bytes(n)
                }]
                .concat(),
                1 => hello.clone(),
                _ => [vec![[3, 7][random.below(2)]], hello.clone()].concat(),
            };
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = random.next() as u8;
            }
            bytes
        })
        .collect();
    together(inputs.into_iter().map(|input| async move {
        let mut tcp = dial(STRANGER, address, &[]).await;
        pour(&mut tcp, &input).await;
        to_the_end("what is not TLS, or half of it", &mut tcp).await;
    }))
    .await;
    println!("{:?}", reasons(&server));
    all_is_well(&server, &identity, neighbour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_in_tls_is_refused() {
    let (server, identity) = server(|_| {}).await;
    for (count, inner) in [(1, TLS), (2, TLS_INSECURE)] {
        let mut stream =
            shake(STRANGER, server.rpc_address(), Begin::Byte(TLS), client(Some(&identity))).await.expect("TLS");
        let hello = client_hello(Begin::Byte(TLS), client(None));
        stream.write_all(&[&[inner][..], &hello].concat()).await.expect("it is open");
        let mut got = Vec::new();
        let _reset = promptly("the end", stream.read_to_end(&mut got)).await;
        assert!(got.is_empty(), "nothing is said inside: {got:02x?}");
        ended(&server, "tls_in_tls", count).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_end_when_they_are_killed_and_when_the_server_stops() {
    let (server, identity) = server(|config| config.rpc_handshake_timeout = Duration::from_secs(600)).await;
    let begun = async |phase| half_way(STRANGER, &server, Begin::Byte(TLS), phase, client(Some(&identity))).await;
    let mut killed = begun(Phase::Hello).await;
    let id = server.registry().entries().last().expect("it is there").id();
    assert!(server.registry().kill(id));
    to_the_end("a handshake that is killed", &mut killed).await;
    ended(&server, "killed", 1).await;
    let mut stopped = [begun(Phase::TypeByte).await, begun(Phase::Hello).await, begun(Phase::Handshake).await];
    let began = Instant::now();
    server.stop(PROMPTLY).await;
    assert!(began.elapsed() < PROMPTLY / 2, "it waited for handshakes: {:?}", began.elapsed());
    for tcp in &mut stopped {
        to_the_end("a handshake when the server stops", tcp).await;
    }
}
