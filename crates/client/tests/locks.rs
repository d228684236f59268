//! Sessions and locks, against a server of ours.
use std::time::Duration;

use proconsul_client::{
    Client, LOCK_FLAGS, Lock, LockError, Session, SessionOptions,
    structs::{
        kvs::{DirEntry, KeyRequest, KvOp, KvsRequest},
        methods::{kvs, session as sessions},
        session::{Session as Record, SessionOp, SessionRequest, SessionSpecificRequest},
    },
};
use proconsul_server::Server;
use support::{promptly, start};

mod support;

/// A session of the server's own node, without a lock delay.
async fn session(server: &Server, client: &Client) -> Session {
    let options = SessionOptions { lock_delay: Duration::ZERO, ..SessionOptions::default() };
    Session::create(client, server.node_name(), options).await.expect("a session")
}

async fn apply(client: &Client, op: KvOp, dir_ent: DirEntry) {
    client.call::<kvs::Apply>(&KvsRequest { op, dir_ent, ..KvsRequest::default() }).await.expect("it is applied");
}

fn key(key: &str) -> DirEntry {
    DirEntry { key: key.into(), ..DirEntry::default() }
}

async fn read(client: &Client, key: &str) -> Option<DirEntry> {
    let request = KeyRequest { key: key.into(), ..KeyRequest::default() };
    client.call::<kvs::Get>(&request).await.expect("an answer").entries.unwrap_or_default().pop()
}

async fn count(client: &Client) -> usize {
    let all = client.call::<sessions::List>(&SessionSpecificRequest::default()).await.expect("an answer");
    all.sessions.map_or(0, |sessions| sessions.len())
}

async fn taken(session: &Session, key: &str) -> Lock {
    promptly("a lock", session.lock(key, "value")).await.expect("a lock")
}

#[tokio::test]
async fn a_lock_is_held_by_one_and_passes_on_when_it_is_given_back() {
    let (server, client) = start().await;
    let (one, two) = (session(&server, &client).await, session(&server, &client).await);
    let lock = taken(&one, "k").await;
    let entry = read(&client, "k").await.expect("the key");
    assert_eq!(
        (entry.session, entry.flags, entry.value.as_deref()),
        (one.id().clone(), LOCK_FLAGS, Some(&b"value"[..]))
    );
    assert!(two.try_lock("k", "").await.expect("an answer").is_none());

    let waiting = tokio::spawn(async move { two.lock("k", "").await.map(|lock| (lock, two)) });
    assert!(lock.release().await.expect("an answer"));
    let (lock, two) = promptly("the next one", waiting).await.expect("no panic").expect("a lock");
    assert_eq!(read(&client, "k").await.expect("the key").session, *two.id());
    // Whoever forgets to give it back gives it back.
    drop(lock);
    taken(&one, "k").await;
}

#[tokio::test]
async fn a_session_that_ends_loses_its_locks_and_the_next_one_gets_them() {
    let (server, client) = start().await;
    let (one, two) = (session(&server, &client).await, session(&server, &client).await);
    let mut lock = taken(&one, "k").await;
    let request = SessionRequest {
        op: SessionOp::Destroy,
        session: Record { id: one.id().clone(), ..Record::default() },
        ..SessionRequest::default()
    };
    client.call::<sessions::Apply>(&request).await.expect("it ends");
    promptly("the loss", lock.lost()).await;
    promptly("the loss, again", lock.lost()).await;
    assert!(!lock.release().await.expect("an answer"), "there is nothing to give back");
    taken(&two, "k").await;
}

#[tokio::test]
async fn a_lock_is_lost_with_its_key() {
    let (server, client) = start().await;
    let session = session(&server, &client).await;
    let mut lock = taken(&session, "k").await;
    apply(&client, KvOp::Set, DirEntry { flags: LOCK_FLAGS, ..key("k") }).await;
    assert!(tokio::time::timeout(Duration::from_millis(50), lock.lost()).await.is_err(), "another value is no loss");
    apply(&client, KvOp::Delete, key("k")).await;
    promptly("the loss", lock.lost()).await;
    assert!(!session.is_ended());
}

#[tokio::test]
async fn a_session_ends_when_it_is_closed_or_the_last_clone_is_dropped() {
    let (server, client) = start().await;
    let (one, two) = (session(&server, &client).await, session(&server, &client).await);
    let clone = one.clone();
    drop(one);
    assert_eq!(count(&client).await, 2);
    clone.close().await.expect("it is closed");
    assert_eq!(count(&client).await, 1);
    promptly("its end", clone.ended()).await;
    clone.close().await.expect("it is closed already");
    assert!(matches!(clone.lock("k", "").await, Err(LockError::Ended)));
    assert!(matches!(clone.try_lock("k", "").await, Err(LockError::Ended)));

    drop(two);
    let mut watch = client.watch::<sessions::List>(SessionSpecificRequest::default());
    promptly("the end of the dropped one", async {
        while watch.next().await.expect("an answer").sessions.is_some() {}
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_no_lock_is_left_alone() {
    let (server, client) = start().await;
    let session = session(&server, &client).await;
    apply(&client, KvOp::Set, DirEntry { flags: 7, ..key("k") }).await;
    assert!(matches!(session.lock("k", "").await, Err(LockError::NoLock(7))));
    assert!(matches!(session.try_lock("k", "").await, Err(LockError::NoLock(7))));
}

#[tokio::test]
async fn a_lock_delay_keeps_a_key_free_but_unlocked() {
    let (server, client) = start().await;
    let one = Session::create(&client, server.node_name(), SessionOptions::default()).await.expect("a session");
    let lock = taken(&one, "k").await;
    one.close().await.expect("it is closed");
    let two = session(&server, &client).await;
    assert!(two.try_lock("k", "").await.expect("an answer").is_none());
    assert_eq!(read(&client, "k").await.expect("the key").session, "");
    drop(lock);
}

#[tokio::test]
async fn a_session_of_no_node_is_refused() {
    let (_server, client) = start().await;
    let refused = Session::create(&client, "nobody", SessionOptions::default()).await.expect_err("no such node");
    assert_eq!(refused.answered().map(ToString::to_string).as_deref(), Some("apply failed: Missing node registration"));
}
