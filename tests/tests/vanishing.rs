//! Clients that go without a word: what they waited for is freed at once, memory and gauges included.
mod support;

use std::time::{Duration, Instant};

use proconsul_server::Server;
use serde_json::json;
use support::{
    Neighbour, PROMPTLY, STRANGER, assert_no_panic, dial,
    frames::{Ear, id, open},
    pour, request, reset, resident_bytes, start, unlimited, until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Mutex};

/// How many queries are parked.
const PARKED: usize = 10_000;

/// Over how many sessions.
const SESSIONS: usize = 20;

/// Within this they are gone.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// What a round may leave behind, besides what the first one has: what the allocator keeps.
const KEPT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Memory is measured for the process: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A query that waits for a key that is not there.
fn query(key: &str) -> Vec<u8> {
    request(
        "KVS.Get",
        &json!({"Datacenter": "dc1", "Key": key, "MinQueryIndex": 1_000_000, "MaxQueryTime": 300_000_000_000_i64}),
    )
}

/// Parks [`PARKED`] queries on sessions: every other one asks the same, the rest each something else.
async fn park(server: &Server, round: usize) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    for session in 0..SESSIONS {
        let mut blob = Vec::new();
        for n in 0..PARKED / SESSIONS {
            let key = if n % 2 == 0 { "the same".to_owned() } else { format!("key/{round}/{session}/{n}") };
            blob.extend(open(id(n), &query(&key)));
        }
        let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
        pour(&mut tcp, &blob).await;
        clients.push(tcp);
    }
    until("all to wait", PROMPTLY, || server.lot().counts().parked == PARKED).await;
    assert_eq!(server.lot().counts().entries, 1 + PARKED / 2, "identical ones are one");
    clients
}

/// Nothing is left of them. How long that took.
async fn gone(server: &Server, connections: usize) -> Duration {
    let took = until("nothing to be left", PROMPTLY, || {
        let counts = server.lot().counts();
        (counts.parked, counts.entries, server.connections()) == (0, 0, connections)
    })
    .await;
    println!("{PARKED} parked queries were gone after {took:?}");
    assert!(took <= GONE_WITHIN, "gone after {took:?}");
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_parked_queries_vanish_with_their_clients() {
    let _alone = ALONE.lock().await;
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let mut resident = Vec::new();
    // The first round shows the allocator what there is to keep; those after it must not add to that.
    for round in 0..4 {
        let clients = park(&server, round).await;
        let at_most = resident_bytes();
        clients.into_iter().for_each(reset);
        gone(&server, 1).await;
        resident.push((at_most, resident_bytes()));
        neighbour.goes_on().await;
    }
    println!("resident bytes, parked and after: {resident:?}");
    if let (Some((_, Some(first))), Some((_, Some(last)))) = (resident.first(), resident.last()) {
        assert!(*last <= first + KEPT_BYTES_MAX, "each round keeps more: {resident:?}");
    }
    let counts = server.lot().counts();
    assert_eq!((counts.evaluations, counts.encodings), (0, 0), "nobody was answered");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_queries_go_with_a_connection_that_is_closed_in_order() {
    let _alone = ALONE.lock().await;
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let mut clients = park(&server, 0).await;
    for tcp in &mut clients {
        tcp.shutdown().await.expect("the connection is open");
    }
    gone(&server, 1).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_queries_on_connections_of_their_own_vanish_too() {
    let _alone = ALONE.lock().await;
    let server = start(unlimited()).await;
    let mut clients = Vec::new();
    for n in 0..100 {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
        pour(&mut tcp, &query(&format!("key/{}", n / 2))).await;
        clients.push(tcp);
    }
    until("all to wait", PROMPTLY, || server.lot().counts().parked == clients.len()).await;
    assert_eq!(server.lot().counts().entries, clients.len() / 2);
    clients.into_iter().for_each(reset);
    gone(&server, 0).await;
    assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_write_answers_ten_thousand_and_is_evaluated_once() {
    let _alone = ALONE.lock().await;
    let server = start(unlimited()).await;
    let writer = support::session(STRANGER, server.rpc_address()).await;
    support::put(&writer, "the same", "before").await;
    let mut clients = Vec::new();
    let each = PARKED / SESSIONS;
    for _ in 0..SESSIONS {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
        let blob: Vec<u8> = (0..each).flat_map(|n| open(id(n), &waiting_for_change(&server))).collect();
        pour(&mut tcp, &blob).await;
        clients.push(tcp);
    }
    until("all to wait", PROMPTLY, || server.lot().counts().parked == PARKED).await;
    let before = server.lot().counts();
    assert_eq!(before.entries, 1, "identical ones are one");

    support::put(&writer, "another", "x").await;
    support::put(&writer, "the same/but longer", "x").await;
    let after = server.lot().counts();
    assert_eq!((after.parked, after.evaluations), (PARKED, before.evaluations), "a write that concerns none");

    let wrote = Instant::now();
    support::put(&writer, "the same", "after").await;
    let answers = clients.into_iter().map(|mut tcp| {
        tokio::spawn(async move {
            let mut ear = Ear::default();
            support::promptly("every answer", async {
                while ear.spoken < each {
                    assert!(ear.listen(&mut tcp).await, "the session goes on");
                }
            })
            .await;
            let right = |bytes: &[u8]| bytes.windows(5).any(|bytes| bytes == b"after");
            assert!(ear.streams.values().all(|heard| right(&heard.bytes)), "each has the new value");
            tcp
        })
    });
    let answers: Vec<_> = answers.collect();
    let mut open = Vec::new();
    for answer in answers {
        open.push(answer.await.expect("every call is answered"));
    }
    println!("{PARKED} were answered within {:?} of the write", wrote.elapsed());
    let counts = server.lot().counts();
    assert_eq!((counts.parked, counts.entries), (0, 0));
    assert_eq!(counts.evaluations - before.evaluations, 1, "one evaluation for all");
    assert_eq!(counts.encodings - before.encodings, 1, "one encoding for all");
    assert_no_panic();
}

/// A query for what there is now, to be answered when it changes.
fn waiting_for_change(server: &Server) -> Vec<u8> {
    let index = server.store().snapshot().index;
    request("KVS.Get", &json!({"Key": "the same", "MinQueryIndex": index, "MaxQueryTime": 300_000_000_000_i64}))
}
