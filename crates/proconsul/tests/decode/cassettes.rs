//! The golden cassettes: every call in them has a name and is decoded, and all that is told of them stays as it is.
use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;

use super::{events, of};
use crate::support::{code, out, run};

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

pub(super) fn path(name: &str) -> String {
    golden().join("cassettes").join(name).to_str().expect("a plain path").to_owned()
}

/// The names of all cassettes.
fn names() -> Vec<String> {
    let entries = fs::read_dir(golden().join("cassettes")).expect("cassettes");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() >= 11, "{names:?}");
    names
}

/// The bytes of each direction of each connection.
fn bytes(name: &str) -> BTreeMap<(u64, String), Vec<u8>> {
    let mut all = BTreeMap::<_, Vec<u8>>::new();
    for line in fs::read_to_string(path(name)).expect("a cassette").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        if let (Some(conn), Some(dir), Some(hex)) = (line["conn"].as_u64(), line["dir"].as_str(), line["hex"].as_str())
        {
            let bytes = hex
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"));
            all.entry((conn, dir.to_owned())).or_default().extend(bytes);
        }
    }
    all
}

/// How often something stands in bytes.
fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

#[test]
fn every_call_in_every_cassette_is_named_and_decoded() {
    let mut total = BTreeMap::<&str, usize>::new();
    for name in names() {
        let told = events(&[&path(&name)]);
        let bytes = bytes(&name);
        let headers = |dir: &str| -> usize {
            bytes.iter().filter(|((_, of), _)| of == dir).map(|(_, bytes)| count(bytes, b"\xadServiceMethod")).sum()
        };
        // Counted another way than the decoder does: every header has this key, and nothing else has.
        assert_eq!(of(&told, "call").len(), headers("to_server"), "{name}: calls");
        assert_eq!(of(&told, "reply").len(), headers("to_client"), "{name}: replies");
        let entries: usize = bytes.values().map(|bytes| count(bytes, b"\xaaAppendedAt")).sum();
        assert_eq!(of(&told, "raft entry").len(), entries, "{name}: entries of raft's log");
        for event in &told {
            let kind = event["event"].as_str().expect("a kind");
            assert!(event["known"] != false, "{name}: {event}");
            assert!(!matches!(kind, "trouble" | "lost" | "opaque" | "note"), "{name}: {event}");
            assert!(event["odd"].is_null(), "{name}: {event}");
            assert!(event["guessed"] != true, "{name}: {event}");
            let typed = matches!(kind, "call" | "grpc message") || kind == "reply" && event["error"].is_null();
            let entry = kind == "raft entry" && event["kind"] == "command";
            if typed || entry {
                assert!(event["type"].as_str().is_some_and(|name| !name.is_empty()), "{name}: {event}");
                assert!(event["body"] != Value::Null || kind == "reply", "{name}: {event}");
                assert!(event["body"]["$hex"].is_null(), "{name}: {event}");
            }
            if entry {
                assert!(event["name"].as_str().is_some_and(|name| !name.starts_with("type ")), "{name}: {event}");
            }
            if kind == "reply" {
                assert!(event["took_ms"].is_number(), "{name}: {event}");
            }
            for counted in ["call", "reply", "raft", "raft entry", "grpc call", "grpc message", "snapshot"] {
                if kind == counted {
                    *total.entry(counted).or_default() += 1;
                }
            }
        }
    }
    println!("named and decoded: {total:?}");
    assert!(total["call"] >= 78 && total["raft"] >= 218 && total["grpc call"] >= 6, "{total:?}");
}

/// With `BLESS=1` in the environment the files are written instead.
#[test]
fn what_is_told_of_every_cassette_is_what_was_told_before() {
    for name in names() {
        let output = run(&["decode", &path(&name), "--bodies", "full"]);
        assert_eq!(code(&output), Some(0), "{name}");
        let told = out(&output);
        let file = golden().join("decoded").join(name.replace(".jsonl", ".txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &told).expect("it can be written to");
        }
        let before = fs::read_to_string(&file).unwrap_or_default();
        for (number, (before, told)) in before.lines().zip(told.lines()).enumerate() {
            assert_eq!(told, before, "{name}, line {} of what is told; BLESS=1 writes it anew", number + 1);
        }
        assert_eq!(told.lines().count(), before.lines().count(), "{name}");
    }
}
