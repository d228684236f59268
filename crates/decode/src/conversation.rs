//! One connection: which route it took, and who reads what follows.

use std::time::Duration;

use bytes::BytesMut;
use proconsul_mux::{Posture, Route, Row, Then, Verdict, by_first_bytes, row_of_byte};

use crate::{
    Direction, What,
    layer::{Http2, Layer, Opaque, Out, Plain, Raft, Rpc, Snapshot, Tls, looks_like},
};

/// How much a server may say before its client's first byte is there: an HTTP/2 server does not wait.
const EARLY_BYTES_MAX: usize = 64 * 1024;

/// How many bytes are waited for before it is said that they choose no route.
const DETECTION_BYTES: usize = 24;

/// Where the bytes of a connection begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With the connection.
    Here,
    /// Somewhere on the way.
    Midway,
    /// Nobody knows: with the connection, or with any message.
    Anywhere,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conversation {
    begins: Begins,
    /// What has come before the route is known.
    early: [BytesMut; 2],
    layer: Option<Box<Layer>>,
    /// When anything was last heard of it.
    pub(crate) last: Duration,
}

impl Conversation {
    pub(crate) fn new(begins: Begins, last: Duration) -> Self {
        Self { begins, early: [BytesMut::new(), BytesMut::new()], layer: None, last }
    }

    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if let Some(layer) = &mut self.layer {
            return layer.bytes(out, direction, bytes);
        }
        self.early[direction.index()].extend_from_slice(bytes);
        let held = &self.early[direction.index()];
        let found = match (self.begins, direction) {
            (Begins::Here, Direction::ToServer) => by_bytes(held),
            (Begins::Here, Direction::ToClient) if held.len() > EARLY_BYTES_MAX => Found::None,
            (Begins::Here, Direction::ToClient) => Found::NotYet,
            (Begins::Midway, _) => by_looks(held, direction),
            (Begins::Anywhere, _) => match by_looks(held, direction) {
                Found::None if direction == Direction::ToServer => match by_bytes(held) {
                    Found::None => plain(held),
                    found => found,
                },
                Found::None => plain(held),
                found => found,
            },
        };
        self.found(out, direction, found);
    }

    fn found(&mut self, out: &mut Out<'_>, direction: Direction, found: Found) {
        let (layer, skip) = match found {
            Found::NotYet => return,
            Found::Route { label, carries, layer, skip, guessed } => {
                out.tell(direction, What::Route { label, carries, guessed });
                (layer, skip)
            }
            Found::None => {
                out.tell(direction, What::Trouble { why: stranger(&self.early[direction.index()]), offset: 0 });
                (Box::new(Layer::Opaque(Opaque::silent())), 0)
            }
        };
        let layer = self.layer.insert(layer);
        let [to_server, to_client] = std::mem::take(&mut self.early);
        // In which order the two spoke is lost. A request is told before its reply, wherever a read happened to end.
        if to_server.len() > skip {
            layer.bytes(out, Direction::ToServer, &to_server[skip..]);
        }
        if !to_client.is_empty() {
            layer.bytes(out, Direction::ToClient, &to_client);
        }
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, bytes: u64) {
        out.tell(direction, What::Lost { bytes });
        match &mut self.layer {
            Some(layer) => layer.lost(out, direction, bytes),
            None => {
                self.early[direction.index()].clear();
                self.begins = Begins::Midway;
            }
        }
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        self.give_up_waiting(out);
        if let Some(layer) = &mut self.layer {
            layer.half_end(out, direction);
        }
        out.tell(direction, What::Ended);
    }

    /// The connection, or (`really` false) the recording ends.
    pub(crate) fn end(&mut self, out: &mut Out<'_>, really: bool) {
        self.give_up_waiting(out);
        if let Some(layer) = &mut self.layer {
            layer.end(out);
        }
        if really {
            out.both(What::Ended);
        }
    }

    /// No more bytes will help to find the route.
    fn give_up_waiting(&mut self, out: &mut Out<'_>) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if self.layer.is_none() && !self.early[direction.index()].is_empty() {
                self.found(out, direction, Found::None);
            }
        }
    }
}

/// What the first bytes amount to.
enum Found {
    NotYet,
    Route {
        label: &'static str,
        carries: &'static str,
        layer: Box<Layer>,
        /// Bytes that chose the route and are no part of what it carries.
        skip: usize,
        guessed: bool,
    },
    None,
}

/// By the bytes that choose a route: Consul's table.
fn by_bytes(bytes: &[u8]) -> Found {
    let posture = Posture { native_tls: true, http2_preface: true, ..Posture::default() };
    // The bytes of other protocols are waited for only here, not where a server answers at once.
    let Some(verdict) = by_first_bytes(bytes, posture) else {
        return if bytes.len() < DETECTION_BYTES { Found::NotYet } else { Found::None };
    };
    let row = bytes.first().and_then(|byte| row_of_byte(*byte));
    match (verdict, row) {
        (Verdict::Http2, _) => {
            chosen("http2", "HTTP/2 without a type byte: gRPC", Layer::Http2(Box::new(Http2::new())), 0)
        }
        (Verdict::NativeTls, _) if bytes.first() == Some(&0x16) => {
            chosen("tls", "a TLS handshake; the ALPN name in it chooses the route", Layer::Tls(Tls::new()), 0)
        }
        (Verdict::StartTls(_), Some(row)) => chosen(row.label, "a TLS handshake follows", Layer::Tls(Tls::new()), 1),
        (Verdict::Serve(route), Some(row)) => chosen(row.label, route.handler(), layer_of(route), 1),
        (Verdict::Refuse(_), Some(Row { then: Then::Retired, label, .. })) => {
            chosen(label, "a route that servers refuse", Layer::Opaque(Opaque::new(label)), 1)
        }
        _ => Found::None,
    }
}

fn chosen(label: &'static str, carries: &'static str, layer: Layer, skip: usize) -> Found {
    Found::Route { label, carries, layer: Box::new(layer), skip, guessed: false }
}

fn layer_of(route: Route) -> Layer {
    match route {
        Route::RpcSingle | Route::RpcInsecure => Layer::Rpc(Rpc::default()),
        Route::RpcMulti => Layer::Yamux(Box::default()),
        Route::Raft => Layer::Raft(Raft::default()),
        Route::Snapshot => Layer::Snapshot(Snapshot::default()),
        Route::InternalGrpc | Route::ExternalGrpc | Route::RaftForwarding => Layer::Http2(Box::new(Http2::new())),
        Route::WanPacket => Layer::Opaque(Opaque::new("WAN gossip packets")),
        Route::WanStream => Layer::Opaque(Opaque::new("a WAN gossip stream")),
    }
}

/// By what bytes look like that do not begin with the connection.
fn by_looks(bytes: &[u8], direction: Direction) -> Found {
    let guess = |label, carries, layer| Found::Route { label, carries, layer: Box::new(layer), skip: 0, guessed: true };
    if bytes.len() < looks_like::BYTES && looks_like::may_become(bytes) {
        return Found::NotYet;
    }
    if looks_like::rpc(bytes) {
        return guess("rpc", Route::RpcSingle.handler(), Layer::Rpc(Rpc::default()));
    }
    if looks_like::raft(bytes, direction) {
        return guess("raft", Route::Raft.handler(), Layer::Raft(Raft::default()));
    }
    if looks_like::tls(bytes) {
        return guess("tls", "TLS", Layer::Tls(Tls::new()));
    }
    if looks_like::yamux(bytes) {
        return guess("rpc_multi", Route::RpcMulti.handler(), Layer::Yamux(Box::default()));
    }
    if looks_like::http2(bytes) {
        return guess("http2", "HTTP/2: gRPC", Layer::Http2(Box::new(Http2::midway())));
    }
    Found::None
}

/// A msgpack value by itself.
fn plain(bytes: &[u8]) -> Found {
    match bytes.first() {
        Some(0x80..=0x9f | 0xdc..=0xdf) => {
            let layer = Box::new(Layer::Plain(Plain::default()));
            Found::Route { label: "values", carries: "msgpack values by themselves", layer, skip: 0, guessed: true }
        }
        _ => Found::None,
    }
}

/// What is said of bytes that choose no route.
fn stranger(bytes: &[u8]) -> String {
    let what = match proconsul_mux::Stray::classify(bytes) {
        Some(stray) => format!("no route begins so; this is {}", stray.what()),
        None => "no route begins so, and no message".to_owned(),
    };
    let first: Vec<String> = bytes.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{what}: {}", first.join(" "))
}
