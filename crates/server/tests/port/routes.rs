//! Which way leads where, in clear and in TLS.
use std::error::Error as _;

use proconsul_msgpack::GoStr;
use proconsul_mux::{Reason, Route, driver::dial::Via};
use proconsul_netrpc::client::{CallError, Client};
use proconsul_server::{Config, PortAt, Server, StartError};
use proconsul_tls::create::Kind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Certs, Dialler, connect, leader, promptly, session, single, start, until};

fn answered(called: Result<Value, CallError>) -> String {
    match called {
        Err(CallError::Answered(text)) => text.to_string(),
        other => panic!("expected an error as answer: {other:?}"),
    }
}

/// How often connections ended for this reason.
fn ended(server: &Server, reason: Reason) -> u64 {
    server.registry().reasons().iter().find(|(other, _)| *other == reason).map_or(0, |(_, count)| *count)
}

#[tokio::test]
async fn both_net_rpc_routes_are_reached_by_byte_and_by_name() {
    let certs = Certs::new();
    let server = start(|config| config.tls = certs.strict("server")).await;
    let dialler = Dialler::new(certs.strict("client"));
    for via in [dialler.type_byte(), dialler.native("consul/rpc-single")] {
        assert_eq!(leader(&mut single(&server, &via).await).await, server.rpc_address().to_string());
    }
    for via in [dialler.type_byte(), dialler.native("consul/rpc-multi")] {
        let control = session(&server, &via).await;
        for _ in 0..2 {
            let mut stream = Client::new(control.open().await.expect("a stream"));
            assert_eq!(leader(&mut stream).await, server.rpc_address().to_string());
        }
    }
    let routes = server.registry().routes();
    let accepted = |label| routes.iter().find(|counts| counts.row.label == label).map(|counts| counts.accepted);
    assert_eq!((accepted("rpc"), accepted("rpc_multi")), (Some(2), Some(2)));
}

#[tokio::test]
async fn where_certificates_are_demanded_nobody_comes_without() {
    let certs = Certs::new();
    let server = start(|config| config.tls = certs.strict("server")).await;
    // In clear: closed without a word, as Consul does.
    let mut plain = connect(&server, Route::RpcSingle, &Via::Plain).await.expect("a connection");
    assert_eq!(promptly("the end", plain.read(&mut [0; 1])).await.ok(), Some(0));
    assert_eq!(ended(&server, Reason::PlaintextForbidden), 1);
    // In TLS without a certificate: the handshake ends with an alert.
    let mut none = certs.strict("client");
    (none.internal_rpc.cert_file, none.internal_rpc.key_file) = (None, None);
    none.internal_rpc.verify_incoming = false;
    let mut client = match connect(&server, Route::RpcSingle, &Dialler::new(none).type_byte()).await {
        Ok(io) => Client::new(io),
        Err(error) => panic!("in TLS 1.3 the alert comes later: {error}"),
    };
    let refused = client.call::<GoStr>("Status.Leader", &json!({})).await.expect_err("no certificate");
    assert!(matches!(refused, CallError::Io(_) | CallError::Lost(_)), "{refused:?}");
    until("the reason", async || ended(&server, Reason::TlsNoClientCertificate) == 1).await;
}

#[tokio::test]
async fn byte_7_needs_no_certificate_and_leads_to_its_own_methods() {
    let certs = Certs::new();
    let server = start(|config| config.tls = certs.strict("server")).await;
    let mut none = certs.strict("client");
    (none.internal_rpc.cert_file, none.internal_rpc.key_file) = (None, None);
    none.internal_rpc.verify_incoming = false;
    let via = Dialler::new(none).type_byte();
    let insecure = async || Client::new(connect(&server, Route::RpcInsecure, &via).await.expect("a connection"));

    let mut client = insecure().await;
    for _ in 0..2 {
        let sign = json!({"Datacenter": "dc1", "CSR": "x"});
        let text = answered(promptly("an answer", client.call("AutoEncrypt.Sign", &sign)).await);
        assert_eq!(text, "AutoEncrypt.AllowTLS must be enabled in order to use this endpoint");
    }
    let text = answered(promptly("an answer", client.call("AutoConfig.InitialConfiguration", "")).await);
    assert_eq!(text, "Auto Config is disabled");

    // A method of the other routes does not exist here, and the connection ends.
    let text = answered(promptly("an answer", client.call("Status.Ping", &json!({}))).await);
    assert_eq!(text, "rpc: can't find service Status.Ping");
    let after = promptly("the end", client.call::<Value>("AutoEncrypt.Sign", &json!({}))).await;
    assert!(matches!(after, Err(CallError::Lost(_) | CallError::Io(_))), "{after:?}");
    drop(client);
    until("the reason", async || ended(&server, Reason::RequestRefused) == 1).await;

    // Nor do these methods exist on the other routes.
    let via = Dialler::new(certs.strict("client")).type_byte();
    let text = answered(single(&server, &via).await.call("AutoEncrypt.Sign", &json!({})).await);
    assert_eq!(text, "rpc: can't find service AutoEncrypt.Sign");
}

#[tokio::test]
async fn a_server_without_certificates_answers_byte_7_with_one_of_its_own() {
    let server = start(|_| {}).await;
    assert!(!server.tls().mutual_tls_capable() && !server.tls().verify_incoming());
    assert_eq!(leader(&mut single(&server, &Via::Plain).await).await, server.rpc_address().to_string());
    let [expiry] = &server.tls().expires()[..] else { panic!("one certificate") };
    assert!(expiry.names.iter().any(|name| name == "server.dc1.consul"), "{expiry:?}");
}

#[tokio::test]
async fn a_reload_is_taken_by_new_handshakes_and_a_broken_one_by_none() {
    let certs = Certs::new();
    let server = start(|config| config.tls = certs.strict("server")).await;
    let via = Dialler::new(certs.strict("client")).type_byte();
    let shown = async || {
        let io = connect(&server, Route::RpcSingle, &via).await.expect("a connection");
        io.server_certificates().first().expect("a certificate").to_vec()
    };
    let mut old = single(&server, &via).await;
    let first = shown().await;
    certs.sign("server", Kind::Server { node: Some("proconsul".into()) });
    assert_eq!(shown().await, first, "nothing changes before the reload");
    server.reload().await.expect("the files are right");
    let second = shown().await;
    assert_ne!(second, first);
    assert_eq!(leader(&mut old).await, server.rpc_address().to_string(), "connections keep what they began with");

    certs.write("server.pem", "no certificate");
    let error = server.reload().await.expect_err("the file is broken");
    assert!(error.to_string().contains("server.pem"), "{error}");
    assert_eq!(shown().await, second, "the old one stays");
}

#[tokio::test]
async fn a_server_whose_certificates_are_wrong_does_not_start_and_says_which() {
    let certs = Certs::new();
    certs.write("server-key.pem", "no key");
    let config = Config {
        server_port: 0,
        grpc: PortAt::Off,
        grpc_tls: PortAt::Off,
        tls: certs.strict("server"),
        ..Config::dev()
    };
    let error = Server::start(config).await.expect_err("there is no key");
    assert!(matches!(error, StartError::Tls { .. }), "{error}");
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("Failed to load cert/key pair") && cause.contains("server-key.pem"), "{cause}");

    let certs = Certs::new();
    let mut tls = certs.strict("server");
    (tls.internal_rpc.cert_file, tls.internal_rpc.key_file) = (None, None);
    let error =
        Server::start(Config { server_port: 0, grpc: PortAt::Off, grpc_tls: PortAt::Off, tls, ..Config::dev() })
            .await
            .expect_err("a contradiction");
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("VerifyIncoming requires either a Cert and Key pair"), "{cause}");
}

#[tokio::test]
async fn what_is_served_is_listed() {
    let labels: Vec<_> = Server::served_routes().map(|row| row.label).collect();
    assert_eq!(labels, ["rpc", "tls", "rpc_multi", "snapshot", "tls_insecure", "grpc", "raft_forwarding", "http2"]);
    let methods = Server::served_methods();
    assert!(methods.iter().any(|row| row.name == "AutoEncrypt.Sign"));
    assert!(methods.iter().any(|row| row.name == "KVS.Get"));
}

#[tokio::test]
async fn an_http2_preface_is_told_from_a_stray_where_it_is_turned_on() {
    for on in [true, false] {
        let server = start(|config| config.http2_preface = on).await;
        let mut tcp = tokio::net::TcpStream::connect(server.rpc_address()).await.expect("a connection");
        tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("written");
        let taken =
            async || server.registry().routes().iter().any(|counts| counts.row.label == "http2" && counts.live == 1);
        if on {
            until("the route to be taken", taken).await;
        } else {
            let end = promptly("the end", tcp.read(&mut [0; 1])).await;
            assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
            assert!(!taken().await);
        }
    }
}
