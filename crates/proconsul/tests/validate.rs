//! `proconsul validate`: what is wrong with configuration files, as `server` would read them.
mod support;

use std::{fs, process::Output};

use serde_json::{Value, json};
use support::{code, err, out, proconsul};
use tempfile::TempDir;

fn validate(files: &[(&str, &str)], flags: &[&str]) -> (TempDir, Output) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    let output = proconsul().current_dir(&folder).arg("validate").args(flags).output().expect("the binary runs");
    (folder, output)
}

#[test]
fn what_is_right_is_said_to_be_so_with_its_warnings() {
    let files = [("conf/a.hcl", "node_name = \"a\"\nencrypt = \"x\"\n"), ("conf/ignored.txt", "no configuration")];
    let (_folder, output) = validate(&files, &["conf"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let said = out(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("warning: conf/a.hcl:2: encrypt is NOT IN EFFECT"), "{said}");
    assert_eq!(lines[1..], ["Configuration is valid!"]);
    let (_folder, output) = validate(&files, &["conf/a.hcl", "--quiet"]);
    assert_eq!((code(&output), out(&output)), (Some(0), String::new()));
}

#[test]
fn every_problem_of_every_file_is_told_with_its_place() {
    let files = [
        ("a.hcl", "node_nmae = \"a\"\n\nports {\n  server = -2\n}\n"),
        ("b.json", "{\"tls\": {\"grpc\": {\n\"verify_outgoing\": true}}}"),
        ("c.hcl", "tls {"),
    ];
    let (_folder, output) = validate(&files, &["a.hcl", "b.json", "c.hcl", "gone.hcl"]);
    assert_eq!(code(&output), Some(1));
    let said = err(&output);
    for words in [
        "Config validation failed: 5 problems",
        "\na.hcl:1: node_nmae is not a key of Consul's; did you mean node_name?",
        "\na.hcl:4: ports.server is -2",
        "\nb.json:2: tls.grpc.verify_outgoing cannot stand here",
        "\nc.hcl:1: ",
        "\ngone.hcl: cannot read it",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let (_folder, output) = validate(&files, &["a.hcl", "--json"]);
    assert_eq!(code(&output), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["valid"], false);
    assert_eq!(told["problems"][1]["file"], "a.hcl");
    assert_eq!((&told["problems"][1]["line"], &told["problems"][1]["key"]), (&json!(4), &json!("ports.server")));
}

#[test]
fn certificates_are_read_and_those_that_end_soon_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |line: &str| proconsul().current_dir(&folder).args(line.split(' ')).output().expect("the binary runs");
    for line in ["tls ca create", "tls cert create -server", "tls cert create -server -days 0"] {
        assert_eq!(code(&run(line)), Some(0));
    }
    let text = |number: u8| {
        format!(
            "tls {{\n  defaults {{\n    ca_file = \"consul-agent-ca.pem\"\n    cert_file = \"dc1-server-consul-{number}.pem\"\n    \
             key_file = \"dc1-server-consul-{number}-key.pem\"\n  }}\n}}\n"
        )
    };
    fs::write(folder.path().join("good.hcl"), text(0)).expect("a file");
    fs::write(folder.path().join("over.hcl"), text(1)).expect("a file");
    fs::write(folder.path().join("mixed.hcl"), text(1).replacen("consul-1.pem", "consul-0.pem", 1)).expect("a file");
    assert_eq!(out(&run("validate good.hcl")), "Configuration is valid!\n");
    let said = out(&run("validate over.hcl"));
    assert!(
        said.contains("warning: the certificate of tls.internal_rpc (server.dc1.consul") && said.contains("expired"),
        "{said}"
    );
    let output = run("validate mixed.hcl");
    assert_eq!(code(&output), Some(1));
    let words = "mixed.hcl:4: tls.defaults.cert_file cannot be used: Failed to load cert/key pair: tls: private key does \
                 not match public key";
    assert!(err(&output).contains(words), "{}", err(&output));
}
