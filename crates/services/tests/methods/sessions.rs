//! Sessions, locks, and time, which stands still unless a test moves it.
use std::time::Duration;

use proconsul_msgpack::{GoStr, Value};
use proconsul_structs::session::IndexedSessions;

use crate::{
    mutate::map,
    server::{Called, Server},
};

/// A server with the node `n`.
async fn server() -> Server {
    let server = Server::new();
    server.send("Catalog.Register", &map(&[("Node", "n".into()), ("Address", "10.0.0.1".into())])).await.replied();
    server
}

async fn create(server: &Server, session: &[(&str, Value)]) -> String {
    let request = request("create", &[&[("Node", "n".into())], session].concat());
    let id = server.send("Session.Apply", &request).await.replied();
    proconsul_msgpack::from_slice::<GoStr>(&id).unwrap().to_string()
}

fn request(op: &str, session: &[(&str, Value)]) -> Value {
    map(&[("Op", op.into()), ("Session", map(session))])
}

async fn kvs(server: &Server, op: &str, key: &str, session: &str) -> bool {
    let entry = map(&[("Key", key.into()), ("Session", session.into())]);
    let changed = server.send("KVS.Apply", &map(&[("Op", op.into()), ("DirEnt", entry)])).await.replied();
    proconsul_msgpack::from_slice(&changed).unwrap()
}

async fn sessions(server: &Server, method: &str, id: &str) -> usize {
    let reply = server.send(method, &map(&[("SessionID", id.into()), ("Node", "n".into())])).await.replied();
    proconsul_msgpack::from_slice::<IndexedSessions>(&reply).unwrap().sessions.map_or(0, |sessions| sessions.len())
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_session_has_an_id_of_its_own() {
    let server = server().await;
    let (one, two) = (create(&server, &[("ID", "mine".into())]).await, create(&server, &[]).await);
    assert!(one.len() == 36 && two.len() == 36 && one != two, "{one} {two}: the server chooses");
    for (method, count) in [("Session.Get", 1), ("Session.List", 2), ("Session.NodeSessions", 2), ("Session.Renew", 1)]
    {
        assert_eq!(sessions(&server, method, &one).await, count, "{method}");
    }
}

/// Texts of `session_endpoint.go`; where recorded, golden case `session/create-errors`.
#[tokio::test]
async fn what_is_no_session_is_refused() {
    let server = server().await;
    let refused =
        async |op: &str, session: &[(&str, Value)]| match server.send("Session.Apply", &request(op, session)).await {
            Called::Refused(fault) => fault.to_string(),
            _ => String::new(),
        };
    let node = ("Node", Value::from("n"));
    let with = |key: &'static str, value: &str| [node.clone(), (key, value.into())];
    assert_eq!(refused("create", &[]).await, "Must provide Node");
    assert_eq!(refused("destroy", &[]).await, "Must provide ID");
    assert_eq!(refused("frob", std::slice::from_ref(&node)).await, "Invalid session operation \"frob\"");
    assert_eq!(refused("create", &[("Node", "m".into())]).await, "apply failed: Missing node registration");
    assert_eq!(refused("create", &with("Behavior", "explode")).await, "Invalid Behavior setting 'explode'");
    let bounds = "must be between [10s=24h0m0s]";
    assert_eq!(refused("create", &with("TTL", "9999ms")).await, format!("Invalid Session TTL '9999000000', {bounds}"));
    assert_eq!(refused("create", &with("TTL", "-1s")).await, format!("Invalid Session TTL '-1000000000', {bounds}"));
    assert_eq!(refused("create", &with("TTL", "25h")).await, format!("Invalid Session TTL '90000000000000', {bounds}"));
    assert_eq!(
        refused("create", &with("TTL", "10")).await,
        "Session TTL '10' invalid: time: missing unit in duration \"10\""
    );
    for ttl in ["", "0", "0s", "10s", "24h"] {
        assert_eq!(refused("create", &with("TTL", ttl)).await, "", "{ttl}");
    }
    // To end one, too: after it was found that there is one.
    let id = create(&server, &[]).await;
    let explode = [("ID", Value::from(&*id)), ("Behavior", "explode".into())];
    assert_eq!(refused("destroy", &explode).await, "Invalid Behavior setting 'explode'");
    assert_eq!(refused("destroy", &[("ID", "none".into()), explode[1].clone()]).await, "");
    assert_eq!(sessions(&server, "Session.Get", &id).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_renewed_ends_and_wakes_who_waits_for_its_lock() {
    let server = server().await;
    let id = create(&server, &[("TTL", "10s".into())]).await;
    assert!(kvs(&server, "lock", "k", &id).await);
    for _ in 0..3 {
        pass(15).await;
        assert_eq!(sessions(&server, "Session.Renew", &id).await, 1);
    }
    let entry = server.send("KVS.Get", &map(&[("Key", "k".into())])).await.replied();
    let index = proconsul_msgpack::from_slice::<Value>(&entry).unwrap().get("Index").unwrap().clone();
    let wait = ("MaxQueryTime", Value::from(300_000_000_000_u64));
    let Called::Parked(hold) =
        server.send("KVS.Get", &map(&[("Key", "k".into()), ("MinQueryIndex", index), wait])).await
    else {
        panic!("it has news though nothing happened");
    };
    pass(21).await;
    let text = format!("{:?}", server.answer().await);
    assert!(!text.contains(&id), "the lock is free: {text}");
    drop(hold);
    assert_eq!(sessions(&server, "Session.Get", &id).await, 0);
    assert_eq!(sessions(&server, "Session.Renew", &id).await, 0, "it is too late");
}

#[tokio::test(start_paused = true)]
async fn a_lock_delay_keeps_others_from_a_key_that_was_not_given_back() {
    let server = server().await;
    let delay = ("LockDelay", Value::from(15_000_000_000_u64));
    let (holder, other) = (create(&server, std::slice::from_ref(&delay)).await, create(&server, &[delay]).await);
    assert!(kvs(&server, "lock", "k", &holder).await && kvs(&server, "unlock", "k", &holder).await);
    assert!(kvs(&server, "lock", "k", &other).await, "it was given back");
    assert!(kvs(&server, "lock", "l", &holder).await);
    server.send("Session.Apply", &request("destroy", &[("ID", (&*holder).into())])).await.replied();
    assert!(!kvs(&server, "lock", "l", &other).await);
    let step = map(&[("Verb", "lock".into()), ("DirEnt", map(&[("Key", "l".into()), ("Session", (&*other).into())]))]);
    let txn = map(&[("Ops", Value::List(vec![map(&[("KV", step)])]))]);
    let reply: Value = proconsul_msgpack::from_slice(&server.send("Txn.Apply", &txn).await.replied()).unwrap();
    assert!(format!("{reply:?}").contains("due to lock delay"), "nor by a transaction: {reply:?}");
    assert!(!kvs(&server, "set", "l", "").await, "whether it is set is not told");
    pass(14).await;
    assert!(!kvs(&server, "lock", "l", &other).await);
    pass(2).await;
    assert!(kvs(&server, "lock", "l", &other).await);
}
