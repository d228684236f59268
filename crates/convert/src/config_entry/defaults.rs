//! `service-defaults`, `exported-services` and `sameness-group`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::{
    config_entry::{
        DestinationConfig, ExportedService, ExportedServices, InstanceLevelRateLimits, InstanceLevelRouteRateLimits,
        PassiveHealthCheck, RateLimits, SamenessGroup, SamenessGroupMember, ServiceConsumer, ServiceDefaults,
        UpstreamConfig, UpstreamConfiguration, UpstreamLimits,
    },
    proxy::{
        ExposeConfig, ExposePath, MeshGatewayConfig, MeshGatewayMode, MutualTlsMode, ProxyMode, TransparentProxyConfig,
    },
};

use crate::define::{mirror, numbers};

numbers! {
    ProxyMode { Inherited = Default, Transparent = Transparent, Direct = Direct }
    MutualTlsMode { Inherited = Default, Strict = Strict, Permissive = Permissive }
    MeshGatewayMode { Inherited = Default, None = None, Local = Local, Remote = Remote }
}

mirror!(ServiceDefaults => pbconfigentry::ServiceDefaults {
    protocol, mode, transparent_proxy, mutual_tls_mode, mesh_gateway, expose, external_sni, upstream_config, destination,
    max_inbound_connections, local_connect_timeout_ms, local_request_timeout_ms, balance_inbound_connections, rate_limits,
    envoy_extensions, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(again TransparentProxyConfig => pbconfigentry::TransparentProxyConfig { outbound_listener_port, dialed_directly });

mirror!(again MeshGatewayConfig => pbconfigentry::MeshGatewayConfig { mode });

mirror!(again ExposeConfig => pbconfigentry::ExposeConfig { checks, paths });

mirror!(again ExposePath => pbconfigentry::ExposePath {
    listener_port, path, local_path_port, protocol, parsed_from_check,
});

mirror!(UpstreamConfiguration => pbconfigentry::UpstreamConfiguration { overrides, defaults } lost { rest });

mirror!(UpstreamConfig => pbconfigentry::UpstreamConfig {
    name, peer, envoy_listener_json, envoy_cluster_json, protocol, connect_timeout_ms, limits, passive_health_check, mesh_gateway,
    balance_outbound_connections,
} lost { rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(UpstreamLimits => pbconfigentry::UpstreamLimits {
    max_connections, max_pending_requests, max_concurrent_requests,
} lost { rest });

mirror!(PassiveHealthCheck => pbconfigentry::PassiveHealthCheck {
    interval, max_failures, max_ejection_percent, base_ejection_time,
} renamed { enforcing_consecutive_5xx => enforcing_consecutive5xx } lost { rest });

mirror!(DestinationConfig => pbconfigentry::DestinationConfig { addresses, port } lost { rest });

mirror!(RateLimits => pbconfigentry::RateLimits { instance_level } lost { rest });

mirror!(InstanceLevelRateLimits => pbconfigentry::InstanceLevelRateLimits {
    requests_per_second, requests_max_burst, routes,
} lost { rest });

mirror!(InstanceLevelRouteRateLimits => pbconfigentry::InstanceLevelRouteRateLimits {
    path_exact, path_prefix, path_regex, requests_per_second, requests_max_burst,
} lost { rest });

mirror!(ExportedServices => pbconfigentry::ExportedServices {
    name, services, meta, hash,
} lost { raft_index, rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(ExportedService => pbconfigentry::ExportedServicesService { name, namespace, consumers } lost { rest });

mirror!(ServiceConsumer => pbconfigentry::ExportedServicesConsumer { partition, peer, sameness_group } lost { rest });

mirror!(SamenessGroup => pbconfigentry::SamenessGroup {
    name, default_for_failover, include_local, members, meta, hash,
} lost { raft_index, rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(SamenessGroupMember => pbconfigentry::SamenessGroupMember { partition, peer } lost { rest });
