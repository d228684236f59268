//! Certificates that are wrong in one way each, files that are, and files that change while the server runs.
mod support;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use proconsul_mux::HTTP2_PREFACE;
use proconsul_server::{Server, StartError};
use proconsul_tls::{Dial, Outgoing, Policy, Tls};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use rustls::{ClientConfig, pki_types::CertificateDer};
use support::{
    NEIGHBOUR, Neighbour, STRANGER, dial,
    pki::{CLIENT_NAME, Identity, Pki, SERVER_NAME, expired, not_yet_valid},
    promptly,
    reasons::{ended, why},
    start,
    tls::{Begin, SINGLE, TLS, TLS_INSECURE, client, ping, reach, shake},
    to_the_end,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

/// A way to wait for what a server does with a route by its inner byte: raft, which is held until something wrong is said.
const RAFT: u8 = 1;

fn only_for(usage: ExtendedKeyUsagePurpose) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.extended_key_usages = vec![usage]
}

/// Certificates of clients, whether they are taken where one is demanded, and if not, why.
fn certificates_of_clients(pki: &Pki) -> Vec<(&'static str, Option<Identity>, Result<(), &'static str>)> {
    let rogue = Pki::new();
    vec![
        ("a client agent's", Some(pki.issue(&[CLIENT_NAME])), Ok(())),
        ("a server's", Some(pki.issue(&[SERVER_NAME])), Ok(())),
        // Names of clients are nobody's business here.
        ("of a name from elsewhere", Some(pki.issue(&["www.example.com"])), Ok(())),
        ("a wildcard", Some(pki.issue(&["*.example.com"])), Ok(())),
        (
            "for clients only",
            Some(pki.issue_with(&[CLIENT_NAME], only_for(ExtendedKeyUsagePurpose::ClientAuth))),
            Ok(()),
        ),
        ("none", None, Err("tls_no_client_cert")),
        ("expired", Some(pki.issue_with(&[CLIENT_NAME], expired)), Err("tls_cert_expired")),
        ("not yet valid", Some(pki.issue_with(&[CLIENT_NAME], not_yet_valid)), Err("tls_cert_not_yet_valid")),
        ("of another authority", Some(rogue.issue(&[SERVER_NAME])), Err("tls_unknown_ca")),
        (
            "for servers only",
            Some(pki.issue_with(&[CLIENT_NAME], only_for(ExtendedKeyUsagePurpose::ServerAuth))),
            Err("tls_cert_purpose"),
        ),
        ("signed by a leaf", Some(signed_by_a_leaf(pki)), Err("tls_unknown_ca")),
    ]
}

/// A certificate whose issuer is no authority, though its own certificate is good.
fn signed_by_a_leaf(pki: &Pki) -> Identity {
    let leaf = pki.issue(&[SERVER_NAME]);
    let key = rcgen::KeyPair::from_pem(&leaf.key_pem).expect("rcgen wrote it");
    let issuer = rcgen::Issuer::from_ca_cert_pem(&leaf.certificate_pem, key).expect("rcgen wrote it");
    let mut params = CertificateParams::new(vec![CLIENT_NAME.to_owned()]).expect("a name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let chain = certificate.pem() + &leaf.certificate_pem;
    Identity { certificate_pem: chain, key_pem: key.serialize_pem() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_known_by_its_certificate_where_one_is_demanded() {
    let pki = Pki::new();
    let server = start(pki.config(|policy| policy.verify_incoming = true)).await;
    for (way, begin) in [Begin::Byte(TLS), Begin::Name(SINGLE)].into_iter().enumerate() {
        for (at, (what, identity, expected)) in certificates_of_clients(&pki).into_iter().enumerate() {
            let from = Ipv4Addr::new(127, 0, 10 + way as u8, 1 + at as u8);
            let reached = reach(from, &server, begin, client(identity.as_ref())).await;
            assert_eq!(reached.is_ok(), expected.is_ok(), "{begin:?} {what}: {:?}", reached.err());
            drop(reached);
            if let Err(reason) = expected {
                let why = why(&server, from).await;
                assert_eq!(why.len(), 1, "{begin:?} {what}: {why:?}");
                assert_eq!(why[0].0, reason, "{begin:?} {what}: {why:?}");
            }
        }
    }
    // Plain connections are refused, whatever they begin with; those without a certificate have one way.
    let firsts = [&[0][..], &[1], &[2], &[4], &[5], &[6], &[8], &[9], HTTP2_PREFACE];
    for first in firsts {
        let mut tcp = dial(NEIGHBOUR, server.rpc_address(), first).await;
        assert!(to_the_end("a plain connection", &mut tcp).await.is_empty());
    }
    ended(&server, "plaintext_forbidden", firsts.len() as u64).await;
    shake(NEIGHBOUR, server.rpc_address(), Begin::Byte(TLS_INSECURE), client(None))
        .await
        .expect("byte 7 asks for none");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_verify_incoming_byte_3_asks_for_nothing_and_a_name_for_a_certificate() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    let from = Ipv4Addr::new(127, 0, 12, 1);
    for (what, identity, expected) in certificates_of_clients(&pki) {
        reach(STRANGER, &server, Begin::Byte(TLS), client(identity.as_ref())).await.expect(what);
        let by_name = reach(from, &server, Begin::Name(SINGLE), client(identity.as_ref())).await;
        assert_eq!(by_name.is_ok(), expected.is_ok(), "{what}: {:?}", by_name.err());
    }
}

/// Who is not refused within this time is held.
const HELD: Duration = Duration::from_secs(2);

/// Whether a raft connection is held, as a Consul without anything to say holds it.
async fn raft_is_held(server: SocketAddr, from: Ipv4Addr, begin: Begin, config: ClientConfig) -> bool {
    let mut stream = shake(from, server, begin, config).await.expect("TLS");
    if begin == Begin::Byte(TLS) {
        stream.write_all(&[RAFT]).await.expect("it is open");
    }
    let mut byte = [0];
    // Refused at once or not at all: nothing else is waited for.
    timeout(HELD, stream.read(&mut byte)).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn raft_is_for_servers_when_both_settings_say_so() {
    let pki = Pki::new();
    let rogue_name = pki.issue(&["server.dc2.consul"]);
    let certificates = [
        ("a server's", pki.issue(&[SERVER_NAME]), true),
        ("a server's among others", pki.issue(&["localhost", "n.server.dc1.consul", SERVER_NAME]), true),
        // As Go matches names.
        ("a wildcard one level up", pki.issue(&["*.dc1.consul"]), true),
        ("in other letters", pki.issue(&["SERVER.dc1.Consul"]), true),
        ("a wildcard two levels up", pki.issue(&["*.consul"]), false),
        ("a wildcard beside", pki.issue(&["*.server.dc1.consul"]), false),
        ("a client agent's", pki.issue(&[CLIENT_NAME]), false),
        ("of another datacenter", rogue_name, false),
        ("only its common name", pki.issue_with(&[SERVER_NAME], |params| params.subject_alt_names.clear()), false),
    ];
    for (case, both) in [true, false].into_iter().enumerate() {
        let server = start(pki.config(|policy| {
            policy.verify_incoming = true;
            policy.verify_outgoing = true;
            policy.verify_server_hostname = both;
        }))
        .await;
        let mut asked = JoinSet::new();
        for (way, begin) in [Begin::Byte(TLS), Begin::Name("consul/raft")].into_iter().enumerate() {
            for (at, (what, identity, is_server)) in certificates.iter().enumerate() {
                let from = Ipv4Addr::new(127, 0, 20 + 2 * case as u8 + way as u8, 1 + at as u8);
                let (address, config, expected) = (server.rpc_address(), client(Some(identity)), *is_server || !both);
                let what = format!("{begin:?} {what}, verify_server_hostname = {both}");
                asked.spawn(async move { (raft_is_held(address, from, begin, config).await, expected, from, what) });
            }
        }
        for (held, expected, from, what) in asked.join_all().await {
            assert_eq!(held, expected, "{what}");
            if !held {
                assert_eq!(why(&server, from).await[0].0, "not_a_server", "{what}");
            }
        }
    }
}

/// A TLS server of this identity that answers one handshake, and what a dial of ours says of it.
async fn dialled(dial: Dial, identity: &Identity) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has both")
        .with_no_client_auth()
        .with_single_cert(identity.chain(), identity.key())
        .expect("a pair");
    let accepting = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a client");
        // Whether it goes well is what the client says.
        let _end = TlsAcceptor::from(Arc::new(config)).accept(tcp).await;
    });
    let tcp = TcpStream::connect(address).await.expect("it listens");
    let reached = promptly("a handshake", TlsConnector::from(dial.config).connect(dial.name, tcp)).await;
    accepting.await.expect("it does not panic");
    reached.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_we_dial_is_known_by_its_certificate() {
    let (pki, rogue) = (Pki::new(), Pki::new());
    // Whether it is taken without, and with verify_server_hostname; then what the error says.
    let certificates = [
        ("a server's", pki.issue(&[SERVER_NAME]), true, true, ""),
        ("a wildcard", pki.issue(&["*.dc1.consul"]), true, true, ""),
        ("of another name", pki.issue(&["server.dc2.consul"]), true, false, "not valid for"),
        ("a client agent's", pki.issue(&[CLIENT_NAME]), true, false, "not valid for"),
        ("a wildcard two levels up", pki.issue(&["*.consul"]), true, false, "not valid for"),
        ("expired", pki.issue_with(&[SERVER_NAME], expired), false, false, "expired"),
        ("not yet valid", pki.issue_with(&[SERVER_NAME], not_yet_valid), false, false, "not valid yet"),
        ("of another authority", rogue.issue(&[SERVER_NAME]), false, false, "UnknownIssuer"),
        (
            "for clients only",
            pki.issue_with(&[SERVER_NAME], only_for(ExtendedKeyUsagePurpose::ClientAuth)),
            false,
            false,
            "",
        ),
    ];
    for names_checked in [false, true] {
        let config = pki.config(|policy| {
            policy.verify_outgoing = true;
            policy.verify_server_hostname = names_checked;
        });
        let tls = Tls::load(config.tls).expect("good files");
        for (what, identity, without, with, text) in &certificates {
            let dial = tls.outgoing(Outgoing::TypeByte { dc: "dc1" }).expect("a name").expect("verify_outgoing is on");
            let reached = dialled(dial, identity).await;
            assert_eq!(reached.is_ok(), if names_checked { *with } else { *without }, "{what}: {reached:?}");
            if let Err(error) = reached {
                assert!(error.contains(text), "{what}: {error:?} should contain {text:?}");
            }
        }
    }
}

/// The error with which a server does not start.
async fn start_fails(pki: &Pki, change: impl FnOnce(&mut Policy)) -> String {
    match Server::start(pki.config(change)).await {
        Err(error) => chain(&error),
        Ok(_) => panic!("it started"),
    }
}

fn chain(error: &StartError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_named_when_the_server_starts() {
    let pki = Pki::new();
    pki.write("empty.pem", "");
    pki.write("text.pem", "no PEM at all\n");
    pki.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    pki.install("other", &pki.issue(&[SERVER_NAME]));
    fs::create_dir(pki.path("folder.pem")).expect("a folder");
    let cannot_be_used = ["missing.pem", "folder.pem", "empty.pem", "text.pem", "broken.pem"];
    for name in cannot_be_used {
        let path = pki.path(name);
        for (what, error) in [
            ("ca_file", start_fails(&pki, |policy| policy.ca_file = Some(path.clone())).await),
            ("cert_file", start_fails(&pki, |policy| policy.cert_file = Some(path.clone())).await),
            ("key_file", start_fails(&pki, |policy| policy.key_file = Some(path.clone())).await),
        ] {
            assert!(error.contains(name), "{what} {name}: the file is named: {error}");
        }
    }
    let error = start_fails(&pki, |policy| policy.key_file = Some(pki.path("other-key.pem"))).await;
    assert!(error.contains("Failed to load cert/key pair") && error.contains("other-key.pem"), "{error}");
    let error = start_fails(&pki, |policy| {
        policy.ca_file = None;
        policy.verify_incoming = true;
    })
    .await;
    assert!(error.contains("VerifyIncoming set but no CA certificates were provided"), "{error}");
    let error = start_fails(&pki, |policy| {
        (policy.cert_file, policy.key_file) = (None, None);
        policy.verify_incoming = true;
    })
    .await;
    assert!(error.contains("VerifyIncoming requires either a Cert and Key pair"), "{error}");
}

/// The server's certificate, as a handshake shows it.
fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let (_, tls) = stream.get_ref();
    tls.peer_certificates().expect("a handshake")[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_with_broken_files_changes_nothing_and_one_with_good_files_is_for_new_handshakes() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    let neighbour = Neighbour::of(&server).await;
    let identity = pki.issue(&[CLIENT_NAME]);
    let ways = [Begin::Byte(TLS), Begin::Name(SINGLE)];
    let connect = async |begin| reach(STRANGER, &server, begin, client(Some(&identity))).await.expect("a handshake");
    let mut old = vec![connect(ways[0]).await, connect(ways[1]).await];
    let first = shown(&old[0]);
    let good = pki.issue(&[SERVER_NAME]);

    let half = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    // What a file holds then; nothing: it is gone.
    let broken = [
        ("server.pem", Some("half a file")),
        ("server.pem", Some(half)),
        ("server-key.pem", Some(good.key_pem.as_str())),
        ("server-key.pem", None),
        ("ca.pem", Some(half)),
        ("ca.pem", Some("")),
    ];
    let files: Vec<_> = ["server.pem", "server-key.pem", "ca.pem"]
        .map(|name| (name, fs::read_to_string(pki.path(name)).expect("it was written")))
        .into();
    for (name, content) in broken {
        match content {
            Some(content) => pki.write(name, content),
            None => fs::remove_file(pki.path(name)).expect("it is there"),
        }
        let error = server.reload().await.expect_err("a broken file").to_string();
        assert!(error.contains(name), "the file is named: {error}");
        for begin in ways {
            assert_eq!(shown(&connect(begin).await), first, "{name} is broken: the old chain is shown");
        }
        for (name, content) in &files {
            pki.write(name, content);
        }
    }

    pki.install("server", &good);
    server.reload().await.expect("good files");
    for begin in ways {
        let new = connect(begin).await;
        assert_eq!(shown(&new), good.chain()[0], "{begin:?}: the new chain is shown");
        old.push(new);
    }
    for stream in &mut old {
        ping_again(stream).await;
    }
    neighbour.noticed_nothing().await;
}

async fn ping_again(stream: &mut TlsStream<TcpStream>) {
    ping(stream).await.expect("a connection outlives its certificate's file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_can_change_whom_the_server_believes() {
    let (pki, next) = (Pki::new(), Pki::new());
    let server = start(pki.config(|policy| policy.verify_incoming = true)).await;
    let (old, new) = (pki.issue(&[CLIENT_NAME]), next.issue(&[CLIENT_NAME]));
    let is_reached = async |identity| reach(STRANGER, &server, Begin::Byte(TLS), client(Some(identity))).await;
    let mut kept = is_reached(&old).await.expect("it is of the authority");
    is_reached(&new).await.expect_err("it is of another authority");
    pki.write("ca.pem", &fs::read_to_string(next.path("ca.pem")).expect("it was written"));
    server.reload().await.expect("good files");
    is_reached(&new).await.expect("the authority has changed");
    is_reached(&old).await.expect_err("the authority has changed");
    ping_again(&mut kept).await;
}
