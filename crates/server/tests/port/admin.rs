//! Who is on the port, as the admin listener tells it.
use proconsul_admin::{
    Address,
    client::{Client as Admin, ClientError},
    view::{CallState, ClosedView, ConnState, ConnView, Health, RouteView, ServerView, SlowView, StreamView},
};
use proconsul_mux::{Route, driver::dial::Via};
use proconsul_netrpc::client::Client;
use proconsul_server::{AdminAt, Config, PortAt, Server, StartError};
use serde_json::{Value, json};

use crate::support::{Certs, Dialler, connect, leader, promptly, session, single, start, until};

fn admin_of(server: &Server) -> Admin {
    Admin::new(server.admin_addresses().first().expect("it was asked for").clone())
}

async fn conns(admin: &Admin) -> Vec<ConnView> {
    admin.get("/v1/conns").await.expect("an answer")
}

#[tokio::test]
async fn a_connection_is_shown_with_its_certificate_its_calls_and_what_they_wait_for() {
    let certs = Certs::new();
    let server = start(|config| {
        config.tls = certs.strict("server");
        config.admin = vec![AdminAt::Loopback(0)];
    })
    .await;
    let admin = admin_of(&server);
    let control = session(&server, &Dialler::new(certs.strict("client")).native("consul/rpc-multi")).await;
    let mut talks = Client::new(control.open().await.expect("a stream"));
    leader(&mut talks).await;
    let unknown =
        talks.call::<Value>("KVS.Apply", &json!({"Datacenter": "dc1", "Op": "?", "DirEnt": {"Key": "k"}})).await;
    assert!(unknown.is_err(), "{unknown:?}");
    // One that waits for the next write.
    let mut waits = Client::new(control.open().await.expect("a stream"));
    let waiting = tokio::spawn(async move {
        waits.call::<Value>("Catalog.ListNodes", &json!({"Datacenter": "dc1", "MinQueryIndex": 1_000_000})).await
    });
    until("the query to wait", async || server.lot().counts().parked == 1).await;

    let [conn] = &conns(&admin).await[..] else { panic!("one connection") };
    assert_eq!((conn.route.as_str(), conn.state), ("rpc_multi", ConnState::Parked));
    assert_eq!((conn.calls, conn.errors, conn.streams), (3, 1, 2));
    let tls = conn.tls.as_ref().expect("it is in TLS");
    assert_eq!((tls.version.as_str(), tls.alpn.as_deref()), ("1.3", Some("consul/rpc-multi")));
    assert!(conn.certificate_names.iter().any(|name| name == "client.dc1.consul"), "{:?}", conn.certificate_names);
    assert!(conn.bytes_in > 0 && conn.bytes_out > 0);
    let call = conn.current.as_ref().expect("a call in hand");
    assert_eq!((call.method.as_str(), call.state), ("Catalog.ListNodes", CallState::Parked));

    let streams: Vec<StreamView> = admin.get("/v1/streams").await.expect("an answer");
    let [first, second] = &streams[..] else { panic!("two streams: {streams:?}") };
    assert_eq!((first.stream, first.calls, first.state), (1, 2, None));
    assert_eq!((second.stream, second.method.as_deref()), (3, Some("Catalog.ListNodes")));
    assert_eq!((second.conn, second.state), (conn.id, Some(CallState::Parked)));

    let routes: Vec<RouteView> = admin.get("/v1/routes").await.expect("an answer");
    let row = routes.iter().find(|row| row.label == "rpc_multi").expect("a row");
    assert_eq!((row.live, row.accepted, row.byte), (1, 1, Some(4)));
    let slow: Vec<SlowView> = admin.get("/v1/slow").await.expect("an answer");
    assert!(slow.iter().any(|call| call.method == "Status.Leader" && !call.errored), "{slow:?}");
    assert!(slow.iter().any(|call| call.method == "KVS.Apply" && call.errored), "{slow:?}");
    let about: ServerView = admin.get("/v1/server").await.expect("an answer");
    assert_eq!((about.node.as_str(), about.rpc_address), ("proconsul", server.rpc_address().to_string()));
    let health: Health = admin.get("/healthz").await.expect("an answer");
    assert!(health.ok);

    let killed = admin.kill(conn.id, Some(server.admin_token())).await.expect("an answer");
    assert!(killed);
    assert!(promptly("the end", waiting).await.expect("no panic").is_err(), "its connection is gone");
    assert_eq!(server.lot().counts().parked, 0, "and with it what waited");
    assert!(conns(&admin).await.is_empty());
    let closed: Vec<ClosedView> = admin.get("/v1/closed").await.expect("an answer");
    assert_eq!(closed.first().map(|closed| (closed.reason.as_str(), closed.count)), Some(("killed", 1)));
    assert!(!admin.kill(conn.id, Some(server.admin_token())).await.expect("an answer"), "it is no more");
}

#[tokio::test]
async fn on_the_loopback_a_change_takes_the_token_and_on_the_socket_it_does_not() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let socket = folder.path().join("admin.sock");
    let server = start(|config| config.admin = vec![AdminAt::Loopback(0), AdminAt::Socket(socket.clone())]).await;
    let [Address::Tcp(_), Address::Unix(at)] = server.admin_addresses() else { panic!("both, in order") };
    assert_eq!(*at, socket);
    let mut client = single(&server, &Via::Plain).await;
    leader(&mut client).await;
    let [tcp, unix] = [0, 1].map(|at| Admin::new(server.admin_addresses()[at].clone()));
    let id = conns(&unix).await[0].id;
    let denied = tcp.kill(id, None).await;
    assert!(matches!(denied, Err(ClientError::Refused { status: 401 | 403, .. })), "{denied:?}");
    assert_eq!(conns(&tcp).await.len(), 1);
    assert!(unix.kill(id, None).await.expect("an answer"));
    until("it to be gone", async || conns(&tcp).await.is_empty()).await;
}

#[tokio::test]
async fn what_is_held_or_detected_is_shown_without_being_asked() {
    let server = start(|config| config.admin = vec![AdminAt::Loopback(0)]).await;
    let admin = admin_of(&server);
    // Raft, which nobody serves yet; and one that has said nothing.
    let _held = connect(&server, Route::Raft, &Via::Plain).await.expect("a connection");
    let _silent = tokio::net::TcpStream::connect(server.rpc_address()).await.expect("a connection");
    until("both to be shown", async || {
        let shown: Vec<_> = conns(&admin).await.into_iter().map(|conn| (conn.route, conn.state)).collect();
        let [(first, ConnState::Idle), (second, ConnState::Detecting)] = &shown[..] else { return false };
        first == "raft" && second == "detecting"
    })
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_only_for_who_insists() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let server = start(|config| config.admin = vec![AdminAt::LoopbackIfFree(port)]).await;
    assert!(server.admin_addresses().is_empty());
    let config = Config {
        server_port: 0,
        grpc: PortAt::Off,
        grpc_tls: PortAt::Off,
        admin: vec![AdminAt::Loopback(port)],
        ..Config::dev()
    };
    let error = Server::start(config).await.expect_err("it is taken");
    assert!(matches!(error, StartError::Admin { .. }), "{error}");
}
