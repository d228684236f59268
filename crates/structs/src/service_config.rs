//! ConfigEntry.ResolveServiceConfig: all that configuration entries say about one service's proxies, put together.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Nested,
    config_entry::{DestinationConfig, RateLimits},
    exported::PeeredServiceName,
    proxy::{
        AccessLogsConfig, EnvoyExtension, ExposeConfig, MeshGatewayConfig, MutualTlsMode, Opaque, ProxyMode,
        TransparentProxyConfig,
    },
    query::{QueryMeta, QueryOptions},
    rpc::{has_query_meta, rpc_info},
};

/// `ConfigEntry.ResolveServiceConfig`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceConfigRequest {
    /// The service.
    pub name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// How traffic leaves the datacenter, by the proxy's own registration.
    pub mesh_gateway: MeshGatewayConfig,
    /// How traffic reaches the proxy, by its own registration.
    pub mode: ProxyMode,
    /// What the service calls.
    pub upstream_service_names: List<PeeredServiceName>,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ConfigEntry.ResolveServiceConfig`. On the wire it is one raw that holds its encoding.
pub type ServiceConfigResponse = Nested<ServiceConfig>;

/// What configuration entries say about one service's proxies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceConfig {
    /// Settings that only proxies understand, and `protocol`.
    pub proxy_config: Opaque,
    /// How its proxies treat what it calls. The upstream `*` is for all others.
    pub upstream_configs: List<OpaqueUpstreamConfig>,
    /// How traffic leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// What its proxies let through without the mesh's protection.
    pub expose: ExposeConfig,
    /// Settings for the transparent mode.
    pub transparent_proxy: TransparentProxyConfig,
    /// Whether its proxies take connections without the mesh's protection.
    #[wire("MutualTLSMode")]
    pub mutual_tls_mode: MutualTlsMode,
    /// How traffic reaches its proxies.
    pub mode: ProxyMode,
    /// Where it is, if it is outside the mesh.
    pub destination: DestinationConfig,
    /// What its proxies log.
    pub access_logs: AccessLogsConfig,
    /// How many requests are let through to it.
    pub rate_limits: RateLimits,
    /// Metadata of its `service-defaults`.
    pub meta: Map<GoStr>,
    /// Changes to the generated Envoy configuration, in order.
    pub envoy_extensions: List<EnvoyExtension>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// How proxies treat one upstream.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct OpaqueUpstreamConfig {
    /// The upstream.
    pub upstream: PeeredServiceName,
    /// Its settings: those of [`crate::config_entry::UpstreamConfig`], with names like `connect_timeout_ms`.
    pub config: Opaque,
}

rpc_info!(query: ServiceConfigRequest);
has_query_meta!(ServiceConfigResponse);
