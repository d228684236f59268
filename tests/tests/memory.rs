//! What one peer can make the server hold is bounded, by bounds that have names.
mod support;

use std::{
    iter::{once, repeat},
    time::{Duration, Instant},
};

use proconsul_netrpc::server::{HELD_BYTES_MAX, Limits, OUTPUT_BYTES_STOP_READING};
use proconsul_server::{Config, Server};
use proconsul_tests::golden::yamux::frame;
use proconsul_yamux::BACKLOG_BYTES_MAX;
use serde_json::json;
use support::{
    Neighbour, PROMPTLY, STRANGER, dial,
    frames::{PING, SYN, WINDOW, id, open},
    put, request, resident_bytes, session, start, unlimited, until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Mutex, time::sleep};

/// Memory is measured for the process: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// How large the value is that is asked for again and again.
const VALUE_BYTES: usize = 512 * 1024;

/// How long a peer may take nothing of what is written to it.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// What a server may grow by for one connection that never reads: what waits to be written, and in it the answer that went
/// over the mark; and what the process is about besides.
const UNREAD_BYTES_MAX: u64 = (OUTPUT_BYTES_STOP_READING + 16 * VALUE_BYTES) as u64;

async fn server() -> Server {
    let connection = Limits { write_timeout: WRITE_TIMEOUT, ..Limits::default() };
    let server = start(Config { connection, ..unlimited() }).await;
    let writer = session(STRANGER, server.rpc_address()).await;
    put(&writer, "large", &"v".repeat(VALUE_BYTES)).await;
    writer.close().await;
    until("the writer to be gone", PROMPTLY, || server.connections() == 0).await;
    server
}

/// Writes all that comes, never reads, and sees the server close the connection. How much the process has grown meanwhile.
async fn never_reads(server: &Server, mut tcp: TcpStream, mut bytes: impl Iterator<Item = Vec<u8>>) -> u64 {
    let before = resident_bytes().unwrap_or(0);
    let start = Instant::now();
    let (mut taken, mut chunk, mut most) = (0, Vec::new(), before);
    until("its connection and the neighbour's", PROMPTLY, || server.connections() == 2).await;
    while server.connections() == 2 {
        if chunk.is_empty() {
            chunk = bytes.next().unwrap_or_default();
        }
        tokio::select! {
            biased;
            written = tcp.write(&chunk), if !chunk.is_empty() => match written {
                Ok(count) => {
                    taken += count;
                    chunk.drain(..count);
                }
                Err(_) => break,
            },
            () = sleep(Duration::from_millis(2)) => {}
        }
        most = most.max(resident_bytes().unwrap_or(0));
        assert!(start.elapsed() < PROMPTLY, "a connection that never reads is closed within {PROMPTLY:?}");
    }
    println!("after {:?}: took {taken} bytes, grew by {}", start.elapsed(), most - before);
    assert!(start.elapsed() >= WRITE_TIMEOUT, "it was closed because it never reads");
    most - before
}

/// The large value, asked for.
fn get() -> Vec<u8> {
    request("KVS.Get", &json!({"Datacenter": "dc1", "Key": "large"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_and_never_reads_is_bounded() {
    let _alone = ALONE.lock().await;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let tcp = dial(STRANGER, server.rpc_address(), &[0]).await;
    let grown = never_reads(&server, tcp, repeat(get().repeat(1000))).await;
    assert!(grown <= UNREAD_BYTES_MAX, "{grown}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_asks_and_never_reads_is_bounded() {
    let _alone = ALONE.lock().await;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
    // All the window there is: the window keeps nothing back.
    tcp.write_all(&frame(WINDOW, SYN, 1, u32::MAX / 2, &[])).await.expect("the session begins");
    let get = get();
    // As much as the server's window allows.
    let requests = frame(0, 0, 1, get.len() as u32, &get).repeat(256 * 1024 / get.len());
    let grown = never_reads(&server, tcp, once(requests)).await;
    assert!(grown <= UNREAD_BYTES_MAX, "{grown}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_many_streams_that_never_reads_is_bounded() {
    let _alone = ALONE.lock().await;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
    let streams = (0..).map(|n| open(id(n), &get()));
    let grown = never_reads(&server, tcp, streams).await;
    assert!(grown <= UNREAD_BYTES_MAX + BACKLOG_BYTES_MAX as u64, "{grown}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_from_one_that_never_reads_is_bounded() {
    let _alone = ALONE.lock().await;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
    let grown = never_reads(&server, tcp, repeat(frame(PING, SYN, 0, 1, &[]).repeat(5000))).await;
    assert!(grown <= UNREAD_BYTES_MAX, "{grown}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_window_stays_shut_is_served_no_further() {
    let _alone = ALONE.lock().await;
    let server = server().await;
    let neighbour = Neighbour::of(&server).await;
    let before = resident_bytes().unwrap_or(0);
    let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
    tcp.write_all(&open(1, &get().repeat(400))).await.expect("the session begins");
    // It reads all that comes, and never grants a byte more of window.
    let mut ear = support::frames::Ear::default();
    tcp.write_all(&frame(PING, SYN, 0, 1, &[])).await.expect("the session goes on");
    support::promptly("what the window allows", async {
        while ear.pongs == 0 || ear.streams.get(&1).is_none_or(|heard| heard.bytes.len() < 256 * 1024) {
            assert!(ear.listen(&mut tcp).await, "the session goes on");
        }
    })
    .await;
    let grown = resident_bytes().unwrap_or(0).saturating_sub(before);
    println!("grew by {grown}");
    assert!(!ear.streams[&1].ended, "it waits for window; it is not given up");
    assert!(grown <= UNREAD_BYTES_MAX, "{grown}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_never_whole_are_bounded() {
    let _alone = ALONE.lock().await;
    let connection = Limits { request_read_timeout: Duration::from_millis(1500), ..Limits::default() };
    let server = start(Config { connection, ..unlimited() }).await;
    let neighbour = Neighbour::of(&server).await;
    let mut begun = request("KVS.Apply", &json!({"Op": "set"}));
    begun.truncate(begun.len() - 8); // the header, and one byte of the body at most
    begun.extend(b"\x81\xa6DirEnt\x81\xa5Value\xdb\x00\xf0\x00\x00");
    begun.resize(256 * 1024, b'v');
    // More than is held, and than lies in the buffers of the system.
    let bytes = (0..300).map(|n| open(id(n), &begun)).collect::<Vec<_>>().concat();
    let tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
    let before = resident_bytes().unwrap_or(0);
    let mut most = before;
    let (mut reads, mut writes) = tcp.into_split();
    let writer = tokio::spawn(async move {
        let _stopped = writes.write_all(&bytes).await;
    });
    let reader = tokio::spawn(async move {
        let _end = tokio::io::copy(&mut reads, &mut tokio::io::sink()).await;
    });
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(700) {
        most = most.max(resident_bytes().unwrap_or(0));
        sleep(Duration::from_millis(5)).await;
    }
    println!("grew by {}", most - before);
    // A buffer may have twice the room for what it holds.
    assert!(most - before <= 2 * HELD_BYTES_MAX as u64, "{}", most - before);
    neighbour.goes_on().await;
    writer.abort();
    reader.abort();
    until("the connection to be gone", PROMPTLY, || server.connections() == 1).await;
    neighbour.noticed_nothing().await;
}
