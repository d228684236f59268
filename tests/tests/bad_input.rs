//! Whatever comes in, nothing panics, every connection ends or is answered, and other clients notice nothing.
mod support;

use std::{
    io::ErrorKind,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use proconsul_server::{Config, Server};
use proconsul_tests::golden::yamux::frame;
use serde_json::json;
use support::{
    Neighbour, PROMPTLY, Random, STRANGER, assert_no_panic, call, config, descriptors_max, dial,
    frames::{ACK, DATA, Ear, FIN, GO_AWAY, PING, RST, SYN, WINDOW, id, open},
    pour, promptly, request, reset, session, start, to_the_end, unlimited, until,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// Requests that a well-behaved client makes.
fn requests() -> Vec<Vec<u8>> {
    vec![
        request("Status.Ping", &json!({})),
        request("Status.Leader", &json!({"Datacenter": "dc1", "AllowStale": true})),
        request(
            "KVS.Apply",
            &json!({"Datacenter": "dc1", "Op": "set", "DirEnt": {"Key": "a", "Value": "b", "Flags": 7}}),
        ),
        request("KVS.Get", &json!({"Datacenter": "dc1", "Key": "a", "MinQueryIndex": 9, "MaxQueryTime": 1_000_000})),
        request(
            "Catalog.Register",
            &json!({"Datacenter": "dc1", "Node": "n", "Address": "10.0.0.1", "NodeMeta": {"k": "v"},
                "Service": {"Service": "s", "Tags": ["t"], "Port": 80}, "Check": {"CheckID": "c", "Status": "passing"}}),
        ),
        request("Catalog.ServiceNodes", &json!({"ServiceName": "s", "ServiceTags": ["t"], "TagFilter": true})),
    ]
}

/// The server is as it was: no connection but those named, and it answers a new one.
async fn all_is_well(server: &Server, connections: usize) {
    until("the connections to be gone", PROMPTLY, || server.connections() <= connections).await;
    let mut tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
    pour(&mut tcp, &request("Status.Ping", &json!({}))).await;
    let mut answer = [0; 8];
    promptly("an answer", tcp.read_exact(&mut answer)).await.expect("a new client is answered");
    assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_harm_nobody() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let (mut random, valid) = (Random::new(), requests());
    let address = server.rpc_address();
    let mut peers = JoinSet::new();
    for _ in 0..1500 {
        let bytes = random_input(&mut random, &valid);
        let (ending, cut) = (random.below(3), random.below(bytes.len()));
        peers.spawn(async move {
            let mut tcp = dial(STRANGER, address, &[]).await;
            pour(&mut tcp, &bytes[..cut]).await;
            pour(&mut tcp, &bytes[cut..]).await;
            match ending {
                0 => {}
                1 => reset(tcp),
                _ => {
                    // Either way out is fine; there being one is what is asked.
                    let _closed = tcp.shutdown().await;
                    to_the_end("what random bytes began", &mut tcp).await;
                }
            }
        });
        if peers.len() >= 32 {
            peers.join_next().await.expect("some are left").expect("no peer was kept waiting");
        }
    }
    while let Some(peer) = peers.join_next().await {
        peer.expect("no peer was kept waiting");
    }
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
    assert_eq!(server.lot().counts().parked, 0);
}

/// Bytes that are random to a varying degree: all of them, or frames at random, or valid requests with a few bytes changed.
fn random_input(random: &mut Random, valid: &[Vec<u8>]) -> Vec<u8> {
    let length = random.below(600);
    match random.below(5) {
        0 => random.bytes(length),
        1 => [vec![random.below(10) as u8], random.bytes(length)].concat(),
        2 => {
            let mut out = vec![4];
            for _ in 0..random.below(40) {
                let (kind, flags) = (random.below(4) as u8, random.below(16) as u16);
                let stream = random.below(8) as u32;
                let data = if kind == DATA { random.below(60) } else { 0 };
                let length = if random.below(20) == 0 { random.next() as u32 } else { data as u32 };
                let data = random.bytes(data);
                out.extend(frame(kind, flags, stream, length, &data));
            }
            out
        }
        kind => {
            let many = 1 + random.below(5);
            let mut out = vec![if kind == 3 { 0 } else { 4 }];
            for n in 0..many {
                let one = &valid[random.below(valid.len())];
                if kind == 3 { out.extend(one) } else { out.extend(open(id(n), one)) }
            }
            for _ in 0..1 + random.below(4) {
                let at = 1 + random.below(out.len() - 1);
                out[at] = random.next() as u8;
            }
            out
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_cut_off_anywhere_is_the_end_of_its_stream_only() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let address = server.rpc_address();
    let mut peers = JoinSet::new();
    for valid in requests() {
        for cut in 0..valid.len() {
            let begun = valid[..cut].to_vec();
            peers.spawn(async move {
                let mut tcp = dial(STRANGER, address, &[0]).await;
                pour(&mut tcp, &begun).await;
                let _closed = tcp.shutdown().await; // a server that closed first has not waited for more
                to_the_end("a request cut off", &mut tcp).await;
            });
            if peers.len() >= 32 {
                peers.join_next().await.expect("some are left").expect("no peer was kept waiting");
            }
        }
    }
    while let Some(peer) = peers.join_next().await {
        peer.expect("no peer was kept waiting");
    }
    // The same on streams of one session, where each must end alone.
    let mut blob = Vec::new();
    let mut streams = 0;
    for valid in requests() {
        for cut in 1..valid.len() {
            blob.extend(open(id(streams), &valid[..cut]));
            blob.extend(frame(WINDOW, FIN, id(streams), 0, &[]));
            streams += 1;
        }
    }
    let mut tcp = dial(STRANGER, address, &[4]).await;
    pour(&mut tcp, &blob).await;
    let mut ear = Ear::default();
    promptly("every stream to end", async {
        while ear.streams.values().filter(|heard| heard.ended).count() < streams {
            assert!(ear.listen(&mut tcp).await, "the session goes on");
        }
    })
    .await;
    tcp.write_all(&open(id(streams), &request("Status.Ping", &json!({})))).await.expect("the session goes on");
    promptly("an answer on the same session", async {
        while ear.streams.get(&id(streams)).is_none_or(|heard| heard.bytes.is_empty()) {
            assert!(ear.listen(&mut tcp).await, "the session goes on");
        }
    })
    .await;
    drop(tcp);
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
}

/// A header for this method.
fn header(method: &str) -> Vec<u8> {
    let mut out = Vec::new();
    proconsul_netrpc::write_request_header(&mut out, method, proconsul_types::RequestSeq(1), None);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_are_not_kept_are_waited_for_and_no_more() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let lengths: &[&[u8]] = &[
        b"\xdb\xff\xff\xff\xff",
        b"\xdb\x7f\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x01",
        b"\x81\xa3Key\xdb\xff\xff\xff\xff",
        b"\x81\xa6DirEnt\x81\xa5Value\xdb\xff\xff\xff\xf0",
        b"\x81\xa8NodeMeta\xdf\xff\xff\xff\xff",
        b"\x81\xabServiceTags\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff",
    ];
    let mut inputs: Vec<Vec<u8>> = lengths.iter().map(|length| length.to_vec()).collect(); // as headers
    inputs.push(b"\x82\xa3Seq\x01\xadServiceMethod\xdb\xff\xff\xff\xff".to_vec());
    for method in Server::served_methods() {
        inputs.extend(lengths.iter().map(|length| [&header(method.name)[..], length].concat()));
    }
    for input in &inputs {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
        pour(&mut tcp, input).await;
        let _closed = tcp.shutdown().await; // it may have seen enough already
        to_the_end("a length that is not kept", &mut tcp).await;
    }
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_bound_is_refused_by_name() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    // It says that it has 64 MiB, and is refused when it has sent a quarter.
    let mut input = header("KVS.Apply");
    input.extend(b"\x82\xa2Op\xa3set\xa6DirEnt\x82\xa3Key\xa1k\xa5Value\xdb\x04\x00\x00\x00");
    input.resize(proconsul_netrpc::BODY_BYTES_MAX + 256 * 1024, b'v');
    let single = dial(STRANGER, server.rpc_address(), &[0]).await;
    let stream = session(STRANGER, server.rpc_address()).await.open().await.expect("a stream");
    let (one, other) = tokio::join!(refused(single, &input), refused(stream, &input));
    for answer in [one, other] {
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains("BODY_BYTES_MAX"), "{answer:?}");
    }
    neighbour.noticed_nothing().await;
}

/// Writes while it reads, as the server does not take all of it; everything that the server says.
async fn refused(io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, input: &[u8]) -> Vec<u8> {
    let (mut reads, mut writes) = tokio::io::split(io);
    let mut answer = Vec::new();
    promptly("a refusal", async {
        let write = async {
            // It fails once the server has seen enough.
            let _refused = writes.write_all(input).await;
            let _refused = writes.flush().await;
        };
        let read = async {
            let _reset = reads.read_to_end(&mut answer).await;
        };
        tokio::join!(write, read)
    })
    .await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_an_error_of_its_call() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let levels = 100_000;
    let (lists, maps) = (b"\x91".repeat(levels), b"\x81\xa1k".repeat(levels));
    let in_field = [&b"\x81\xa6DirEnt"[..], &maps].concat();
    let whole = [&lists[..], b"\xc0"].concat();
    let mut inputs = vec![lists.clone(), maps.clone()]; // as headers
    for method in Server::served_methods() {
        inputs.extend([&lists, &maps, &in_field, &whole].map(|nested| [&header(method.name)[..], nested].concat()));
    }
    for input in &inputs {
        let tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
        let (mut reads, mut writes) = tcp.into_split();
        promptly("an end", async {
            let write = async {
                // It fails once the server has seen enough.
                let _refused = writes.write_all(input).await;
                let _refused = writes.shutdown().await;
            };
            let mut answer = Vec::new();
            let _end = tokio::join!(write, reads.read_to_end(&mut answer));
        })
        .await;
    }
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_is_closed_in_time() {
    let limit = Duration::from_millis(200);
    let server = start(Config { rpc_handshake_timeout: limit, ..config() }).await;
    let neighbour = Neighbour::of(&server).await;
    let began = Instant::now();
    let mut silent = dial(STRANGER, server.rpc_address(), &[]).await;
    assert!(to_the_end("a silent connection", &mut silent).await.is_empty());
    assert!(began.elapsed() >= limit - Duration::from_millis(5), "it had its time: {:?}", began.elapsed());
    // One that has said what it wants may be idle as long as it likes.
    let mut idle = dial(STRANGER, server.rpc_address(), &[0]).await;
    let mut answer = [0; 8];
    let quiet = tokio::time::timeout(4 * limit, idle.read(&mut answer)).await;
    assert!(quiet.is_err(), "an idle connection was closed: {quiet:?}");
    pour(&mut idle, &request("Status.Ping", &json!({}))).await;
    promptly("an answer", idle.read_exact(&mut answer)).await.expect("it is still served");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_left_silent_or_half_way_keeps_no_other_waiting() {
    let server = start(config()).await;
    let control = session(STRANGER, server.rpc_address()).await;
    let valid = request("KVS.Get", &json!({"Key": "a"}));
    let mut left = Vec::new();
    for n in 0..200 {
        let mut stream = promptly("a stream", control.open()).await.expect("one more stream");
        stream.write_all(&valid[..n % valid.len()]).await.expect("a part of a request");
        stream.flush().await.expect("a part of a request");
        left.push(stream);
        call(&control, "Status.Ping", &json!({})).await.expect("the session's other streams go on");
    }
    until("the streams of answered calls to be gone", PROMPTLY, || control.streams() <= left.len()).await;
    assert_eq!(control.streams(), left.len(), "those that are silent are there still");
    assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_rules_end_their_session_at_most() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let ping = request("Status.Ping", &json!({}));
    // Whether the session goes on: as HashiCorp's does.
    let table: &[(&str, bool, Vec<u8>)] = &[
        ("another version", false, vec![1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("another type", false, vec![0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("a length beyond the window", false, frame(DATA, SYN, 1, u32::MAX, b"x")),
        ("data of stream 0", true, frame(DATA, 0, 0, 1, b"x")),
        ("a new stream 0", true, frame(WINDOW, SYN, 0, 0, &[])),
        ("data of a stream that is not there", true, frame(DATA, 0, 77, 1, b"x")),
        ("FIN of a stream that is not there", true, frame(WINDOW, FIN, 77, 0, &[])),
        ("RST of a stream that is not there", true, frame(WINDOW, RST, 77, 0, &[])),
        ("ACK of a stream that is not there", true, frame(WINDOW, ACK, 2, 0, &[])),
        ("a stream of the other parity", true, frame(WINDOW, SYN, 2, 0, &[])),
        ("a stream started twice", false, [frame(WINDOW, SYN, 1, 0, &[]), frame(WINDOW, SYN, 1, 0, &[])].concat()),
        ("begun, accepted and finished at once", true, frame(DATA, SYN | ACK | FIN, 3, 1, b"\x82")),
        ("data after FIN", true, [open(1, &ping), frame(DATA, FIN, 1, 0, &[]), frame(DATA, 0, 1, 1, b"x")].concat()),
        ("a window that overflows", true, [open(1, b"\x82"), frame(WINDOW, 0, 1, u32::MAX, &[]).repeat(3)].concat()),
        ("a go-away of unknown code", false, frame(GO_AWAY, 0, 0, 99, &[])),
        ("a go-away, then a stream", true, [frame(GO_AWAY, 0, 0, 0, &[]), open(1, &ping)].concat()),
        ("answers to pings never sent", true, frame(PING, ACK, 0, 5, &[]).repeat(1000)),
        (
            "a thousand resets",
            true,
            (0..1000).flat_map(|n| [open(id(n), b"\x82"), frame(WINDOW, RST, id(n), 0, &[])]).flatten().collect(),
        ),
    ];
    for (name, goes_on, frames) in table {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
        pour(&mut tcp, frames).await;
        pour(&mut tcp, &frame(PING, SYN, 0, 7, &[])).await;
        let mut ear = Ear::default();
        promptly(name, async { while ear.pongs == 0 && ear.listen(&mut tcp).await {} }).await;
        assert_eq!(ear.pongs > 0, *goes_on, "{name}: go-away {:?}", ear.go_away);
    }
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
}

/// How many connections come from one address, one after another.
const FLOOD: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_of_one_address_are_a_hundred() {
    let server = start(config()).await;
    let limit = config().rpc_max_conns_per_client;
    let neighbour = Neighbour::of(&server).await;
    let address = server.rpc_address();
    let mut held = Vec::new();
    for _ in 0..limit {
        let mut tcp = dial(STRANGER, address, &[0]).await;
        assert!(is_answered(&mut tcp).await, "the limit is {limit}");
        held.push(tcp);
    }
    // Each connection is a descriptor here and one in the server, which is this process too.
    let wave = (descriptors_max().saturating_sub(4 * limit) / 4).clamp(10, 500);
    let mut closed = 0;
    while closed < FLOOD {
        let mut wave: JoinSet<_> = (0..wave)
            .map(|_| async move {
                let mut tcp = dial(STRANGER, address, &[]).await;
                to_the_end("a connection over the limit", &mut tcp).await.len()
            })
            .collect();
        while let Some(said) = wave.join_next().await {
            assert_eq!(said.expect("no panic"), 0, "it is closed without a word");
            closed += 1;
        }
        assert!(server.connections() <= limit + 1, "{} are served", server.connections());
        for tcp in held.iter_mut().step_by(33) {
            assert!(is_answered(tcp).await, "those within the limit are served");
        }
    }
    let mut other = dial(Ipv4Addr::new(127, 0, 0, 9), address, &[0]).await;
    assert!(is_answered(&mut other).await, "another address is served");
    drop(other);
    drop(held);
    all_is_well(&server, 1).await;
    neighbour.noticed_nothing().await;
}

/// Whether a ping on this connection of type 0 is answered.
async fn is_answered(tcp: &mut TcpStream) -> bool {
    let ping = request("Status.Ping", &json!({}));
    if tcp.write_all(&ping).await.is_err() {
        return false;
    }
    // The shortest answer: a header with Error, Seq and ServiceMethod, then an empty map.
    let mut answer = vec![0; b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80".len()];
    match promptly("an answer", tcp.read_exact(&mut answer)).await {
        Ok(_) => true,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_left_is_free_again() {
    let server = start(Config { rpc_max_conns_per_client: 3, ..config() }).await;
    for _ in 0..100 {
        let mut held = Vec::new();
        promptly("three places", async {
            while held.len() < 3 {
                // Those of the round before may not be gone yet.
                let mut tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
                if is_answered(&mut tcp).await {
                    held.push(tcp);
                }
            }
        })
        .await;
        let mut fourth = dial(STRANGER, server.rpc_address(), &[]).await;
        assert!(to_the_end("the fourth", &mut fourth).await.is_empty());
        held.into_iter().for_each(reset);
    }
    assert_no_panic();
}
