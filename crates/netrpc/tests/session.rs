//! Many net/rpc streams over yamux.
mod common;

use std::{sync::Arc, time::Duration};

use common::{Bench, connection, server, until};
use proconsul_netrpc::{
    Dispatch,
    client::{CallError, Client},
    server::{Connection as Served, End, Limits, Server, Stop},
};
use proconsul_yamux::{Config, Connection, Control, Side};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

struct Rig {
    control: Control,
    bench: Arc<Bench>,
    connection: Arc<Served>,
    serving: JoinHandle<Result<(), End>>,
    driving: JoinHandle<()>,
}

fn serve(server: &Server<Dispatch>, io: DuplexStream) -> (Arc<Served>, JoinHandle<Result<(), End>>) {
    let connection = connection();
    let serving = tokio::spawn(server.session(io, connection.clone()));
    (connection, serving)
}

fn rig(limits: Limits) -> Rig {
    let (server, bench) = server(limits);
    let (here, there) = duplex(256 * 1024);
    let (connection, serving) = serve(&server, there);
    let (control, _, driver) = Connection::new(here, Side::Client, Config::default());
    let driving = tokio::spawn(async move {
        let _ended = driver.await;
    });
    Rig { control, bench, connection, serving, driving }
}

async fn echo(control: &Control, text: &str) -> String {
    let stream = control.open().await.expect("a stream");
    Client::new(stream).call("Test.Echo", text).await.expect("a reply")
}

#[tokio::test]
async fn a_thousand_streams_answer_while_as_many_wait() {
    let rig = rig(Limits::default());
    let mut waiting = Vec::new();
    for number in 0..1000 {
        let stream = rig.control.open().await.expect("a stream");
        waiting.push(tokio::spawn(async move {
            Client::new(stream).call::<String>("Test.Wait", &number.to_string()).await.expect("a reply")
        }));
    }
    until("all to wait", || rig.bench.waiting() == 1000).await;
    for number in 0..1000 {
        let text = number.to_string();
        assert_eq!(echo(&rig.control, &text).await, text);
    }
    rig.bench.go.notify_waiters();
    for (number, call) in waiting.into_iter().enumerate() {
        assert_eq!(call.await.expect("no panic"), number.to_string());
    }
}

#[tokio::test]
async fn a_stream_left_silent_or_half_way_holds_nobody() {
    let rig = rig(Limits::default());
    let _silent = rig.control.open().await.expect("a stream");
    let mut half = rig.control.open().await.expect("a stream");
    half.write_all(b"\x82\xa3Se").await.expect("written");
    half.flush().await.expect("sent");
    assert_eq!(echo(&rig.control, "others go on").await, "others go on");
}

#[tokio::test]
async fn nothing_of_a_frame_is_answered_before_all_of_it_is_there() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    tokio::spawn(server.session(there, connection()));
    let request = b"\x82\xa3Seq\x01\xadServiceMethod\xa9Test.Echo\xa1a";
    let length = 2 * request.len() as u8;
    let frame = [&[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, length][..], request].concat();
    here.write_all(&frame).await.expect("written");
    let mut ack = [0; 12];
    here.read_exact(&mut ack).await.expect("the stream is acknowledged");
    let answer = tokio::time::timeout(Duration::from_millis(100), here.read(&mut [0; 1])).await;
    assert!(answer.is_err(), "answered half a frame");
    here.write_all(request).await.expect("written");
    let reply = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xa9Test.Echo\xa1a";
    let mut got = vec![0; 2 * (12 + reply.len())];
    here.read_exact(&mut got).await.expect("both answers");
    assert!(got.ends_with(reply), "{got:02x?}");
}

#[tokio::test]
async fn a_slow_request_costs_its_stream_only() {
    let rig = rig(Limits { request_read_timeout: Duration::from_millis(100), ..Limits::default() });
    let mut slow = rig.control.open().await.expect("a stream");
    slow.write_all(b"\x82\xa3Seq\x01\xadServiceMethod\xa9Test.Echo\xa9").await.expect("written");
    let mut got = Vec::new();
    slow.read_to_end(&mut got).await.expect("an answer and the end");
    assert!(String::from_utf8_lossy(&got).contains("was not whole"), "{got:?}");
    assert_eq!(echo(&rig.control, "x").await, "x");
}

#[tokio::test]
async fn a_reset_stream_frees_what_it_waited_on() {
    let rig = rig(Limits::default());
    for method in ["Test.Wait", "Test.Park"] {
        let mut stream = rig.control.open().await.expect("a stream");
        let mut request = Vec::new();
        proconsul_netrpc::write_request_header(&mut request, method, proconsul_types::RequestSeq(1), None);
        request.extend_from_slice(b"\xa1x");
        stream.write_all(&request).await.expect("written");
        until("the call", || rig.bench.waiting() + rig.bench.parked.lock().len() == 1).await;
        stream.reset();
        until("nothing", || rig.bench.waiting() + rig.bench.parked.lock().len() == 0).await;
    }
    assert_eq!(echo(&rig.control, "x").await, "x");
}

#[tokio::test]
async fn ten_thousand_parked_calls_are_gone_with_their_session() {
    let limits = Limits::default();
    let rig = rig(limits);
    let mut streams = Vec::new();
    let mut request = Vec::new();
    proconsul_netrpc::write_request_header(&mut request, "Test.Park", proconsul_types::RequestSeq(1), None);
    request.extend_from_slice(b"\xa1x");
    for _ in 0..10_000 {
        let mut stream = rig.control.open().await.expect("a stream");
        stream.write_all(&request).await.expect("written");
        streams.push(stream);
    }
    until("all to park", || rig.bench.parked.lock().len() == 10_000).await;
    rig.driving.abort(); // the connection breaks
    until("nothing", || rig.bench.parked.lock().is_empty()).await;
    // The session ends, cleanly or not; what matters is that it does.
    let _ended = rig.serving.await.expect("no panic");
}

#[tokio::test]
async fn a_reply_larger_than_the_window_is_sent_as_it_opens() {
    let rig = rig(Limits::default());
    let stream = rig.control.open().await.expect("a stream");
    let big: String = Client::new(stream).call("Test.Big", &3_000_000_u64).await.expect("a reply");
    assert_eq!(big.len(), 3_000_000);
    let stream = rig.control.open().await.expect("a stream");
    let sent = "y".repeat(2_000_000);
    assert_eq!(Client::new(stream).call::<String>("Test.Echo", &sent).await.expect("a reply"), sent);
}

#[tokio::test]
async fn a_parked_answer_of_any_size_reaches_its_stream() {
    let rig = rig(Limits::default());
    for size in [1, 5_000, 700_000] {
        let stream = rig.control.open().await.expect("a stream");
        let call = tokio::spawn(async move { Client::new(stream).call::<String>("Test.Park", "x").await });
        until("the call", || rig.bench.parked.lock().len() == 1).await;
        rig.bench.answer_parked(&"z".repeat(size));
        assert_eq!(call.await.expect("no panic").expect("a reply").len(), size);
    }
}

#[tokio::test]
async fn draining_says_go_away_answers_what_is_in_hand_and_ends() {
    let rig = rig(Limits::default());
    let stream = rig.control.open().await.expect("a stream");
    let call = tokio::spawn(async move { Client::new(stream).call::<String>("Test.Wait", "last").await });
    until("the call", || rig.bench.waiting() == 1).await;
    rig.connection.stop(Stop::Drain);
    rig.bench.go.notify_waiters();
    assert_eq!(call.await.expect("no panic").expect("a reply"), "last");
    rig.serving.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_peer_that_never_reads_costs_a_bounded_amount_and_then_its_session() {
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let (server, _) = server(limits);
    let (mut here, there) = duplex(64 * 1024);
    let (_, serving) = serve(&server, there);
    let mut request = Vec::new();
    proconsul_netrpc::write_request_header(&mut request, "Test.Big", proconsul_types::RequestSeq(1), None);
    request.extend_from_slice(b"\xce\x00\x04\x00\x00");
    let flood = async {
        for stream in 0_u32..100_000 {
            let mut frame = vec![0, 0, 0, 1];
            frame.extend_from_slice(&(2 * stream + 1).to_be_bytes());
            frame.extend_from_slice(&(request.len() as u32).to_be_bytes());
            frame.extend_from_slice(&request);
            if here.write_all(&frame).await.is_err() {
                break;
            }
        }
    };
    flood.await;
    let end = serving.await.expect("no panic").expect_err("given up");
    assert!(matches!(end, End::SlowReader { .. }), "{end}");
}

#[tokio::test]
async fn streams_that_are_not_net_rpc_end_as_consul_ends_them() {
    // Gossip on a stream: that stream is closed, others live.
    let rig = rig(Limits::default());
    let mut gossip = rig.control.open().await.expect("a stream");
    gossip.write_all(&[6]).await.expect("written");
    let mut got = Vec::new();
    gossip.read_to_end(&mut got).await.expect("the end");
    assert!(got.is_empty());
    assert_eq!(echo(&rig.control, "x").await, "x");
    // A stream that ends before its first byte: the session ends.
    let mut nothing = rig.control.open().await.expect("a stream");
    nothing.shutdown().await.expect("finished");
    let end = rig.serving.await.expect("no panic");
    assert!(matches!(end, Err(End::Malformed)), "{end:?}");
}

#[tokio::test]
async fn a_call_on_a_stopped_server_is_lost_not_hanging() {
    let rig = rig(Limits::default());
    let stream = rig.control.open().await.expect("a stream");
    let call = tokio::spawn(async move { Client::new(stream).call::<String>("Test.Wait", "x").await });
    until("the call", || rig.bench.waiting() == 1).await;
    rig.connection.stop(Stop::Now);
    let lost = call.await.expect("no panic").expect_err("no reply");
    assert!(matches!(lost, CallError::Lost(_) | CallError::Io(_)), "{lost}");
    until("nothing", || rig.bench.waiting() == 0).await;
}

#[tokio::test]
async fn draining_does_not_wait_for_requests_that_came_in_pieces_long_ago() {
    let rig = rig(Limits::default());
    let mut stream = rig.control.open().await.expect("a stream");
    for piece in [&b"\x82\xa3Seq\x01\xadService"[..], b"Method\xa9Test.Echo\xa1x"] {
        stream.write_all(piece).await.expect("written");
        echo(&rig.control, "the piece has arrived").await;
    }
    let mut got = [0; 8];
    stream.read_exact(&mut got).await.expect("an answer");
    rig.connection.stop(Stop::Drain);
    let ended = tokio::time::timeout(Duration::from_secs(5), rig.serving).await;
    ended.expect("at once").expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn streams_that_are_not_read_from_put_off_the_others_but_cost_a_bounded_amount() {
    let rig = rig(Limits::default());
    let mut request = Vec::new();
    proconsul_netrpc::write_request_header(&mut request, "Test.Big", proconsul_types::RequestSeq(1), None);
    request.extend_from_slice(b"\xce\x00\x80\x00\x00"); // 8 MiB
    let mut unread = Vec::new();
    for _ in 0..8 {
        let mut stream = rig.control.open().await.expect("a stream");
        stream.write_all(&request).await.expect("written");
        unread.push(stream);
    }
    // Every answer comes in the end, whole, once its stream is read from: header, length, and what it is the length of.
    const HEADER: usize = 36 + 5;
    let mut total = 0;
    for mut stream in unread {
        let mut got = vec![0; HEADER + 8 * 1024 * 1024];
        stream.read_exact(&mut got).await.expect("the answer");
        total += got.len();
    }
    assert!(total > 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_stream_answers_no_further_than_its_window_is_open_and_goes_on_when_it_is() {
    let rig = rig(Limits::default());
    let mut stream = rig.control.open().await.expect("a stream");
    let mut requests = Vec::new();
    for seq in 1..=40 {
        proconsul_netrpc::write_request_header(&mut requests, "Test.Big", proconsul_types::RequestSeq(seq), None);
        requests.extend_from_slice(b"\xce\x00\x08\x00\x00"); // 512 KiB
    }
    stream.write_all(&requests).await.expect("written");
    assert_eq!(echo(&rig.control, "others go on").await, "others go on");
    let answered = rig.bench.big();
    assert!((1..=2).contains(&answered), "{answered} were answered to nobody");
    stream.shutdown().await.expect("finished");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.expect("every answer, and the end");
    assert_eq!(rig.bench.big(), 40);
    assert!(got.len() > 40 * 512 * 1024);
}

#[tokio::test]
async fn a_request_that_is_refused_half_way_can_be_written_to_its_end() {
    let rig = rig(Limits::default());
    let mut stream = rig.control.open().await.expect("a stream");
    let mut request = Vec::new();
    proconsul_netrpc::write_request_header(&mut request, "Test.Nothing", proconsul_types::RequestSeq(1), None);
    request.resize(4 * 1024 * 1024, 0);
    stream.write_all(&request).await.expect("written");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.expect("the refusal, and the end");
    assert!(String::from_utf8_lossy(&got).contains("can't find method Test.Nothing"), "{got:?}");
}

#[tokio::test]
async fn what_was_answered_before_the_end_reaches_a_peer_that_goes_on_writing() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    let (connection, serving) = serve(&server, there);
    // A stream, then a ping, after the server was told to drain: both ends go on until this one closes.
    connection.stop(Stop::Drain);
    let mut got = vec![0; 12];
    here.read_exact(&mut got).await.expect("the go-away");
    here.write_all(&[0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]).await.expect("the connection is not reset");
    let mut rest = Vec::new();
    here.read_to_end(&mut rest).await.expect("our side is closed in order");
    assert!(!serving.is_finished(), "it waits for the other side");
    drop(here);
    serving.await.expect("no panic").expect("a clean end");
}
