//! What there is to set.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use proconsul_mux::{CONNECTIONS_PER_CLIENT_MAX, driver::HANDSHAKE_TIMEOUT};
use proconsul_netrpc::server::Limits;
use proconsul_services::blocking::QueryTimes;

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
    /// Bounds and times of a connection.
    pub connection: Limits,
}

impl Config {
    /// What `server --dev` runs with.
    pub fn dev() -> Self {
        Self {
            node_name: "proconsul".into(),
            node_id: None,
            datacenter: "dc1".into(),
            bind_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            server_port: 8300,
            rpc_handshake_timeout: HANDSHAKE_TIMEOUT,
            rpc_max_conns_per_client: CONNECTIONS_PER_CLIENT_MAX,
            query_times: QueryTimes::default(),
            connection: Limits::default(),
        }
    }

    /// Where the server port is bound.
    pub fn server_address(&self) -> SocketAddr {
        SocketAddr::new(self.bind_addr, self.server_port)
    }
}
