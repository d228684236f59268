//! `service-defaults` and `proxy-defaults`: settings of one service, and of all proxies.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, FailoverPolicy, PrioritizeByLocality, UpstreamConfiguration};
use crate::{
    List, Map,
    proxy::{
        AccessLogsConfig, EnvoyExtension, ExposeConfig, MeshGatewayConfig, MutualTlsMode, Opaque, ProxyMode,
        TransparentProxyConfig,
    },
    raft::RaftIndex,
};

/// `service-defaults`: settings of all instances of a service, under its name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceDefaults {
    /// `service-defaults`.
    pub kind: ConfigEntryKind,
    /// The service.
    pub name: GoStr,
    /// Protocol it speaks: `tcp`, `http`, `http2`, `grpc`. Empty: what `proxy-defaults` say, else tcp.
    pub protocol: GoStr,
    /// How traffic reaches its proxies.
    pub mode: ProxyMode,
    /// Settings for the transparent mode.
    pub transparent_proxy: TransparentProxyConfig,
    /// Whether its proxies take connections without the mesh's protection.
    #[wire("MutualTLSMode")]
    pub mutual_tls_mode: MutualTlsMode,
    /// How its traffic leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// What its proxies let through without the mesh's protection.
    pub expose: ExposeConfig,
    /// Server name by which it is called, in place of the mesh's own: for what is reached through a gateway.
    #[wire("ExternalSNI")]
    pub external_sni: GoStr,
    /// How its proxies treat what it calls. Excludes `destination`.
    pub upstream_config: Option<UpstreamConfiguration>,
    /// Where it is, if it is outside the mesh. Excludes `upstream_config`.
    pub destination: Option<DestinationConfig>,
    /// Connections each proxy takes at once. Zero: any number.
    pub max_inbound_connections: i64,
    /// How long the proxy may take to connect to its instance, in milliseconds. Zero: 5000.
    pub local_connect_timeout_ms: i64,
    /// How long the instance may take to answer an HTTP request, in milliseconds. Zero: 15000 in the proxy.
    pub local_request_timeout_ms: i64,
    /// `exact_balance` spreads connections evenly over the proxy's threads; empty does not.
    pub balance_inbound_connections: GoStr,
    /// How many requests are let through. Only where the edition limits them.
    pub rate_limits: Option<RateLimits>,
    /// Changes to the generated Envoy configuration, in order.
    pub envoy_extensions: List<EnvoyExtension>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service outside the mesh, by address.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationConfig {
    /// Host names or IP addresses, none of them with `*`. At least one in an entry.
    pub addresses: List<GoStr>,
    /// Port at all of them.
    pub port: i64,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How many requests are let through to a service.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// To each instance.
    pub instance_level: InstanceLevelRateLimits,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How many requests are let through to each instance.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceLevelRateLimits {
    /// Requests per second, on average. Zero: any number.
    pub requests_per_second: i64,
    /// Requests at once, at least as many as per second. Zero: as many.
    pub requests_max_burst: i64,
    /// Other limits for single paths, of which the first that fits counts.
    pub routes: List<InstanceLevelRouteRateLimits>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// How many requests with a certain path are let through. One of the paths is set.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceLevelRouteRateLimits {
    /// The whole path.
    pub path_exact: GoStr,
    /// How the path begins.
    pub path_prefix: GoStr,
    /// A regular expression for the path.
    pub path_regex: GoStr,
    /// See [`InstanceLevelRateLimits::requests_per_second`].
    pub requests_per_second: i64,
    /// See [`InstanceLevelRateLimits::requests_max_burst`].
    pub requests_max_burst: i64,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// `proxy-defaults`: settings of all proxies, under the name `global`.
///
/// On the wire it is one raw that holds its encoding, wherever it stands: see [`crate::Nested`].
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ProxyDefaults {
    /// `proxy-defaults`.
    pub kind: ConfigEntryKind,
    /// `global`.
    pub name: GoStr,
    /// Settings that only proxies understand, and `protocol`.
    pub config: Opaque,
    /// The `protocol` in `config`, which the server copies.
    pub protocol: GoStr,
    /// How traffic reaches proxies.
    pub mode: ProxyMode,
    /// Settings for the transparent mode.
    pub transparent_proxy: TransparentProxyConfig,
    /// Whether proxies take connections without the mesh's protection.
    #[wire("MutualTLSMode")]
    pub mutual_tls_mode: MutualTlsMode,
    /// How traffic leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// What proxies let through without the mesh's protection.
    pub expose: ExposeConfig,
    /// What proxies log.
    pub access_logs: AccessLogsConfig,
    /// Changes to the generated Envoy configuration, in order.
    pub envoy_extensions: List<EnvoyExtension>,
    /// How failovers choose among their targets, unless a `service-resolver` says. Only where the edition has it.
    pub failover_policy: Option<FailoverPolicy>,
    /// Whether near instances go first, unless a `service-resolver` says. Only where the edition has it.
    pub prioritize_by_locality: Option<PrioritizeByLocality>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
