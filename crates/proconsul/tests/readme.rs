//! The README's commands, as a newcomer runs them.
mod support;

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;
use support::{BINARY, Running, code, err, out, proconsul};

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

/// The lines of the first block of commands below a heading, without what is said behind them.
fn block(heading: &str) -> Vec<&'static str> {
    let below = README.split(&format!("\n## {heading}\n")).nth(1).expect("the heading is there");
    let block = below.split("```sh\n").nth(1).and_then(|rest| rest.split("\n```").next()).expect("a block");
    block.lines().map(|line| line.split("  #").next().unwrap_or(line)).collect()
}

#[test]
fn certificates_are_made_and_a_server_that_demands_them_is_called() {
    let lines = block("With TLS");
    let at = lines.iter().position(|line| line.starts_with("proconsul server ")).expect("it is started");
    let (before, rest) = lines.split_at(at);
    let (start, after) = rest.split_first().expect("it is there");
    let folder = tempfile::tempdir().expect("a folder");
    let bin = Path::new(BINARY).parent().expect("it is in a folder");
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default());

    let made = Command::new("sh").args(["-ec", &before.join("\n")]).current_dir(&folder).env("PATH", &path).output();
    let made = made.expect("a shell");
    assert_eq!(code(&made), Some(0), "{}", err(&made));
    assert!(out(&made).ends_with("Configuration is valid!\n"), "{}", out(&made));

    // On ports of its own, as other tests run beside it.
    let words = start.trim_end_matches('&').split_whitespace().skip(1);
    let mut command = proconsul();
    command
        .args(words)
        .args(["--server-port", "0", "--grpc-port", "-1", "--admin-port", "0", "--json"])
        .current_dir(&folder);
    let server = Running::of(&mut command);
    let mut ran = 0;
    for line in after {
        let mut command = proconsul();
        command.args(line.split_whitespace().skip(1)).current_dir(&folder).env("PROCONSUL_ADMIN", server.admin());
        if line.contains("rpc call") {
            command.args(["--server", &server.address.to_string()]);
        }
        let output = command.output().expect("the binary runs");
        assert_eq!(code(&output), Some(0), "{line}: {}", err(&output));
        assert!(!out(&output).is_empty(), "{line}");
        ran += 1;
    }
    assert_eq!(ran, 4, "{after:?}");
}
