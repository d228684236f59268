//! Our dials in TLS, `netrpc` and `yamux` as clients of a Go server that speaks TLS behind the same first byte as Consul
//! (`tests/interop/go/cmd/server` with certificates). Skipped where that server was never built; `cargo xtask interop` builds it.
#[path = "support/go.rs"]
mod go;

use std::{path::Path, time::Duration};

use go::GoServer;
use proconsul_mux::{
    Route, alpn_names,
    driver::dial::{DialError, Dialled, Via, dial},
    row_of,
};
use proconsul_netrpc::client::Client;
use proconsul_tls::{MinVersion, Outgoing, Policy, Settings, Tls};
use proconsul_yamux::{Config, Connection, Side};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

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
        alpn: alpn_names(false).collect(),
        ..Settings::default()
    };
    Tls::load(settings).expect("the recorded certificates are good")
}

/// Dials a server of our datacenter after byte 3, as a server would dial another.
async fn by_byte(server: &GoServer, tls: &Tls, route: Route) -> Result<Dialled, DialError> {
    to(server, tls, route, Outgoing::TypeByte { dc: DATACENTER }).await
}

/// Dials our node by a route's ALPN name.
async fn by_name(server: &GoServer, tls: &Tls, route: Route) -> Result<Dialled, DialError> {
    let name = row_of(route).and_then(|row| row.alpn).expect("the route has a name");
    to(server, tls, route, Outgoing::Alpn { name, dc: DATACENTER, node: NODE }).await
}

async fn to(server: &GoServer, tls: &Tls, route: Route, to: Outgoing<'_>) -> Result<Dialled, DialError> {
    let with = tls.outgoing(to).expect("a target").expect("in TLS");
    let via = match to {
        Outgoing::TypeByte { .. } => Via::TypeByte(with),
        Outgoing::Alpn { .. } => Via::Native(with),
    };
    dial(&server.addr, route, &via, PROMPTLY).await
}

/// Calls a few times on a connection that leads to calls in turn.
async fn calls(io: Dialled) {
    let mut client = Client::new(io);
    for _ in 0..50 {
        let call = client.call_raw("Status.Ping", EMPTY, None);
        timeout(PROMPTLY, call).await.expect("in time").expect("an answer");
    }
}

/// What the server says of our certificate. With TLS 1.3 our half of the handshake is over before it looks at that, so it comes with
/// the first read.
async fn refusal(mut io: Dialled) -> std::io::Error {
    timeout(PROMPTLY, io.read_u8()).await.expect("in time").expect_err("no answer")
}

#[tokio::test]
async fn calls_in_turn_are_answered_behind_bytes_3_and_7_and_by_name() {
    for version in ["1.2", "1.3"] {
        let Some(server) = GoServer::start(&[&demanded()[..], &["-tls-max", version]].concat()) else { return };
        let tls = tls(Some("client"), |_| {});
        let io = by_byte(&server, &tls, Route::RpcSingle).await.expect("a handshake");
        assert_eq!(io.tls_version(), Some(version));
        calls(io).await;
        calls(by_byte(&server, &tls, Route::RpcInsecure).await.expect("a handshake")).await;
        let io = by_name(&server, &tls, Route::RpcSingle).await.expect("a handshake");
        assert_eq!(io.alpn(), Some(b"consul/rpc-single".as_slice()));
        calls(io).await;
    }
}

#[tokio::test]
async fn a_server_below_our_lowest_version_is_not_talked_to() {
    let Some(server) = GoServer::start(&[&demanded()[..], &["-tls-max", "1.2"]].concat()) else { return };
    let tls = tls(Some("client"), |policy| policy.min_version = MinVersion::Tls13);
    let error = by_byte(&server, &tls, Route::RpcSingle).await.expect_err("no version in common");
    assert!(whole_text(&error).contains("ProtocolVersion"), "{}", whole_text(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_serves_behind_byte_3_and_by_name() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    for io in [by_byte(&server, &tls, Route::RpcMulti).await, by_name(&server, &tls, Route::RpcMulti).await] {
        let io = io.expect("a handshake");
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
    calls(by_byte(&open, &tls, Route::RpcSingle).await.expect("a handshake")).await;
    let error = refusal(by_byte(&closed, &tls, Route::RpcSingle).await.expect("a handshake")).await;
    assert!(whole_text(&error).contains("CertificateRequired"), "{}", whole_text(&error));
    calls(by_byte(&closed, &tls, Route::RpcInsecure).await.expect("byte 7 never demands one")).await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("rogue"), |_| {});
    for io in [by_byte(&server, &tls, Route::RpcSingle).await, by_name(&server, &tls, Route::RpcSingle).await] {
        let error = refusal(io.expect("a handshake")).await;
        assert!(whole_text(&error).contains("UnknownCA"), "{}", whole_text(&error));
    }
}

#[tokio::test]
async fn a_server_of_another_datacenter_node_or_authority_is_not_talked_to() {
    let Some(server) = GoServer::start(OFFERED) else { return };
    let tls = tls(Some("client"), |_| {});
    for target in [
        Outgoing::TypeByte { dc: "dc2" },
        Outgoing::Alpn { name: "consul/rpc-single", dc: "dc2", node: NODE },
        Outgoing::Alpn { name: "consul/rpc-single", dc: DATACENTER, node: "another" },
    ] {
        let error = to(&server, &tls, Route::RpcSingle, target).await.expect_err("not its name");
        assert!(whole_text(&error).contains("NotValidForName"), "{target:?}: {}", whole_text(&error));
    }
    let certs = ["-cert", "certs/rogue.pem", "-key", "certs/rogue-key.pem", "-ca", "certs/ca.pem"];
    let Some(stranger) = GoServer::start(&certs) else { return };
    let error = by_byte(&stranger, &tls, Route::RpcSingle).await.expect_err("not our authority");
    assert!(whole_text(&error).contains("UnknownIssuer"), "{}", whole_text(&error));
}

#[tokio::test]
async fn without_checking_names_any_server_of_the_authority_will_do() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |policy| policy.verify_server_hostname = false);
    let elsewhere = Outgoing::TypeByte { dc: "dc2" };
    calls(to(&server, &tls, Route::RpcSingle, elsewhere).await.expect("a handshake")).await;
}

#[tokio::test]
async fn a_name_that_the_server_has_not_is_refused_by_an_alert() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    let error = by_name(&server, &tls, Route::Raft).await.expect_err("it has not");
    assert!(whole_text(&error).contains("NoApplicationProtocol"), "{}", whole_text(&error));
}

#[tokio::test]
async fn our_close_ends_a_connection_cleanly() {
    let Some(server) = GoServer::start(&demanded()) else { return };
    let tls = tls(Some("client"), |_| {});
    let mut io = by_byte(&server, &tls, Route::RpcSingle).await.expect("a handshake");
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
