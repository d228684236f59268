//! What was meant for another port, over sockets: it is named, closed at once, and told where it should go if it can read that.
mod support;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use proconsul_server::Config;
use support::{Neighbour, STRANGER, dial, pki::Pki, pour, reasons::ended, reasons::why, start, to_the_end, unlimited};

/// First packets as they come, one a line: a name or `-`, then the bytes in hex, then who sent them.
const CORPUS: &str = include_str!("../../crates/mux/src/stray/corpus.txt");

fn corpus() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let lines = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(char::is_whitespace).expect("a name");
            let (hex, who) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
            let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            (name, (0..hex.len()).step_by(2).map(digits).collect(), who)
        })
        .collect()
}

/// How long a connection may take to say what it wants: much longer than any of these may last.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends every packet of the corpus, each from an address of its own, and sees those that have a name get it.
async fn are_named(config: Config, net: u8, is_served: impl Fn(&str) -> bool) {
    let plain = !config.tls.internal_rpc.verify_incoming;
    let server = start(Config { rpc_handshake_timeout: LIMIT, ..config }).await;
    let neighbour = if plain { Some(Neighbour::of(&server).await) } else { None };
    for (at, (name, packet, who)) in corpus().into_iter().enumerate() {
        if name == "-" || is_served(name) {
            continue;
        }
        let from = Ipv4Addr::new(127, 1 + net, (at / 200) as u8, 1 + (at % 200) as u8);
        let mut tcp = dial(from, server.rpc_address(), &[]).await;
        pour(&mut tcp, &packet).await;
        let began = Instant::now();
        let said = to_the_end(who, &mut tcp).await;
        assert!(began.elapsed() < LIMIT / 2, "{who} is closed at once, not when its time is up");
        drop(tcp);
        let why = why(&server, from).await;
        assert_eq!((why.len(), why[0].0), (1, name), "{who}: {why:?}");
        match name {
            "stray_http1" => {
                let said = String::from_utf8_lossy(&said);
                assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("8500"), "{who}: {said}");
            }
            _ => assert!(said.is_empty(), "{who} is told nothing, as it would not understand: {said:02x?}"),
        }
    }
    if let Some(neighbour) = neighbour {
        neighbour.noticed_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_port_without_certificates() {
    are_named(Config { http2_preface: false, ..unlimited() }, 0, |_| false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_port_with_certificates_and_http2() {
    let served = |name: &str| ["stray_tls", "stray_http2"].contains(&name);
    are_named(Pki::new().config(|_| {}), 1, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_port_that_demands_tls() {
    let served = |name: &str| ["stray_tls", "stray_http2"].contains(&name);
    are_named(Pki::new().config(|policy| policy.verify_incoming = true), 2, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_without_a_byte_is_counted_and_nothing_else() {
    let server = start(unlimited()).await;
    for count in 1..=20 {
        drop(dial(STRANGER, server.rpc_address(), &[]).await);
        ended(&server, "empty", count).await;
    }
}
