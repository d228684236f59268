//! `proconsul server`: what it says when it starts, and what it starts with.
mod support;

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use support::{BINARY, PROMPTLY, Running, code, err, out, proconsul, run};

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
        .args(["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--admin-port", "-1"])
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
        command
            .args(["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--json", "--config-file"])
            .arg(&variant);
        command.args(["--admin-port", "0"]);
        let server = Running::of(command.current_dir(&golden)); // it names its certificates relative to here
        assert!(server.announced["node"].as_str().is_some_and(|node| node.starts_with("probe-srv")), "{variant:?}");
        let mut ping = server.calling("Status.Ping", "{}");
        if variant.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("tls")) {
            let of = |name: &str| golden.join("certs").join(name);
            ping.arg("--tls").arg("--ca-file").arg(of("ca.pem"));
            ping.arg("--client-cert").arg(of("client.pem")).arg("--client-key").arg(of("client-key.pem"));
        }
        let output = ping.output().expect("the binary runs");
        assert_eq!(code(&output), Some(0), "{variant:?}: {}", err(&output));
    }
}

#[test]
fn a_configuration_that_nobody_would_understand_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.hcl");
    fs::write(&file, "nod_name = \"n\"\n").expect("a file");
    let path = file.display().to_string();
    let output = run(&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--config-file", &path]);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert!(err(&output).contains("nod_name") && err(&output).contains("node_name"), "{}", err(&output));
}

#[test]
fn the_admin_listener_is_where_it_is_asked_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("made/data");
    let of = |arguments: &[&str]| {
        let all = [&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--json"], arguments].concat();
        Running::start(&all)
    };
    let path = data.display().to_string();
    let both = of(&["--admin-port", "0", "--data-dir", &path]);
    assert!(both.admin().starts_with("127.0.0.1:"));
    assert_eq!(both.announced["listening"]["admin_socket"], format!("{path}/admin.sock"));
    assert_eq!(both.token().len(), 32);
    let mode = fs::metadata(&data).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let none = of(&["-admin-port", "-1"]);
    assert_eq!(none.announced["listening"]["admin"], serde_json::Value::Null);
    assert_eq!(none.announced["admin_token"], serde_json::Value::Null, "nobody needs it");

    let port = both.admin().rsplit(':').next().expect("a port").to_owned();
    let output = run(&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--admin-port", &port]);
    assert_eq!(code(&output), Some(1), "one that is asked for must be free");
    assert!(err(&output).contains(&port), "{}", err(&output));
}

#[test]
fn where_the_default_admin_port_is_taken_the_server_says_so_and_runs() {
    // Another test's server may have it, which goes when that test ends; who keeps it for long is as good as we.
    let began = Instant::now();
    let mut taken = TcpListener::bind("127.0.0.1:8310");
    while taken.is_err() && began.elapsed() < PROMPTLY {
        thread::sleep(Duration::from_millis(10));
        taken = TcpListener::bind("127.0.0.1:8310");
    }
    let server = Running::start(&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--json"]);
    assert!(server.logged("8310").contains("WARN"));
    assert_eq!(server.announced["listening"]["admin"], serde_json::Value::Null);
    server.reply("Status.Ping", "{}");
    drop(taken);
}

#[test]
fn the_token_is_printed_once_and_never_logged() {
    let mut server = Running::start(&[
        "server",
        "--dev",
        "--server-port",
        "0",
        "--admin-port",
        "0",
        "--json",
        "--log-level",
        "trace",
    ]);
    let token = server.token().to_owned();
    let admin = server.admin().to_owned();
    let killed = run(&["conns", "kill", "999999", "--admin", &admin, "--token", &token]);
    assert_eq!(code(&killed), Some(1), "{}", err(&killed));
    server.signal("TERM");
    server.ended(PROMPTLY);
    let log = server.log_lines().join("\n");
    assert!(log.contains("server started") && !log.contains(&token), "{log}");
}
