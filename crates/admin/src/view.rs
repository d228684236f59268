//! What is answered, as JSON: fields are named as here, times are milliseconds, absent facts are `null`.
//!
//! Names in certificates are a peer's words: whoever shows them must not take them for markup or for control characters.
use serde::{Deserialize, Serialize};

/// A connection on the server port, at `/v1/conns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnView {
    /// Its number: unique since the server's start, what `kill` takes.
    pub id: u64,
    /// Where it comes from: address and port.
    pub peer: String,
    /// The label of its route; `detecting` until that is known.
    pub route: String,
    /// What TLS it is in; `None`: in clear.
    pub tls: Option<TlsView>,
    /// Whom the peer's certificate names; empty without one.
    pub certificate_names: Vec<String>,
    /// Since when it is open.
    pub age_ms: u64,
    /// Bytes that the peer sent, those of TLS not counted.
    pub bytes_in: u64,
    /// Bytes that the peer was sent, likewise.
    pub bytes_out: u64,
    /// Calls answered on it.
    pub calls: u64,
    /// How many of them with an error.
    pub errors: u64,
    /// Streams that are open on it.
    pub streams: u64,
    /// The oldest call in flight.
    pub current: Option<CallView>,
    /// What it does now.
    pub state: ConnState,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnState {
    /// Its route is not known yet: first byte, TLS handshake, inner byte.
    #[default]
    Detecting,
    /// No call is in flight.
    Idle,
    /// A call is being answered.
    Running,
    /// Every call in flight waits for a change.
    Parked,
}

/// The TLS of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsView {
    /// `1.2` or `1.3`.
    pub version: String,
    /// The protocol name that was agreed on.
    pub alpn: Option<String>,
    /// The server name that the peer asked for.
    pub sni: Option<String>,
}

/// A call in flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallView {
    /// Its method.
    pub method: String,
    /// The number that the client gave it on its stream.
    pub seq: u64,
    /// Since when.
    pub age_ms: u64,
    /// What it does now.
    pub state: CallState,
}

/// What a call in flight does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// It is being answered.
    Running,
    /// It waits for a change.
    Parked,
}

/// A stream of a connection, at `/v1/streams`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamView {
    /// The connection's number.
    pub conn: u64,
    /// Where the connection comes from.
    pub peer: String,
    /// The stream's number on its connection; 0 where the connection is one stream.
    pub stream: u64,
    /// The method in flight.
    pub method: Option<String>,
    /// Since when that call is in flight.
    pub call_age_ms: Option<u64>,
    /// What that call does; `None`: no call is in flight.
    pub state: Option<CallState>,
    /// Calls answered on it.
    pub calls: u64,
}

/// One of the slowest recent calls, at `/v1/slow`. What a call waited for a change is not slowness.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlowView {
    /// Its method.
    pub method: String,
    /// Who called.
    pub peer: String,
    /// How long it took.
    pub ms: f64,
    /// How long ago it ended.
    pub ended_ms_ago: u64,
    /// Whether it was answered with an error.
    pub errored: bool,
}

/// Connections of one peer that ended for one reason, at `/v1/closed`; the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedView {
    /// Whose: the address and port of the last of them.
    pub peer: String,
    /// The reason's label, as in `rpc.conn.closed`.
    pub reason: String,
    /// The reason in an operator's words.
    pub detail: String,
    /// Whether this is how connections end, and nothing that an operator should hear of.
    #[serde(default)]
    pub ordinary: bool,
    /// How long ago the last of them ended.
    pub ago_ms: u64,
    /// How many of them there were.
    pub count: u64,
}

/// A row of the route table with what happens on it, at `/v1/routes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteView {
    /// Its name.
    pub label: String,
    /// Its first byte.
    pub byte: Option<u8>,
    /// Its protocol name in TLS.
    pub alpn: Option<String>,
    /// Connections that are on it now.
    pub live: u64,
    /// Connections that took it since the start.
    pub accepted: u64,
}

/// A method that was called, at `/v1/methods`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodView {
    /// Its name.
    pub method: String,
    /// Calls answered since the start.
    pub calls: u64,
    /// How many of them with an error.
    pub errors: u64,
    /// Calls a second, lately: of about the last minute.
    pub rate: f64,
    /// What half of the recent calls took at most; `None`: there were none.
    pub p50_ms: Option<f64>,
    /// What 99 of 100 recent calls took at most; `None`: there were none.
    pub p99_ms: Option<f64>,
}

/// Who answers, at `/v1/server`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerView {
    /// Its node's name.
    pub node: String,
    /// Its datacenter.
    pub datacenter: String,
    /// Its own version.
    pub version: String,
    /// Where its server port is.
    pub rpc_address: String,
    /// How long it has been up.
    pub up_ms: u64,
}

/// Whether the server serves, at `/healthz`, there with status 200 or 503.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether it does.
    pub ok: bool,
    /// In words.
    pub detail: String,
}

/// All of it at once: at `/v1/snapshot`, and at `/events` once a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was made: since 1970.
    pub at_unix_ms: u64,
    /// Who answers.
    pub server: ServerView,
    /// Whether it serves.
    pub health: Health,
    /// Connections: at most [`CONNS_SHOWN_MAX`](crate::CONNS_SHOWN_MAX).
    pub conns: Vec<ConnView>,
    /// How many there are.
    pub conns_total: u64,
    /// The route table.
    pub routes: Vec<RouteView>,
    /// Methods that were called.
    pub methods: Vec<MethodView>,
    /// Connections that ended, the latest first: at most [`LATEST_SHOWN_MAX`](crate::LATEST_SHOWN_MAX) lines of those that are
    /// ordinary, and as many of the others.
    pub closed: Vec<ClosedView>,
    /// The slowest recent calls, the slowest first: as many.
    pub slow: Vec<SlowView>,
}

/// The answer to a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Killed {
    /// The connection that is no more.
    pub killed: u64,
}
