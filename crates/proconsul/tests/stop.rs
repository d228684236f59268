//! How a server stops: accepting first, then what waits, then what is in hand, and all of it soon.
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use proconsul_msgpack::Value;
use support::{
    PROMPTLY, Running,
    raw::{Session, dial, field, query, read, request, text},
};

/// What a stop may take when nobody is in the middle of anything: much less than the grace for those who are.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn either_signal_ends_it_in_order() {
    for signal in ["INT", "TERM"] {
        let mut server = Running::dev();
        let began = Instant::now();
        server.signal(signal);
        assert_eq!(server.ended(PROMPTLY).code(), Some(0), "SIG{signal}");
        assert!(began.elapsed() < AT_ONCE, "SIG{signal}: {:?}", began.elapsed());
        assert!(TcpStream::connect(server.address).is_err(), "nobody listens any more");
    }
}

#[test]
fn clients_that_are_idle_keep_it_from_nothing() {
    let mut server = Running::dev();
    let mut session = Session::start(server.address);
    session.settle();
    let mut idle: Vec<_> = [&[][..], &[0], &[1], &[3]].iter().map(|first| dial(server.address, first)).collect();
    // Here the server speaks first, and then waits for a preface.
    let mut grpc = dial(server.address, &[8]);
    server.reply("Status.Ping", "{}");
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended(PROMPTLY).code(), Some(0));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    session.listen_to_the_end();
    assert!(session.told_to_go, "a session is told before it is closed");
    for tcp in &mut idle {
        assert_eq!(read(tcp, 1), b"");
    }
    let mut said = Vec::new();
    // A reset is an end too.
    let _reset = grpc.read_to_end(&mut said);
    assert!(said.len() < 100, "its settings, and no more: {said:?}");
}

#[test]
fn queries_that_wait_are_answered_early_with_the_index_of_now() {
    let mut server = Running::dev();
    server.put("k", "dg==");
    let index = server.reply("KVS.Get", r#"{"Key":"k"}"#)["Index"].as_i64().expect("an index");
    let mut session = Session::start(server.address);
    for n in 0..500 {
        session.open(2 * n + 1, &query("k", index));
    }
    session.settle();
    let mut single = dial(server.address, &[0]);
    single.write_all(&query("k", index)).expect("it takes the request");
    assert!(session.streams.is_empty(), "they wait");
    let began = Instant::now();
    server.signal("TERM");
    session.listen_to_the_end();
    assert!(session.told_to_go);
    assert_eq!(server.ended(PROMPTLY).code(), Some(0));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    for n in 0..500 {
        let reply = session.reply(2 * n + 1).expect("each is answered");
        assert_eq!(field(&reply, &["Index"]), &Value::Int(index), "with its current index");
    }
    assert!(!read(&mut single, 4096).is_empty(), "one on a connection of its own too");
}

#[test]
fn answers_on_their_way_are_not_cut_off() {
    let mut server = Running::dev();
    let large = "v".repeat(200_000);
    let mut session = Session::start(server.address);
    let entry = Value::Map(vec![("Key".into(), text("large")), ("Value".into(), text(&large))]);
    session.open(1, &request("KVS.Apply", &[("Op", text("set")), ("DirEnt", entry)]));
    session.listen("the write's answer", |session| session.streams.contains_key(&1));
    let index = server.reply("KVS.Get", r#"{"Key":"large"}"#)["Index"].as_i64().expect("an index");
    for n in 1..100 {
        session.open(2 * n + 1, &query("large", index));
    }
    session.settle();
    server.signal("TERM");
    session.listen("the go-away", |session| session.told_to_go);
    // A client goes on with what a client does while its answers come: here, pings, which nobody needs to answer any more.
    for answered in 1..=99 {
        session.listen("every answer", |session| {
            session.streams.values().filter(|bytes| bytes.len() > large.len()).count() >= answered
        });
        session.ping();
    }
    drop(session);
    assert_eq!(server.ended(PROMPTLY).code(), Some(0));
}

#[test]
fn a_write_in_hand_is_finished() {
    let mut server = Running::dev();
    let entry = Value::Map(vec![("Key".into(), text("late")), ("Value".into(), text("v"))]);
    let write = request("KVS.Apply", &[("Op", text("set")), ("DirEnt", entry)]);
    let (first, rest) = write.split_at(write.len() - 5);
    let mut session = Session::start(server.address);
    session.open(1, first);
    session.settle();
    let mut single = dial(server.address, &[0]);
    single.write_all(first).expect("it takes the bytes");
    server.signal("TERM");
    session.listen("the go-away", |session| session.told_to_go);
    session.send(1, rest);
    session.listen("the answer", |session| session.streams.contains_key(&1));
    assert_eq!(session.reply(1), Some(Value::Bool(false)), "a set without a condition has nothing to tell");
    single.write_all(rest).expect("it takes the bytes");
    assert!(!read(&mut single, 4096).is_empty(), "an answer on the other connection too");
    assert_eq!(server.ended(PROMPTLY).code(), Some(0));
}

#[test]
fn one_that_never_ends_its_request_is_not_waited_for_longer_than_the_grace() {
    let mut server = Running::dev();
    let write = request("KVS.Apply", &[("Op", text("set"))]);
    let mut session = Session::start(server.address);
    session.open(1, &write[..write.len() - 2]);
    session.settle();
    let began = Instant::now();
    server.signal("INT");
    assert_eq!(server.ended(PROMPTLY).code(), Some(0));
    assert!(began.elapsed() >= Duration::from_secs(4), "it had its grace: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}
