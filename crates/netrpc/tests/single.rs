//! One net/rpc stream on a connection of its own.
mod common;

use std::time::Duration;

use common::{connection, server, until};
use proconsul_netrpc::{
    client::{CallError, Client},
    server::{End, Limits, Stop},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

fn request(seq: u8, method: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    proconsul_netrpc::write_request_header(&mut bytes, method, proconsul_types::RequestSeq(seq.into()), None);
    bytes.extend_from_slice(body);
    bytes
}

#[tokio::test]
async fn calls_are_answered_one_after_another_in_order() {
    let (server, bench) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    tokio::spawn(server.single(there, connection()));
    let calls =
        [request(1, "Test.Echo", b"\xa1a"), request(2, "Test.Wait", b"\xa1b"), request(3, "Test.Echo", b"\xa1c")];
    here.write_all(&calls.concat()).await.expect("written");
    until("the second call", || bench.waiting() == 1).await;
    let first = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xa9Test.Echo\xa1a";
    let mut got = vec![0; first.len()];
    here.read_exact(&mut got).await.expect("the first answer");
    assert_eq!(got, first);
    bench.go.notify_waiters();
    let rest = b"\x83\xa5Error\xa0\xa3Seq\x02\xadServiceMethod\xa9Test.Wait\xa1b\x83\xa5Error\xa0\xa3Seq\x03\xadServiceMethod\xa9Test.Echo\xa1c";
    let mut got = vec![0; rest.len()];
    here.read_exact(&mut got).await.expect("the other answers");
    assert_eq!(got, rest);
}

#[tokio::test]
async fn where_the_bytes_are_cut_does_not_matter() {
    let calls =
        [request(1, "Test.Echo", b"\xa3abc"), request(2, "Test.Fail", b"\xa2no"), request(3, "Test.Echo", b"\xa0")];
    let whole = calls.concat();
    let mut answers = Vec::new();
    for piece in [1, 2, 3, 7, 11, 40, whole.len()] {
        let (server, _) = server(Limits::default());
        let (mut here, there) = duplex(64 * 1024);
        let serving = tokio::spawn(server.single(there, connection()));
        for chunk in whole.chunks(piece) {
            here.write_all(chunk).await.expect("written");
            tokio::task::yield_now().await;
        }
        here.shutdown().await.expect("shut down");
        let mut got = Vec::new();
        here.read_to_end(&mut got).await.expect("answers");
        serving.await.expect("no panic").expect("a clean end");
        answers.push(got);
    }
    assert!(answers.iter().all(|got| *got == answers[0]), "{answers:?}");
    assert!(answers[0].ends_with(b"\xa0"));
}

#[tokio::test]
async fn an_error_keeps_the_stream_and_an_unknown_method_closes_it() {
    let (server, _) = server(Limits::default());
    let (here, there) = duplex(64 * 1024);
    tokio::spawn(server.single(there, connection()));
    let mut client = Client::new(here);
    let failed = client.call::<String>("Test.Fail", "because").await.expect_err("it fails");
    assert!(matches!(failed, CallError::Answered(text) if text == "because"));
    assert_eq!(client.call::<String>("Test.Echo", "still here").await.expect("a reply"), "still here");
    let unknown = client.call::<String>("Test.Nope", "x").await.expect_err("there is none");
    assert_eq!(unknown.to_string(), "rpc: can't find method Test.Nope");
    let after = client.call::<String>("Test.Echo", "x").await.expect_err("closed");
    assert!(matches!(after, CallError::Lost(_) | CallError::Io(_)), "{after}");
}

#[tokio::test]
async fn a_body_that_is_wrong_and_unfinished_is_answered_at_once() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    tokio::spawn(server.single(there, connection()));
    // A list where a text is due, with most of it still to come.
    here.write_all(&request(1, "Test.Echo", b"\x94\x01")).await.expect("written");
    let mut got = Vec::new();
    here.read_to_end(&mut got).await.expect("an answer and the end");
    assert!(got.starts_with(b"\x83\xa5Error\xda"), "{got:02x?}");
}

#[tokio::test]
async fn a_body_that_goes_on_past_its_apparent_end_is_read_on() {
    // Go takes 0xe1 for the length of a text: 0xe1 ^ 0xa0, so 65 bytes.
    let text = "y".repeat(65);
    let odd = [b"\xe1", text.as_bytes()].concat();
    let whole = [request(1, "Test.Echo", &odd), request(2, "Test.Echo", b"\xa1z")].concat();
    for piece in [1, 30, 90, whole.len()] {
        let (server, _) = server(Limits::default());
        let (mut here, there) = duplex(64 * 1024);
        tokio::spawn(server.single(there, connection()));
        for chunk in whole.chunks(piece) {
            here.write_all(chunk).await.expect("written");
            tokio::task::yield_now().await;
        }
        here.shutdown().await.expect("shut down");
        let mut got = Vec::new();
        here.read_to_end(&mut got).await.expect("answers");
        assert!(got.windows(65).any(|part| part == text.as_bytes()) && got.ends_with(b"\xa1z"), "{piece}: {got:02x?}");
    }
}

#[tokio::test]
async fn a_body_whose_apparent_end_is_not_its_end_is_an_error_when_no_more_comes() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    tokio::spawn(server.single(there, connection()));
    here.write_all(&request(1, "Test.Echo", b"\xe1yyy")).await.expect("written");
    here.shutdown().await.expect("shut down");
    let mut got = Vec::new();
    here.read_to_end(&mut got).await.expect("an answer and the end");
    assert!(got.starts_with(b"\x83\xa5Error\xaeunexpected EOF"), "{got:02x?}");
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up_and_an_idle_stream_is_not() {
    let limits = Limits { request_read_timeout: Duration::from_millis(100), ..Limits::default() };
    let (server, _) = server(limits);
    let (mut slow, there) = duplex(1024);
    let serving = tokio::spawn(server.single(there, connection()));
    let (idle, other) = duplex(1024);
    tokio::spawn(server.single(other, connection()));
    slow.write_all(b"\x82\xa3Seq").await.expect("written");
    let end = serving.await.expect("no panic").expect_err("given up");
    assert!(matches!(end, End::SlowRequest { .. }), "{end}");
    assert_eq!(Client::new(idle).call::<String>("Test.Echo", "x").await.expect("a reply"), "x");
}

#[tokio::test]
async fn what_a_call_waits_on_is_freed_when_its_connection_breaks() {
    let (server, bench) = server(Limits::default());
    for method in ["Test.Wait", "Test.Park"] {
        let (mut here, there) = duplex(1024);
        let serving = tokio::spawn(server.single(there, connection()));
        here.write_all(&request(1, method, b"\xa1x")).await.expect("written");
        until("the call", || bench.waiting() + bench.parked.lock().len() == 1).await;
        serving.abort(); // as a reset does: the connection's future is dropped
        until("nothing", || bench.waiting() + bench.parked.lock().len() == 0).await;
    }
}

#[tokio::test]
async fn a_half_closed_connection_still_gets_its_answer() {
    let (server, bench) = server(Limits::default());
    let (mut here, there) = duplex(1024);
    tokio::spawn(server.single(there, connection()));
    here.write_all(&request(1, "Test.Park", b"\xa1x")).await.expect("written");
    here.shutdown().await.expect("half closed");
    until("the call", || bench.parked.lock().len() == 1).await;
    bench.answer_parked("late");
    let mut got = Vec::new();
    here.read_to_end(&mut got).await.expect("the answer");
    assert!(got.ends_with(b"\xa4late"));
}

#[tokio::test]
async fn a_method_that_nobody_answers_yet_reads_its_body_first() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(1024);
    tokio::spawn(server.single(there, connection()));
    here.write_all(&request(1, "Test.Unserved", b"\x81\xa1a\xdd\x00\xff")).await.expect("written");
    let silent = tokio::time::timeout(Duration::from_millis(100), here.read_u8()).await;
    assert!(silent.is_err(), "the body is not all there");
    drop(here);
}

#[tokio::test]
async fn draining_answers_the_call_in_hand_and_closes() {
    let (server, bench) = server(Limits::default());
    let (here, there) = duplex(1024);
    let connection = connection();
    let serving = tokio::spawn(server.single(there, connection.clone()));
    let calling = tokio::spawn(async move { Client::new(here).call::<String>("Test.Wait", "last").await });
    until("the call", || bench.waiting() == 1).await;
    connection.stop(Stop::Drain);
    bench.go.notify_waiters();
    assert_eq!(calling.await.expect("no panic").expect("a reply"), "last");
    serving.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let limits = Limits { write_timeout: Duration::from_millis(100), ..Limits::default() };
    let (server, _) = server(limits);
    let (mut here, there) = duplex(1024);
    let serving = tokio::spawn(server.single(there, connection()));
    here.write_all(&request(1, "Test.Big", b"\xce\x00\x10\x00\x00")).await.expect("written");
    let end = serving.await.expect("no panic").expect_err("given up");
    assert!(matches!(end, End::SlowReader { .. }), "{end}");
}

#[tokio::test]
async fn a_request_larger_than_the_bound_is_refused() {
    let (server, _) = server(Limits::default());
    let (mut here, there) = duplex(1024 * 1024);
    tokio::spawn(server.single(there, connection()));
    here.write_all(&request(1, "Test.Echo", b"\xdb\x7f\xff\xff\xff")).await.expect("written");
    let chunk = vec![b'x'; 1024 * 1024];
    let writing = async {
        for _ in 0..=proconsul_netrpc::BODY_BYTES_MAX / chunk.len() {
            if here.write_all(&chunk).await.is_err() {
                break;
            }
        }
        let mut got = Vec::new();
        here.read_to_end(&mut got).await.expect("the answer");
        got
    };
    let got = writing.await;
    let text = String::from_utf8_lossy(&got);
    assert!(text.contains("request body is larger than 16 MiB"), "{text}");
}

#[tokio::test]
async fn a_header_larger_than_its_bound_is_refused_however_it_comes() {
    let name = "A".repeat(proconsul_netrpc::HEADER_BYTES_MAX);
    let call = request(1, &name, b"\xa1x");
    for piece in [call.len(), 1000] {
        let (server, _) = server(Limits::default());
        let (mut here, there) = duplex(1024 * 1024);
        tokio::spawn(server.single(there, connection()));
        for chunk in call.chunks(piece) {
            // Closed half way, writing fails; what counts is what is answered.
            let _written = here.write_all(chunk).await;
        }
        let mut got = Vec::new();
        here.read_to_end(&mut got).await.expect("the end");
        assert!(got.is_empty(), "no answer to what is no header");
    }
}
