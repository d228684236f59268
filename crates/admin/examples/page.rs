//! The page with made-up numbers, to look at it: `cargo run -p proconsul-admin --example page`, then open the address it
//! prints. It ends with its standard input, or with Ctrl-C.
use std::{
    io::Read as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use proconsul_admin::{Admin, Listen, Page, Source, Token, view::*};

/// A server that makes everything up.
struct MadeUp {
    start: Instant,
    turns: AtomicU64,
    killed: Mutex<Vec<u64>>,
}

const ROUTES: &[(&str, Option<u8>, Option<&str>, u64)] = &[
    ("rpc", Some(0), Some("consul/rpc-single"), 0),
    ("raft", Some(1), Some("consul/raft"), 2),
    ("muxado", Some(2), None, 0),
    ("tls", Some(3), None, 1),
    ("rpc_multi", Some(4), Some("consul/rpc-multi"), 37),
    ("snapshot", Some(5), Some("consul/rpc-snapshot"), 0),
    ("gossip", Some(6), Some("consul/rpc-gossip"), 0),
    ("tls_insecure", Some(7), None, 0),
    ("grpc", Some(8), Some("consul/rpc-grpc"), 12),
    ("raft_forwarding", Some(9), Some("consul/raft-forwarding"), 0),
    ("wan_packet", None, Some("consul/wan-gossip/packet"), 0),
    ("wan_stream", None, Some("consul/wan-gossip/stream"), 0),
    ("http2", Some(0x50), Some("h2"), 1),
];

impl Source for MadeUp {
    async fn conns(&self, at_most: usize) -> Vec<ConnView> {
        let turn = self.turns.fetch_add(1, Relaxed);
        let killed = self.killed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let conn = |id: u64| ConnView {
            id,
            peer: format!("10.1.{}.{}:{}", id % 7, 3 + id, 40_000 + 77 * id),
            route: if id.is_multiple_of(3) { "grpc" } else { "rpc_multi" }.into(),
            tls: (id % 4 != 1).then(|| TlsView {
                version: "1.3".into(),
                alpn: (id % 4 == 2).then(|| "consul/rpc-multi".into()),
                sni: Some("server.dc1.consul".into()),
            }),
            certificate_names: match id % 4 {
                0 => vec!["client.dc1.consul".into(), "localhost".into()],
                2 => vec!["<img src=x onerror=alert(1)>.consul".into(), "\u{202e}lusnoc.1cd.revres".into()],
                _ => Vec::new(),
            },
            age_ms: self.start.elapsed().as_millis() as u64 + 5_000 * id * id,
            bytes_in: 3_000 * id * (turn + 7),
            bytes_out: 41_000 * id * (turn + 9),
            calls: 20 * id + turn,
            errors: if id == 5 { 2 } else { 0 },
            streams: 1 + id % 3,
            current: (id.is_multiple_of(2)).then(|| CallView {
                method: "Health.ServiceNodes".into(),
                seq: 12 + turn,
                age_ms: 9_000 * id,
                state: CallState::Parked,
            }),
            state: [ConnState::Parked, ConnState::Idle, ConnState::Parked, ConnState::Running][(id % 4) as usize],
        };
        (1..=14).filter(|id| !killed.contains(id)).map(conn).take(at_most).collect()
    }

    fn conns_total(&self) -> u64 {
        53
    }

    async fn streams(&self, _: usize) -> Vec<StreamView> {
        Vec::new()
    }

    async fn slow(&self) -> Vec<SlowView> {
        let slow = |(method, ms, errored): (&str, f64, bool)| SlowView {
            method: method.into(),
            peer: "10.1.2.9:41212".into(),
            ms,
            ended_ms_ago: (ms * 91.0) as u64,
            errored,
        };
        [("Catalog.ListServices", 812.4, false), ("KVS.List", 77.25, false), ("Txn.Apply", 31.0, true)].map(slow).into()
    }

    async fn closed(&self) -> Vec<ClosedView> {
        let closed = |(peer, reason, detail, count, ago_ms): (&str, &str, &str, u64, u64)| ClosedView {
            peer: peer.into(),
            reason: reason.into(),
            detail: detail.into(),
            ordinary: reason == "peer_closed",
            ago_ms,
            count,
        };
        [
            (
                "10.9.0.4",
                "stray",
                "it speaks HTTP/1, which does not live here: the HTTP API has another port",
                311,
                800,
            ),
            ("10.9.0.5", "plaintext_forbidden", "clear text, and verify_incoming wants TLS", 3, 62_000),
            ("10.1.4.20", "peer_closed", "the peer closed it", 1, 95_000),
            ("::1", "handshake_timeout", "nothing came within 5 s", 2, 4_000_000),
        ]
        .map(closed)
        .into()
    }

    async fn routes(&self) -> Vec<RouteView> {
        let view = |(label, byte, alpn, live): &(&str, Option<u8>, Option<&str>, u64)| RouteView {
            label: (*label).into(),
            byte: *byte,
            alpn: alpn.map(Into::into),
            live: *live,
            accepted: live * 31,
        };
        ROUTES.iter().map(view).collect()
    }

    async fn methods(&self) -> Vec<MethodView> {
        let turn = self.turns.load(Relaxed);
        let view = |(method, each, p50, p99): (&str, u64, f64, f64)| MethodView {
            method: method.into(),
            calls: each * (turn + 60),
            errors: if method == "Txn.Apply" { 7 } else { 0 },
            rate: each as f64 * 1.03,
            p50_ms: (each > 0).then_some(p50),
            p99_ms: (each > 0).then_some(p99),
        };
        let methods = [
            ("Health.ServiceNodes", 812, 0.021, 0.31),
            ("Catalog.ListServices", 40, 1.7, 12.5),
            ("KVS.Get", 2_304, 0.0042, 0.027),
            ("Status.Ping", 12, 0.0011, 0.0024),
            ("Txn.Apply", 3, 0.4, 31.0),
            ("Coordinate.Update", 0, 0.0, 0.0),
        ];
        methods.map(view).into()
    }

    async fn kill(&self, id: u64) -> bool {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        (1..=14).contains(&id)
    }

    fn metrics_text(&self) -> String {
        "# TYPE consul_rpc_request counter\nconsul_rpc_request 12\n".into()
    }

    fn healthy(&self) -> Health {
        Health { ok: true, detail: "it is made up".into() }
    }

    fn server(&self) -> ServerView {
        ServerView {
            node: "proconsul".into(),
            datacenter: "dc1".into(),
            version: "0.1.0".into(),
            rpc_address: "127.0.0.1:8300".into(),
            up_ms: self.start.elapsed().as_millis() as u64,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = Token::random();
    let admin = Admin::bind(Listen::Loopback(0), token.clone()).await?;
    println!("{}\ntoken {}", admin.address(), token.reveal());
    let source = MadeUp { start: Instant::now(), turns: AtomicU64::new(0), killed: Mutex::default() };
    let diagram = std::env::args().nth(1).map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Until somebody closes it.
        let _end = std::io::stdin().read_to_end(&mut Vec::new());
        drop(end);
    });
    admin.serve(source, Page::new(&diagram), async { drop(ended.await) }).await;
    Ok(())
}
