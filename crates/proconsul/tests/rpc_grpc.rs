//! `proconsul rpc` and the methods of gRPC.
mod support;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use proconsul_methods::AnyMethod;
use serde_json::{Value, json};
use support::{Running, code, err, out, proconsul, run};

const FEATURES: &str = "hashicorp.consul.dataplane.DataplaneService.GetSupportedDataplaneFeatures";
const WATCH: &str = "hashicorp.consul.serverdiscovery.ServerDiscoveryService.WatchServers";
const PEERINGS: &str = "hashicorp.consul.internal.peering.PeeringService.PeeringList";
const SUBSCRIBE: &str = "subscribe.StateChangeSubscription.Subscribe";

/// With a gRPC port, whose address is returned.
fn start() -> (Running, String) {
    let server =
        Running::start(&["server", "--dev", "--server-port", "0", "--grpc-port", "0", "--admin-port", "0", "--json"]);
    let grpc = server.announced["listening"]["grpc"].as_str().expect("it says where").to_owned();
    (server, grpc)
}

fn call(method: &str, flags: &[&str]) -> Output {
    proconsul().args(["rpc", "call", method, "--json"]).args(flags).output().expect("the binary runs")
}

fn reply(output: &Output) -> Value {
    assert_eq!(code(output), Some(0), "{}", err(output));
    serde_json::from_slice(&output.stdout).expect("one JSON")
}

#[test]
fn every_method_of_grpc_is_listed_described_and_exemplified() {
    let listed = out(&run(&["rpc", "list"]));
    for row in proconsul_methods::all().filter_map(AnyMethod::grpc) {
        assert!(listed.contains(row.row.name), "{}", row.path);
    }
    let text = out(&run(&["rpc", "describe", WATCH]));
    for part in ["/hashicorp.consul.serverdiscovery", "external", "streams", "replies", "wan", "servers"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let by_path = run(&["rpc", "describe", "/subscribe.StateChangeSubscription/Subscribe", "--json"]);
    assert_eq!(reply(&by_path)["request"]["type"], "subscribe.SubscribeRequest");
    let example = reply(&run(&["rpc", "describe", WATCH, "--example"]));
    assert_eq!(example, json!({"wan": false}));
    let near = run(&["rpc", "describe", "hashicorp.consul.dns.DNSService.Qury"]);
    assert!(err(&near).contains("did you mean hashicorp.consul.dns.DNSService.Query?"), "{}", err(&near));
}

#[test]
fn a_method_is_called_on_either_port_by_either_name_and_by_the_servers_own_descriptors() {
    let (server, grpc) = start();
    let features = reply(&call(FEATURES, &["--grpc", &grpc]));
    assert!(features["supportedDataplaneFeatures"].as_array().is_some_and(|all| !all.is_empty()), "{features}");
    let path = "/hashicorp.consul.dataplane.DataplaneService/GetSupportedDataplaneFeatures";
    assert_eq!(reply(&call(path, &["--grpc", &grpc, "--reflect"])), features);
    let inner = server.address.to_string();
    for flags in [&[][..], &["--reflect"]] {
        let peerings = reply(&call(PEERINGS, &[&["--server", &inner], flags].concat()));
        assert!(peerings.is_object(), "{peerings}");
    }
    let unknown = call("no.Such.Method", &["--grpc", &grpc, "--reflect"]);
    assert_ne!(code(&unknown), Some(0));
}

#[test]
fn a_stream_is_a_line_for_each_message() {
    let (_server, grpc) = start();
    let one = call(WATCH, &["--grpc", &grpc, "--count", "1"]);
    assert_eq!(reply(&one)["servers"].as_array().map(Vec::len), Some(1));

    let mut child = Command::new(support::BINARY)
        .args(["rpc", "call", WATCH, "--grpc", &grpc])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("asked for above")).read_line(&mut line).expect("a line");
    assert!(serde_json::from_str::<Value>(&line).is_ok(), "{line}");
    let status = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(status.expect("kill(1) is there").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn requests_of_a_stream_are_lines_of_the_standard_input() {
    let (_server, grpc) = start();
    let name = "grpc.reflection.v1.ServerReflection.ServerReflectionInfo";
    let mut command = proconsul();
    command.args(["rpc", "call", name, "-d", "-", "--reflect", "--grpc", &grpc]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let input = "{\"listServices\": \"\"}\n{\"fileContainingSymbol\": \"hashicorp.consul.dns.DNSService\"}\n";
    child.stdin.take().expect("asked for above").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let lines: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].to_string().contains("DataplaneService") && lines[1].to_string().contains("fileDescriptorResponse")
    );
}

#[test]
fn what_goes_wrong_has_a_name_and_an_exit_code() {
    let (server, grpc) = start();
    let inner = server.address.to_string();
    let refused = call(SUBSCRIBE, &["--server", &inner]);
    assert_eq!(code(&refused), Some(3), "{}", err(&refused));
    let elsewhere = call(PEERINGS, &["--grpc", &grpc]);
    assert_eq!(code(&elsewhere), Some(3), "{}", err(&elsewhere));
    assert!(err(&elsewhere).contains("Unimplemented: unknown service"), "{}", err(&elsewhere));
    let late = call(WATCH, &["--grpc", &grpc, "--timeout", "300ms"]);
    assert!(matches!(code(&late), Some(3 | 4)) && err(&late).contains("DeadlineExceeded"), "{}", err(&late));
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
    for port in ["--grpc", "--server"] {
        let unreachable = call(FEATURES, &[port, &nobody]);
        assert_eq!(code(&unreachable), Some(4), "{}", err(&unreachable));
        assert!(err(&unreachable).contains(&nobody), "{}", err(&unreachable));
    }
    for (method, flags, told) in [
        (WATCH, &["-d", r#"{"wam": true}"#][..], "wam"),
        (WATCH, &["-d", "{} {}"], "takes one request"),
        (WATCH, &["--stale"], "--stale is for methods of net/rpc"),
        ("KVS.Get", &["--metadata", "a=b"], "--metadata is for methods of gRPC"),
        (WATCH, &["--metadata", "a"], "NAME=VALUE"),
    ] {
        let output = call(method, flags);
        assert_eq!(code(&output), Some(1), "{flags:?}: {}", err(&output));
        assert!(err(&output).contains(told), "{flags:?}: {}", err(&output));
    }
}
