//! The examples run against a server of ours.
use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use proconsul_client::{
    Client, Transport,
    structs::{
        kvs::{DirEntry, KeyRequest, KvOp, KvsRequest},
        methods::kvs,
    },
};
use support::{promptly, start};

#[path = "../examples/election.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod election;
#[path = "../examples/keys.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod keys;
#[path = "../examples/registration.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod registration;
mod support;
#[path = "../examples/watch.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod watch;

#[tokio::test]
async fn keys_are_written_read_and_removed() {
    let (_server, client) = start().await;
    for _ in 0..2 {
        promptly("the example", keys::run(&client)).await.expect("it works, and leaves nothing behind");
    }
}

#[tokio::test]
async fn a_service_is_registered_found_and_removed() {
    let (_server, client) = start().await;
    for _ in 0..2 {
        promptly("the example", registration::run(&client)).await.expect("it works, and leaves nothing behind");
    }
}

#[tokio::test]
async fn one_candidate_leads_at_a_time_and_each_leads_once() {
    let (_server, client) = start().await;
    let (leading, led) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let candidate = async |name: &str| {
        let lead = async || {
            assert_eq!(leading.fetch_add(1, SeqCst), 0, "{name} is not the only one");
            let request = KeyRequest { key: election::KEY.into(), ..KeyRequest::default() };
            let read = client.call::<kvs::Get>(&request).await.expect("an answer");
            assert_eq!(read.entries.expect("the leader's key")[0].value.as_deref(), Some(name.as_bytes()));
            led.fetch_add(1, SeqCst);
            leading.fetch_sub(1, SeqCst);
        };
        election::run(&client, name, lead).await.expect("it works");
    };
    promptly("all to have led", Box::pin(async { tokio::join!(candidate("a"), candidate("b"), candidate("c")) })).await;
    assert_eq!(led.into_inner(), 3);
}

#[tokio::test]
async fn a_watch_shows_what_changes() {
    let (server, client) = start().await;
    let writer = Client::connect([server.rpc_address().to_string()], Transport::Plain).await.expect("a connection");
    let (seen, mut answers) = tokio::sync::mpsc::channel(1);
    let watching = watch::run(&client, "w/", |answer| {
        let count = answer.entries.map_or(0, |entries| entries.len());
        seen.try_send(count).expect("the last one was taken");
        if count == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let changing = async {
        for count in 0..=2 {
            assert_eq!(answers.recv().await, Some(count));
            let dir_ent = DirEntry { key: format!("w/{count}").into(), ..DirEntry::default() };
            let request = KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() };
            writer.call::<kvs::Apply>(&request).await.expect("it is written");
        }
    };
    promptly("three answers", async { tokio::join!(watching, changing) }).await;
}
