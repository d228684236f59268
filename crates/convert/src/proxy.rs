//! `pbservice`: what a service says about its place in the mesh.

use proconsul_proto::pbservice;
use proconsul_structs::proxy::{
    AccessLogsConfig, ConnectProxyConfig, ExposeConfig, ExposePath, LogSink, MeshGatewayConfig, MeshGatewayMode,
    ProxyMode, TransparentProxyConfig, Upstream,
};

use crate::define::{mirror, words};

words!(ProxyMode, MeshGatewayMode, LogSink);

mirror!(ConnectProxyConfig => pbservice::ConnectProxyConfig {
    envoy_extensions, destination_service_name, destination_service_id, local_service_address, local_service_port,
    local_service_socket_path, mode, config, upstreams, mesh_gateway, expose, transparent_proxy, access_logs,
} lost { mutual_tls_mode });

mirror!(Upstream => pbservice::Upstream {
    destination_type, destination_namespace, destination_partition, destination_peer, destination_name, datacenter,
    local_bind_address, local_bind_port, local_bind_socket_path, local_bind_socket_mode, config, mesh_gateway,
    centrally_configured,
} lost { ingress_hosts });

mirror!(MeshGatewayConfig => pbservice::MeshGatewayConfig { mode });

mirror!(ExposeConfig => pbservice::ExposeConfig { checks, paths });

mirror!(ExposePath => pbservice::ExposePath { listener_port, path, local_path_port, protocol, parsed_from_check });

mirror!(TransparentProxyConfig => pbservice::TransparentProxyConfig { outbound_listener_port, dialed_directly });

mirror!(AccessLogsConfig => pbservice::AccessLogsConfig {
    enabled, disable_listener_logs, path, json_format, text_format,
} renamed { sink => r#type });
