//! Our outgoing TLS, `netrpc` and `yamux` as clients of a Go server that speaks TLS behind the same first byte as Consul
//! (`tests/interop/go/cmd/server` with certificates). Skipped where that server was never built; `cargo xtask interop` builds it.
#[path = "support/go.rs"]
mod go;

use std::{path::Path, time::Duration};

use go::GoServer;
use proconsul_netrpc::client::Client;
use proconsul_tls::{MinVersion, Outgoing, Policy, Settings, Tls};
use proconsul_yamux::{Config, Connection, Side};
use rustls::ProtocolVersion;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// What any one step may take.
const PROMPTLY: Duration = Duration::from_secs(5);
/// The recorded certificates' names.
const DATACENTER: &str = "dc1";
const NODE: &str = "probe-srv1";
/// An empty map: the argument and the reply of a ping.
const EMPTY: &[u8] = &[0x80];

/// What the Go server is told: the recorded server's certificate, and the authority of its clients.
const OFFERED: &[&str] = &["-cert", "certs/server.pem", "-key", "certs/server-key.pem", "-ca", "certs/ca.pem"];

fn demanded() -> Vec<&'static str> {
    [OFFERED, &["-verify-incoming"]].concat()
}

/// Our side, with one of the recorded certificates or none.
fn tls(certificate: Option<&str>, change: impl FnOnce(&mut Policy)) -> Tls {
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/certs");
    let mut internal_rpc = Policy {
        ca_file: Some(certs.join("ca.pem")),
        cert_file: certificate.map(|name| certs.join(format!("{name}.pem"))),
        key_file: certificate.map(|name| certs.join(format!("{name}-key.pem"))),
        verify_outgoing: true,
        verify_server_hostname: true,
        ..Policy::default()
    };
    change(&mut internal_rpc);
    let settings = Settings {
        internal_rpc,
        datacenter: DATACENTER.into(),
        node_name: NODE.into(),
        domain: "consul".into(),
        alpn: proconsul_mux::alpn_names(false).collect(),
        ..Settings::default()
    };
    Tls::load(settings).expect("the recorded certificates are good")
}

/// Dials as a server would dial another.
async fn dial(server: &GoServer, tls: &Tls, to: Outgoing<'_>) -> std::io::Result<TlsStream<TcpStream>> {
    let dial = tls.outgoing(to).expect("a target").expect("in TLS");
    let mut tcp = TcpStream::connect(&server.addr).await?;
    if matches!(to, Outgoing::TypeByte { .. }) {
        tcp.write_all(&[3]).await?;
    }
    let handshake = TlsConnector::from(dial.config).connect(dial.name, tcp);
    timeout(PROMPTLY, handshake).await.expect("in time")
}

const BYTE_3: Outgoing<'_> = Outgoing::TypeByte { dc: DATACENTER };

fn by_name(name: &str) -> Outgoing<'_> {
    Outgoing::Alpn { name, dc: DATACENTER, node: NODE }
}

/// Calls a few times on a connection that leads to calls in turn.
async fn calls(mut io: TlsStream<TcpStream>, inner: Option<u8>) -> std::io::Result<()> {
    if let Some(byte) = inner {
        io.write_all(&[byte]).await?;
    }
    let mut client = Client::new(io);
    for _ in 0..50 {
        let call = client.call_raw("Status.Ping", EMPTY, None);
        timeout(PROMPTLY, call).await.expect("in time").map_err(std::io::Error::other)?;
    }
    Ok(())
}

/// What the server says of our certificate. With TLS 1.3 our half of the handshake is over before it looks at that, so it comes with
/// the first read; nothing is written before, as a write could meet a reset that hides it.
async fn refusal(mut io: TlsStream<TcpStream>) -> std::io::Error {
    timeout(PROMPTLY, io.read_u8()).await.expect("in time").expect_err("no answer")
}

#[tokio::test]
async fn calls_in_turn_are_answered_behind_byte_3_and_by_name() {
    for (highest, version) in [("1.2", ProtocolVersion::TLSv1_2), ("1.3", ProtocolVersion::TLSv1_3)] {
        let Some(server) = GoServer::start(&[&demanded()[..], &["-tls-max", highest]].concat()) else { return };
        let tls = tls(Some("client"), |_| {});
        let io = dial(&server, &tls, BYTE_3).await.expect("a handshake");
        assert_eq!(io.get_ref().1.protocol_version(), Some(version));
        calls(io, Some(0)).await.expect("answers");
        let io = dial(&server, &tls, by_name("consul/rpc-single")).await.expect("a handshake");
        assert_eq!(io.get_ref().1.alpn_protocol(), Some(b"consul/rpc-single".as_slice()));
        calls(io, None).await.expect("answers");
    }
}

#[tokio::test]
async fn a_server_below_our_lowest_version_is_not_talked_to() {
    let Some(server) = GoServer::start(&[&demanded()[..], &["-tls-max", "1.2"]].concat()) else { return };
    let tls = tls(Some("client"), |policy| policy.min_version = MinVersion::Tls13);
    let error = dial(&server, &tls, BYTE_3).await.expect_err("no version in common");
    assert!(whole_text(&error).contains("ProtocolVersion"), "{}", whole_text(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_serves_behind_byte_3_and_by_name() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    for to in [BYTE_3, by_name("consul/rpc-multi")] {
        let mut io = dial(&server, &tls, to).await.expect("a handshake");
        if to == BYTE_3 {
            io.write_all(&[4]).await.expect("it takes the inner byte");
        }
        let (session, _incoming, driver) = Connection::new(io, Side::Client, Config::default());
        tokio::spawn(driver);
        let streams = (0..100).map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                let mut client = Client::new(session.open().await.expect("one more stream"));
                for _ in 0..20 {
                    client.call_raw("Status.Ping", EMPTY, None).await.expect("an answer");
                }
            })
        });
        for stream in streams.collect::<Vec<_>>() {
            timeout(PROMPTLY, stream).await.expect("in time").expect("no stream fails");
        }
    }
}

#[tokio::test]
async fn without_a_certificate_byte_3_is_served_only_where_none_is_demanded() {
    let Some(open) = GoServer::start(OFFERED) else { return };
    let Some(closed) = GoServer::start(&demanded()) else { return };
    let tls = tls(None, |_| {});
    let io = dial(&open, &tls, BYTE_3).await.expect("a handshake");
    calls(io, Some(0)).await.expect("answers");
    let io = dial(&closed, &tls, BYTE_3).await.expect("a handshake");
    let error = refusal(io).await;
    assert!(whole_text(&error).contains("CertificateRequired"), "{}", whole_text(&error));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("rogue"), |_| {});
    for to in [BYTE_3, by_name("consul/rpc-single")] {
        let io = dial(&server, &tls, to).await.expect("a handshake");
        let error = refusal(io).await;
        assert!(whole_text(&error).contains("UnknownCA"), "{}", whole_text(&error));
    }
}

#[tokio::test]
async fn a_server_of_another_datacenter_node_or_authority_is_not_talked_to() {
    let Some(server) = GoServer::start(OFFERED) else { return };
    let tls = tls(Some("client"), |_| {});
    for to in [
        Outgoing::TypeByte { dc: "dc2" },
        Outgoing::Alpn { name: "consul/rpc-single", dc: "dc2", node: NODE },
        Outgoing::Alpn { name: "consul/rpc-single", dc: DATACENTER, node: "another" },
    ] {
        let error = dial(&server, &tls, to).await.expect_err("not its name");
        assert!(whole_text(&error).contains("name"), "{to:?}: {}", whole_text(&error));
    }
    let certs = ["-cert", "certs/rogue.pem", "-key", "certs/rogue-key.pem", "-ca", "certs/ca.pem"];
    let Some(stranger) = GoServer::start(&certs) else { return };
    let error = dial(&stranger, &tls, BYTE_3).await.expect_err("not our authority");
    assert!(whole_text(&error).to_lowercase().contains("issuer"), "{}", whole_text(&error));
}

#[tokio::test]
async fn without_checking_names_any_server_of_the_authority_will_do() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |policy| policy.verify_server_hostname = false);
    let io = dial(&server, &tls, Outgoing::TypeByte { dc: "dc2" }).await.expect("a handshake");
    calls(io, Some(0)).await.expect("answers");
}

#[tokio::test]
async fn a_name_that_the_server_has_not_is_refused_by_an_alert() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    let error = dial(&server, &tls, by_name("consul/raft")).await.expect_err("it has not");
    assert!(whole_text(&error).contains("NoApplicationProtocol"), "{}", whole_text(&error));
}

#[tokio::test]
async fn our_close_ends_a_connection_cleanly() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    let mut io = dial(&server, &tls, BYTE_3).await.expect("a handshake");
    io.write_all(&[0]).await.expect("it takes the inner byte");
    io.shutdown().await.expect("our half closes");
    let mut rest = Vec::new();
    timeout(PROMPTLY, io.read_to_end(&mut rest)).await.expect("in time").expect("the server says that it closes too");
    assert!(rest.is_empty());
}

/// An error with all that is below it: which layer words a refusal is not what is tested.
fn whole_text(error: &(dyn std::error::Error + 'static)) -> String {
    let below = std::iter::successors(Some(error), |error| error.source());
    below.map(|error| format!("{error} {error:?}")).collect::<Vec<_>>().join(": ")
}
