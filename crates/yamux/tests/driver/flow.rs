//! Data, half-close, windows and wake-ups.

use super::*;
use proconsul_yamux::{ACCEPT_BACKLOG, INITIAL_WINDOW_BYTES, Stream};
use std::io::ErrorKind;

async fn round_trip(mut stream: Stream, bytes: Vec<u8>) {
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let write = async {
        writer.write_all(&bytes).await.expect("written");
        writer.shutdown().await.expect("finished");
    };
    let mut back = Vec::new();
    let (_, read) = soon(async { tokio::join!(write, reader.read_to_end(&mut back)) }).await;
    read.expect("the echo finishes");
    assert!(back == bytes, "{} of {} bytes came back", back.len(), bytes.len());
}

#[tokio::test]
async fn many_streams_carry_their_own_bytes_over_pipes_of_any_width() {
    for capacity in [1, 13, 4096, 1 << 20] {
        let ((client, _in, _a), (_server, incoming, _b)) = pair(capacity);
        echo(incoming);
        let length = if capacity < 4096 { 2000 } else { 700_000 };
        let mut tasks = Vec::new();
        for n in 0..8 {
            let stream = client.open().await.expect("open");
            tasks.push(tokio::spawn(round_trip(stream, content(n, length * n as usize / 4))));
        }
        for task in tasks {
            soon(task).await.expect("whole");
        }
        while client.streams() > 0 {
            soon(client.ping()).await.expect("alive");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_waits_for_window_while_it_reads_is_woken() {
    // Both ends write much more than the windows while each reads in the same task: every wait for window has to end by a
    // wake-up of a task that is also registered as reader.
    for seed in 0..8 {
        let ((client, _in, _a), (_server, mut incoming, _b)) = pair(4096);
        let here = client.open().await.expect("open");
        let there = soon(incoming.accept()).await.expect("a stream");
        let both = |stream: Stream, seed| async move {
            let (mut reader, mut writer) = tokio::io::split(stream);
            let bytes = content(seed, 2_000_000);
            let mut got = Vec::new();
            let write = async {
                writer.write_all(&bytes).await.expect("written");
                writer.shutdown().await.expect("finished");
            };
            let (_, read) = tokio::join!(write, reader.read_to_end(&mut got));
            read.expect("whole");
            got
        };
        let tasks = (tokio::spawn(both(here, seed)), tokio::spawn(both(there, seed + 100)));
        let (a, b) = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(tasks.0, tasks.1) })
            .await
            .unwrap_or_else(|_| panic!("a wake-up was lost, seed {seed}"));
        assert!(a.expect("whole") == content(seed + 100, 2_000_000) && b.expect("whole") == content(seed, 2_000_000));
    }
}

#[tokio::test]
async fn each_half_of_a_stream_closes_alone() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(4096);
    let mut here = client.open().await.expect("open");
    here.write_all(b"question").await.expect("written");
    here.shutdown().await.expect("finished");
    here.shutdown().await.expect("again changes nothing");
    assert_eq!(here.write(b"more").await.map_err(|e| e.kind()), Err(ErrorKind::BrokenPipe));

    let mut there = soon(incoming.accept()).await.expect("a stream");
    let mut question = Vec::new();
    soon(there.read_to_end(&mut question)).await.expect("to its end");
    assert_eq!(question, b"question");
    there.write_all(b"answer").await.expect("its half is open");
    there.shutdown().await.expect("finished");
    let mut answer = Vec::new();
    soon(here.read_to_end(&mut answer)).await.expect("to its end");
    assert_eq!((answer.as_slice(), here.id(), there.id()), (&b"answer"[..], None, None));
    assert_eq!(soon(there.read(&mut [0; 8])).await.expect("still at its end"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_writer_gets_as_far_as_the_readers_window_and_on_when_it_reads() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(1 << 20);
    let mut here = client.open().await.expect("open");
    let mut there = soon(incoming.accept()).await.expect("a stream");
    let bytes = content(1, 1_000_000);
    let mut written = 0;
    while let Ok(count) = tokio::time::timeout(Duration::from_secs(1), here.write(&bytes[written..])).await {
        written += count.expect("open");
    }
    assert_eq!(written, INITIAL_WINDOW_BYTES as usize);
    let mut first = vec![0; written / 2];
    soon(there.read_exact(&mut first)).await.expect("there");
    let more = soon(here.write(&bytes[written..])).await.expect("window again");
    assert_eq!(more, written / 2);
    assert!(first == bytes[..written / 2]);
}

#[tokio::test]
async fn a_stream_left_silent_holds_up_no_other() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(4096);
    let _silent = client.open().await.expect("open");
    let _ignored = soon(incoming.accept()).await.expect("the silent one");
    let mut stuck = client.open().await.expect("open");
    let _unread = soon(incoming.accept()).await.expect("the one that nobody reads");
    stuck.write_all(&content(0, INITIAL_WINDOW_BYTES as usize)).await.expect("within its window");
    echo(incoming);
    round_trip(client.open().await.expect("open"), content(7, 600_000)).await;
}

#[tokio::test]
async fn data_is_read_while_nothing_can_be_written() {
    let (mut peer, (_control, mut incoming, _task)) = by_hand(64);
    // 64 bytes of pipe towards us; towards the peer it is full after five answers that it does not read.
    for value in 0..50 {
        send(&mut peer, Kind::Ping, Flags::SYN, 0, value).await;
    }
    send(&mut peer, Kind::Data, Flags::SYN, 1, 5).await;
    peer.write_all(b"hello").await.expect("read");
    let mut stream = soon(incoming.accept()).await.expect("a stream");
    let mut got = [0; 5];
    soon(stream.read_exact(&mut got)).await.expect("read");
    assert_eq!(&got, b"hello");
    for value in 0..50 {
        assert_eq!(next(&mut peer).await, header(Kind::Ping, Flags::ACK, 0, value));
    }
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::ACK, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn opening_waits_while_the_peers_backlog_is_full() {
    let (here, mut peer) = tokio::io::duplex(1 << 16);
    let (client, _in, _task) = start(here, Side::Client, Config::default());
    let mut streams = Vec::new();
    for _ in 0..ACCEPT_BACKLOG {
        streams.push(soon(client.open()).await.expect("open"));
    }
    let late = tokio::spawn({
        let client = client.clone();
        async move { client.open().await }
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!late.is_finished());
    send(&mut peer, Kind::WindowUpdate, Flags::ACK, 1, 0).await;
    soon(late).await.expect("no panic").expect("open");
}

#[tokio::test]
async fn a_ping_tells_the_time_it_took_and_each_caller_gets_its_own_answer() {
    let ((client, _in, _a), (server, _incoming, _b)) = pair(4096);
    let (a, b, c) = soon(async { tokio::join!(client.ping(), client.ping(), server.ping()) }).await;
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
}

#[tokio::test]
async fn a_dropped_stream_is_finished_with_all_that_was_written() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(4096);
    let mut here = client.open().await.expect("open");
    here.write_all(b"last words").await.expect("written");
    drop(here);
    let mut there = soon(incoming.accept()).await.expect("a stream");
    let mut got = Vec::new();
    soon(there.read_to_end(&mut got)).await.expect("finished, not reset");
    assert_eq!(got, b"last words");
    drop(there);
    while client.streams() > 0 {
        soon(client.ping()).await.expect("alive");
    }
}
