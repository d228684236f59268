//! `proconsul doctor` with servers that are broken in one way each: it names that way, and no other.
mod certs;
mod peer;
mod setup;
#[path = "../support/mod.rs"]
mod support;

use std::{io::Write, net::SocketAddr};

use certs::{BOTH, CLIENT, Pair, SERVER, Want, write};
use peer::{Clients, NAMES, Port, SETTINGS, Tls, close, close_tls, config, hold, listen, shake};
use rcgen::ExtendedKeyUsagePurpose;
use setup::{World, ask, case, check};
use support::{Running, code, out, proconsul};

#[test]
fn where_nobody_answers_the_reason_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound");
    let short = ["--timeout", "300ms"];
    check(
        &[
            case("nothing listens", free, &[], "not-listening", "refused"),
            case("no port", "localhost", &[], "unresolved", "HOST:PORT"),
            case("no such name", "nobody.invalid:8300", &[], "unresolved", "has no address"),
            case("closes at once", listen(close), &[], "closes-at-once", "rpc_max_conns_per_client"),
            case("silent", listen(hold), &short, "silent", "--timeout"),
        ],
        4,
    );
}

/// An HTTP/1 server: it answers when there is a line.
fn http(mut tcp: std::net::TcpStream) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\n") {
        match std::io::Read::read(&mut tcp, &mut byte) {
            Ok(1) => seen.push(byte[0]),
            _ => return,
        }
    }
    let _gone = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    close(tcp);
}

/// A server that says something first.
fn greets(greeting: &'static [u8]) -> SocketAddr {
    listen(move |mut tcp| {
        let _gone = tcp.write_all(greeting);
        hold(tcp);
    })
}

/// A Serf port: it takes byte 0 for a ping of its own, and closes on all else.
fn gossip(mut tcp: std::net::TcpStream) {
    let mut byte = [0];
    if matches!(std::io::Read::read(&mut tcp, &mut byte), Ok(1)) && byte[0] == 0 {
        let _gone = tcp.write_all(b"\x09\x82\xa4Algo\x00\xa3Buf\xa2ab");
    }
    close(tcp);
}

#[test]
fn a_port_that_is_somebody_elses_is_named() {
    let short = ["--timeout", "500ms"];
    check(
        &[
            case("HTTP", listen(http), &short, "wrong-port", "HTTP API"),
            case("SSH", greets(b"SSH-2.0-OpenSSH_9.2\r\n"), &[], "wrong-port", "SSH"),
            case("SMTP", greets(b"220 mail ESMTP\r\n"), &[], "wrong-port", "SMTP"),
            case("gRPC port", greets(SETTINGS), &[], "wrong-port", "--grpc"),
            case("Serf port", listen(gossip), &[], "wrong-port", "serf_lan 8301"),
            case("who knows", greets(b"\x00hello"), &short, "wrong-port", r"\\x00hello"),
            case(
                "closes on any byte",
                Port { tls_only: true, ..Port::default() }.listen(),
                &[],
                "closes-everything",
                "8300",
            ),
        ],
        1,
    );
}

#[test]
fn what_is_wrong_with_the_servers_certificate_is_named() {
    let world = World::new();
    let usual = world.usual();
    let presents = |pair: &Pair| world.strict(pair).listen();
    let make = |file: &str, want: Want<'_>| presents(&world.ca.make(file, &want));
    let old = world.ca.make("old", &Want { years: (2020, 2021), ..SERVER });
    let demands_none = Tls {
        by_byte: Some(config(&old, &Clients::Any, &[])),
        insecure: None,
        native: Some(config(&old, &Clients::Of(&world.ca), NAMES)),
    };
    let any = Port { tls: demands_none, ..Port::default() };
    let node = [&usual[..], &["--node", "n1"]].concat();
    check(
        &[
            case("expired", presents(&old), &usual, "server-expired", "2021-01-01"),
            case("expired, no CA given", any.listen(), &[], "server-expired", "2021-01-01"),
            case(
                "not yet valid",
                make("new", Want { years: (2100, 2120), ..SERVER }),
                &usual,
                "server-not-yet-valid",
                "2100-01-01",
            ),
            case(
                "wrong CA",
                presents(&world.rogue.make("foreign", &SERVER)),
                &usual,
                "server-wrong-ca",
                "issued by rogue",
            ),
            case(
                "self-signed",
                presents(&world.ca.self_signed("alone", &SERVER)),
                &usual,
                "server-self-signed",
                "tls cert create",
            ),
            case(
                "another datacenter",
                make("dc2", Want { names: &["server.dc2.consul", "localhost"], ..SERVER }),
                &usual,
                "server-name",
                "datacenter dc2: expected server.dc1.consul",
            ),
            case(
                "a client's names",
                make("names", Want { names: &["client.dc1.consul"], ..SERVER }),
                &usual,
                "server-name",
                "presented client.dc1.consul",
            ),
            case(
                "a wildcard",
                make("wild", Want { names: &["*.consul"], ..SERVER }),
                &usual,
                "server-wildcard",
                "stands for one label",
            ),
            case(
                "CN only",
                make("cn", Want { name: "server.dc1.consul", names: &[], ..SERVER }),
                &usual,
                "server-no-names",
                "its CN, server.dc1.consul, is not looked at",
            ),
            case(
                "for clients only",
                make("eku", Want { purposes: &[ExtendedKeyUsagePurpose::ClientAuth], ..SERVER }),
                &usual,
                "server-purpose",
                "serverAuth",
            ),
            case("no node name", presents(&world.server), &node, "server-name", "n1.server.dc1.consul"),
        ],
        1,
    );
}

#[test]
fn what_is_wrong_with_the_clients_certificate_is_named() {
    let world = World::new();
    let server = world.strict(&world.server).listen();
    let make = |file: &str, want: &Want<'_>| world.ca.make(file, want);
    let expired = make("expired", &Want { years: (2020, 2021), ..CLIENT });
    let early = make("early", &Want { years: (2100, 2120), ..CLIENT });
    let purpose = make("purpose", &Want { purposes: &[ExtendedKeyUsagePurpose::ServerAuth], ..CLIENT });
    let foreign = world.rogue.make("foreign-client", &CLIENT);
    let broken = write(&world.directory, "broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA");
    let ca = ["--ca-file", world.ca.file.as_str(), "--dc", "dc1"];
    let mismatch =
        [&ca[..], &["--client-cert", &world.client.cert_file, "--client-key", &world.server.key_file]].concat();
    let no_key = [&ca[..], &["--client-cert", &world.client.cert_file]].concat();
    let no_file = [&ca[..], &["--client-cert", "/no/such/file", "--client-key", &world.client.key_file]].concat();
    let bad_ca =
        ["--client-cert", &world.client.cert_file, "--client-key", &world.client.key_file, "--ca-file", &broken];
    check(
        &[
            case("none given", server, &ca, "client-certificate-required", "--client-cert"),
            case("expired", server, &world.with(&expired), "client-expired", "2021-01-01"),
            case("not yet valid", server, &world.with(&early), "client-not-yet-valid", "2100-01-01"),
            case("wrong CA", server, &world.with(&foreign), "client-wrong-ca", "issued by rogue"),
            case("for servers only", server, &world.with(&purpose), "client-purpose", "clientAuth"),
            case("not its key", server, &mismatch, "key-mismatch", "--client-key"),
            case("no key", server, &no_key, "file", "give --client-key"),
            case("no such file", server, &no_file, "file", "/no/such/file"),
            case("a broken CA file", server, &bad_ca, "file", "broken.pem"),
        ],
        1,
    );
}

/// A server that answers any ClientHello with this alert, in clear.
fn alerts(alert: u8) -> SocketAddr {
    listen(move |mut tcp| {
        let mut bytes = [0; 4096];
        let mut byte = [0];
        // Byte 3, or the first of a ClientHello; then the rest of it.
        if matches!(std::io::Read::read(&mut tcp, &mut byte), Ok(1)) && matches!(byte[0], 3 | 0x16) {
            let _hello = std::io::Read::read(&mut tcp, &mut bytes);
            let _gone = tcp.write_all(&[0x15, 3, 1, 0, 2, 2, alert]);
        }
        close(tcp);
    })
}

#[test]
fn what_is_wrong_with_tls_is_named() {
    let world = World::new();
    let usual = world.usual();
    let any = |names: &[&str]| Some(config(&world.server, &Clients::Any, names));
    let plain = Port::default().listen();
    let by_byte_only = Tls { native: None, ..world.strict(&world.server).tls };
    let terminator = |names: &'static [&'static str]| {
        let tls = any(names).expect("it is one");
        listen(move |tcp| {
            if let Some(tls) = shake(tcp, &tls) {
                close_tls(tls);
            }
        })
    };
    // Takes the first byte and then nothing else; in clear it answers.
    let hangs = listen(|tcp| {
        let mut first = [0];
        match tcp.peek(&mut first) {
            Ok(1) if matches!(first[0], 3 | 7 | 0x16) => hold(tcp),
            _ => in_clear(tcp),
        }
    });
    let short = [&usual[..], &["--timeout", "500ms"]].concat();
    check(
        &[
            case("no TLS though certificates are given", plain, &usual, "no-tls", "TLS was expected"),
            case("TLS 1.1 only", alerts(70), &usual, "tls-mismatch", "protocol_version"),
            case("no suite in common", alerts(40), &usual, "tls-mismatch", "tls_cipher_suites"),
            case("another TLS server", terminator(&["http/1.1"]), &usual, "alpn-unknown", "no_application_protocol"),
            case("a proxy that ends TLS", terminator(&["h2"]), &usual, "tls-terminated", "pass TCP through"),
            case("no ALPN", terminator(&[]), &usual, "alpn-ignored", "ALPN"),
            case("a handshake that never ends", hangs, &short, "tls-silent", "--timeout"),
            case(
                "no CA on the server",
                Port { tls: by_byte_only, tls_only: true, verify_servers: false }.listen(),
                &usual,
                "native-closed",
                "ca_file",
            ),
        ],
        1,
    );
}

/// The plain half of a server port.
fn in_clear(tcp: std::net::TcpStream) {
    Port::default().meet(tcp);
}

#[test]
fn what_is_wrong_with_the_grpc_ports_is_named() {
    let world = World::new();
    let server = Port::default().listen();
    let plain = greets(SETTINGS).to_string();
    let tls = config(&world.server, &Clients::Any, &["h2"]);
    let in_tls = listen(move |tcp| {
        let mut first = [0];
        match tcp.peek(&mut first) {
            Ok(1) if first[0] == 0x16 => {}
            _ => return close(tcp),
        }
        if let Some(mut tls) = shake(tcp, &tls) {
            let _gone = tls.write_all(SETTINGS);
            close_tls(tls);
        }
    })
    .to_string();
    let strict = config(&world.server, &Clients::Of(&world.ca), &["h2"]);
    let demanding = listen(move |tcp| {
        if let Some(tls) = shake(tcp, &strict) {
            close_tls(tls);
        }
    })
    .to_string();
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").to_string();
    let tls_to = |address| ["--grpc", plain.as_str(), "--grpc-tls", address];
    let plain_to = |address| ["--grpc", address, "--grpc-tls", in_tls.as_str()];
    let http1 = listen(http).to_string();
    check(
        &[
            case("plain port asked in TLS", server, &tls_to(&plain), "grpc-is-plain", "--grpc"),
            case("TLS port asked in clear", server, &plain_to(&in_tls), "grpc-is-tls", "--grpc-tls"),
            case("nothing listens", server, &plain_to(&free), "grpc-not-listening", "8502"),
            case("a certificate is demanded", server, &tls_to(&demanding), "grpc-client-certificate", "--client-cert"),
            case("HTTP/1", server, &plain_to(&http1), "grpc-wrong-port", "HTTP/1"),
        ],
        1,
    );
    let told = ask(&server.to_string(), &["--grpc", &plain, "--grpc-tls", &in_tls]);
    assert_eq!((told.exit, told.causes("problem").len()), (Some(0), 0), "{:#}", told.json["findings"]);
    assert!(told.reached("grpc", "gRPC port, TLS", false) && told.reached("grpc", "gRPC port, in clear", false));
}

#[test]
fn raft_is_closed_to_who_is_no_server_and_that_is_right_for_a_client() {
    let world = World::new();
    let server = Port { verify_servers: true, ..world.strict(&world.server) }.listen().to_string();
    let told = ask(&server, &world.usual());
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    assert!(told.causes("note").contains(&"not-a-server"));
    assert!(told.text("not-a-server").contains("it has: client.dc1.consul"), "{}", told.text("not-a-server"));
    assert!(!told.reached("raft", "byte 3, TLS, byte 1", true) && told.reached("rpc", "byte 3, TLS, byte 0", true));

    let told = ask(&server, &[&world.usual()[..], &["--as-server"]].concat());
    assert_eq!(told.exit, Some(1));
    assert!(told.causes("problem").iter().all(|cause| *cause == "not-a-server"), "{:#}", told.json["findings"]);

    let told = ask(&server, &[&world.with(&world.server)[..], &["--as-server"]].concat());
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    assert!(told.reached("raft", "TLS consul/raft", true), "silence is an answer there");
}

#[test]
fn a_server_as_it_should_be_has_no_problem() {
    let world = World::new();
    let strict = world.strict(&world.server).listen().to_string();
    let told = ask(&strict, &world.usual());
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    assert_eq!(told.causes("warning"), Vec::<&str>::new());
    assert_eq!(told.json["certificates"][0]["names"][0], "server.dc1.consul");
    assert_eq!(told.json["certificates"][0]["tls_version"], "1.3");
    for (name, route) in NAMES.iter().zip(["rpc", "raft", "rpc_multi", "snapshot", "gossip", "grpc", "raft_forwarding"])
    {
        assert_eq!(told.reached(route, &format!("TLS {name}"), true), route != "gossip", "{name}");
        assert!(!told.reached(route, &format!("TLS {name}"), false), "{name} without a certificate");
    }
    assert!(told.reached("tls_insecure", "byte 7, TLS", false));

    // By a name, which may have an address where nothing listens, too.
    let by_name = format!("localhost:{}", Port::default().listen().port());
    let told = ask(&by_name, &[]);
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    assert_eq!(told.causes("note"), ["no-tls"], "nobody asked for TLS");
}

#[test]
fn what_ends_soon_or_passes_for_more_than_it_should_is_a_warning() {
    let world = World::new();
    let wild = world.ca.make("wild", &Want { names: &["*.dc1.consul", "localhost"], purposes: BOTH, ..SERVER });
    let told = ask(&world.strict(&wild).listen().to_string(), &world.usual());
    assert_eq!((told.exit, told.causes("warning")), (Some(0), vec!["server-wildcard"]), "{:#}", told.json["findings"]);
}

#[test]
fn settings_come_from_an_agents_file_and_flags_win() {
    let world = World::new();
    let file = write(
        &world.directory,
        "agent.hcl",
        &format!(
            "datacenter = \"dc1\"\ntls {{\n  internal_rpc {{\n    ca_file = {:?}\n    cert_file = {:?}\n    key_file = {:?}\n    \
             verify_incoming = true\n  }}\n}}\n",
            world.ca.file, world.client.cert_file, world.client.key_file
        ),
    );
    let strict = world.strict(&world.server);
    let told = ask(&strict.clone().listen().to_string(), &["--config-file", &file]);
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    let told = ask(&strict.clone().listen().to_string(), &["--config-file", &file, "--dc", "dc9"]);
    assert_eq!(told.causes("problem"), ["server-name"]);
    let open = Port { tls_only: false, ..strict };
    let told = ask(&open.listen().to_string(), &["--config-file", &file]);
    assert_eq!(told.causes("problem"), ["plain-open"], "the server does not run with that file");
}

#[test]
fn our_own_server_in_clear_is_well() {
    let server = Running::dev();
    let told = ask(&server.address.to_string(), &["--timeout", "1s"]);
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    assert!(told.reached("rpc", "byte 0", false) && told.reached("rpc_multi", "byte 4", false));
}

#[test]
fn our_own_server_in_tls_is_well() {
    let world = World::new();
    let names = ["n1.server.dc1.consul", "server.dc1.consul"];
    let own = world.ca.make("own", &Want { names: &names, ..SERVER });
    let text = format!(
        "node_name = \"n1\"\ntls {{\n  defaults {{\n    ca_file = {:?}\n    cert_file = {:?}\n    key_file = {:?}\n    \
         verify_incoming = true\n    verify_outgoing = true\n  }}\n  internal_rpc {{\n    verify_server_hostname = true\n  }}\n}}\n",
        world.ca.file, own.cert_file, own.key_file
    );
    let file = write(&world.directory, "own.hcl", &text);
    let server = Running::start(&[
        "server",
        "--dev",
        "--server-port",
        "0",
        "--grpc-port",
        "-1",
        "--json",
        "--config-file",
        &file,
    ]);
    let server = server.address.to_string();

    let told = ask(&server, &["--config-file", &file, "--as-server", "--node", "n1", "--dc", "dc1", "--timeout", "1s"]);
    assert_eq!((told.exit, told.causes("problem")), (Some(0), vec![]), "{:#}", told.json["findings"]);
    for (route, how) in [
        ("rpc", "byte 3, TLS, byte 0"),
        ("rpc_multi", "byte 3, TLS, byte 4"),
        ("raft", "byte 3, TLS, byte 1"),
        ("rpc", "TLS consul/rpc-single"),
        ("rpc_multi", "TLS consul/rpc-multi"),
        ("raft", "TLS consul/raft"),
    ] {
        assert!(told.reached(route, how, true) && !told.reached(route, how, false), "{how}");
    }
    assert!(told.reached("tls_insecure", "byte 7, TLS", false));

    let told = ask(&server, &[&world.usual()[..], &["--timeout", "1s"]].concat());
    assert_eq!(told.causes("problem"), Vec::<&str>::new(), "{:#}", told.json["findings"]);
    assert!(told.causes("note").contains(&"not-a-server") && !told.reached("raft", "TLS consul/raft", true));

    let told = ask(&server, &["--timeout", "1s"]);
    assert_eq!((told.exit, told.causes("problem")), (Some(1), vec!["client-certificate-required"]));
    let foreign = world.rogue.make("foreign-client", &CLIENT);
    let told = ask(&server, &[&world.with(&foreign)[..], &["--timeout", "1s"]].concat());
    assert_eq!((told.exit, told.causes("problem")), (Some(1), vec!["client-wrong-ca"]));
}

#[test]
fn people_see_a_table_and_one_line_for_each_finding() {
    let world = World::new();
    let server = world.strict(&world.server).listen().to_string();
    let output = proconsul().args(["doctor", &server, "--no-grpc"]).output().expect("the binary runs");
    let text = out(&output);
    assert!(text.lines().next().is_some_and(|header| header.contains("ROUTE") && header.contains("RESULT")), "{text}");
    let problems: Vec<&str> = text.lines().filter(|line| line.starts_with("problem")).collect();
    assert_eq!(problems.len(), 1, "{text}");
    assert!(problems[0].contains("verify_incoming") && problems[0].contains("-> give --client-cert"), "{text}");
    assert!(text.trim_end().ends_with(": 1 problem"), "{text}");
    assert_eq!(code(&output), Some(1));
    assert!(text.contains("server.<dc>.consul"), "expected against presented: {text}");
}
