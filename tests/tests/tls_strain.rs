//! Many handshakes that stand still, and TLS peers that take nothing: both are bounded, and keep nobody waiting.
mod support;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use proconsul_netrpc::server::{Limits, OUTPUT_BYTES_STOP_READING};
use proconsul_server::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use support::{
    NEIGHBOUR, Neighbour, PROMPTLY, STRANGER, descriptors_max, dial,
    pki::{CLIENT_NAME, Pki},
    pour, put,
    reasons::{ended, reasons},
    request, resident_bytes, session, start,
    tls::{Begin, SINGLE, TLS, client, client_hello, reach, shake},
    until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Mutex, task::JoinSet, time::sleep};

/// Descriptors and memory are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// How many handshakes stand still, where the system allows as many descriptors.
const SLOW: usize = 5000;

/// Descriptors for everything else.
const SPARE_DESCRIPTORS: usize = 500;

/// Takes as many descriptors as are allowed; how many that is.
fn all_descriptors() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // What is refused is done without.
    let _refused = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    descriptors_max()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_handshakes_keep_nobody_waiting() {
    let _alone = ALONE.lock().await;
    // Both ends are in this process.
    let allowed = all_descriptors();
    let slow = SLOW.min(allowed.saturating_sub(SPARE_DESCRIPTORS) / 2);
    println!("{slow} slow handshakes, of {SLOW} that there should be; {allowed} descriptors are allowed");
    let pki = Pki::new();
    let identity = pki.issue(&[CLIENT_NAME]);
    // None of them ends by the clock.
    let config = Config { rpc_handshake_timeout: Duration::from_secs(600), ..pki.config(|_| {}) };
    let server = start(config).await;
    let neighbour = Neighbour::of(&server).await;
    let address = server.rpc_address();
    let hello = client_hello(Begin::Byte(TLS), client(None));
    let (began, before) = (Instant::now(), resident_bytes().unwrap_or(0));
    let mut opening = JoinSet::new();
    let mut standing: Vec<TcpStream> = Vec::with_capacity(slow);
    for n in 0..slow {
        // A byte, or half a ClientHello, or all of it and nothing more: then the server has signed, and waits.
        let input = match n % 10 {
            0 => [&[TLS], &hello[..]].concat(),
            1..4 => vec![TLS],
            4..6 => Vec::new(),
            _ => [&[TLS], &hello[..1 + n % (hello.len() - 1)]].concat(),
        };
        let from = Ipv4Addr::new(127, 0, 30, 1 + (n % 250) as u8);
        opening.spawn(async move { dial(from, address, &input).await });
        if opening.len() >= 64 {
            standing.push(opening.join_next().await.expect("some are left").expect("it listens"));
        }
    }
    standing.extend(opening.join_all().await);
    until("all of them to be there", PROMPTLY, || server.registry().len() > slow).await;
    let each = resident_bytes().unwrap_or(0).saturating_sub(before) / slow.max(1) as u64;
    println!("all are there after {:?}; {each} bytes each, both ends", began.elapsed());

    let mut slowest = Duration::ZERO;
    for n in 0..30 {
        let began = Instant::now();
        let begin = if n % 2 == 0 { Begin::Byte(TLS) } else { Begin::Name(SINGLE) };
        reach(STRANGER, &server, begin, client(Some(&identity))).await.expect("a new client is served");
        slowest = slowest.max(began.elapsed());
    }
    println!("the slowest of 30 who shook hands, asked and were answered took {slowest:?}");
    assert!(slowest < PROMPTLY / 2, "somebody waited {slowest:?}");
    let detecting = server.registry().entries().iter().filter(|entry| entry.row().is_none()).count();
    assert!(detecting >= slow, "they stand still: {detecting} of {slow}; {:?}", reasons(&server));
    drop(standing);
    until("all of them to be gone", PROMPTLY, || server.registry().len() <= 1).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_handshakes_are_all_given_up_in_time() {
    let _alone = ALONE.lock().await;
    let limit = Duration::from_secs(1);
    let pki = Pki::new();
    let server = start(Config { rpc_handshake_timeout: limit, ..pki.config(|_| {}) }).await;
    let neighbour = Neighbour::of(&server).await;
    let hello = client_hello(Begin::Byte(TLS), client(None));
    let many = 500.min(all_descriptors().saturating_sub(SPARE_DESCRIPTORS) / 2);
    let mut standing = Vec::new();
    for n in 0..many {
        standing.push(dial(STRANGER, server.rpc_address(), &[&[TLS], &hello[..n % hello.len()]].concat()).await);
    }
    // Nobody lets go of them but the server.
    ended(&server, "tls_timeout", many as u64).await;
    until("their places to be free", PROMPTLY, || server.registry().len() <= 1).await;
    neighbour.noticed_nothing().await;
}

/// How many send as much as they can of a ClientHello that is never whole, and how much that is.
const GREEDY: usize = 200;
const GREEDY_BYTES: usize = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hello_that_is_never_whole_holds_little_more_than_was_sent_of_it() {
    let _alone = ALONE.lock().await;
    let pki = Pki::new();
    let config = Config { rpc_handshake_timeout: Duration::from_secs(600), ..pki.config(|_| {}) };
    let server = start(config).await;
    let neighbour = Neighbour::of(&server).await;
    // As long as a handshake message may be, in records of 10,000 bytes.
    let message = [&[1, 0, 0xff, 0xf0][..], &vec![3; GREEDY_BYTES]].concat();
    let records: Vec<u8> = message
        .chunks(10_000)
        .flat_map(|part| [&[0x16, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat())
        .collect();
    let before = resident_bytes().unwrap_or(0);
    let mut held = Vec::new();
    for _ in 0..GREEDY {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[TLS]).await;
        pour(&mut tcp, &records).await;
        held.push(tcp);
    }
    until("all of them to be there", PROMPTLY, || server.registry().len() > GREEDY).await;
    reach(NEIGHBOUR, &server, Begin::Byte(TLS), client(None)).await.expect("a new client is served");
    assert!(server.registry().len() > GREEDY, "none of them was let go: {:?}", reasons(&server));
    let each = resident_bytes().unwrap_or(0).saturating_sub(before) / GREEDY as u64;
    println!("{each} bytes for each of {GREEDY} that sent {GREEDY_BYTES}");
    assert!(each < 4 * GREEDY_BYTES as u64, "{each} bytes each");
    drop(held);
    until("their places to be free", PROMPTLY, || server.registry().len() <= 1).await;
    neighbour.noticed_nothing().await;
}

/// How large the value is that is asked for again and again.
const VALUE_BYTES: usize = 512 * 1024;

/// How long a peer may take nothing of what is written to it.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// What a server may grow by for a connection that never reads: what waits to be written, in clear and, of what was about to be
/// written, encrypted; and what the process is about besides.
const UNREAD_BYTES_MAX: u64 = (OUTPUT_BYTES_STOP_READING + 20 * VALUE_BYTES) as u64;

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_connection_that_asks_and_never_reads_is_bounded_and_ends() {
    let _alone = ALONE.lock().await;
    let pki = Pki::new();
    let connection = Limits { write_timeout: WRITE_TIMEOUT, ..Limits::default() };
    let server = start(Config { connection, ..pki.config(|_| {}) }).await;
    let writer = session(NEIGHBOUR, server.rpc_address()).await;
    put(&writer, "large", &"v".repeat(VALUE_BYTES)).await;
    writer.close().await;
    until("the writer to be gone", PROMPTLY, || server.registry().is_empty()).await;
    let neighbour = Neighbour::of(&server).await;
    let mut stream = shake(STRANGER, server.rpc_address(), Begin::Byte(TLS), client(None)).await.expect("TLS");
    let get = request("KVS.Get", &json!({"Datacenter": "dc1", "Key": "large"}));
    stream.write_all(&[0]).await.expect("it is open");
    let before = resident_bytes().unwrap_or(0);
    let (began, mut most) = (Instant::now(), before);
    while !reasons(&server).contains_key("slow_reader") {
        tokio::select! {
            biased;
            written = stream.write_all(&get) => if written.is_err() { break },
            () = sleep(Duration::from_millis(2)) => {}
        }
        most = most.max(resident_bytes().unwrap_or(0));
        assert!(began.elapsed() < PROMPTLY, "it is still there: {:?}", reasons(&server));
    }
    println!("after {:?}: grew by {}", began.elapsed(), most - before);
    ended(&server, "slow_reader", 1).await;
    assert!(began.elapsed() >= WRITE_TIMEOUT, "it was closed because it never reads");
    assert!(most - before < UNREAD_BYTES_MAX, "grew by {}", most - before);
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_handshake_counts_as_a_connection_of_its_client() {
    let _alone = ALONE.lock().await;
    let pki = Pki::new();
    let config =
        Config { rpc_max_conns_per_client: 3, rpc_handshake_timeout: Duration::from_secs(600), ..pki.config(|_| {}) };
    let server = start(config).await;
    let hello = client_hello(Begin::Byte(TLS), client(None));
    let mut begun = dial(STRANGER, server.rpc_address(), &[TLS]).await;
    pour(&mut begun, &hello[..hello.len() / 2]).await;
    let silent = dial(STRANGER, server.rpc_address(), &[]).await;
    let served = reach(STRANGER, &server, Begin::Byte(TLS), client(None)).await.expect("the third");
    for count in 1..=5 {
        let mut over = dial(STRANGER, server.rpc_address(), &[]).await;
        assert!(support::to_the_end("one too many", &mut over).await.is_empty(), "it is closed without a word");
        ended(&server, "max_conns_per_client", count).await;
    }
    reach(NEIGHBOUR, &server, Begin::Byte(TLS), client(None)).await.expect("others have places of their own");
    drop(silent);
    until("its place to be free", PROMPTLY, || server.registry().len() == 2).await;
    reach(STRANGER, &server, Begin::Byte(TLS), client(None)).await.expect("there is room again");
    drop((begun, served));
}
