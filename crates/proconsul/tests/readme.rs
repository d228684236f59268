//! The README's three lines, as a newcomer runs them.
mod support;

use std::{process::Stdio, thread};

use serde_json::Value;
use support::Running;

const README: &str = include_str!("../../../README.md");

/// The `rpc call METHOD -d 'JSON'` lines of the README, in order.
fn lines() -> Vec<(&'static str, &'static str)> {
    README
        .lines()
        .filter_map(|line| line.split_once("rpc call "))
        .filter_map(|(_, call)| call.split_once(" -d '"))
        .filter_map(|(method, rest)| Some((method, rest.split_once('\'')?.0)))
        .collect()
}

#[test]
fn a_key_is_written_a_query_parks_and_wakes() {
    let lines = lines();
    let [(apply, write), (get, wait), (again, change)] = lines[..] else { panic!("three lines: {lines:?}") };
    assert_eq!((apply, get, again), ("KVS.Apply", "KVS.Get", "KVS.Apply"));
    let server = Running::dev();
    server.reply(apply, write);
    let parked: Value = serde_json::from_str(wait).expect("JSON");
    let seen = server.reply(get, &format!(r#"{{"Key":{}}}"#, parked["Key"]));
    assert_eq!(parked["MinQueryIndex"], seen["Index"], "the README says which index a fresh server's first write has");

    let waiting = server.calling(get, wait).stdout(Stdio::piped()).spawn().expect("started");
    let waiting = thread::spawn(move || waiting.wait_with_output().expect("it ends"));
    server.put("other", "eA=="); // a write beside it wakes nobody
    assert!(!waiting.is_finished(), "it waits");
    server.reply(again, change);
    let woken: Value = serde_json::from_slice(&waiting.join().expect("no panic").stdout).expect("JSON");
    let changed: Value = serde_json::from_str(change).expect("JSON");
    assert_eq!(woken["Entries"][0]["Value"], changed["DirEnt"]["Value"]);
}
