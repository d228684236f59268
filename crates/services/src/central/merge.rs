//! Instances with central settings in them. Source: `agent/configentry/merge_service_config.go`.
use std::collections::{BTreeMap, BTreeSet};

use proconsul_msgpack::{GoStr, Value};
use proconsul_state::{Tables, WatchSet};
use proconsul_structs::{
    List, Shared,
    catalog::ServiceName,
    exported::PeeredServiceName,
    proxy::{
        AccessLogsConfig, ConnectProxyConfig, EnvoyExtension, ExposeConfig, ExposePath, LogSink, MeshGatewayMode,
        MutualTlsMode, ProxyMode, Upstream,
    },
    service::{NodeService, ServiceKind, ServiceNode},
    service_config::{ServiceConfig, ServiceConfigRequest},
};

use super::{
    opaque::{MESH_GATEWAY, PROTOCOL, Settings, fill, mesh_gateway_in},
    resolve::resolve,
};

/// The namespace and the partition that everything is in.
const DEFAULT: GoStr = GoStr::from_static("default");
/// The type of an upstream that is a service, where it is said.
const SERVICE: &[u8] = b"service";

/// A service with what config entries say in it, where it is something that the mesh runs itself. Watches these entries. The
/// index is theirs; zero where there was nothing to look for.
pub fn in_service(at: &Tables, service: Shared<NodeService>, watches: &mut WatchSet) -> (u64, Shared<NodeService>) {
    let Some((index, proxy)) = merged(at, (&service.kind, &service.service), &service.proxy, watches) else {
        return (0, service);
    };
    if proxy == service.proxy {
        return (index, service);
    }
    (index, Shared::from(NodeService { proxy, ..NodeService::clone(&service) }))
}

/// The same of a row with its node's facts. It loses those facts in that, as in Consul.
pub(crate) fn in_service_node(
    at: &Tables,
    row: Shared<ServiceNode>,
    watches: &mut WatchSet,
) -> (u64, Shared<ServiceNode>) {
    let Some((index, proxy)) = merged(at, (&row.service_kind, &row.service_name), &row.service_proxy, watches) else {
        return (0, row);
    };
    let mut row = ServiceNode::clone(&row);
    (row.id, row.address, row.datacenter) = <_>::default();
    (row.tagged_addresses, row.node_meta) = <_>::default();
    row.service_proxy = proxy;
    (index, Shared::from(row))
}

/// What a proxy beside a service, or a gateway, is told in the end; nothing for other kinds of services.
fn merged(
    at: &Tables,
    (kind, name): (&ServiceKind, &GoStr),
    proxy: &ConnectProxyConfig,
    watches: &mut WatchSet,
) -> Option<(u64, ConnectProxyConfig)> {
    let stands_for_some = !proxy.destination_service_id.is_empty() || !proxy.destination_service_name.is_empty();
    let beside = *kind == ServiceKind::ConnectProxy && stands_for_some;
    if !beside && !kind.is_gateway() {
        return None;
    }
    let upstreams = proxy.upstreams.iter().flatten().filter(|upstream| is_service(upstream));
    let upstreams = upstreams.map(|upstream| PeeredServiceName {
        service_name: ServiceName { name: upstream.destination_name.clone() },
        peer: upstream.destination_peer.clone(),
    });
    let request = ServiceConfigRequest {
        name: if beside { &proxy.destination_service_name } else { name }.clone(),
        mesh_gateway: proxy.mesh_gateway.clone(),
        mode: proxy.mode.clone(),
        upstream_service_names: Some(upstreams.collect()),
        ..ServiceConfigRequest::default()
    };
    let (index, central) = resolve(at, &request, watches);
    let mut proxy = proxy.clone();
    merge_proxy(&mut proxy, &central);
    merge_upstreams(&mut proxy, &central);
    Some((index, proxy))
}

fn is_service(upstream: &Upstream) -> bool {
    upstream.destination_type.is_empty() || *upstream.destination_type == *SERVICE
}

/// What the registration does not say of the proxy itself. Extensions are only ever set centrally.
fn merge_proxy(proxy: &mut ConnectProxyConfig, central: &ServiceConfig) {
    fill(&mut proxy.config, &central.proxy_config);
    merge_expose(&mut proxy.expose, &central.expose);
    merge_access_logs(&mut proxy.access_logs, &central.access_logs);
    let extensions: Vec<_> = central.envoy_extensions.iter().flatten().map(extension).collect();
    proxy.envoy_extensions = (!extensions.is_empty()).then_some(extensions);
    if proxy.mesh_gateway.mode == MeshGatewayMode::Inherited {
        proxy.mesh_gateway.mode = central.mesh_gateway.mode.clone();
    }
    if proxy.mode == ProxyMode::Inherited {
        proxy.mode = central.mode.clone();
    }
    if proxy.transparent_proxy.outbound_listener_port == 0 {
        proxy.transparent_proxy.outbound_listener_port = central.transparent_proxy.outbound_listener_port;
    }
    proxy.transparent_proxy.dialed_directly |= central.transparent_proxy.dialed_directly;
    if proxy.mutual_tls_mode == MutualTlsMode::Inherited {
        proxy.mutual_tls_mode = central.mutual_tls_mode.clone();
    }
}

/// An extension as it is handed on: without the versions it is meant for.
fn extension(extension: &EnvoyExtension) -> EnvoyExtension {
    EnvoyExtension {
        name: extension.name.clone(),
        required: extension.required,
        arguments: extension.arguments.clone(),
        ..EnvoyExtension::default()
    }
}

fn merge_expose(own: &mut ExposeConfig, central: &ExposeConfig) {
    own.checks |= central.checks;
    let some = |paths: &List<ExposePath>| paths.as_ref().is_some_and(|paths| !paths.is_empty());
    if !some(&own.paths) && some(&central.paths) {
        own.paths.clone_from(&central.paths);
    }
}

fn merge_access_logs(own: &mut AccessLogsConfig, central: &AccessLogsConfig) {
    own.enabled |= central.enabled;
    own.disable_listener_logs |= central.disable_listener_logs;
    if own.sink == LogSink::default() {
        own.sink = central.sink.clone();
    }
    for (own, central) in [
        (&mut own.path, &central.path),
        (&mut own.json_format, &central.json_format),
        (&mut own.text_format, &central.text_format),
    ] {
        if own.is_empty() {
            own.clone_from(central);
        }
    }
}

/// What the registration does not say of upstreams; and in transparent mode, upstreams that only central settings know.
fn merge_upstreams(proxy: &mut ConnectProxyConfig, central: &ServiceConfig) {
    let configs = central.upstream_configs.iter().flatten();
    let configs = configs.map(|it| ((&it.upstream.peer, &it.upstream.service_name.name), &it.config));
    let central: BTreeMap<(&GoStr, &GoStr), _> = configs.collect();
    let mut local = BTreeSet::new();
    for upstream in proxy.upstreams.iter_mut().flatten().filter(|upstream| is_service(upstream)) {
        let id = (upstream.destination_peer.clone(), upstream.destination_name.clone());
        if let Some(Some(config)) = central.get(&(&id.0, &id.1)) {
            merge_upstream(upstream, config);
        }
        local.insert(id);
    }
    if proxy.mode != ProxyMode::Transparent {
        return;
    }
    for ((peer, name), config) in central {
        if !local.contains(&(peer.clone(), name.clone())) {
            let config = config.clone().unwrap_or_default();
            proxy.upstreams.get_or_insert_default().push(Upstream {
                destination_namespace: DEFAULT,
                destination_partition: DEFAULT,
                destination_name: name.clone(),
                destination_peer: peer.clone(),
                mesh_gateway: mesh_gateway_in(&config),
                config: Some(config),
                centrally_configured: true,
                ..Upstream::default()
            });
        }
    }
}

fn merge_upstream(upstream: &mut Upstream, central: &Settings) {
    if upstream.mesh_gateway.mode == MeshGatewayMode::Inherited {
        upstream.mesh_gateway = mesh_gateway_in(central);
    }
    let protocol: Option<Value> = upstream.config.as_ref().and_then(|config| config.get(&PROTOCOL)).cloned();
    fill(&mut upstream.config, &Some(central.clone()));
    let Some(config) = &mut upstream.config else { return };
    if !upstream.destination_peer.is_empty() {
        // What a peered cluster's service speaks is said there.
        config.remove(&PROTOCOL);
        config.extend(protocol.map(|protocol| (PROTOCOL, protocol)));
    }
    // It was made use of above, and is not the last word on it.
    config.remove(&MESH_GATEWAY);
}
