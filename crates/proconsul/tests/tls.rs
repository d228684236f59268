//! Certificates as Consul's users make them, a server that uses them, and how it takes new ones.
mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use support::{Running, code, err, out, proconsul};
use tempfile::TempDir;

/// Runs in a folder.
fn run_in(folder: &TempDir, line: &str) -> Output {
    proconsul().current_dir(folder).args(line.split_whitespace()).output().expect("the binary runs")
}

/// What a command prints that succeeds.
fn done(folder: &TempDir, line: &str) -> String {
    let output = run_in(folder, line);
    assert_eq!(code(&output), Some(0), "{line}: {}", err(&output));
    out(&output)
}

/// A folder with a CA, a server's certificate and a client's.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for line in ["tls ca create", "tls cert create -server", "tls cert create -client"] {
        done(&folder, line);
    }
    folder
}

fn mode(folder: &TempDir, file: &str) -> u32 {
    fs::metadata(folder.path().join(file)).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_ca_and_certificates_have_consuls_names_and_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = done(&folder, "tls ca create");
    assert_eq!(said, "==> Saved consul-agent-ca.pem\n==> Saved consul-agent-ca-key.pem\n");
    let said = done(&folder, "tls cert create -server -dc dc2 -node n1");
    assert!(
        said.starts_with("==> WARNING: Server Certificates grants authority to become a\n    server and access"),
        "{said}"
    );
    assert!(
        said.ends_with(
            "==> Using consul-agent-ca.pem and consul-agent-ca-key.pem\n==> Saved dc2-server-consul-0.pem\n\
             ==> Saved dc2-server-consul-0-key.pem\n"
        ),
        "{said}"
    );
    for line in ["tls cert create --server --dc=dc2", "tls cert create -server=true -dc=dc2"] {
        done(&folder, line);
    }
    let said = done(&folder, "tls cert create -cli --json");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["certificate"], "dc1-cli-consul-0.pem");
    assert_eq!(said["key"], "dc1-cli-consul-0-key.pem");
    for (file, expected) in [
        ("consul-agent-ca.pem", 0o644),
        ("consul-agent-ca-key.pem", 0o600),
        ("dc2-server-consul-2.pem", 0o644),
        ("dc2-server-consul-2-key.pem", 0o600),
        ("dc1-cli-consul-0-key.pem", 0o600),
    ] {
        // What the umask takes away is more than is asked for.
        assert_eq!(mode(&folder, file) & !expected, 0, "{file}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = certificates();
    let before = fs::read(folder.path().join("consul-agent-ca-key.pem")).expect("it is there");
    let output = run_in(&folder, "tls ca create");
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("consul-agent-ca.pem already exists."), "{}", err(&output));
    fs::remove_file(folder.path().join("consul-agent-ca.pem")).expect("it is there");
    let output = run_in(&folder, "tls ca create");
    assert!(err(&output).contains("consul-agent-ca-key.pem already exists."), "{}", err(&output));
    assert_eq!(fs::read(folder.path().join("consul-agent-ca-key.pem")).expect("it is there"), before);
    assert!(!folder.path().join("consul-agent-ca.pem").exists(), "nor is half of it made");
}

#[test]
fn what_consul_refuses_is_refused_in_its_words() {
    let folder = tempfile::tempdir().expect("a folder");
    for (line, words) in [
        ("tls cert create", "Please provide either -server, -client, or -cli"),
        ("tls cert create -server -client", "Please provide either -server, -client, or -cli"),
        ("tls cert create -client -node n", "-node requires -server"),
        ("tls cert create -server -ca=", "Please provide the ca"),
        ("tls cert create -server -key=", "Please provide the key"),
        ("tls cert create -server", "Error reading CA consul-agent-ca.pem"),
        ("tls ca create -domain ../x", "cannot be a part of a file's name"),
    ] {
        let output = run_in(&folder, line);
        assert_eq!(code(&output), Some(1), "{line}");
        assert!(err(&output).contains(words), "{line}: {}", err(&output));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn a_key_of_another_ca_makes_no_certificate() {
    let folder = certificates();
    let other = certificates();
    let key = other.path().join("consul-agent-ca-key.pem");
    let output = run_in(&folder, &format!("tls cert create -client -key {}", key.display()));
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("provided PrivateKey doesn't match"), "{}", err(&output));
    assert!(!folder.path().join("dc1-client-consul-1.pem").exists());
}

/// A server that demands certificates, configured in `folder`, where its certificates are.
fn server(folder: &TempDir) -> Running {
    let text = "tls {\n  defaults {\n    ca_file = \"consul-agent-ca.pem\"\n    cert_file = \"dc1-server-consul-0.pem\"\n    \
                key_file = \"dc1-server-consul-0-key.pem\"\n    verify_incoming = true\n    verify_outgoing = true\n  }\n}\n";
    fs::write(folder.path().join("server.hcl"), text).expect("a file");
    let line = "server -dev -server-port 0 -grpc-port -1 -admin-port 0 -json -config-file server.hcl";
    Running::of(proconsul().current_dir(folder).args(line.split(' ')))
}

/// A call to it with these flags.
fn call(server: &Running, folder: &TempDir, flags: &str) -> Output {
    let mut command = proconsul();
    command.current_dir(folder).args(["rpc", "call", "Status.Leader", "--json", "--server"]);
    command.arg(server.address.to_string()).args(flags.split_whitespace()).output().expect("the binary runs")
}

const WITH_CERTIFICATE: &str =
    "--ca-file consul-agent-ca.pem --client-cert dc1-client-consul-0.pem --client-key dc1-client-consul-0-key.pem";

#[test]
fn a_server_with_certificates_is_called_in_tls_by_byte_and_by_name() {
    let folder = certificates();
    let server = server(&folder);
    for flags in ["--tls", "--alpn", "--tls --any-name", "--tls --tls-server-name localhost"] {
        let output = call(&server, &folder, &format!("{flags} {WITH_CERTIFICATE}"));
        assert_eq!(code(&output), Some(0), "{flags}: {}", err(&output));
        assert_eq!(out(&output).trim(), format!("\"{}\"", server.address));
    }
    for (flags, expected, words) in [
        ("", 4, "say --tls"),
        ("--tls --ca-file consul-agent-ca.pem", 4, "CertificateRequired"),
        (&format!("--tls --dc dc2 {WITH_CERTIFICATE}"), 4, "server.dc2.consul"),
        (&format!("--tls --tls-server-name other {WITH_CERTIFICATE}"), 4, "other"),
        ("--tls --ca-file consul-agent-ca.pem", 4, "give --client-cert"),
        ("--tls", 1, "--ca-file"),
        ("--alpn --ca-file consul-agent-ca.pem", 1, "--client-cert"),
        ("--ca-file consul-agent-ca.pem", 1, "--tls"),
        ("--tls --ca-file server.hcl", 1, "server.hcl"),
    ] {
        let output = call(&server, &folder, flags);
        assert_eq!(code(&output), Some(expected), "{flags}: {}", err(&output));
        assert!(err(&output).contains(words), "{flags}: {}", err(&output));
    }
}

#[test]
fn byte_7_is_answered_without_a_certificate() {
    let folder = certificates();
    let server = server(&folder);
    let mut command = proconsul();
    command.current_dir(&folder).args(["rpc", "call", "AutoEncrypt.Sign", "--insecure-rpc", "--server"]);
    let output = command.arg(server.address.to_string()).args(["--ca-file", "consul-agent-ca.pem"]).output();
    let output = output.expect("the binary runs");
    assert_eq!(code(&output), Some(3), "{}", err(&output));
    assert!(err(&output).contains("AutoEncrypt.AllowTLS must be enabled"), "{}", err(&output));
}

/// Puts other certificates where a server's are.
fn replace(folder: &TempDir, from: &Path) {
    for file in ["consul-agent-ca.pem", "dc1-server-consul-0.pem", "dc1-server-consul-0-key.pem"] {
        fs::copy(from.join(file), folder.path().join(file)).expect("copied");
    }
}

#[test]
fn new_certificates_are_taken_on_sighup_and_broken_ones_are_not() {
    let folder = certificates();
    let other = certificates();
    let server = server(&folder);
    let says_yes = |of: &TempDir| code(&call(&server, of, &format!("--tls {WITH_CERTIFICATE}"))) == Some(0);
    assert!(says_yes(&folder) && !says_yes(&other));

    fs::write(folder.path().join("dc1-server-consul-0.pem"), "no certificate").expect("written");
    server.signal("HUP");
    let said = server.logged("SIGHUP");
    assert!(said.contains("ERROR") && said.contains("server.hcl:4: tls.defaults.cert_file"), "{said}");
    let old = tempfile::tempdir().expect("a folder");
    assert!(!says_yes(&other), "the old ones are in use");
    drop(old);

    replace(&folder, other.path());
    server.signal("HUP");
    let said = server.logged("SIGHUP");
    assert!(said.contains("INFO"), "{said}");
    assert!(says_yes(&other), "of the new CA");
}

#[test]
fn the_stanza_itself_is_read_again_on_sighup() {
    let folder = certificates();
    let server = server(&folder);
    assert_eq!(code(&call(&server, &folder, "")), Some(4), "plain is refused");
    let file = folder.path().join("server.hcl");
    let strict = fs::read_to_string(&file).expect("it is there");
    fs::write(&file, strict.replace("verify_incoming = true", "verify_incoming = false")).expect("written");
    server.signal("HUP");
    assert!(server.logged("SIGHUP").contains("INFO"));
    let output = call(&server, &folder, "");
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    fs::write(&file, "tsl {}\n").expect("written");
    server.signal("HUP");
    assert!(server.logged("SIGHUP").contains("server.hcl:1: tsl is not a key"));
    assert_eq!(code(&call(&server, &folder, "")), Some(0));
}

#[test]
fn a_server_does_not_start_with_what_contradicts_itself() {
    let folder = certificates();
    fs::write(folder.path().join("a.hcl"), "tls {\n  internal_rpc {\n    verify_incoming = true\n  }\n}\n")
        .expect("a file");
    for line in ["server -dev -server-port 0 -config-file a.hcl", "validate a.hcl"] {
        let output = run_in(&folder, line);
        assert_eq!(code(&output), Some(1), "{line}");
        let words =
            "a.hcl:3: tls.internal_rpc.verify_incoming cannot be used: VerifyIncoming set but no CA certificates";
        assert!(err(&output).contains(words), "{line}: {}", err(&output));
    }
}

#[test]
fn certificates_are_those_that_openssl_reads() {
    let folder = certificates();
    let openssl = |arguments: &[&str]| Command::new("openssl").current_dir(&folder).args(arguments).output();
    let Ok(verified) = openssl(&["verify", "-CAfile", "consul-agent-ca.pem", "dc1-server-consul-0.pem"]) else {
        println!("skipped: there is no openssl here");
        return;
    };
    assert_eq!(out(&verified).trim(), "dc1-server-consul-0.pem: OK", "{}", err(&verified));
}
