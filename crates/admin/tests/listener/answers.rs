//! What is answered, and to whom.

use super::support::{Habits, Running, header, status, to_the_end};
use proconsul_admin::{BODY_BYTES_MAX, TOKEN_HEADER, client::Client, view::*};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

const PLACES: &[(&str, &str)] = &[
    ("/", "text/html; charset=utf-8"),
    ("/healthz", "application/json"),
    ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
    ("/v1/conns", "application/json"),
    ("/v1/streams", "application/json"),
    ("/v1/slow", "application/json"),
    ("/v1/closed", "application/json"),
    ("/v1/routes", "application/json"),
    ("/v1/methods", "application/json"),
    ("/v1/server", "application/json"),
    ("/v1/snapshot", "application/json"),
];

fn one() -> Habits {
    Habits { conns: 1, ..Habits::default() }
}

#[tokio::test]
async fn every_place_is_answered_with_what_keeps_a_browser_from_misusing_it() {
    let running = Running::tcp(one()).await;
    for (path, kind) in PLACES {
        let answer = running.exchange(running.request(&format!("GET {path}"), "")).await;
        assert_eq!((status(&answer), header(&answer, "content-type")), (200, Some(*kind)), "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&answer, name), Some(value), "{path} {name}");
        }
        let policy = header(&answer, "content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path} {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path} {policy}");
    }
    let refused = running.exchange(running.request("GET /nothing", "")).await;
    assert_eq!((status(&refused), header(&refused, "x-content-type-options")), (404, Some("nosniff")));
}

#[tokio::test]
async fn health_is_a_status_too() {
    assert_eq!(Running::tcp(one()).await.status("GET /healthz", "").await, 200);
    assert_eq!(Running::tcp(Habits { ill: true, ..Habits::default() }).await.status("GET /healthz", "").await, 503);
}

#[tokio::test]
async fn who_may_look_and_who_may_change() {
    let running = Running::tcp(one()).await;
    let (host, token) = (running.port().to_string(), running.token.reveal());
    let token = format!("{TOKEN_HEADER}: {token}\r\n");
    let (looks, kills) = ("GET /v1/conns", "POST /v1/conns/1/kill");
    let ours = format!("Origin: http://{host}\r\n");
    let theirs = "Origin: http://evil.example\r\n".to_owned();
    let none = String::new();
    for (line, host, origin, token, expected) in [
        (looks, host.as_str(), &none, &none, 200),
        (looks, &host, &ours, &none, 200),
        (looks, &host, &theirs, &none, 403),
        (looks, &host, &theirs, &token, 403),
        (looks, "evil.example", &none, &token, 403),
        (looks, "localhost", &none, &none, 403),
        (kills, &host, &none, &none, 403),
        (kills, &host, &ours, &none, 403),
        (kills, &host, &none, &format!("{TOKEN_HEADER}: {}\r\n", "0".repeat(32)), 403),
        (kills, &host, &theirs, &token, 403),
        (kills, "evil.example", &none, &token, 403),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{origin}{token}\r\n");
        assert_eq!(status(&running.exchange(&request).await), expected, "{request}");
    }
    assert!(running.killed.lock().expect("no panic").is_empty(), "nobody was killed by those");
    for origin in [&none, &ours] {
        assert_eq!(running.status(kills, &format!("{origin}{token}")).await, 200);
    }
    assert_eq!(running.status("POST /v1/conns/2/kill", &token).await, 404, "there is no such connection");
    assert_eq!(*running.killed.lock().expect("no panic"), [1, 1, 2]);
}

#[tokio::test]
async fn only_get_and_post_are_spoken() {
    let running = Running::tcp(one()).await;
    for method in ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get"] {
        assert_eq!(running.status(&format!("{method} /"), "").await, 405, "{method}");
    }
    let answer = running.exchange(running.request("POST /v1/conns", "Content-Length: 0\r\n")).await;
    assert_eq!((status(&answer), header(&answer, "allow")), (405, Some("GET")));
    let answer = running.exchange(running.request("GET /v1/conns/1/kill", "")).await;
    assert_eq!((status(&answer), header(&answer, "allow")), (405, Some("POST")));
    assert!(running.killed.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_ends_its_connection() {
    let running = Running::tcp(one()).await;
    for garbage in [
        "\r\n\r\n\0\0\0\0",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ] {
        let answer = running.exchange(garbage).await;
        assert!((400..500).contains(&status(&answer)), "{garbage:?}: {answer}");
    }
    let preface = running.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_ne!(status(&preface), 200, "HTTP/2 is not spoken: {preface}");
    assert_eq!(running.status("GET /healthz", "").await, 200, "others are served");
}

#[tokio::test]
async fn a_body_that_nobody_needs_is_bounded() {
    let running = Running::tcp(one()).await;
    let token = format!("{TOKEN_HEADER}: {}\r\n", running.token.reveal());
    let kill = "POST /v1/conns/1/kill";
    let with =
        |body: &str, length: usize| running.request(kill, &format!("{token}Content-Length: {length}\r\n")) + body;
    assert_eq!(status(&running.exchange(with("{}", 2)).await), 200);
    assert_eq!(status(&running.exchange(with(&"x".repeat(BODY_BYTES_MAX), BODY_BYTES_MAX)).await), 200);
    let long = running.exchange(with("", BODY_BYTES_MAX + 1)).await;
    assert_eq!(status(&long), 413, "and not waited for: {long}");
    let chunk = format!("{BODY_BYTES_MAX:x}\r\n{}\r\n", "x".repeat(BODY_BYTES_MAX));
    let chunked = running.request(kill, &format!("{token}Transfer-Encoding: chunked\r\n")) + &chunk + &chunk;
    assert_eq!(status(&running.exchange(chunked).await), 413);
    assert_eq!(running.killed.lock().expect("no panic").len(), 2);
}

#[tokio::test]
async fn one_connection_takes_many_requests() {
    let running = Running::tcp(one()).await;
    let mut io = BufReader::new(running.connect().await);
    for _ in 0..3 {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", running.port());
        io.write_all(request.as_bytes()).await.expect("written");
        let mut length = 0;
        loop {
            let mut line = String::new();
            io.read_line(&mut line).await.expect("a header");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        io.read_exact(&mut body).await.expect("a body");
        assert!(serde_json::from_slice::<Health>(&body).expect("health").ok);
    }
}

#[tokio::test]
async fn the_page_refers_to_nothing_elsewhere() {
    let running = Running::tcp(one()).await;
    let answer = running.exchange(running.request("GET /", "")).await;
    let policy = header(&answer, "content-security-policy").expect("a policy").to_owned();
    let page = answer.split_once("\r\n\r\n").expect("a body").1;
    assert!(page.contains("<text id=\"live-rpc\">") && !page.contains("<?xml"), "the diagram is in it");
    assert!(!page.contains("://") && !page.contains("@import") && !page.contains("url("), "no address");
    for (tag, attribute) in [("src=", "src"), ("href=", "href")] {
        for value in page.split(tag).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next()) {
            let local = value == "data:," || value.starts_with('/') && !value.starts_with("//");
            assert!(local, "{attribute} {value}");
        }
    }
    // What runs or styles carries this answer's nonce, and each answer has its own.
    let nonce = policy.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let count = |text: &str| page.matches(text).count();
    assert_eq!(count("<script"), count(&format!("<script nonce=\"{nonce}\">")));
    assert_eq!(count("<style"), count(&format!("<style nonce=\"{nonce}\">")));
    assert_eq!((count("<script"), count("<style")), (1, 2), "with that of the diagram");
    assert!(!page.contains(" style=\"") && !page.contains(" onclick=") && !page.contains("@nonce@"));
    assert!(!page.contains("innerHTML") && !page.contains("insertAdjacentHTML") && !page.contains("document.write"));
    let again = running.exchange(running.request("GET /", "")).await;
    assert!(!again.contains(nonce));
}

#[tokio::test]
async fn events_come_and_end_with_the_listener() {
    let running = Running::tcp(one()).await;
    let mut io = running.connect().await;
    io.write_all(running.request("GET /events", "").as_bytes()).await.expect("written");
    let mut got = String::new();
    let mut piece = [0; 4096];
    while !got.contains("data: ") {
        let read = io.read(&mut piece).await.expect("events");
        assert_ne!(read, 0, "it ended early: {got}");
        got.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    assert_eq!(header(&got, "content-type"), Some("text/event-stream"));
    running.stop().await;
    let rest = to_the_end(&mut io).await;
    assert!(rest.ends_with("0\r\n\r\n"), "a proper end: {rest}");
}

#[tokio::test]
async fn a_source_that_panics_costs_an_answer_and_not_the_listener() {
    let running = Running::tcp(Habits { panics: true, ..Habits::default() }).await;
    assert_eq!(running.exchange(running.request("GET /v1/routes", "")).await, "", "no answer");
    let mut watching = running.connect().await;
    watching.write_all(running.request("GET /events", "").as_bytes()).await.expect("written");
    let mut first = [0; 12];
    watching.read_exact(&mut first).await.expect("an answer");
    for _ in 0..3 {
        assert_eq!(running.status("GET /v1/conns", "").await, 200);
    }
    assert_eq!(running.exchange(running.request("GET /v1/snapshot", "")).await, "", "that asks for routes, too");
    assert_eq!(running.status("GET /healthz", "").await, 200);
}

#[tokio::test]
async fn a_client_asks_over_tcp_and_is_told_why_not() {
    let running = Running::tcp(one()).await;
    let client = Client::new(running.address.clone());
    asks_everything(&client).await;
    let error = client.kill(1, None).await.expect_err("it takes the token");
    assert!(error.to_string().contains("answered 403: this takes the token"), "{error}");
    assert!(client.kill(1, Some(&running.token)).await.expect("with it"));
    assert!(!client.kill(7, Some(&running.token)).await.expect("no such connection"));
    let error = client.get::<Vec<ConnView>>("/v1/server").await.expect_err("that is another type");
    assert!(error.to_string().contains("gave no answer to /v1/server"), "{error}");
    running.stop().await;
    let error = client.text("/metrics").await.expect_err("nobody listens any more");
    assert!(error.is_absent() && error.to_string().starts_with("no admin listener at http://127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_client_asks_over_a_socket_and_needs_no_token() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("admin.sock");
    let running = Running::unix(path.clone()).await;
    let client = Client::new(running.address.clone());
    asks_everything(&client).await;
    assert!(client.kill(1, None).await.expect("its owner needs no token"));
    running.stop().await;
    assert!(!path.exists(), "the socket goes with its listener");
    assert!(client.text("/metrics").await.expect_err("nobody listens").is_absent());
}

async fn asks_everything(client: &Client) {
    assert!(client.text("/metrics").await.expect("metrics").contains("\nconsul_rpc_request 3\n"));
    assert!(client.get::<Health>("/healthz").await.expect("health").ok);
    client.get::<Vec<ConnView>>("/v1/conns").await.expect("connections");
    let streams = client.get::<Vec<StreamView>>("/v1/streams").await.expect("streams");
    assert_eq!((streams[0].stream, streams[0].state), (3, Some(CallState::Parked)));
    assert_eq!(client.get::<Vec<SlowView>>("/v1/slow").await.expect("slow calls")[0].ms, 7.5);
    assert_eq!(client.get::<Vec<ClosedView>>("/v1/closed").await.expect("closed")[0].count, 2);
    assert_eq!(client.get::<Vec<RouteView>>("/v1/routes").await.expect("routes")[0].live, 1);
    assert_eq!(client.get::<Vec<MethodView>>("/v1/methods").await.expect("methods")[0].p50_ms, Some(0.25));
    assert_eq!(client.get::<ServerView>("/v1/server").await.expect("the server").node, "node");
    assert_eq!(client.get::<Snapshot>("/v1/snapshot").await.expect("a snapshot").slow.len(), 1);
}
