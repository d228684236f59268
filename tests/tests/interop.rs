//! Our `netrpc` and `yamux` as clients of a server made of HashiCorp's own Go modules (`tests/interop/go/cmd/server`).
//!
//! `cargo xtask interop` builds that server and runs these tests; it names the binary in `PROCONSUL_GO_SERVER`. On a
//! machine where it was never built they say that they were skipped: no Go is needed to pass the tests.
#[path = "support/go.rs"]
mod go;

use std::time::{Duration, Instant};

use bytes::Bytes;
use go::GoServer;
use proconsul_netrpc::client::{CallError, Client};
use proconsul_structs::kvs::{DirEntry, IndexedDirEntries, KeyRequest, KvOp, KvsRequest};
use proconsul_structs::query::QueryOptions;
use proconsul_yamux::{Config, Connection, Control, Side, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What any one step may take.
const PROMPTLY: Duration = Duration::from_secs(5);
/// How long a query is left alone to be sure that it is parked.
const PARKED: Duration = Duration::from_millis(200);

/// A Go server that speaks no TLS.
struct Plain(GoServer);

impl Plain {
    fn start() -> Option<Self> {
        GoServer::start(&[]).map(Self)
    }

    async fn dial(&self, first: u8) -> TcpStream {
        let mut stream = TcpStream::connect(&self.0.addr).await.expect("it listens");
        stream.set_nodelay(true).expect("a TCP option");
        stream.write_all(&[first]).await.expect("it takes the first byte");
        stream
    }

    /// A connection of type 0.
    async fn single(&self) -> Client<TcpStream> {
        Client::new(self.dial(0).await)
    }

    /// A connection of type 4, driven by a task of its own.
    async fn session(&self, config: Config) -> Control {
        let (control, _incoming, driver) = Connection::new(self.dial(4).await, Side::Client, config);
        tokio::spawn(driver);
        control
    }
}

async fn open(session: &Control) -> Client<Stream> {
    Client::new(timeout(PROMPTLY, session.open()).await.expect("in time").expect("the session takes one more stream"))
}

fn put(key: &str, value: impl Into<Bytes>) -> KvsRequest {
    let dir_ent = DirEntry { key: key.into(), value: Some(value.into()), ..DirEntry::default() };
    KvsRequest { datacenter: "dc1".into(), op: KvOp::Set, dir_ent, ..KvsRequest::default() }
}

/// Reads a key; with an index, waits until it is newer, for `wait` at most.
fn get(key: &str, index: u64, wait: Duration) -> KeyRequest {
    let query_options = QueryOptions { min_query_index: index, max_query_time: wait.into(), ..QueryOptions::default() };
    KeyRequest { datacenter: "dc1".into(), key: key.into(), query_options }
}

async fn write<IO: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<IO>, key: &str, value: impl Into<Bytes>) {
    let request = put(key, value);
    let call = client.call::<bool>("KVS.Apply", &request);
    timeout(PROMPTLY, call).await.expect("in time").expect("a write succeeds");
}

/// The value of a key, and the index of the answer.
async fn read<IO: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<IO>, key: &str) -> (Option<Bytes>, u64) {
    let request = get(key, 0, Duration::ZERO);
    let call = client.call::<IndexedDirEntries>("KVS.Get", &request);
    let reply = timeout(PROMPTLY, call).await.expect("in time").expect("a read succeeds");
    (value(&reply), reply.query_meta.index)
}

fn value(reply: &IndexedDirEntries) -> Option<Bytes> {
    reply.entries.iter().flatten().next().and_then(|entry| entry.value.clone())
}

/// Starts a blocking query on a stream of its own and lets it park.
async fn park(session: &Control, key: &str) -> tokio::task::JoinHandle<Result<IndexedDirEntries, CallError>> {
    let mut client = open(session).await;
    write(&mut client, key, "before").await;
    let (_, index) = read(&mut client, key).await;
    let request = get(key, index, Duration::from_secs(60));
    let parked = tokio::spawn(async move { client.call("KVS.Get", &request).await });
    sleep(PARKED).await;
    assert!(!parked.is_finished(), "nothing has changed yet");
    parked
}

#[tokio::test]
async fn calls_on_a_connection_of_their_own_are_answered_in_turn() {
    let Some(server) = Plain::start() else { return };
    let mut client = server.single().await;
    for i in 0..200 {
        client.call_raw("Status.Ping", &[0x80], None).await.expect("a ping succeeds");
        write(&mut client, "single", format!("{i}")).await;
        assert_eq!(read(&mut client, "single").await.0, Some(format!("{i}").into()));
    }
}

#[tokio::test]
async fn an_error_of_a_method_keeps_the_stream_and_an_unknown_method_ends_it() {
    let Some(server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let mut client = open(&session).await;
    let error = client.call::<bool>("KVS.Apply", &put("", "x")).await.expect_err("a key is needed");
    assert!(matches!(&error, CallError::Answered(text) if *text == "Must provide key"), "{error}");
    client.call_raw("Status.Ping", &[0x80], None).await.expect("the stream goes on");
    let error = client.call_raw("KVS.Nothing", &[0x80], None).await.expect_err("there is no such method");
    assert!(matches!(&error, CallError::Answered(text) if *text == "rpc: can't find method KVS.Nothing"), "{error}");
    let error = client.call_raw("Status.Ping", &[0x80], None).await.expect_err("the server has closed the stream");
    assert!(matches!(error, CallError::Lost(_) | CallError::Io(_)), "{error}");
    open(&session).await.call_raw("Status.Ping", &[0x80], None).await.expect("the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_are_served_side_by_side() {
    let Some(server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let all: Vec<_> = (0..1000)
        .map(|i| {
            let session = session.clone();
            tokio::spawn(async move {
                let mut client = open(&session).await;
                write(&mut client, &format!("many/{i}"), format!("{i}")).await;
                (i, client)
            })
        })
        .collect();
    let mut clients = Vec::new();
    for one in all {
        clients.push(one.await.expect("no stream fails"));
    }
    assert_eq!(session.streams(), 1000, "all are open at the same time");
    for (i, client) in &mut clients {
        assert_eq!(read(client, &format!("many/{i}")).await.0, Some(format!("{i}").into()));
    }
    drop(clients);
    timeout(PROMPTLY, async {
        while session.streams() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the server closes its half of every stream");
}

#[tokio::test]
async fn values_larger_than_the_window_pass_both_ways() {
    let Some(server) = Plain::start() else { return };
    for window_bytes in [256 << 10, 4 << 20] {
        let session = server.session(Config { window_bytes, ..Config::default() }).await;
        let mut client = open(&session).await;
        let large = Bytes::from(b"proconsul".repeat(100_000));
        for _ in 0..4 {
            write(&mut client, "large", large.clone()).await;
            assert!(read(&mut client, "large").await.0 == Some(large.clone()), "every byte comes back");
        }
    }
}

#[tokio::test]
async fn a_blocking_query_is_woken_by_a_write() {
    let Some(server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let parked = park(&session, "woken").await;
    write(&mut open(&session).await, "woken", "after").await;
    let reply = timeout(PROMPTLY, parked).await.expect("in time").expect("no panic").expect("an answer");
    assert_eq!(value(&reply), Some("after".into()));
}

#[tokio::test]
async fn a_blocking_query_ends_when_its_time_is_over() {
    let Some(server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let mut client = open(&session).await;
    write(&mut client, "timed", "same").await;
    let (_, index) = read(&mut client, "timed").await;
    let started = Instant::now();
    let request = get("timed", index, Duration::from_millis(300));
    let call = client.call::<IndexedDirEntries>("KVS.Get", &request);
    let reply = timeout(PROMPTLY, call).await.expect("in time").expect("an answer");
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!((value(&reply), reply.query_meta.index), (Some("same".into()), index));
}

#[tokio::test]
async fn our_go_away_leaves_a_stream_in_flight_alone() {
    let Some(server) = Plain::start() else { return };
    let (session, other) = (server.session(Config::default()).await, server.session(Config::default()).await);
    let parked = park(&session, "leaving").await;
    session.go_away();
    write(&mut open(&other).await, "leaving", "after").await;
    let reply = timeout(PROMPTLY, parked).await.expect("in time").expect("no panic").expect("an answer");
    assert_eq!(value(&reply), Some("after".into()));
}

#[tokio::test]
async fn an_answer_comes_after_our_half_close() {
    let Some(server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let mut stream = session.open().await.expect("the first stream");
    let mut request = Vec::new();
    proconsul_netrpc::write_request_header(&mut request, "Status.Ping", proconsul_types::RequestSeq(7), None);
    request.push(0x80);
    stream.write_all(&request).await.expect("it takes the request");
    stream.shutdown().await.expect("our half closes");
    let mut answer = Vec::new();
    timeout(PROMPTLY, stream.read_to_end(&mut answer)).await.expect("in time").expect("the server closes its half too");
    // Header {Error: "", Seq: 7, ServiceMethod: "Status.Ping"}, then an empty map.
    assert_eq!(answer, *b"\x83\xa5Error\xa0\xa3Seq\x07\xadServiceMethod\xabStatus.Ping\x80");
}

#[tokio::test]
async fn keepalives_and_pings_are_answered() {
    let Some(server) = Plain::start() else { return };
    let keepalive_interval = Some(Duration::from_millis(50));
    let config = Config { keepalive_interval, write_timeout: Duration::from_secs(1), ..Config::default() };
    let session = server.session(config).await;
    assert!(timeout(Duration::from_secs(2), session.closed()).await.is_err(), "no keepalive stays unanswered");
    session.ping().await.expect("an answer");
    open(&session).await.call_raw("Status.Ping", &[0x80], None).await.expect("the session serves on");
}

#[tokio::test]
async fn a_killed_server_ends_what_waits_for_it() {
    let Some(mut server) = Plain::start() else { return };
    let session = server.session(Config::default()).await;
    let parked = park(&session, "killed").await;
    server.0.child.kill().expect("it runs");
    let error = timeout(PROMPTLY, parked).await.expect("in time").expect("no panic").expect_err("no answer");
    assert!(matches!(error, CallError::Lost(_) | CallError::Io(_)), "{error}");
    timeout(PROMPTLY, session.closed()).await.expect("the session is over");
    assert!(session.open().await.is_err(), "and opens nothing more");
}
