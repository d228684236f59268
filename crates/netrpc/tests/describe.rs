//! A connection says what it does when it is asked.
mod common;

use std::time::Duration;

use common::{connection, server, until};
use proconsul_netrpc::{
    client::{CallError, Client},
    server::{ASKING_MAX, CallState, Limits},
};
use proconsul_types::RequestSeq;
use proconsul_yamux::{Config, Connection, Side};
use tokio::io::{AsyncWriteExt, duplex};

#[tokio::test]
async fn a_session_tells_its_streams_and_what_they_wait_for() {
    let (server, bench) = server(Limits::default());
    let (here, there) = duplex(64 * 1024);
    let served = connection();
    tokio::spawn(server.session(there, served.clone()));
    let (control, _, driver) = Connection::new(here, Side::Client, Config::default());
    tokio::spawn(driver);

    let mut talks = Client::new(control.open().await.expect("a stream"));
    for _ in 0..3 {
        assert_eq!(talks.call::<String>("Test.Echo", "x").await.expect("a reply"), "x");
    }
    let refused = talks.call::<String>("Test.Fail", "no").await;
    assert!(matches!(refused, Err(CallError::Answered(_))), "{refused:?}");
    let mut waiting = Vec::new();
    for method in ["Test.Wait", "Test.Park"] {
        let stream = control.open().await.expect("a stream");
        waiting.push(tokio::spawn(async move { Client::new(stream).call::<String>(method, "x").await }));
    }
    until("both to wait", || bench.waiting() + bench.parked.lock().len() == 2).await;
    let mut begins = control.open().await.expect("a stream");
    begins.write_all(b"\x82\xa3Seq").await.expect("written");
    begins.flush().await.expect("sent");
    // Frames are served in order: when this is answered, the beginning of the request is there.
    assert_eq!(talks.call::<String>("Test.Echo", "y").await.expect("a reply"), "y");

    let told = served.describe().await.expect("it is served");
    assert_eq!((told.calls, told.errors, told.streams_total), (7, 1, 4), "{told:#?}");
    assert_eq!((told.in_hand(), told.held_bytes, told.unsent_bytes), (2, 5, 0), "{told:#?}");
    let stream = |id| told.streams.iter().find(|stream| stream.id == Some(id)).expect("a stream of this number");
    assert_eq!((stream(1).calls, stream(1).errors, stream(1).current), (5, 1, None));
    for (id, method, state) in [(3, "Test.Wait", CallState::Running), (5, "Test.Park", CallState::Parked)] {
        let call = stream(id).current.expect("a call in hand");
        assert_eq!((call.method, call.seq, call.state), (method, RequestSeq(1), state));
        assert!(call.age < Duration::from_secs(60), "{:?}", call.age);
        assert!(told.oldest().is_some_and(|oldest| oldest.age >= call.age));
    }
    assert!(stream(7).receiving && !stream(1).receiving, "{told:#?}");
    assert!(told.streams[..2].iter().all(|stream| stream.current.is_some()), "those with a call come first");

    bench.go.notify_waiters();
    bench.answer_parked("later");
    for call in waiting {
        call.await.expect("no panic").expect("a reply");
    }
    let told = served.describe().await.expect("it is served");
    assert_eq!((told.calls, told.errors, told.in_hand()), (7, 1, 0));
}

#[tokio::test]
async fn errors_that_come_late_are_counted_with_their_stream() {
    let (server, bench) = server(Limits::default());
    let (mut here, there) = duplex(64 * 1024);
    let served = connection();
    tokio::spawn(server.single(there, served.clone()));
    let mut client = Client::new(&mut here);
    let (answer, ()) = tokio::join!(client.call::<String>("Test.Park", "x"), async {
        until("it to be parked", || bench.parked.lock().len() == 1).await;
        let told = served.describe().await.expect("it is served");
        let stream = &told.streams[0];
        assert_eq!((stream.id, stream.calls, stream.errors), (None, 1, 0));
        assert!(stream.current.is_some_and(|call| call.state == CallState::Parked), "{told:?}");
        let call = bench.parked.lock().drain().next().expect("a parked call").1;
        call.send(Err(proconsul_netrpc::Fault::answer("no")));
    });
    assert!(matches!(answer, Err(CallError::Answered(_))), "{answer:?}");
    let told = served.describe().await.expect("it is served");
    assert_eq!((told.calls, told.errors, told.streams[0].errors, told.in_hand()), (1, 1, 1, 0));
}

#[tokio::test]
async fn a_connection_that_is_over_says_nothing() {
    let (server, _) = server(Limits::default());
    let (here, there) = duplex(1024);
    let served = connection();
    // Asked before anybody serves it: told in the first turn.
    let mut question = Box::pin(served.describe());
    assert!(futures_util::poll!(&mut question).is_pending());
    let serving = tokio::spawn(server.session(there, served.clone()));
    let told = question.await;
    assert_eq!(told.map(|told| told.streams_total), Some(0));
    drop(here);
    serving.await.expect("no panic").expect("it ended well");
    assert_eq!(served.describe().await, None);
}

#[tokio::test]
async fn those_who_ask_are_bounded_and_make_room_when_they_go() {
    let served = connection();
    let mut asking: Vec<_> = (0..ASKING_MAX).map(|_| Box::pin(served.describe())).collect();
    for question in &mut asking {
        assert!(futures_util::poll!(question).is_pending(), "nobody serves it yet");
    }
    assert_eq!(served.describe().await, None, "one too many");
    asking.pop();
    assert!(futures_util::poll!(Box::pin(served.describe())).is_pending(), "there is room again");
}
