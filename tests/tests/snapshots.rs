//! Snapshots whole: what Consul saved answers as it did there, goes over byte 5 both ways, and broken files change nothing.
mod support;

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use proconsul_netrpc::client::Client;
use proconsul_server::{Config, Server, read_snapshot};
use proconsul_snapshot::{Meta, read_archive, write_archive};
use proconsul_structs::{
    METHODS,
    json::{self, Form},
    registry,
};
use serde_json::{Map, Value, json};
use support::{STRANGER, assert_no_panic, config, dial, promptly, start};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "golden", "snapshots", name].iter().collect()
}

fn rich() -> Vec<u8> {
    fs::read(file("rich.snap")).expect("it is in the repository")
}

/// Paths of Consul's HTTP API, and the methods that answer the same: with which argument, and where in the reply.
const READINGS: [(&str, &str, &str, &str); 11] = [
    ("/v1/kv/?recurse", "KVS.List", r#"{"Key": ""}"#, "Entries"),
    ("/v1/catalog/nodes", "Catalog.ListNodes", "{}", "Nodes"),
    ("/v1/catalog/node/node1", "Catalog.NodeServices", r#"{"Node": "node1"}"#, "NodeServices"),
    ("/v1/catalog/services", "Catalog.ListServices", "{}", "Services"),
    ("/v1/health/service/api", "Health.ServiceNodes", r#"{"ServiceName": "api"}"#, "Nodes"),
    ("/v1/health/service/web", "Health.ServiceNodes", r#"{"ServiceName": "web"}"#, "Nodes"),
    ("/v1/health/state/any", "Health.ChecksInState", r#"{"State": "any"}"#, "HealthChecks"),
    ("/v1/session/list", "Session.List", "{}", "Sessions"),
    ("/v1/coordinate/nodes", "Coordinate.ListNodes", "{}", "Coordinates"),
    ("/v1/query", "PreparedQuery.List", "{}", "Queries"),
    ("/v1/acl/auth-methods", "ACL.AuthMethodList", "{}", "AuthMethods"),
];

/// How many of them a server of this version answers at least: a reading that stops being asked is told.
const READINGS_MIN: usize = 9;

async fn call(server: &Server, method: &str, argument: &str) -> Value {
    let row = METHODS.iter().find(|row| row.name == method).expect("it is a method");
    let shape = |name: &str| (registry::find(name).expect("its structures are known").shape)();
    let mut argument: Value = serde_json::from_str(argument).expect("it is JSON");
    argument["Datacenter"] = json!("dc1");
    let body = json::to_wire(shape(row.arg), Form::Wire, &argument).expect("it fits");
    let mut client = Client::new(dial(STRANGER, server.rpc_address(), &[0]).await);
    let reply = promptly(method, client.call_raw(method, &body, None)).await.expect("it answers");
    json::from_wire(shape(row.reply), Form::Wire, &reply).expect("it is a reply")
}

/// Whether a reply says what HTTP said. That leaves out what is empty, and shows lists that are nil as empty ones.
fn says(ours: &Value, theirs: &Value) -> Result<(), String> {
    let differ = || Err(format!("{ours} is not {theirs}"));
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
            keys.into_iter().try_for_each(|key| {
                let of = |object: &Map<String, Value>| object.get(key).cloned().unwrap_or_default();
                says(&of(ours), &of(theirs)).map_err(|error| format!("{key}: {error}"))
            })
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => ours
            .iter()
            .zip(theirs)
            .enumerate()
            .try_for_each(|(at, (ours, theirs))| says(ours, theirs).map_err(|error| format!("{at}: {error}"))),
        (Value::Number(ours), Value::Number(theirs)) if ours.as_f64() == theirs.as_f64() => Ok(()),
        (ours, theirs) if ours == theirs || (is_blank(ours) && is_blank(theirs)) => Ok(()),
        _ => differ(),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text.starts_with("0001-01-01T00:00:00"),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_blank),
    }
}

/// Lists of tags have no order there.
fn sorted(mut services: Value) -> Value {
    for tags in services.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::Array(tags) = tags {
            tags.sort_by_key(Value::to_string);
        }
    }
    services
}

async fn restored() -> Server {
    let (_, snapshot) = read_snapshot(&rich()[..]).expect("it restores");
    start(Config { restore: Some(snapshot), ..config() }).await
}

#[tokio::test]
async fn a_store_of_consuls_answers_as_it_did_there() {
    let text = fs::read_to_string(file("rich.json")).expect("it is in the repository");
    let theirs: Map<String, Value> = serde_json::from_str(&text).expect("it is JSON");
    let server = restored().await;
    let served: BTreeSet<&str> = server.served().iter().map(|row| row.name).collect();
    let (asked, waiting): (Vec<_>, Vec<_>) = READINGS.iter().partition(|(_, method, ..)| served.contains(method));
    for (path, method, argument, field) in &asked {
        let reply = call(&server, method, argument).await;
        let (mut ours, mut expected) = (reply[*field].clone(), theirs[*path].clone());
        if *method == "Catalog.ListServices" {
            (ours, expected) = (sorted(ours), sorted(expected));
        }
        if *method == "Coordinate.ListNodes" {
            // The server said where it is itself after the file was taken: the file has one coordinate, and ends with its entry.
            let listed = expected.as_array_mut().expect("a list");
            listed.retain(|coordinate| coordinate["Node"] != "snap-srv1");
            assert_eq!(listed.len(), 1);
        }
        if let Err(error) = says(&ours, &expected) {
            panic!("{path} by {method}: {error}");
        }
    }
    println!("{} readings are the same; for lack of a method {} wait: {waiting:?}", asked.len(), waiting.len());
    assert!(asked.len() >= READINGS_MIN, "{} readings were asked", asked.len());
}

/// Asks byte 5, sends what is to be restored, and reads all that comes: the answer and what is behind it.
async fn byte_5(server: &Server, op: i64, behind: &[u8]) -> (Value, Vec<u8>) {
    let request = json!({"Datacenter": "dc1", "Op": op});
    let shape = |name: &str| (registry::find(name).expect("it is known").shape)();
    let request = json::to_wire(shape("structs.SnapshotRequest"), Form::Wire, &request).expect("it fits");
    let mut tcp: TcpStream = dial(STRANGER, server.rpc_address(), &[5]).await;
    promptly("what is sent", async {
        tcp.write_all(&request).await.expect("the request is taken");
        // A server that has seen enough may close its side.
        let _ = tcp.write_all(behind).await;
        let _ = tcp.shutdown().await;
    })
    .await;
    let mut all = Vec::new();
    promptly("the answer", tcp.read_to_end(&mut all)).await.expect("it comes to an end");
    let mut scanner = proconsul_msgpack::Scanner::new();
    let Ok(proconsul_msgpack::Scan::Complete { used }) = scanner.feed(&all) else { panic!("no answer in {all:?}") };
    let answer = json::from_wire(shape("structs.SnapshotResponse"), Form::Wire, &all[..used]).expect("it is one");
    (answer, all.split_off(used))
}

#[tokio::test]
async fn a_snapshot_goes_over_byte_5_and_comes_back() {
    let server = start(config()).await;
    let before = server.store().snapshot().index;
    let (answer, behind) = byte_5(&server, 1, &rich()).await;
    assert_eq!((&answer["Error"], behind.len()), (&json!(""), 0));
    let restored = server.store().snapshot();
    assert!(restored.index > before && restored.index > 103, "the log goes on above: {}", restored.index);
    let entries = call(&server, "KVS.List", r#"{"Key": ""}"#).await["Entries"].clone();
    let text = fs::read_to_string(file("rich.json")).expect("it is in the repository");
    let theirs: Value = serde_json::from_str(&text).expect("it is JSON");
    says(&entries, &theirs["/v1/kv/?recurse"]).expect("the same keys");

    let (answer, archive) = byte_5(&server, 0, &[]).await;
    assert_eq!((&answer["Error"], &answer["KnownLeader"]), (&json!(""), &json!(true)));
    assert_eq!(answer["Index"], json!(restored.index));
    let (meta, saved) = read_snapshot(&archive[..]).expect("what is saved restores");
    assert_eq!(meta.index, restored.index);
    assert_eq!(saved.tables, restored.tables);
    assert_no_panic();
}

#[tokio::test]
async fn whoever_waits_is_told_of_a_restore() {
    let server = start(config()).await;
    let index = server.store().snapshot().kv_index().max(1);
    let argument = format!(r#"{{"Key": "", "MinQueryIndex": {index}, "MaxQueryTime": 60000000000}}"#);
    let waiting = call(&server, "KVS.List", &argument);
    let restoring = async {
        while server.lot().counts().parked == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        byte_5(&server, 1, &rich()).await
    };
    let (reply, (answer, _)) = tokio::join!(waiting, restoring);
    assert_eq!(answer["Error"], json!(""));
    assert!(!is_blank(&reply["Entries"]), "it sees what was restored");
}

/// With sums that are right again: what is cut between two records is found by its length, and what is cut within one by itself.
#[test]
fn a_state_that_is_not_whole_or_not_one_is_refused() {
    let state = {
        let mut state = Vec::new();
        read_archive::<()>(&rich()[..], |piece| {
            state.extend_from_slice(piece);
            Ok(())
        })
        .expect("it is read");
        state
    };
    let packed = |state: &[u8]| {
        let meta = Meta { version: 1, index: 7, size: i64::try_from(state.len()).expect("short"), ..Meta::default() };
        write_archive(Vec::new(), &meta, 0, |to| to.write_all(state)).expect("a vector takes all")
    };
    let (mut whole, mut broken) = (0, 0);
    for end in (0..state.len()).step_by(37) {
        match read_snapshot(&packed(&state[..end])[..]) {
            Ok(_) => whole += 1,
            Err(text) => {
                assert!(text.starts_with("failed to restore snapshot: "), "{end}: {text}");
                broken += 1;
            }
        }
    }
    // Few of these ends are between two records, where nothing but the sums of the file as it was could tell.
    assert!(broken > 10 * whole, "{broken} were refused, {whole} not");
    // A record that is four gigabytes long, if it is believed, of a file of a few bytes.
    let header = b"\x81\xa9LastIndex\x07";
    for record in [&b"\x02\x81\xa3Key\xdb\xff\xff\xff\xff"[..], b"\x00\x81\xa6Checks\xdd\xff\xff\xff\xff", b"\x2c\xc0"]
    {
        assert!(read_snapshot(&packed(&[header, record].concat())[..]).is_err());
    }
}

#[tokio::test]
async fn a_broken_file_is_refused_and_changes_nothing() {
    let server = start(config()).await;
    let before = server.store().snapshot();
    let whole = rich();
    let flipped = {
        let mut file = whole.clone();
        file[5000] ^= 4;
        file
    };
    for (broken, name) in [(&flipped[..], "flipped"), (b"nothing of the kind", "other"), (b"", "nothing")] {
        let (answer, behind) = byte_5(&server, 1, broken).await;
        assert!(!is_blank(&answer["Error"]) && behind.is_empty(), "{name}: {answer}");
    }
    for end in (0..whole.len()).step_by(149).chain(whole.len() - 10..whole.len()) {
        let (answer, _) = byte_5(&server, 1, &whole[..end]).await;
        assert!(!is_blank(&answer["Error"]), "cut at {end}: {answer}");
    }
    let after = server.store().snapshot();
    assert_eq!((after.index, &after.tables), (before.index, &before.tables));
    assert_no_panic();
}
