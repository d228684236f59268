//! What there is to set.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use proconsul_layers::RequestRates;
use proconsul_mux::{CONNECTIONS_PER_CLIENT_MAX, driver::HANDSHAKE_TIMEOUT};
use proconsul_netrpc::server::Limits;
use proconsul_services::{SESSION_TTL_MIN, blocking::QueryTimes};
use proconsul_state::Snapshot;
use proconsul_tls::Settings as TlsSettings;

/// A node's id: a UUID in text.
pub type NodeId = String;

/// Everything that a server is told when it starts. Names follow Consul's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `node_name`.
    pub node_name: String,
    /// `node_id`; `None`: a new one.
    pub node_id: Option<NodeId>,
    /// `datacenter`.
    pub datacenter: String,
    /// `domain`, with or without its last dot; empty is read as `consul`.
    pub domain: String,
    /// `alt_domain`: a second domain for names; empty: none.
    pub alt_domain: String,
    /// The `dns_config` block. Its domains and datacenter need not be filled: they are taken from here.
    pub dns: proconsul_dns::Settings,
    /// `bind_addr`.
    pub bind_addr: IpAddr,
    /// `ports.server`; 0: the operating system chooses.
    pub server_port: u16,
    /// `limits.rpc_handshake_timeout`.
    pub rpc_handshake_timeout: Duration,
    /// `limits.rpc_max_conns_per_client`; 0: no limit.
    pub rpc_max_conns_per_client: usize,
    /// `default_query_time` and `max_query_time`.
    pub query_times: QueryTimes,
    /// `session_ttl_min`: the shortest time to live that a session may have.
    pub session_ttl_min: Duration,
    /// `limits.request_limits`: how many calls all clients may make together.
    pub request_limits: RequestRates,
    /// Bounds and times of a connection.
    pub connection: Limits,
    /// The `tls` stanza, `defaults` merged into each listener. Its `datacenter`, `node_name`, `domain` and `alpn` need not be
    /// filled: [`Server::start`](crate::Server::start) takes them from here and from the route table.
    pub tls: TlsSettings,
    /// `rpc.http2_preface`: HTTP/2 without a type byte, and ALPN `h2`, lead to internal gRPC. Consul closes on it.
    pub http2_preface: bool,
    /// `client_addr`, or `addresses.grpc` and `addresses.grpc_tls`: where the gRPC ports are bound.
    pub grpc_addr: IpAddr,
    /// See [`Config::grpc_addr`].
    pub grpc_tls_addr: IpAddr,
    /// `ports.grpc`: gRPC for data planes and others, without TLS.
    pub grpc: PortAt,
    /// `ports.grpc_tls`: the same in TLS. Without a certificate of `tls.grpc` there is none, and it is an error to ask for one.
    pub grpc_tls: PortAt,
    /// Where the admin listener is bound; empty: nowhere.
    pub admin: Vec<AdminAt>,
    /// What the store begins with, from a snapshot file; `None`: empty, but for the server itself. A restored store is what the
    /// file says, and nothing besides.
    pub restore: Option<Snapshot>,
}

/// Default of `ports.grpc` in development mode.
pub const GRPC_PORT_DEFAULT: u16 = 8502;
/// Default of `ports.grpc_tls`.
pub const GRPC_TLS_PORT_DEFAULT: u16 = 8503;

/// A port that a server may do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortAt {
    /// There is none.
    Off,
    /// This one; 0: the operating system chooses. The server does not start if it is taken.
    At(u16),
    /// This one, and nobody asked for it: if it is taken, the server says so in its log and runs without.
    IfFree(u16),
}

/// Where an admin listener is bound. It is never the server port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAt {
    /// A unix socket, which is made anew with mode 0600. Who may open it needs no token.
    Socket(PathBuf),
    /// This port of 127.0.0.1; 0: the operating system chooses. Changes need the token. The server does not start if the port
    /// is taken.
    Loopback(u16),
    /// As [`Loopback`](Self::Loopback), but nobody asked for this very port: if it is taken, the server says so in its log and
    /// runs without it.
    LoopbackIfFree(u16),
}

impl Config {
    /// What `server --dev` runs with.
    pub fn dev() -> Self {
        Self {
            node_name: "proconsul".into(),
            node_id: None,
            datacenter: "dc1".into(),
            domain: "consul".into(),
            alt_domain: String::new(),
            dns: proconsul_dns::Settings::default(),
            bind_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            server_port: 8300,
            rpc_handshake_timeout: HANDSHAKE_TIMEOUT,
            rpc_max_conns_per_client: CONNECTIONS_PER_CLIENT_MAX,
            query_times: QueryTimes::default(),
            session_ttl_min: SESSION_TTL_MIN,
            request_limits: RequestRates::default(),
            connection: Limits::default(),
            tls: TlsSettings::default(),
            http2_preface: true,
            grpc_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            grpc_tls_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            grpc: PortAt::IfFree(GRPC_PORT_DEFAULT),
            grpc_tls: PortAt::IfFree(GRPC_TLS_PORT_DEFAULT),
            admin: Vec::new(),
            restore: None,
        }
    }

    /// How names are answered, by gRPC.
    pub(crate) fn names(&self) -> proconsul_dns::Settings {
        proconsul_dns::Settings {
            domains: proconsul_dns::Domains::new(&self.domain, &self.alt_domain),
            datacenter: self.datacenter.clone(),
            ..self.dns.clone()
        }
    }

    /// Where the server port is bound.
    pub fn server_address(&self) -> SocketAddr {
        SocketAddr::new(self.bind_addr, self.server_port)
    }
}
