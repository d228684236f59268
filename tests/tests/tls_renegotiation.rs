//! A client that wants to shake hands again on a connection that has done so: it does not get that, and costs nobody anything.
mod support;

use std::{io, time::Duration};

use proconsul_server::Server;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite,
    crypto::{
        cipher::{MessageEncrypter, OutboundChunks, OutboundPlainMessage},
        ring,
    },
};
use serde_json::json;
use support::{
    Neighbour, STRANGER, dial,
    pki::Pki,
    promptly, request, start,
    tls::{Begin, ByHand, TLS, client, client_hello, client_of},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A suite of TLS 1.2 whose records are easily made by hand.
const SUITE: SupportedCipherSuite = ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;

/// A connection of TLS 1.2 whose client writes what it likes, encrypted as it should be.
struct Forger {
    tcp: TcpStream,
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Forger {
    /// Shakes hands properly, and names the route of single net/rpc.
    async fn on(server: &Server) -> Self {
        let provider = rustls::crypto::CryptoProvider { cipher_suites: vec![SUITE], ..ring::default_provider() };
        let mut config = client_of(None, provider, &[&rustls::version::TLS12]);
        config.enable_secret_extraction = true;
        let mut tcp = dial(STRANGER, server.rpc_address(), &[TLS]).await;
        let mut peer = ByHand::new(config);
        peer.shake(&mut tcp).await;
        let secrets = peer.tls.dangerous_extract_secrets().expect("it was asked for before");
        let (sequence, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = secrets.tx else {
            panic!("another suite was agreed on")
        };
        let SupportedCipherSuite::Tls12(suite) = SUITE else { panic!("a suite of TLS 1.2") };
        let encrypter = suite.aead_alg.encrypter(key, iv.as_ref(), &[]);
        let mut forger = Self { tcp, encrypter, sequence };
        forger.write(ContentType::ApplicationData, &[0]).await.expect("it is open");
        forger
    }

    /// Writes one record.
    async fn write(&mut self, typ: ContentType, payload: &[u8]) -> io::Result<()> {
        let plain =
            OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: OutboundChunks::Single(payload) };
        let record = self.encrypter.encrypt(plain, self.sequence).expect("a record").encode();
        self.sequence += 1;
        promptly("the server to take or refuse a record", self.tcp.write_all(&record)).await
    }

    /// The kind of the next record that comes; `None` at the end.
    async fn read(&mut self) -> Option<u8> {
        let mut head = [0; 5];
        promptly("a record or the end", self.tcp.read_exact(&mut head)).await.ok()?;
        let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        promptly("a record or the end", self.tcp.read_exact(&mut body)).await.ok()?;
        Some(head[0])
    }
}

/// The kinds of records.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// The message that asks for it.
fn again() -> Vec<u8> {
    client_hello(Begin::Byte(TLS), client(None))[5..].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_hello_is_refused() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    let neighbour = Neighbour::of(&server).await;
    let mut forger = Forger::on(&server).await;
    let ping = request("Status.Ping", &json!({}));
    // That what is forged is understood shows before.
    forger.write(ContentType::ApplicationData, &ping).await.expect("it is open");
    assert_eq!(forger.read().await, Some(DATA));
    forger.write(ContentType::Handshake, &again()).await.expect("it is open");
    forger.write(ContentType::ApplicationData, &ping).await.expect("it is open, or was");
    let mut seen = Vec::new();
    while let Some(kind) = forger.read().await {
        seen.push(kind);
        if kind == DATA {
            break; // it was warned, and goes on with the keys that there were
        }
    }
    println!("records after it: {seen:?}");
    assert_eq!(seen.first(), Some(&ALERT), "{seen:?}");
    assert!(!seen.contains(&HANDSHAKE), "the server has shaken hands again: {seen:?}");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_it_again_and_again_is_closed() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    let neighbour = Neighbour::of(&server).await;
    let mut forger = Forger::on(&server).await;
    let message = again();
    let mut asked = 0;
    while asked < 10_000 && forger.write(ContentType::Handshake, &message).await.is_ok() {
        asked += 1;
        // Gives the end the time to arrive, and takes the alerts, so that it is not for want of reading.
        let mut said = [0; 256];
        let read = tokio::time::timeout(Duration::from_millis(1), forger.tcp.read(&mut said)).await;
        if matches!(read, Ok(Ok(0) | Err(_))) {
            break;
        }
    }
    println!("closed after {asked}");
    assert!(asked < 1000, "it was let go on for {asked} times");
    neighbour.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_hello_in_tls_1_3_ends_the_connection() {
    let pki = Pki::new();
    let server = start(pki.config(|_| {})).await;
    let mut tcp = dial(STRANGER, server.rpc_address(), &[TLS]).await;
    let mut peer = ByHand::new(client_of(None, ring::default_provider(), &[&rustls::version::TLS13]));
    peer.shake(&mut tcp).await;
    let hello = client_hello(Begin::Byte(TLS), client(None));
    support::pour(&mut tcp, &hello).await;
    support::to_the_end("a ClientHello after the handshake", &mut tcp).await;
    support::assert_no_panic();
}
