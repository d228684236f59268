//! The same edges for every method that has them: another datacenter, waits of any length, filters that are none, operations that
//! nobody knows, and keys, values and names of any bytes and any length.
use bytes::Bytes;
use proconsul_msgpack::Value;
use proconsul_structs::{METHODS, methods};
use proconsul_types::MethodRow;

use crate::{
    SERVED,
    mutate::{self, map},
    recorded,
    server::{Called, Server},
};

/// More than Consul's HTTP interface takes for a value, and far less than a request may have here.
const LARGE: usize = 4 * 1024 * 1024;

fn row(name: &str) -> &'static MethodRow {
    &METHODS[usize::from(methods::find(name).unwrap())]
}

/// A whole request that the method takes, with another value in one of its fields; `None` if it has no such field.
fn with(name: &str, field: &str, value: &Value) -> Option<Value> {
    // A field that every row has which is filtered, but for an instance with its checks.
    let of_instances = ["Health.ServiceNodes", "Internal.ServiceDump"].contains(&name);
    let filter = if of_instances { "Node.Node != other" } else { "PeerName != other" };
    let Value::Map(mut fields) = mutate::acceptable(&recorded::requests(row(name).arg).pop()?, 0, filter) else {
        return None;
    };
    fields.iter_mut().find(|(key, _)| key == field)?.1 = value.clone();
    Some(Value::Map(fields))
}

/// A server with a service, and every method that has this field, with a request that has this in it.
async fn each(field: &str, value: &Value) -> (Server, Vec<(&'static str, Value)>) {
    let server = Server::new();
    let service = map(&[("Service", "web".into())]);
    let node = map(&[("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)]);
    server.send("Catalog.Register", &node).await.replied();
    (server, SERVED.iter().filter_map(|name| Some((*name, with(name, field, value)?))).collect())
}

#[tokio::test]
async fn another_datacenter_is_refused_by_every_method_that_looks_where_it_is_asked() {
    // Who passes it on to all datacenters by itself does not look, and a ping proves that somebody is there.
    let takes_any = ["Catalog.ListDatacenters", "Internal.KeyringOperation", "Status.Ping", "Status.RaftStats"];
    for elsewhere in ["dc2", "DC1", "dc1 ", "\0", "dc1\0"] {
        let (server, requests) = each("Datacenter", &elsewhere.into()).await;
        assert!(requests.len() > 30, "{}", requests.len());
        for (name, request) in requests.into_iter().filter(|(name, _)| !takes_any.contains(name)) {
            assert_eq!(server.send(name, &request).await.refused(), "No path to datacenter", "{name} {elsewhere:?}");
        }
        server.assert_lives().await;
    }
}

#[tokio::test]
async fn an_index_from_the_future_waits_however_long_the_wait_is_said_to_be() {
    let mut waits = 0;
    for wait in [0, 1 << 40, -1, i64::MIN, i64::MAX] {
        for past in [1 << 40, u64::MAX] {
            let (server, requests) = each("MinQueryIndex", &past.into()).await;
            for (name, request) in requests.into_iter().filter(|(name, _)| row(name).blocking) {
                let Value::Map(mut fields) = request else { panic!("{name} has fields") };
                fields.iter_mut().find(|(key, _)| key == "MaxQueryTime").unwrap().1 = wait.into();
                match server.send(name, &Value::Map(fields)).await {
                    Called::Parked(hold) => server.keep(hold),
                    Called::Refused(fault) => panic!("{name}: {fault}"),
                    Called::Replied(_) => panic!("{name} answers though nothing is as new as {past}"),
                }
                waits += 1;
            }
            // Each is answered in the end.
            server.close().await;
            server.assert_lives().await;
        }
    }
    assert!(waits > 100, "{waits}");
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_by_every_method_that_filters() {
    let deep = "(".repeat(100_000);
    let long = format!("PeerName == {}", "x".repeat(LARGE));
    let nested = "not ".repeat(10_000);
    let mut refused = 0;
    for expression in
        ["==", "PeerName ==", "Nope == x", "PeerName == \"", "\0", "PeerName matches \"(\"", &deep, &nested]
    {
        let (server, requests) = each("Filter", &expression.into()).await;
        for (name, request) in requests {
            match server.send(name, &request).await {
                Called::Refused(fault) => {
                    let text = fault.to_string();
                    assert!(text.starts_with("Failed to create boolean expression evaluator: "), "{name}: {text}");
                    refused += 1;
                }
                // Many have the option and no filter.
                Called::Replied(_) => {}
                Called::Parked(_) => panic!("{name} waits for nothing"),
            }
        }
        server.assert_lives().await;
    }
    assert!(refused > 8 * 8, "{refused}");
    // Not UTF-8, and long: whatever is said, it is said.
    for expression in [Value::Str(b"PeerName == \"\xff\xfe\"".as_slice().into()), long.as_str().into()] {
        let (server, requests) = each("Filter", &expression).await;
        for (name, request) in requests {
            server.send(name, &request).await;
        }
        server.assert_lives().await;
    }
}

#[tokio::test]
async fn an_operation_that_nobody_knows_is_refused_and_said() {
    let server = Server::new();
    let key = || ("DirEnt", map(&[("Key", "k".into())]));
    let session = || ("Session", map(&[("Node", "n".into()), ("ID", "x".into())]));
    for operation in ["SET", "", "set ", "\0"] {
        let op = || ("Op", Value::from(operation));
        let text = server.send("KVS.Apply", &map(&[op(), key()])).await.refused();
        assert_eq!(text, format!("unknown KV operation: {operation}"));
        let text = server.send("Session.Apply", &map(&[op(), session()])).await.refused();
        assert!(text.starts_with("Invalid session operation "), "{text}");
        let keyring = map(&[("Operation", operation.into())]);
        assert_eq!(server.send("Internal.KeyringOperation", &keyring).await.refused(), "Invalid keyring operation");
        let step = map(&[("KV", map(&[("Verb", "GET".into()), key()]))]);
        let answer = server.send("Txn.Apply", &map(&[("Ops", Value::List(vec![step]))])).await.replied();
        assert!(String::from_utf8_lossy(&answer).contains("unknown KV operation: GET"));
    }
    let keys = server.send("KVS.ListKeys", &map(&[])).await.replied();
    let keys: proconsul_structs::kvs::IndexedKeyList = proconsul_msgpack::from_slice(&keys).unwrap();
    assert_eq!(keys.keys, None, "nothing was done");
    server.assert_lives().await;
}

#[tokio::test]
async fn keys_and_values_are_any_bytes_of_any_length() {
    let server = Server::new();
    let long = vec![b'k'; LARGE];
    for key in [&b"\0"[..], b"a\0b", b"\xff\xfe\xfd", b"\xf0\x9f\x92", b"/", b"//", " ".as_bytes(), &long] {
        for value in [vec![], vec![0], vec![0xff; 3], vec![7; LARGE]] {
            let entry = map(&[("Key", Value::Str(key.into())), ("Value", Value::Bytes(value.clone().into()))]);
            server.send("KVS.Apply", &map(&[("Op", "set".into()), ("DirEnt", entry)])).await.replied();
            let ask = map(&[("Key", Value::Str(key.into()))]);
            let answer: proconsul_structs::kvs::IndexedDirEntries =
                proconsul_msgpack::from_slice(&server.send("KVS.Get", &ask).await.replied()).unwrap();
            let entries = answer.entries.unwrap();
            assert_eq!(entries[0].key.as_bytes(), key);
            assert_eq!(entries[0].value.clone().unwrap_or_default(), Bytes::from(value));
        }
    }
    let empty = map(&[("Op", "set".into()), ("DirEnt", map(&[("Key", "".into())]))]);
    assert_eq!(server.send("KVS.Apply", &empty).await.refused(), "Must provide key");
    server.assert_lives().await;
}

/// In every place where a name may stand, at any depth: answered, or refused with a text that is one.
#[tokio::test]
async fn names_of_any_bytes_and_any_length_are_answered_or_refused() {
    let server = Server::new();
    let long = "n".repeat(64 * 1024);
    let names =
        [Value::Str(b"a\0b".as_slice().into()), Value::Str(b"\xc3\x28\xff".as_slice().into()), long.as_str().into()];
    let mut calls = 0;
    for name in SERVED {
        let Some(request) = recorded::requests(row(name).arg).pop() else { continue };
        let request = mutate::acceptable(&request, 0, "");
        for stranger in &names {
            for argument in mutate::with_each_text(&request, stranger) {
                match server.send(name, &argument).await {
                    Called::Replied(reply) => drop(proconsul_msgpack::from_slice::<Value>(&reply).unwrap()),
                    Called::Refused(fault) => assert!(!fault.text.is_empty(), "{name}: an empty error is none"),
                    Called::Parked(hold) => server.keep(hold),
                }
                calls += 1;
            }
        }
    }
    println!("{calls} calls");
    assert!(calls > 1_000, "{calls}");
    server.close().await;
    server.assert_lives().await;
}

/// A check that says nothing has one byte, and in memory a thousand.
#[tokio::test]
async fn very_many_checks_that_say_nothing_are_refused_before_they_take_their_room() {
    let server = Server::new();
    let checks = |count: u32| {
        let mut body = b"\x83\xa4Node\xa1n\xa7Address\xa810.0.0.1\xa6Checks\xdd".to_vec();
        body.extend(count.to_be_bytes());
        body.extend(std::iter::repeat_n(0x80, count as usize));
        body
    };
    let text = server.call("Catalog.Register", &checks(15 << 20)).await.refused();
    assert!(text.contains("EXPANSION_BYTES_MAX"), "{text}");
    let text = server.call("Catalog.Register", &checks(1)).await.refused();
    assert!(text.contains("failed inserting check"), "a few are read: {text}");
    server.assert_lives().await;
}
