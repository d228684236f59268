//! How a service's proxy treats what the service calls.

use proconsul_msgpack::{GoStr, Rest, Wire};

use crate::{GoDuration, List, proxy::MeshGatewayConfig};

/// How the proxies of a service treat its upstreams.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct UpstreamConfiguration {
    /// For single upstreams; each has a name.
    pub overrides: List<UpstreamConfig>,
    /// For all others; it has no name.
    pub defaults: Option<UpstreamConfig>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How the proxies of a service treat one upstream, or all.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct UpstreamConfig {
    /// The upstream's name. Empty in defaults.
    pub name: GoStr,
    /// Peered cluster of the upstream. Empty: our own.
    pub peer: GoStr,
    /// A whole Envoy listener, as JSON, in place of the generated one. Not looked at where a discovery chain is.
    #[wire("EnvoyListenerJSON")]
    pub envoy_listener_json: GoStr,
    /// A whole Envoy cluster, as JSON, in place of the generated one. Not looked at where a discovery chain is.
    #[wire("EnvoyClusterJSON")]
    pub envoy_cluster_json: GoStr,
    /// Protocol the upstream speaks: `tcp`, `http`, `http2`, `grpc`. Empty: tcp.
    pub protocol: GoStr,
    /// How long making a connection may take, in milliseconds. Zero: 5000.
    pub connect_timeout_ms: i64,
    /// How much one proxy may ask of it at once. Nil: the proxy's own defaults.
    pub limits: Option<UpstreamLimits>,
    /// When instances are left out for a while. Nil: never.
    pub passive_health_check: Option<PassiveHealthCheck>,
    /// How traffic to it leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// `exact_balance` spreads connections evenly over the proxy's threads; empty does not.
    pub balance_outbound_connections: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How much one proxy may ask of an upstream at once. Nil: the proxy's own default; zero: nothing at all.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// Connections.
    pub max_connections: Option<i64>,
    /// Requests that wait for a connection.
    pub max_pending_requests: Option<i64>,
    /// Requests under way. Counts for HTTP/2, where they share a connection.
    pub max_concurrent_requests: Option<i64>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// When a proxy leaves an instance out for a while, by how its answers look.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct PassiveHealthCheck {
    /// Time between two looks, at each of which instances are left out or taken back. Zero: the proxy's default.
    pub interval: GoDuration,
    /// How many failures in a row leave an instance out. Zero: the proxy's default.
    pub max_failures: u32,
    /// Chance, in percent, that an instance with that many failures is in fact left out. Nil: 100.
    #[wire("EnforcingConsecutive5xx")]
    pub enforcing_consecutive_5xx: Option<u32>,
    /// How many of the instances may be left out, in percent; one always may. Nil: 10.
    pub max_ejection_percent: Option<u32>,
    /// For how long an instance is left out, times how often it has been. Nil: 30 s.
    pub base_ejection_time: Option<GoDuration>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
