//! A client and a server of ours.
use std::{future::Future, time::Duration};

use futures_util::{FutureExt, future::join_all};
use proconsul_client::{
    AskQuery, CallOptions, Cause, Client, Options, Transport,
    structs::{
        METHODS,
        kvs::{DirEntry, KeyRequest, KvOp, KvsRequest},
        methods::{self, kvs, status},
        query::DcSpecificRequest,
    },
};
use proconsul_server::{Config, Server};
use proconsul_tls::Tls;
use support::{certificates, config, promptly, start};
use tokio::task::yield_now;

mod support;

/// Waits until it is so; whatever makes it so runs on this runtime.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waits = async {
        while !so() {
            yield_now().await;
        }
    };
    promptly(what, waits).await;
}

fn key(key: &str) -> KeyRequest {
    KeyRequest { key: key.into(), ..KeyRequest::default() }
}

fn set(key: &str) -> KvsRequest {
    let dir_ent = DirEntry { key: key.into(), ..DirEntry::default() };
    KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() }
}

/// A query that waits until something is written.
async fn waiting(client: &Client, options: CallOptions) -> (KeyRequest, CallOptions) {
    client.call::<kvs::Apply>(&set("k")).await.expect("it is written");
    let index = client.call::<kvs::Get>(&key("k")).await.expect("it is read").query_meta.index;
    (key("k").newer_than(index).wait(Duration::from_secs(300)), options)
}

fn parked(server: &Server) -> usize {
    server.lot().counts().parked
}

#[tokio::test]
async fn a_call_that_is_dropped_is_forgotten_by_the_server_at_once() {
    let (server, client) = start().await;
    let (request, options) = waiting(&client, CallOptions::default()).await;
    let mut call = Box::pin(client.call_with::<kvs::Get>(&request, options));
    until("the query to wait", || (&mut call).now_or_never().is_none() && parked(&server) == 1).await;
    drop(call);
    until("the server to forget it", || parked(&server) == 0).await;
    client.call::<kvs::Get>(&key("k")).await.expect("the connection serves on");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_at_both_ends() {
    let (server, client) = start().await;
    let (request, options) = waiting(&client, CallOptions::within(Duration::from_millis(50))).await;
    let error = promptly("the limit", client.call_with::<kvs::Get>(&request, options)).await.expect_err("it waits");
    let text = error.in_full().to_string();
    // Whoever is first tells.
    let ours = matches!(error.cause, Cause::TimedOut(_));
    assert!(ours || text.contains("was not answered before its deadline"), "{text}");
    until("the server to forget it", || parked(&server) == 0).await;
}

#[tokio::test]
async fn a_watch_that_is_dropped_waits_no_longer() {
    let (server, client) = start().await;
    let mut watch = client.watch::<kvs::Get>(key("k"));
    promptly("the first answer", watch.next()).await.expect("an answer");
    until("the second question to wait", || watch.next().now_or_never().is_none() && parked(&server) == 1).await;
    drop(watch);
    until("the server to forget it", || parked(&server) == 0).await;
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let (server, client) = start().await;
    for _ in 0..2 {
        let calls = (0..500).map(|_| async { client.call::<status::Leader>(&DcSpecificRequest::default()).await });
        for answer in promptly("all answers", join_all(calls)).await {
            answer.expect("an answer");
        }
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn bytes_are_called_with_and_answered() {
    let (_server, client) = start().await;
    let row = &METHODS[usize::from(methods::find("Status.Ping").expect("a row"))];
    let reply = client.call_raw(row, b"\x80", CallOptions::default()).await.expect("an answer");
    assert_eq!(reply[..], b"\x80"[..]);
}

#[tokio::test]
async fn an_answered_error_has_the_servers_own_text() {
    let (server, client) = start().await;
    let error = client.call::<kvs::Apply>(&set("")).await.expect_err("no key");
    assert_eq!(error.answered().expect("it was answered").as_str(), "Must provide key");
    assert_eq!(error.to_string(), format!("KVS.Apply to {} failed", server.rpc_address()));
    assert_eq!(error.attempts, 1);
    client.call::<kvs::Apply>(&set("k")).await.expect("the next call is none the worse");
}

#[tokio::test]
async fn a_method_that_the_server_does_not_have_is_its_error() {
    let (server, client) = start().await;
    let row = METHODS.iter().find(|row| !server.served().contains(row)).expect("one that is not served yet");
    let error = client.call_raw(row, b"\x80", CallOptions::default()).await.expect_err("it is not served");
    assert!(error.answered().is_some(), "{}", error.in_full());
}

#[tokio::test]
async fn the_connection_is_made_again_when_the_server_comes_back() {
    let (server, client) = start().await;
    let address = server.rpc_address();
    client.call::<kvs::Apply>(&set("k")).await.expect("it is written");
    server.stop(Duration::ZERO).await;
    let again = Config { server_port: address.port(), ..config() };
    let server = Server::start(again).await.expect("the port is free");
    // A write, too: no byte of it went to the connection that is gone.
    promptly("the write", client.call::<kvs::Apply>(&set("k"))).await.expect("it is written");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn another_server_is_used_when_one_is_gone() {
    let gone = Server::start(config()).await.expect("the server starts");
    let servers = [gone.rpc_address().to_string()];
    let (here, _client) = start().await;
    let servers = servers.into_iter().chain([here.rpc_address().to_string()]);
    let client = Client::connect(servers, Transport::Plain).await.expect("a connection");
    assert_eq!(*client.server(), gone.rpc_address().to_string());
    client.call::<kvs::Get>(&key("k")).await.expect("an answer of the first");
    gone.stop(Duration::ZERO).await;
    promptly("an answer", client.call::<kvs::Get>(&key("k"))).await.expect("an answer of the other");
    assert_eq!(*client.server(), here.rpc_address().to_string());
}

#[tokio::test]
async fn nobody_to_connect_to_is_said_with_every_server() {
    let gone = Server::start(config()).await.expect("the server starts");
    let address = gone.rpc_address().to_string();
    gone.stop(Duration::ZERO).await;
    let error = Client::connect([address.clone(), "127.0.0.1:0".into()], Transport::Plain).await.expect_err("nobody");
    assert_eq!(error.tried.len(), 2);
    assert!(error.to_string().contains(&address), "{error}");
    let none: [String; 0] = [];
    let error = Client::connect(none, Transport::Plain).await.expect_err("no address");
    assert!(error.to_string().contains("no address was given"), "{error}");
    let options = Options { hold: Duration::ZERO, ..Options::default() };
    let client = Client::lazy([address], Transport::Plain, options);
    let error = client.call::<kvs::Get>(&key("k")).await.expect_err("nobody");
    assert!(matches!(error.cause, Cause::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_client_that_is_closed_calls_no_more() {
    let (server, client) = start().await;
    let (request, options) = waiting(&client, CallOptions::default()).await;
    let mut call = Box::pin(client.call_with::<kvs::Get>(&request, options));
    until("the query to wait", || (&mut call).now_or_never().is_none() && parked(&server) == 1).await;
    client.close().await;
    promptly("the call in hand", call).await.expect_err("its connection is gone");
    let error = client.call::<kvs::Get>(&key("k")).await.expect_err("closed");
    assert!(matches!(error.cause, Cause::Closed), "{error:?}");
    until("the server to notice", || server.connections() == 0).await;
}

#[tokio::test]
async fn a_connection_ends_with_the_last_of_its_clients() {
    let (server, client) = start().await;
    let clone = client.clone();
    drop(client);
    clone.call::<kvs::Get>(&key("k")).await.expect("an answer");
    assert_eq!(server.connections(), 1);
    drop(clone);
    until("the server to notice", || server.connections() == 0).await;
}

#[tokio::test]
async fn tls_is_spoken_in_both_of_its_ways_and_demanded() {
    let (_folder, servers, clients) = certificates();
    let server = Server::start(Config { tls: servers, ..config() }).await.expect("the server starts");
    let address = server.rpc_address().to_string();
    let tls = Tls::load(clients).expect("the certificates are good");
    for transport in [Transport::type_byte(tls.clone(), "dc1"), Transport::alpn(tls.clone(), "dc1")] {
        let client = Client::connect([address.clone()], transport).await.expect("a connection");
        client.call::<status::Leader>(&DcSpecificRequest::default()).await.expect("an answer");
    }
    let error = Client::connect([address.clone()], Transport::type_byte(tls, "dc2")).await.expect_err("another name");
    assert!(error.to_string().contains("the TLS handshake with"), "{error}");

    let options = Options { hold: Duration::ZERO, ..Options::default() };
    let plain = Client::lazy([address], Transport::Plain, options);
    let error = plain.call::<status::Leader>(&DcSpecificRequest::default()).await.expect_err("TLS is demanded");
    assert!(error.answered().is_none(), "{}", error.in_full());
}

/// What the tests above are made of stays `Send`, so that calls may be spawned.
#[expect(dead_code, reason = "it is checked when it is compiled")]
fn futures_are_send(client: &Client) {
    fn send<T: Send>(_: T) {}
    fn call(client: &Client) -> impl Future + Send {
        client.call::<kvs::Get>(&EMPTY)
    }
    static EMPTY: std::sync::LazyLock<KeyRequest> = std::sync::LazyLock::new(KeyRequest::default);
    send(call(client));
    send(client.watch::<kvs::Get>(KeyRequest::default()));
}
