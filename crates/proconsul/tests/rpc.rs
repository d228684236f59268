//! `proconsul rpc`: every method by name.
mod support;

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use proconsul_structs::METHODS;
use proconsul_types::{Listener, MethodRow, Operation};
use serde_json::{Value, json};
use support::{PROMPTLY, Running, code, err, out, proconsul, run};

fn parsed(output: &Output) -> Value {
    assert_eq!(code(output), Some(0), "{}", err(output));
    serde_json::from_slice(&output.stdout).expect("--json prints JSON")
}

/// Runs with a text on its standard input.
fn run_with(command: &mut Command, input: &str) -> Output {
    let mut child = piped(command.stdin(Stdio::piped()));
    // It may have ended without reading all of it.
    let _ = child.stdin.take().expect("asked for above").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn piped(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

fn rows(does: fn(&MethodRow) -> bool) -> Vec<&'static MethodRow> {
    METHODS.iter().filter(|row| does(row)).collect()
}

/// Does something for every row, several at a time: each starts processes.
fn each(rows: Vec<&'static MethodRow>, what: impl Fn(&'static MethodRow) + Sync) {
    let next = std::sync::Mutex::new(rows.into_iter());
    let work = || {
        while let Some(row) = { next.lock().expect("nobody panics while it is held").next() } {
            what(row);
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
}

#[test]
fn the_list_says_what_every_method_does_and_is_for() {
    let all = out(&run(&["rpc", "list"]));
    for row in METHODS.iter() {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(row.name)).expect("it has a line");
        let cells: Vec<&str> = line.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells[1], row.operation.as_str(), "{line}");
        assert!(cells.last().is_some_and(|meaning| meaning.ends_with('.')), "{line}");
        assert_eq!(line.contains("blocking"), row.blocking, "{line}");
    }
}

#[test]
fn every_method_is_described_for_people_and_for_programs() {
    each(rows(|_| true), |row| {
        let text = run(&["rpc", "describe", row.name]);
        assert_eq!(code(&text), Some(0), "{}: {}", row.name, err(&text));
        let text = out(&text);
        assert!(text.starts_with(&format!("{}: ", row.name)) && text.contains("\nRequest: "), "{text}");
        let told = parsed(&run(&["rpc", "describe", row.name, "--json"]));
        assert_eq!((&told["method"], &told["does"]), (&json!(row.name), &json!(row.operation.as_str())));
        assert_eq!((&told["request"]["type"], &told["reply"]["type"]), (&json!(row.arg), &json!(row.reply)));
        all_has_a_meaning(row.name, &told["request"]["is"]);
        all_has_a_meaning(row.name, &told["reply"]["is"]);
    });
}

/// Every field, word and structure below says what it is.
fn all_has_a_meaning(path: &str, node: &Value) {
    let nodes = |key: &str| node[key].as_array().cloned().unwrap_or_default();
    for part in [nodes("fields"), nodes("one_of")].concat() {
        let path = format!("{path}.{}", part["name"].as_str().expect("it has a name"));
        assert!(part["kind"].as_str().is_some_and(|kind| !kind.is_empty()), "{path}");
        assert!(part["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()), "{path} is not explained");
        all_has_a_meaning(&path, &part);
    }
    for word in nodes("words") {
        assert!(word["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()), "{path}: {word}");
    }
}

#[test]
fn a_description_has_fields_words_flags_and_defaults() {
    let told = parsed(&run(&["rpc", "describe", "KVS.Apply", "--json"]));
    let fields = told["request"]["is"]["fields"].as_array().expect("fields");
    let field = |name: &str| fields.iter().find(|field| field["name"] == name).expect("it is there");
    assert!(
        field("Op")["words"].as_array().is_some_and(|words| words.iter().any(|word| word["word"] == "delete-tree"))
    );
    assert_eq!((&field("Token")["flag"], &field("Token")["default"]), (&json!("--token"), &json!("")));
    let value = field("DirEnt")["fields"].as_array().expect("fields").iter().find(|field| field["name"] == "Value");
    assert_eq!(value.expect("it is there")["kind"], "base64");
    let text = out(&run(&["rpc", "describe", "KVS.Get"]));
    for line in ["AllowStale", "uint64", "(--index)", "MaxQueryTime", "\"0s\"", "Reply: IndexedDirEntries"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("min_query_index"), "names of Rust: {text}");
}

#[test]
fn kinds_of_config_entries_are_described_and_exemplified_one_at_a_time() {
    let brief = out(&run(&["rpc", "describe", "ConfigEntry.Apply"]));
    assert!(brief.contains("Kind: \"service-splitter\"") && brief.contains("--kind WORD") && !brief.contains("Splits"));
    let one = out(&run(&["rpc", "describe", "ConfigEntry.Apply", "--kind", "service-splitter"]));
    assert!(one.contains("Splits") && !one.contains("Kind: \"mesh\""), "{one}");
    let wrong = run(&["rpc", "describe", "ConfigEntry.Apply", "--kind", "service-spliter"]);
    assert_eq!(code(&wrong), Some(1));
    assert!(err(&wrong).contains("did you mean service-splitter?"), "{}", err(&wrong));
    assert!(err(&run(&["rpc", "describe", "KVS.Get", "--kind", "mesh"])).contains("nothing that comes in kinds"));

    let told = parsed(&run(&["rpc", "describe", "ConfigEntry.Apply", "--json"]));
    let entry =
        told["request"]["is"]["fields"].as_array().and_then(|all| all.iter().find(|field| field["name"] == "Entry"));
    let kinds = entry.expect("it is there")["one_of"].as_array().expect("kinds").clone();
    assert_eq!(kinds.len(), 18);
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
    for kind in kinds.iter().map(|kind| kind["name"].as_str().expect("a word")) {
        let example = run(&["rpc", "describe", "ConfigEntry.Apply", "--example", "--kind", kind]);
        assert_eq!(parsed(&example)["Entry"]["Kind"], kind);
        let call = ["rpc", "call", "ConfigEntry.Apply", "-d", "-", "--server", &nobody];
        let output = run_with(proconsul().args(call), &out(&example));
        assert_eq!(code(&output), Some(4), "{kind}: {}", err(&output));
    }
}

#[test]
fn the_example_of_every_read_is_answered_or_properly_refused() {
    let server = Running::dev();
    let address = server.address.to_string();
    let served: HashSet<String> =
        serde_json::from_slice(&run(&["rpc", "list", "--served", "--json"]).stdout).expect("names");
    let answered = std::sync::atomic::AtomicUsize::new(0);
    each(rows(|row| row.operation != Operation::Write), |row| {
        for form in [&[][..], &["--wire-json"]] {
            let example = run(&[&["rpc", "describe", row.name, "--example"], form].concat());
            assert_eq!(code(&example), Some(0), "{}: {}", row.name, err(&example));
            let call = &["rpc", "call", row.name, "-d", "-", "--json", "--server", &address];
            let output = run_with(proconsul().args(call).args(form), &out(&example));
            match code(&output) {
                Some(0) => {
                    serde_json::from_slice::<Value>(&output.stdout).expect("an answer is JSON");
                    answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                Some(3) => {
                    let why = err(&output);
                    assert!(!why.contains("msgpack") && !why.contains("decode"), "{} {form:?}: {why}", row.name);
                    let here = served.contains(row.name) && row.listener == Listener::Rpc;
                    assert!(!here || !why.contains("can't find"), "{}: {why}", row.name);
                }
                other => panic!("{} {form:?}: {other:?}: {}", row.name, err(&output)),
            }
        }
    });
    assert!(answered.into_inner() >= 2 * 8, "what is served is answered");
}

#[test]
fn the_example_of_every_method_can_be_sent() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
    each(rows(|row| row.operation == Operation::Write), |row| {
        for form in [&[][..], &["--wire-json"]] {
            let example = out(&run(&[&["rpc", "describe", row.name, "--example"], form].concat()));
            let call = &["rpc", "call", row.name, "-d", "-", "--server", &nobody];
            let output = run_with(proconsul().args(call).args(form), &example);
            assert_eq!(
                code(&output),
                Some(4),
                "only that nobody is there is in the way: {}: {}",
                row.name,
                err(&output)
            );
        }
    });
}

#[test]
fn a_field_that_does_not_exist_is_refused_with_its_place_and_the_nearest() {
    for (method, data, told) in [
        ("KVS.Get", r#"{"Kye": "a"}"#, &["Kye", "did you mean Key?"][..]),
        ("KVS.Apply", r#"{"DirEnt": {"key": "a"}}"#, &["DirEnt.key", "did you mean Key?"]),
        ("Catalog.Register", r#"{"Checks": [{}, {"Statsu": "passing"}]}"#, &["Checks[1].Statsu", "Status"]),
        ("KVS.Get", r#"{"Key": 7}"#, &["Key", "number"]),
        ("KVS.Get", r#"{"MaxQueryTime": "10 s"}"#, &["MaxQueryTime", "duration"]),
        ("KVS.Get", "[]", &["{…}", "describe KVS.Get"]),
    ] {
        let output = run(&["rpc", "call", method, "-d", data]);
        assert_eq!(code(&output), Some(1), "{data}: {}", err(&output));
        for part in told {
            assert!(err(&output).contains(part), "{data}: {part} is not in {}", err(&output));
        }
    }
}

#[test]
fn a_flag_that_the_method_does_not_have_is_an_error_that_names_those_it_has() {
    for (method, flags, told) in [
        ("KVS.Apply", &["--stale"][..], &["--stale", "no AllowStale", "--dc, --token"][..]),
        ("Status.Ping", &["--token", "s3cret"], &["--token", "no such option"]),
        ("Status.Leader", &["--index", "1"], &["--index", "does not honour", "--dc, --token"]),
        ("Status.Leader", &["--watch"], &["--watch", "never waits"]),
        ("KVS.Get", &["--wait", "3s"], &["--index", "--watch"]),
    ] {
        let output = run(&[&["rpc", "call", method], flags].concat());
        assert_eq!(code(&output), Some(1), "{method} {flags:?}");
        for part in told {
            assert!(err(&output).contains(part), "{method} {flags:?}: {part} is not in {}", err(&output));
        }
        assert!(!err(&output).contains("s3cret"), "{}", err(&output));
    }
    let both = run(&["rpc", "call", "KVS.Get", "--stale", "--consistent"]);
    assert_eq!(code(&both), Some(2), "{}", err(&both));
}

/// What a call writes first, read by somebody who then hangs up. Its output is returned, too.
fn written(command: &mut Command, until: &str) -> (String, Output) {
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = port.local_addr().expect("it is bound").to_string();
    let child = piped(command.args(["--server", &address]));
    let (mut peer, _) = port.accept().expect("it connects");
    peer.set_read_timeout(Some(PROMPTLY)).expect("a timeout");
    let text = read_until(&mut peer, until);
    drop(peer);
    (text, child.wait_with_output().expect("it ends"))
}

fn read_until(peer: &mut TcpStream, until: &str) -> String {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let got = peer.read(&mut buffer).expect("it comes in time");
        all.extend_from_slice(&buffer[..got]);
        let text = String::from_utf8_lossy(&all).into_owned();
        if text.contains(until) {
            return text;
        }
        assert_ne!(got, 0, "it ended without {until}: {text:?}");
    }
}

#[test]
fn a_token_comes_from_the_flag_the_request_or_the_environment_and_is_never_printed() {
    let given = r#"{"Key": "a", "Token": "of-the-request"}"#;
    for (data, flags, variable, sent) in [
        ("{}", &["--token", "of-the-flag"][..], "of-the-env", "of-the-flag"),
        (given, &["--token", "of-the-flag"], "", "of-the-flag"),
        (given, &[], "of-the-env", "of-the-request"),
        (r#"{"Token": ""}"#, &[], "of-the-env", "of-the-env"),
    ] {
        let mut command = proconsul();
        command.args(["rpc", "call", "KVS.Get", "-d", data]).args(flags).env("CONSUL_HTTP_TOKEN", variable);
        let (text, output) = written(&mut command, sent);
        assert_eq!(text.matches("of-the-").count(), 1, "{text:?}");
        assert_eq!(code(&output), Some(4), "{}", err(&output));
        assert!(!err(&output).contains("of-the-") && !out(&output).contains("of-the-"), "{}", err(&output));
    }
    // A method without room for one does without that of the environment.
    let mut command = proconsul();
    command.args(["rpc", "call", "Status.Ping"]).env("CONSUL_HTTP_TOKEN", "of-the-env");
    let (text, _) = written(&mut command, "Status.Ping");
    assert!(!text.contains("of-the-env"), "{text:?}");
}

#[test]
fn flags_fill_the_fields_that_they_stand_for() {
    let server = Running::dev();
    let call = |flags: &[&str]| {
        let output = server.calling("KVS.Get", r#"{"Key": "a"}"#).args(flags).output().expect("the binary runs");
        parsed(&output)
    };
    server.put("a", "eA==");
    let found = call(&["--stale"]);
    assert_eq!(found["Entries"][0]["Key"], "a");
    let index = found["Index"].as_u64().expect("an index");
    // It waits, and is answered with what there is when the wait is over.
    let waited = call(&["--index", &index.to_string(), "--wait", "50ms", "--consistent"]);
    assert_eq!(waited, call(&["--consistent"]));
    let elsewhere = server.calling("KVS.Get", "{}").args(["--dc", "dc9"]).output().expect("the binary runs");
    assert_eq!(code(&elsewhere), Some(3), "{}", err(&elsewhere));
    assert!(err(&elsewhere).contains("No path to datacenter"), "{}", err(&elsewhere));
}

#[test]
fn what_came_can_be_printed_as_it_came_and_in_the_form_of_the_wire() {
    let server = Running::dev();
    server.put("a", "eA==");
    let call = |flag: &str| server.calling("KVS.Get", r#"{"Key": "a"}"#).arg(flag).output().expect("the binary runs");
    let hex = out(&call("--raw"));
    let bytes: Vec<u8> =
        (0..hex.trim().len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect();
    let reply: proconsul_structs::kvs::IndexedDirEntries = proconsul_msgpack::from_slice(&bytes).expect("msgpack");
    assert_eq!(reply.entries.expect("entries")[0].key.as_bytes(), b"a");
    assert_eq!(parsed(&call("--wire-json"))["LastContact"], 0);
    assert_eq!(server.reply("KVS.Get", r#"{"Key": "a"}"#)["LastContact"], "0s");
}

#[test]
fn a_watch_prints_each_change_once_until_it_is_interrupted() {
    let server = Running::dev();
    server.put("w", "MQ==");
    let mut child = piped(server.calling("KVS.Get", r#"{"Key": "w"}"#).args(["--watch", "--wait", "100ms"]));
    let (sender, printed) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().expect("asked for above")).lines().map_while(Result::ok);
    let reader = thread::spawn(move || lines.for_each(|line| sender.send(line).expect("somebody reads")));
    let value = || {
        let line = printed.recv_timeout(PROMPTLY).expect("it prints in time");
        serde_json::from_str::<Value>(&line).expect("one JSON per line")["Entries"][0]["Value"].clone()
    };
    assert_eq!(value(), "MQ==");
    server.put("other", "eA==");
    server.put("w", "Mg==");
    assert_eq!(value(), "Mg==", "neither the end of a wait nor another key is a change");
    server.put("w", "Mw==");
    assert_eq!(value(), "Mw==");
    let status = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(status.expect("kill(1) is there").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    reader.join().expect("no panic");
    assert_eq!(printed.try_iter().count(), 0, "nothing else was printed");
}

#[test]
fn a_watch_whose_first_question_fails_ends_with_its_error() {
    let server = Running::dev();
    let refused = server.calling("Intention.List", "{}").arg("--watch").output().expect("the binary runs");
    assert_eq!(code(&refused), Some(3), "{}", err(&refused));
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
    let unreachable = run(&["rpc", "call", "KVS.Get", "--watch", "--server", &nobody]);
    assert_eq!(code(&unreachable), Some(4), "{}", err(&unreachable));
}
