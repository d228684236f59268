//! Sessions that are resumed: a client that takes one up is let in no further than by the handshake that began it.
mod support;

use std::{fs, net::Ipv4Addr};

use proconsul_server::Server;
use rustls::{ClientConfig, SupportedProtocolVersion, crypto::ring};
use serde_json::json;
use support::{
    STRANGER,
    pki::{CLIENT_NAME, Identity, Pki, SERVER_NAME},
    promptly,
    reasons::why,
    request, start,
    tls::{Begin, SINGLE, TLS, TLS_INSECURE, client_of, reach, shake},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Both versions, as they resume in different ways.
const VERSIONS: [(&str, &SupportedProtocolVersion); 2] =
    [("1.2", &rustls::version::TLS12), ("1.3", &rustls::version::TLS13)];

/// A client that remembers its sessions: each clone knows those of the others.
fn remembering(identity: Option<&Identity>, version: &'static SupportedProtocolVersion) -> ClientConfig {
    client_of(identity, ring::default_provider(), &[version])
}

/// Whether the handshake took up an earlier session.
fn is_resumed(stream: &TlsStream<TcpStream>) -> bool {
    let (_, tls) = stream.get_ref();
    tls.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
}

/// Shakes hands after byte 7 and asks something, so that tickets have come, too.
async fn insecure(server: &Server, config: ClientConfig) -> TlsStream<TcpStream> {
    let begin = Begin::Byte(TLS_INSECURE);
    let mut stream = shake(STRANGER, server.rpc_address(), begin, config).await.expect("byte 7 is for everybody");
    stream.write_all(&request("AutoEncrypt.Sign", &json!({}))).await.expect("it is open");
    let mut answer = [0; 16];
    promptly("an answer", stream.read_exact(&mut answer)).await.expect("an answer");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_began_without_a_certificate_opens_no_way_that_demands_one() {
    let pki = Pki::new();
    let server = start(pki.config(|policy| policy.verify_incoming = true)).await;
    for (version, supported) in VERSIONS {
        for begin in [Begin::Byte(TLS), Begin::Name(SINGLE)] {
            let config = remembering(None, supported);
            insecure(&server, config.clone()).await;
            let reached = reach(STRANGER, &server, begin, config).await;
            assert!(reached.is_err(), "{begin:?} in TLS {version}, with a session of byte 7");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_byte_3_asked_no_certificate_for_has_no_name() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    for (version, supported) in VERSIONS {
        let config = remembering(None, supported);
        reach(STRANGER, &server, Begin::Byte(TLS), config.clone()).await.expect("nothing is demanded");
        let reached = reach(STRANGER, &server, Begin::Name(SINGLE), config).await;
        assert!(reached.is_err(), "by name in TLS {version}, with a session of byte 3");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_does_not_outlive_the_authority_that_it_began_with() {
    for (version, supported) in VERSIONS {
        let (pki, next) = (Pki::new(), Pki::new());
        let server = start(pki.config(|policy| policy.verify_incoming = true)).await;
        for begin in [Begin::Byte(TLS), Begin::Name(SINGLE)] {
            let config = remembering(Some(&pki.issue(&[CLIENT_NAME])), supported);
            let before = fs::read_to_string(pki.path("ca.pem")).expect("it was written");
            for again in [false, true] {
                let stream = reach(STRANGER, &server, begin, config.clone()).await.expect("it is of the authority");
                assert_eq!(is_resumed(&stream), again, "{begin:?} in TLS {version}: there is something to take up");
            }
            pki.write("ca.pem", &fs::read_to_string(next.path("ca.pem")).expect("it was written"));
            server.reload().await.expect("good files");
            let reached = reach(STRANGER, &server, begin, config).await;
            assert!(reached.is_err(), "{begin:?} in TLS {version}: the authority is not believed any more");
            pki.write("ca.pem", &before);
            server.reload().await.expect("good files");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_resumes_is_still_who_it_was() {
    let pki = Pki::new();
    let server = start(pki.config(|policy| {
        policy.verify_incoming = true;
        policy.verify_outgoing = true;
        policy.verify_server_hostname = true;
    }))
    .await;
    let certificates = [(pki.issue(&[SERVER_NAME]), true), (pki.issue(&[CLIENT_NAME]), false)];
    for (at, (version, supported)) in VERSIONS.into_iter().enumerate() {
        for (identity, is_server) in &certificates {
            let config = remembering(Some(identity), supported);
            let mut resumed = 0;
            for _ in 0..3 {
                let stream =
                    reach(STRANGER, &server, Begin::Byte(TLS), config.clone()).await.expect("net/rpc is for all");
                resumed += usize::from(is_resumed(&stream));
                let told = server.registry().entries().into_iter().filter_map(|entry| entry.tls().cloned()).last();
                let told = told.expect("the connection is there");
                assert_eq!(told.resumed, is_resumed(&stream), "TLS {version}");
                let names = told.certificate.expect("the certificate is known").names;
                assert_eq!(names.contains(&SERVER_NAME.to_owned()), *is_server, "TLS {version}: {names:?}");
            }
            println!("TLS {version}: {resumed} of 3 were resumed");
            let from = Ipv4Addr::new(127, 0, 40 + at as u8, 1 + u8::from(*is_server));
            let mut raft = shake(from, server.rpc_address(), Begin::Byte(TLS), config).await.expect("TLS");
            raft.write_all(&[1]).await.expect("it is open");
            if !is_server {
                let mut got = Vec::new();
                let _reset = promptly("the end", raft.read_to_end(&mut got)).await;
                assert_eq!(why(&server, from).await[0].0, "not_a_server", "TLS {version}");
            }
        }
    }
}
