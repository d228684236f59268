//! The command line: what it prints, and its exit codes.
mod support;

use std::{
    fs,
    io::Write,
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{Running, code, err, out, proconsul, run};

#[test]
fn the_version_names_consuls_too() {
    let told = out(&run(&["version"]));
    assert!(told.starts_with(&format!("proconsul v{}", env!("CARGO_PKG_VERSION"))), "{told}");
    let told: Value = serde_json::from_str(&out(&run(&["version", "--json"]))).expect("--json prints JSON");
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["consul_version"], proconsul_server::CONSUL_VERSION);
}

#[test]
fn a_command_line_that_is_not_understood_is_code_2() {
    for arguments in [&[][..], &["nonsense"], &["rpc"], &["rpc", "call"], &["server", "--server-port", "many"]] {
        let output = run(arguments);
        assert_eq!(code(&output), Some(2), "{arguments:?}");
        assert!(!err(&output).is_empty());
    }
}

#[test]
fn every_method_is_listed_and_those_that_are_served_are_told_apart() {
    let all = out(&run(&["rpc", "list"]));
    assert!(all.lines().next().is_some_and(|header| header.contains("METHOD") && header.contains("SERVED")), "{all}");
    let names = |arguments: &[&str]| -> Vec<String> {
        serde_json::from_slice(&run(arguments).stdout).expect("--json prints JSON")
    };
    let every = names(&["rpc", "list", "--json"]);
    assert_eq!(every.len(), proconsul_methods::METHOD_COUNT);
    assert!(every.iter().all(|name| all.contains(name.as_str())));
    let served = names(&["rpc", "list", "--served", "--json"]);
    assert!(served.len() >= 14 && served.len() < every.len(), "{served:?}");
    assert!(served.contains(&"KVS.Get".to_owned()));
    assert_eq!(names(&["rpc", "list", "--json", "kvs.g"]), ["KVS.Get"], "a part of a name, whatever its case");
}

#[test]
fn a_method_that_does_not_exist_is_answered_with_the_nearest() {
    for (asked, near) in
        [("KVS.Gat", "KVS.Get"), ("Status.leader", "Status.Leader"), ("Catalog.ListNode", "Catalog.ListNodes")]
    {
        let output = run(&["rpc", "call", asked]);
        assert_eq!(code(&output), Some(1));
        assert!(err(&output).contains(&format!("did you mean {near}?")), "{}", err(&output));
    }
    let output = run(&["rpc", "call", "Nope.Nope"]);
    assert_eq!(code(&output), Some(1));
    assert!(!err(&output).contains("did you mean"), "nothing is near: {}", err(&output));
}

#[test]
fn a_request_that_is_no_json_never_leaves() {
    let output = run(&["rpc", "call", "KVS.Get", "-d", "{Key: a}"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("JSON"), "{}", err(&output));
    let output = run(&["rpc", "call", "KVS.Apply", "-d", r#"{"DirEnt":{"Key":"a","Value":"not base64!"}}"#]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("Value") && err(&output).contains("base64"), "{}", err(&output));
}

#[test]
fn no_answer_is_code_4_whatever_the_reason() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("it is bound").to_string();
    let began = Instant::now();
    let output = run(&["rpc", "call", "Status.Leader", "--server", &address, "--timeout", "300ms"]);
    assert_eq!(code(&output), Some(4), "{}", err(&output));
    assert!(err(&output).contains("--timeout") && err(&output).contains(&address), "{}", err(&output));
    assert!(began.elapsed() >= Duration::from_millis(300));

    let closes = std::thread::spawn(move || drop(silent.accept().and_then(|_| silent.accept())));
    let output = run(&["rpc", "call", "Status.Leader", "--server", &address, "--timeout", "10s"]);
    assert_eq!(code(&output), Some(4), "{}", err(&output));
    closes.join().expect("no panic");

    let output = run(&["rpc", "call", "Status.Leader", "--server", &address]);
    assert_eq!(code(&output), Some(4), "nobody listens any more: {}", err(&output));
    assert!(err(&output).contains("--server"), "{}", err(&output));
}

#[test]
fn an_error_that_the_server_answers_is_code_3() {
    let server = Running::dev();
    let output = server.call("KVS.Apply", r#"{"Op":"set"}"#);
    assert_eq!(code(&output), Some(3));
    assert!(err(&output).contains("Must provide key"), "{}", err(&output));
    assert_eq!(out(&output), "");
    let output = server.call("Intention.List", "{}");
    assert_eq!(code(&output), Some(3), "a method of Consul's that is not served yet: {}", err(&output));
}

#[test]
fn a_key_is_written_read_and_waited_for() {
    let server = Running::dev();
    assert_eq!(server.reply("Status.Leader", "{}"), server.address.to_string());
    let set = r#"{"Op":"set","DirEnt":{"Key":"a","Value":"/wD+","Flags":42}}"#;
    assert_eq!(server.reply("KVS.Apply", set), false, "a set without a condition has nothing to tell");
    let reply = server.reply("KVS.Get", r#"{"Key":"a"}"#);
    let entry = &reply["Entries"][0];
    assert_eq!((&entry["Value"], &entry["Flags"]), (&json!("/wD+"), &json!(42)), "bytes that are no text come back");
    // For people it is the same, on more lines.
    let pretty = proconsul()
        .args(["rpc", "call", "KVS.Get", "-d", r#"{"Key":"a"}"#, "--server", &server.address.to_string()])
        .output()
        .expect("the binary runs");
    assert!(out(&pretty).lines().count() > 5);
    assert_eq!(serde_json::from_slice::<Value>(&pretty.stdout).expect("JSON all the same"), reply);
}

#[test]
fn a_request_may_come_from_a_file_or_a_pipe() {
    let server = Running::dev();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("request.json");
    fs::write(&file, r#"{"Op":"set","DirEnt":{"Key":"f","Value":"Zg=="}}"#).expect("a file");
    server.reply("KVS.Apply", &format!("@{}", file.display()));
    let mut child =
        server.calling("KVS.Get", "-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("asked for above").write_all(br#"{"Key":"f"}"#).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let reply: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(reply["Entries"][0]["Value"], "Zg==");
}

#[test]
fn a_call_with_an_index_waits_until_another_call_writes() {
    let server = Running::dev();
    server.put("w", "b25l");
    let index = server.reply("KVS.Get", r#"{"Key":"w"}"#)["Index"].as_u64().expect("an index");
    let mut waits = server.park("w", index);
    let quiet = Instant::now();
    while quiet.elapsed() < Duration::from_millis(300) {
        server.put("another", "eA==");
        assert!(waits.try_wait().expect("it is ours").is_none(), "nothing has changed for it");
    }
    server.put("w", "dHdv");
    let output = waits.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let reply: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(reply["Entries"][0]["Value"], "dHdv");
    assert!(reply["Index"].as_u64() > Some(index));
    assert!(quiet.elapsed() < Duration::from_secs(30), "it was woken; its wait was not over");
}
