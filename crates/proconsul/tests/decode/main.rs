//! `proconsul decode`: recordings of every form, and what is told of them.
mod captures; // pcap, pcapng, and packets as text
mod cassettes; // the golden cassettes, every call of them
mod garbage; // what makes no sense
#[path = "../support/mod.rs"]
mod support;

use std::{fs, io::Write, process::Stdio};

use serde_json::Value;
use support::{code, err, out, proconsul, run};

/// The files that a cassette, or anything else, was written to for one test.
fn scratch(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("it can be written to");
    let path = path.to_str().expect("a plain path").to_owned();
    (dir, path)
}

/// What `decode --json` tells of a file.
fn events(arguments: &[&str]) -> Vec<Value> {
    let output = run(&[&["decode", "--json"], arguments].concat());
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let lines = out(&output);
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// The events of one kind.
fn of<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

const CALL: &str = "82a353657101ad536572766963654d6574686f64ab5374617475732e50696e6780";
const REPLY: &str = "83a54572726f72a0a353657101ad536572766963654d6574686f64ab5374617475732e50696e6780";

#[test]
fn hex_is_read_from_standard_input_and_the_direction_is_guessed() {
    for (text, kind) in [(CALL, "call"), (REPLY, "reply")] {
        let mut child = proconsul()
            .args(["decode", "-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let told = out(&output);
        assert!(told.contains(&format!("\"event\":\"{kind}\"")) && told.contains("Status.Ping"), "{told}");
    }
}

#[test]
fn hex_of_both_directions_is_matched() {
    let (_dir, path) = scratch("hex", format!("# a call\n> 00 {CALL}\n< {REPLY}\n").as_bytes());
    let events = events(&[&path]);
    assert_eq!(of(&events, "route")[0]["route"], "rpc");
    let reply = of(&events, "reply")[0];
    assert_eq!((&reply["method"], &reply["seq"]), (&"Status.Ping".into(), &1.into()));
    assert!(reply["took_ms"].is_number(), "{reply}");
}

#[test]
fn values_that_somebody_cut_out_are_shown_by_themselves() {
    let (_dir, path) = scratch("hex", b"82a34b6579a161a556616c7565a162");
    let events = events(&[&path]);
    assert_eq!(of(&events, "value")[0]["body"], serde_json::json!({"Key": "a", "Value": "b"}));
}

#[test]
fn tokens_are_hidden_unless_asked_for() {
    let cassette = cassettes::path("kv.jsonl");
    let mut text = fs::read_to_string(cassette).expect("a cassette");
    // An empty token becomes one of eight letters; frames and lengths are of no concern to a single stream.
    let plain = |with: &str| {
        let body = "82a34b6579a161a5546f6b656e".to_owned() + with;
        format!("> 00 82a353657101ad536572766963654d6574686f64a74b56532e476574 {body}\n")
    };
    text.clear();
    text.push_str(&plain("a6736563726574"));
    let (_dir, path) = scratch("hex", text.as_bytes());
    assert_eq!(of(&events(&[&path]), "call")[0]["body"]["Token"], "<hidden>");
    assert_eq!(of(&events(&[&path, "--secrets"]), "call")[0]["body"]["Token"], "secret");
}

#[test]
fn what_is_shown_can_be_narrowed() {
    let path = cassettes::path("kv.jsonl");
    let all = events(&[&path]);
    let only = |arguments: &[&str]| events(&[&[path.as_str()], arguments].concat());
    assert!(only(&["--calls"]).iter().all(|event| event["event"] != "frame"));
    assert!(only(&["--conn", "2"]).iter().all(|event| event["conn"] == 2));
    assert!(only(&["--stream", "1"]).iter().all(|event| event["stream"] == 1));
    let gets = only(&["--method", "kvs.get"]);
    assert!(!gets.is_empty() && gets.iter().all(|event| event["method"] == "KVS.Get"), "{gets:?}");
    assert!(gets.len() < all.len());
    assert!(only(&["--bodies", "none"]).iter().all(|event| event["body"].is_null()));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = run(&["decode", "no-such-file"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("no-such-file"), "{}", err(&output));
}
