//! What one peer can take, in time and in room. The clock is paused: it moves on whenever everybody waits.

use std::time::Duration;

use super::support::{Habits, Running, status, to_the_end};
use proconsul_admin::{
    ANSWER_TIME_MAX, BODY_TIME_MAX, CONNECTIONS_MAX, DRAIN_TIME_MAX, EVERY, HEADER_BYTES_MAX, HEADER_TIME_MAX,
    HEADERS_MAX, SUBSCRIBERS_MAX, TOKEN_HEADER, WRITE_TIME_MAX,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

/// A clock that was moved by others may be a little further.
const SLACK: Duration = Duration::from_millis(200);

async fn running() -> Running {
    Running::tcp(Habits::default()).await
}

async fn send(running: &Running, text: &str) -> TcpStream {
    let mut io = running.connect().await;
    io.write_all(text.as_bytes()).await.expect("written");
    io
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for() {
    let running = running().await;
    let start = Instant::now();
    assert_eq!(to_the_end(&mut running.connect().await).await, "");
    assert!((HEADER_TIME_MAX..HEADER_TIME_MAX + SLACK).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_has_the_same_time() {
    let running = running().await;
    let start = Instant::now();
    let mut io = running.connect().await;
    let (mut read, mut write) = io.split();
    let drip = async {
        while write.write_all(b"G").await.is_ok() {
            sleep(HEADER_TIME_MAX / 8).await;
        }
    };
    let mut got = Vec::new();
    tokio::select! {
        () = drip => {}
        _closed = read.read_to_end(&mut got) => {}
    }
    assert!(start.elapsed() < HEADER_TIME_MAX + SLACK, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_at_rest_ends() {
    let running = running().await;
    let mut io = send(&running, &format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", running.port())).await;
    let start = Instant::now();
    let got = to_the_end(&mut io).await;
    assert_eq!(status(&got), 200);
    assert!(start.elapsed() < HEADER_TIME_MAX + SLACK, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let running = running().await;
    let token = running.token.reveal();
    let head = running.request("POST /v1/conns/1/kill", &format!("{TOKEN_HEADER}: {token}\r\nContent-Length: 5\r\n"));
    let start = Instant::now();
    let answer = to_the_end(&mut send(&running, &head).await).await;
    assert_eq!(status(&answer), 408);
    assert!(start.elapsed() < BODY_TIME_MAX + SLACK, "{:?}", start.elapsed());
    assert!(running.killed.lock().expect("no panic").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let running = Running::tcp(Habits { streams_hang: true, ..Habits::default() }).await;
    let start = Instant::now();
    assert_eq!(running.status("GET /v1/streams", "").await, 503);
    assert!(start.elapsed() < ANSWER_TIME_MAX + SLACK, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_is_bounded_in_bytes_and_in_lines() {
    let running = running().await;
    assert_eq!(running.status(&format!("GET /healthz?{}", "x".repeat(8_000)), "").await, 200);
    let long = "x".repeat(HEADER_BYTES_MAX);
    assert!((400..500).contains(&running.status("GET /", &format!("Long: {long}\r\n")).await));
    assert!((400..500).contains(&running.status(&format!("GET /{long}"), "").await));
    assert!((400..500).contains(&running.status("GET /", &"A: b\r\n".repeat(HEADERS_MAX)).await));
    // Without an end in sight it is not kept for ever either.
    let mut io = running.connect().await;
    let mut sent = 0;
    while sent < 64 * HEADER_BYTES_MAX && io.write_all(&[b'x'; 1024]).await.is_ok() {
        sent += 1024;
        tokio::task::yield_now().await;
    }
    let answer = to_the_end(&mut io).await;
    assert!(matches!(status(&answer), 0 | 400..500), "{answer}");
}

#[tokio::test]
async fn who_watches_beyond_the_bound_is_refused_and_others_are_served() {
    let running = running().await;
    let mut watching = Vec::new();
    for _ in 0..SUBSCRIBERS_MAX {
        let mut io = send(&running, &running.request("GET /events", "")).await;
        let mut first = [0; 12];
        io.read_exact(&mut first).await.expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 200");
        watching.push(io);
    }
    assert_eq!(running.status("GET /events", "").await, 503);
    assert_eq!(running.status("GET /healthz", "").await, 200);
    drop(watching);
    // Places are given back when the server sees that a peer has gone, which takes an event at most.
    while running.events_are_refused().await {}
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_bound_wait_until_another_ends() {
    let running = running().await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        silent.push(running.connect().await);
    }
    let start = Instant::now();
    let answer = running.status("GET /healthz", "").await;
    assert_eq!(answer, 200);
    assert!(start.elapsed() >= HEADER_TIME_MAX - SLACK, "it waited for a place: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_does_not_read_is_dropped() {
    let running = Running::tcp(Habits { conns: 200, name_bytes: 128, ..Habits::default() }).await;
    let mut io = send(&running, &running.request("GET /events", "")).await;
    // Its buffers and ours fill up; then its time runs.
    sleep(2_000 * EVERY + WRITE_TIME_MAX).await;
    let start = Instant::now();
    let got = to_the_end(&mut io).await;
    assert!(got.len() > 10_000 && !got.ends_with("0\r\n\r\n"), "cut off, after {} bytes", got.len());
    assert!(start.elapsed() < EVERY, "it had ended before: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_answers_in_hand_and_not_for_ever() {
    let running = Running::tcp(Habits { streams_hang: true, ..Habits::default() }).await;
    let mut hanging = send(&running, &running.request("GET /v1/streams", "")).await;
    let mut silent = running.connect().await;
    sleep(EVERY).await;
    let (start, port) = (Instant::now(), running.port());
    running.stop().await;
    assert!(start.elapsed() <= DRAIN_TIME_MAX + SLACK, "{:?}", start.elapsed());
    assert_eq!(to_the_end(&mut hanging).await, "", "dropped");
    assert_eq!(to_the_end(&mut silent).await, "", "dropped");
    TcpStream::connect(port).await.expect_err("nobody listens any more");
}
