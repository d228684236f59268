//! `proconsul server`: what it says when it starts, and what it starts with.
mod support;

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use support::{BINARY, Running, code, err, out, proconsul, run};

#[test]
fn a_program_is_told_where_it_listens() {
    let server = Running::dev();
    assert_eq!(server.announced["datacenter"], "dc1");
    assert!(server.announced["node"].is_string());
    assert!(server.address.ip().is_loopback() && server.address.port() != 0);
    let nodes = server.reply("Catalog.ListNodes", "{}");
    assert_eq!(nodes["Nodes"][0]["Node"], server.announced["node"], "a newcomer's first query shows something");
}

#[test]
fn flags_win_over_what_they_stand_for() {
    let server = Running::start(&[
        "server",
        "--dev",
        "--server-port",
        "0",
        "--json",
        "--node",
        "n1",
        "--datacenter",
        "dc9",
        "--bind",
        "127.0.0.3",
    ]);
    assert_eq!((server.announced["node"].as_str(), server.announced["datacenter"].as_str()), (Some("n1"), Some("dc9")));
    assert_eq!(server.address.ip().to_string(), "127.0.0.3");
    assert_eq!(server.reply("Catalog.ListDatacenters", "{}"), serde_json::json!(["dc9"]));
}

#[test]
fn a_person_is_shown_three_commands_that_work() {
    let mut child = proconsul()
        .args(["server", "--dev", "--server-port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let printed = BufReader::new(child.stdout.take().expect("asked for above")).lines().map_while(Result::ok);
    // The last is followed by an empty line; the server prints nothing after that.
    let mut commands = Vec::new();
    let mut shown = String::new();
    for line in printed {
        shown += &line;
        shown.push('\n');
        match line.trim() {
            command if command.starts_with("proconsul rpc call") => commands.push(command.to_owned()),
            "" if !commands.is_empty() => break,
            _ => {}
        }
    }
    let folder = Path::new(BINARY).parent().expect("it is in a folder");
    let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap_or_default());
    let ran: Vec<_> = commands
        .iter()
        .map(|command| Command::new("sh").args(["-c", command]).env("PATH", &path).output().expect("a shell"))
        .collect();
    let _ended = child.kill();
    let _ = child.wait();
    assert_eq!(commands.len(), 3, "{shown}");
    assert!(shown.contains("127.0.0.1:"), "{shown}");
    for (command, output) in commands.iter().zip(&ran) {
        assert_eq!(code(output), Some(0), "{command}: {}", err(output));
    }
    assert!(out(&ran[2]).contains("aGk="), "the second wrote what the third reads: {}", out(&ran[2]));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Running::dev();
    let port = server.address.port().to_string();
    let output = run(&["server", "--dev", "--server-port", &port]);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    let said = err(&output);
    assert!(said.contains(&server.address.to_string()) && said.contains("ports.server"), "{said}");
}

#[test]
fn what_is_not_development_is_not_there_yet_and_says_so() {
    let output = run(&["server"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("--dev"), "{}", err(&output));
}

#[test]
fn every_recorded_variant_starts() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let mut variants: Vec<_> = fs::read_dir(golden.join("variants"))
        .expect("the recordings are in the repository")
        .map(|entry| entry.expect("a folder that can be read").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "hcl"))
        .collect();
    variants.sort();
    assert!(variants.len() >= 9, "{variants:?}");
    for variant in variants {
        let mut command = proconsul();
        command.args(["server", "--dev", "--server-port", "0", "--json", "--config-file"]).arg(&variant);
        let server = Running::of(command.current_dir(&golden)); // it names its certificates relative to here
        assert!(server.announced["node"].as_str().is_some_and(|node| node.starts_with("probe-srv")), "{variant:?}");
        server.reply("Status.Ping", "{}");
    }
}

#[test]
fn a_configuration_that_nobody_would_understand_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.hcl");
    fs::write(&file, "nod_name = \"n\"\n").expect("a file");
    let path = file.display().to_string();
    let output = run(&["server", "--dev", "--server-port", "0", "--config-file", &path]);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert!(err(&output).contains("nod_name") && err(&output).contains("node_name"), "{}", err(&output));
}
