//! The route table. Dispatch, the ALPN list, metric labels, the tests and the diagram in `docs/rpc` are derived from it.

/// Who serves a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// net/rpc, one call after another.
    RpcSingle,
    /// yamux, each stream as [`Route::RpcSingle`].
    RpcMulti,
    /// Raft's own messages between servers.
    Raft,
    /// A snapshot of the store, saved or restored.
    Snapshot,
    /// gRPC for agents and other servers: the internal surface.
    InternalGrpc,
    /// gRPC for data planes, peers and anybody with a token: the external surface, on ports of its own.
    ExternalGrpc,
    /// gRPC writes of resources that a follower passes to the leader.
    RaftForwarding,
    /// Gossip between datacenters, one packet after another.
    WanPacket,
    /// Gossip between datacenters, a stream that is a memberlist connection.
    WanStream,
    /// net/rpc for clients that have no certificate yet, one call after another: the few methods that give them one.
    RpcInsecure,
}

impl Route {
    /// What is done with a connection that takes the route, in a line.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::RpcSingle => "net/rpc, one call after another",
            Self::RpcMulti => "yamux, each stream net/rpc",
            Self::Raft => "Raft between servers",
            Self::Snapshot => "a snapshot, saved or restored",
            Self::InternalGrpc => "internal gRPC",
            Self::ExternalGrpc => "external gRPC",
            Self::RaftForwarding => "gRPC: writes for the leader",
            Self::WanPacket => "WAN gossip, packet by packet",
            Self::WanStream => "WAN gossip, a stream",
            Self::RpcInsecure => "net/rpc, methods that give a first certificate",
        }
    }
}

/// Whose certificate a TLS handshake asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsPolicy {
    /// As configured by `tls.internal_rpc`; all routes may follow.
    Verify,
    /// None, for clients that have none yet; only the methods that give them one follow.
    Insecure,
}

/// What a route asks of the connection, besides what the port's policy asks of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// TLS: the route exists only as an ALPN name.
    Tls,
    /// In TLS, the certificate of a server of this datacenter, when the configuration asks for that.
    ServerCertificate,
}

/// What a row leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// A handler.
    Serve(Route),
    /// A TLS handshake, and then this table again.
    StartTls(TlsPolicy),
    /// A refusal: Consul spoke this once, or speaks it in another edition.
    Retired,
}

/// One way into the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first byte of a connection that takes this route.
    pub byte: Option<u8>,
    /// The protocol name in TLS.
    pub alpn: Option<&'static str>,
    /// Its name in metrics, logs and pictures.
    pub label: &'static str,
    /// What it asks of the connection.
    pub needs: Needs,
    /// Where it leads.
    pub then: Then,
}

/// Every way into the port, by byte, then those that have only a name. Source: Consul 1.21, `agent/pool`; goldens `routing*`.
pub const ROUTES: &[Row] = &[
    row(Some(0), Some("consul/rpc-single"), "rpc", Needs::Nothing, Then::Serve(Route::RpcSingle)),
    row(Some(1), Some("consul/raft"), "raft", Needs::ServerCertificate, Then::Serve(Route::Raft)),
    row(Some(2), None, "muxado", Needs::Nothing, Then::Retired),
    row(Some(3), None, "tls", Needs::Nothing, Then::StartTls(TlsPolicy::Verify)),
    row(Some(4), Some("consul/rpc-multi"), "rpc_multi", Needs::Nothing, Then::Serve(Route::RpcMulti)),
    row(Some(5), Some("consul/rpc-snapshot"), "snapshot", Needs::Nothing, Then::Serve(Route::Snapshot)),
    row(Some(6), Some("consul/rpc-gossip"), "gossip", Needs::Nothing, Then::Retired),
    row(Some(7), None, "tls_insecure", Needs::Nothing, Then::StartTls(TlsPolicy::Insecure)),
    row(Some(8), Some("consul/rpc-grpc"), "grpc", Needs::Nothing, Then::Serve(Route::InternalGrpc)),
    row(
        Some(9),
        Some("consul/raft-forwarding"),
        "raft_forwarding",
        Needs::ServerCertificate,
        Then::Serve(Route::RaftForwarding),
    ),
    row(None, Some("consul/wan-gossip/packet"), "wan_packet", Needs::Tls, Then::Serve(Route::WanPacket)),
    row(None, Some("consul/wan-gossip/stream"), "wan_stream", Needs::Tls, Then::Serve(Route::WanStream)),
    // Ours: Consul closes on the preface's first byte. Reached only where Posture::http2_preface says so.
    row(Some(HTTP2_PREFACE[0]), Some(H2), "http2", Needs::Nothing, Then::Serve(Route::InternalGrpc)),
];

/// Ports beside the server port, behind which there is one route: no byte and no name chooses.
pub const PORTS: &[Row] = &[GRPC_PORT, GRPC_TLS_PORT];

/// `ports.grpc`.
pub const GRPC_PORT: Row = row(None, None, "grpc_port", Needs::Nothing, Then::Serve(Route::ExternalGrpc));

/// `ports.grpc_tls`: TLS from the first byte, as configured by `tls.grpc`.
pub const GRPC_TLS_PORT: Row = row(None, None, "grpc_tls_port", Needs::Tls, Then::Serve(Route::ExternalGrpc));

/// How many rows [`rows`] has.
pub const ROW_COUNT: usize = ROUTES.len() + PORTS.len();

/// Every way in: those of [`ROUTES`], then those of [`PORTS`].
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ROUTES.iter().chain(PORTS)
}

/// The highest byte that names a route. A byte above it may begin a TLS ClientHello.
pub const LAST_TYPE_BYTE: u8 = 9;

/// What an HTTP/2 client writes first.
pub const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The ALPN name of HTTP/2.
pub const H2: &str = "h2";

const fn row(byte: Option<u8>, alpn: Option<&'static str>, label: &'static str, needs: Needs, then: Then) -> Row {
    Row { byte, alpn, label, needs, then }
}

impl Then {
    /// The route that is served in the end, if it is one: byte 7 has no inner byte.
    pub const fn route(self) -> Option<Route> {
        match self {
            Self::Serve(route) => Some(route),
            Self::StartTls(TlsPolicy::Insecure) => Some(Route::RpcInsecure),
            Self::StartTls(TlsPolicy::Verify) | Self::Retired => None,
        }
    }
}

/// The first row that leads to `route`.
pub fn row_of(route: Route) -> Option<&'static Row> {
    rows().find(|row| row.then.route() == Some(route))
}

/// The row of a type byte; the HTTP/2 preface's first byte is none.
pub fn row_of_byte(byte: u8) -> Option<&'static Row> {
    ROUTES.iter().find(|row| row.byte == Some(byte) && byte <= LAST_TYPE_BYTE)
}

/// The row of an ALPN name.
pub fn row_of_alpn(name: &str) -> Option<&'static Row> {
    ROUTES.iter().find(|row| row.alpn == Some(name))
}

/// The names offered in a TLS handshake, in the order of the table. `h2` only where HTTP/2 is spoken on the port.
pub fn alpn_names(http2: bool) -> impl Iterator<Item = &'static str> {
    ROUTES.iter().filter_map(|row| row.alpn).filter(move |name| http2 || *name != H2)
}
