//! Every method that is served, given less than it wants, over a real connection: it answers or errs, and the server lives.
mod support;

use std::{collections::BTreeMap, fs, path::Path};

use proconsul_server::Server;
use proconsul_tests::golden::{call, value::encode};
use serde_json::{Value, json};
use support::{
    Neighbour, STRANGER, dial,
    frames::{Ear, FIN, WINDOW, id, open},
    pour, promptly, request, start, unlimited,
};

/// A recorded argument of every served method that has one: the one with most in it.
fn recorded() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let text = fs::read_to_string(folder.join("base.jsonl")).expect("the recordings are in the repository");
    let mut richest: BTreeMap<String, Value> = BTreeMap::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case a line");
        for step in case["steps"].as_array().into_iter().flatten() {
            let (Some(method), args) = (step["method"].as_str(), &step["args"]) else { continue };
            let slot = richest.entry(method.to_owned()).or_insert(Value::Null);
            if args.is_object() && args.to_string().len() > slot.to_string().len() {
                *slot = serde_json::from_str(&args.to_string().replace("${dc}", "dc1")).expect("it was JSON before");
            }
        }
    }
    richest
}

/// The value without each of its parts in turn, and with each of them nil or empty, at any depth.
fn partial(whole: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    if let Value::Object(map) = whole {
        for (key, part) in map {
            let mut without = map.clone();
            without.remove(key);
            out.push(Value::Object(without));
            for other in [Value::Null, json!({}), json!([]), json!(""), json!(0)].into_iter().chain(partial(part)) {
                let mut changed = map.clone();
                changed.insert(key.clone(), other);
                out.push(Value::Object(changed));
            }
        }
    }
    if let Value::Array(list) = whole {
        for (at, part) in list.iter().enumerate() {
            for other in [Value::Null, json!({})].into_iter().chain(partial(part)) {
                let mut changed = list.clone();
                changed[at] = other;
                out.push(Value::Array(changed));
            }
        }
    }
    out
}

/// Makes each request on a stream of its own and half-closes it: each stream must be answered, or be ended.
async fn each_ends(server: &Server, requests: &[Vec<u8>], must_answer: bool) {
    // A session holds more, but a method that fails is easier to find among few.
    for some in requests.chunks(500) {
        let mut tcp = dial(STRANGER, server.rpc_address(), &[4]).await;
        let blob: Vec<u8> = some
            .iter()
            .enumerate()
            .flat_map(|(n, request)| {
                [open(id(n), request), proconsul_tests::golden::yamux::frame(WINDOW, FIN, id(n), 0, &[])].concat()
            })
            .collect();
        let mut ear = Ear::default();
        pour(&mut tcp, &blob).await;
        promptly("every stream to end", async {
            while ear.streams.values().filter(|heard| heard.ended).count() < some.len() {
                assert!(ear.listen(&mut tcp).await, "the session goes on");
            }
        })
        .await;
        for (n, request) in some.iter().enumerate() {
            let heard = &ear.streams[&id(n)];
            assert!(!must_answer || !heard.bytes.is_empty(), "no answer to {:?}", String::from_utf8_lossy(request));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_given_nothing_answers_or_errs() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let bodies: &[&[u8]] =
        &[b"\x80", b"\xc0", b"\x90", b"\xa0", b"\x00", b"\xc2", b"\xcb\0\0\0\0\0\0\0\0", b"\x81\xc0\xc0", b"\x91\xc0"];
    let mut requests = Vec::new();
    for method in Server::served_methods() {
        let mut header = request(method.name, &Value::Null);
        assert_eq!(header.pop(), Some(0xc0), "the body was nil");
        requests.extend(bodies.iter().map(|body| [&header[..], body].concat()));
    }
    assert!(requests.len() >= 14 * bodies.len(), "the methods of the first slice are served");
    each_ends(&server, &requests, true).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_given_a_part_answers_or_errs() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let recorded = recorded();
    let mut requests = Vec::new();
    for method in Server::served_methods() {
        let Some(whole) = recorded.get(method.name) else { continue };
        for mut args in partial(whole) {
            if let Some(map) = args.as_object_mut() {
                map.remove("MinQueryIndex"); // an answer is wanted, not a wait
            }
            let mut ignored = Vec::new();
            if encode(&args, &mut ignored).is_ok() {
                requests.push(call::request(1, method.name, &args).expect("it was just encoded"));
            }
        }
    }
    println!("{} requests with a part left out", requests.len());
    assert!(requests.len() > 200, "the recordings call what is served");
    each_ends(&server, &requests, true).await;
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_prefix_of_a_recorded_request_ends() {
    let server = start(unlimited()).await;
    let neighbour = Neighbour::of(&server).await;
    let recorded = recorded();
    let mut requests = Vec::new();
    for method in Server::served_methods() {
        let Some(whole) = recorded.get(method.name) else { continue };
        let Ok(whole) = call::request(1, method.name, whole) else { continue };
        requests.extend((1..whole.len()).map(|cut| whole[..cut].to_vec()));
    }
    println!("{} requests cut off", requests.len());
    assert!(requests.len() > 500, "the recordings call what is served");
    each_ends(&server, &requests, false).await;
    neighbour.noticed_nothing().await;
}
