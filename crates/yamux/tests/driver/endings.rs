//! Closes, failures and timeouts.

use super::*;
use proconsul_yamux::{KEEPALIVE_INTERVAL, OUTPUT_BYTES_MAX, OpenError, PingError, SessionError, WRITE_TIMEOUT};
use std::io::ErrorKind;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_connection_that_takes_nothing_ends_after_the_write_timeout() {
    let (mut peer, (control, _incoming, task)) = by_hand(16);
    let start = Instant::now();
    for value in 0..10 {
        send(&mut peer, Kind::Ping, Flags::SYN, 0, value).await;
    }
    let end = soon(task).await.expect("no panic");
    assert!(matches!(end, Err(ConnectionError::Session(SessionError::WriteTimeout))), "{end:?}");
    assert_eq!(start.elapsed(), WRITE_TIMEOUT);
    soon(control.closed()).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_floods_without_reading_is_read_no_further_and_given_up() {
    let (mut peer, (_control, _incoming, task)) = by_hand(1024);
    let flood = frame(Kind::Ping, Flags::SYN, 0, 1).repeat(2 * OUTPUT_BYTES_MAX / 12);
    let mut taken = 0;
    while let Ok(count) = tokio::time::timeout(WRITE_TIMEOUT / 2, peer.write(&flood[taken..])).await {
        taken += count.expect("not closed yet");
        assert!(taken < flood.len(), "it reads on and on");
    }
    assert!(taken >= OUTPUT_BYTES_MAX, "only {taken} bytes were read");
    assert!(matches!(soon(task).await.expect("no panic"), Err(ConnectionError::Session(SessionError::WriteTimeout))));
}

#[tokio::test]
async fn a_peer_that_floods_and_then_reads_is_served_all_the_same() {
    let (peer, (_control, _incoming, _task)) = by_hand(1024);
    let (mut reader, mut writer) = tokio::io::split(peer);
    let count = 2 * OUTPUT_BYTES_MAX / 12;
    let flood = frame(Kind::Ping, Flags::SYN, 0, 1).repeat(count);
    let mut answers = vec![0; flood.len()];
    let write = async { writer.write_all(&flood).await.expect("read in the end") };
    let read = async {
        tokio::time::sleep(Duration::from_millis(50)).await; // lets the flood hit the bound first
        reader.read_exact(&mut answers).await.expect("answers");
    };
    soon(async { tokio::join!(write, read) }).await;
    assert!(answers == frame(Kind::Ping, Flags::ACK, 0, 1).repeat(count));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_given_up_without_an_answer() {
    let (mut peer, (control, mut incoming, task)) = by_hand(1024);
    let start = Instant::now();
    assert_eq!(next(&mut peer).await, header(Kind::Ping, Flags::SYN, 0, 0));
    assert_eq!(start.elapsed(), KEEPALIVE_INTERVAL);
    let end = soon(task).await.expect("no panic");
    assert!(matches!(end, Err(ConnectionError::Session(SessionError::KeepaliveTimeout))), "{end:?}");
    assert_eq!(start.elapsed(), KEEPALIVE_INTERVAL + WRITE_TIMEOUT);
    assert!(soon(incoming.accept()).await.is_none());
    assert_eq!(control.open().await.err(), Some(OpenError::Over));
}

#[tokio::test(start_paused = true)]
async fn an_idle_pair_keeps_itself_alive() {
    let ((client, _in, a), (_server, _incoming, b)) = pair(1024);
    tokio::time::sleep(KEEPALIVE_INTERVAL * 20).await;
    assert!(!a.is_finished() && !b.is_finished());
    soon(client.ping()).await.expect("alive");
}

#[tokio::test(start_paused = true)]
async fn a_ping_without_answer_fails_alone() {
    let (_peer, (control, _incoming, task)) = by_hand(1024);
    assert_eq!(soon(control.ping()).await, Err(PingError::Timeout(WRITE_TIMEOUT)));
    assert!(!task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_peer_never_finishes_fails_its_reader_in_the_end() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(1024);
    let mut here = client.open().await.expect("open");
    let mut there = soon(incoming.accept()).await.expect("a stream");
    here.shutdown().await.expect("finished");
    let start = Instant::now();
    let end = soon(here.read(&mut [0; 8])).await;
    assert_eq!(end.map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!(start.elapsed(), Duration::from_secs(300));
    let end = soon(there.write_all(&[0; 8])).await;
    assert_eq!(end.map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
    soon(client.ping()).await.expect("the session goes on");
}

#[tokio::test]
async fn a_close_writes_what_was_written_says_so_and_fails_what_is_open() {
    let (mut peer, (control, mut incoming, task)) = by_hand(1024);
    send(&mut peer, Kind::WindowUpdate, Flags::SYN, 1, 0).await;
    let mut stream = soon(incoming.accept()).await.expect("a stream");
    stream.write_all(b"last").await.expect("written");
    soon(control.close()).await;
    assert!(soon(task).await.expect("no panic").is_ok());
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::ACK, 1, 0));
    assert_eq!(next(&mut peer).await, header(Kind::Data, Flags::NONE, 1, 4));
    assert_eq!(next(&mut peer).await, header(Kind::GoAway, Flags::NONE, 0, 0));
    assert_eq!(soon(peer.read(&mut [0; 8])).await.expect("closed"), 0);
    assert_eq!(stream.read(&mut [0; 8]).await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionAborted));
    assert_eq!(stream.write(b"x").await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionAborted));
    assert_eq!(control.open().await.err(), Some(OpenError::Over));
    assert_eq!(control.ping().await, Err(PingError::Over));
    soon(control.close()).await;
}

#[tokio::test]
async fn what_came_before_the_end_can_be_read_after_it() {
    let (mut peer, (control, mut incoming, task)) = by_hand(1024);
    send(&mut peer, Kind::Data, Flags::SYN, 1, 5).await;
    peer.write_all(b"hello").await.expect("read");
    peer.shutdown().await.expect("closed");
    assert!(soon(task).await.expect("no panic").is_ok());
    soon(control.closed()).await;
    let mut stream = soon(incoming.accept()).await.expect("it came before the end");
    let mut got = [0; 5];
    stream.read_exact(&mut got).await.expect("so did its data");
    assert_eq!(stream.read(&mut [0; 8]).await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionAborted));
    assert!(soon(incoming.accept()).await.is_none());
}

#[tokio::test]
async fn input_cut_off_inside_a_frame_is_an_error() {
    let (mut peer, (_control, _incoming, task)) = by_hand(1024);
    peer.write_all(&[0; 3]).await.expect("read");
    drop(peer);
    let end = soon(task).await.expect("no panic");
    assert!(matches!(end, Err(ConnectionError::Io(error)) if error.kind() == ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn a_violation_is_answered_with_a_close() {
    let (mut peer, (_control, mut incoming, task)) = by_hand(1024);
    send(&mut peer, Kind::WindowUpdate, Flags::SYN, 1, 0).await;
    let mut stream = soon(incoming.accept()).await.expect("a stream");
    send(&mut peer, Kind::WindowUpdate, Flags::SYN, 1, 0).await;
    let end = soon(task).await.expect("no panic");
    assert!(matches!(end, Err(ConnectionError::Session(SessionError::DuplicateStream(_)))), "{end:?}");
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::ACK, 1, 0));
    assert_eq!(soon(peer.read(&mut [0; 8])).await.expect("closed"), 0);
    assert_eq!(stream.read(&mut [0; 8]).await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionAborted));
}

#[tokio::test]
async fn a_reset_fails_both_halves_at_both_ends() {
    let ((client, _in, _a), (_server, mut incoming, _b)) = pair(1024);
    let mut here = client.open().await.expect("open");
    let mut there = soon(incoming.accept()).await.expect("a stream");
    let reading = tokio::spawn(async move { there.read(&mut [0; 8]).await });
    here.reset();
    let end = soon(reading).await.expect("no panic");
    assert_eq!(end.map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!(here.write(b"x").await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!(here.shutdown().await.map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn streams_that_nobody_accepts_are_reset() {
    let (mut peer, (_control, incoming, _task)) = by_hand(1024);
    send(&mut peer, Kind::WindowUpdate, Flags::SYN, 1, 0).await;
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::ACK, 1, 0));
    drop(incoming);
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::RST, 1, 0));
    send(&mut peer, Kind::WindowUpdate, Flags::SYN, 3, 0).await;
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::ACK, 3, 0));
    assert_eq!(next(&mut peer).await, header(Kind::WindowUpdate, Flags::RST, 3, 0));
}

#[tokio::test]
async fn a_go_away_ends_new_streams_and_leaves_old_ones() {
    let ((client, _in, _a), (server, mut incoming, _b)) = pair(1024);
    let mut here = client.open().await.expect("open");
    let mut there = soon(incoming.accept()).await.expect("a stream");
    server.go_away();
    soon(server.ping()).await.expect("behind the go-away");
    assert_eq!(client.open().await.err(), Some(OpenError::RemoteGoAway));
    here.write_all(b"old").await.expect("in flight");
    let mut got = [0; 3];
    soon(there.read_exact(&mut got)).await.expect("in flight");
}

#[tokio::test]
async fn a_dropped_driver_fails_every_stream() {
    let (here, _there) = tokio::io::duplex(1024);
    let (control, mut incoming, driver) = Connection::new(here, Side::Client, Config::default());
    let mut stream = control.open().await.expect("open");
    let reading = tokio::spawn(async move { stream.read(&mut [0; 8]).await });
    tokio::task::yield_now().await;
    drop(driver);
    let end = soon(reading).await.expect("no panic");
    assert_eq!(end.map_err(|e| e.kind()), Err(ErrorKind::ConnectionAborted));
    assert!(soon(incoming.accept()).await.is_none());
    soon(control.close()).await;
}
