//! Names that other tables have lead to a structure.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

use super::*;
use crate::METHODS;

#[test]
fn names_are_unique_and_sorted_within_each_part() {
    let names: Vec<_> = types().map(|row| row.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for part in PARTS {
        assert!(part.is_sorted_by_key(|row| row.name));
    }
}

#[test]
fn every_argument_and_reply_of_a_method_has_a_structure() {
    for row in &METHODS {
        for name in [row.arg, row.reply] {
            assert!(find(name).is_some(), "{}: {name}", row.name);
        }
    }
}

#[test]
fn every_msgpack_payload_of_the_raft_log_and_of_snapshots_has_a_structure() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/raftlog.json");
    let facts: Value = serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is JSON");
    let payloads = [&facts["log"], &facts["snapshot"]["records"]].into_iter().filter_map(Value::as_array).flatten();
    let mut count = 0;
    for payload in payloads.filter(|payload| payload["encoding"] == "msgpack") {
        let name = payload["type"].as_str().expect("it has a type");
        assert!(find(name).is_some(), "{name}");
        count += 1;
    }
    assert!(count > 30, "{count}");
}
