//! What is wrong with a service as such, before anything else is looked at.

use std::collections::HashSet;

use proconsul_msgpack::{GoStr, Value};
use proconsul_types::{GoQuoted, WireText};

use super::{NodeService, ServiceKind};
use crate::proxy::{ConnectProxyConfig, ExposePath, Upstream};

/// The name that stands for every service.
const WILDCARD: &str = "*";
/// The partition that everything is in here, by name.
const DEFAULT_PARTITION: &str = "default";
/// Highest port.
const PORT_MAX: i64 = 65535;
/// Setting of a proxy: the directory for its metrics socket.
const METRICS_SOCKET_DIR: &str = "envoy_hcp_metrics_bind_socket_dir";
/// How long that may be, so that a socket in it has a path that every system takes.
pub const METRICS_SOCKET_DIR_BYTES_MAX: usize = 70;

impl NodeService {
    /// Whether the service makes sense as it stands in a registration: what Consul checks of it before names and rights.
    ///
    /// # Errors
    /// Every fault in one text, in Consul's order and layout.
    pub fn validate(&self) -> Result<(), WireText> {
        let mut faults = Vec::new();
        self.check_listener(&mut faults);
        if self.kind == ServiceKind::ConnectProxy {
            self.check_proxy(&mut faults);
        }
        if self.kind.is_gateway() {
            self.check_gateway(&mut faults);
        }
        self.check_connect(&mut faults);
        if faults.is_empty() { Ok(()) } else { Err(WireText::several(&faults)) }
    }

    fn listens_nowhere(&self) -> bool {
        self.port == 0 && self.socket_path.is_empty()
    }

    fn check_listener(&self, faults: &mut Vec<WireText>) {
        if self.locality.as_ref().is_some_and(|place| place.region.is_empty() && !place.zone.is_empty()) {
            faults.push(WireText::ZONE_WITHOUT_REGION);
        }
        if self.kind == ServiceKind::ConnectProxy && self.listens_nowhere() {
            faults.push(WireText::kind_without_listener(&self.kind.to_string()));
        }
    }

    fn check_proxy(&self, faults: &mut Vec<WireText>) {
        let destination = &self.proxy.destination_service_name;
        if destination.to_str_lossy().trim().is_empty() {
            faults.push(WireText::PROXY_WITHOUT_DESTINATION);
        }
        if *destination == WILDCARD {
            faults.push(WireText::PROXY_FOR_WILDCARD);
        }
        if self.connect.native {
            faults.push(WireText::PROXY_IS_NATIVE);
        }
        check_settings(&self.proxy, faults);
        check_upstreams(self.proxy.upstreams.as_deref().unwrap_or_default(), faults);
        check_paths(self.proxy.expose.paths.as_deref().unwrap_or_default(), faults);
    }

    fn check_gateway(&self, faults: &mut Vec<WireText>) {
        let kind = self.kind.to_string();
        let may_have_no_port = matches!(self.kind, ServiceKind::IngressGateway | ServiceKind::ApiGateway);
        if self.port == 0 && !may_have_no_port {
            faults.push(WireText::kind_without_port(&kind));
        }
        if self.connect.sidecar_service.is_some() {
            faults.push(WireText::kind_with_sidecar(&kind));
        }
        let proxy = &self.proxy;
        let only_for_proxies = [
            ("Proxy.DestinationServiceName", !proxy.destination_service_name.is_empty()),
            ("Proxy.DestinationServiceID", !proxy.destination_service_id.is_empty()),
            ("Proxy.LocalServiceAddress", !proxy.local_service_address.is_empty()),
            ("Proxy.LocalServicePort", proxy.local_service_port != 0),
            ("Proxy.LocalServiceSocketPath", !proxy.local_service_socket_path.is_empty()),
            ("Proxy.Upstreams", proxy.upstreams.as_ref().is_some_and(|upstreams| !upstreams.is_empty())),
        ];
        let set = only_for_proxies.into_iter().filter(|(_, is_set)| *is_set);
        faults.extend(set.map(|(setting, _)| WireText::kind_with_setting(setting, &kind)));
    }

    fn check_connect(&self, faults: &mut Vec<WireText>) {
        if let Some(sidecar) = &self.connect.sidecar_service {
            if !sidecar.id.is_empty() {
                faults.push(WireText::SIDECAR_WITH_ID);
            }
            if sidecar.connect.as_ref().is_some_and(|connect| connect.sidecar_service.is_some()) {
                faults.push(WireText::SIDECAR_IN_SIDECAR);
            }
        }
        if self.connect.native && self.listens_nowhere() {
            faults.push(WireText::NATIVE_WITHOUT_PORT);
        }
    }
}

fn check_settings(proxy: &ConnectProxyConfig, faults: &mut Vec<WireText>) {
    let dir = proxy.config.as_ref().and_then(|config| config.get(METRICS_SOCKET_DIR.as_bytes()));
    if let Some(Value::Str(dir)) = dir
        && dir.len() > METRICS_SOCKET_DIR_BYTES_MAX
    {
        faults.push(WireText::metrics_socket_dir_too_long(dir.len(), METRICS_SOCKET_DIR_BYTES_MAX));
    }
}

fn check_upstreams(upstreams: &[Upstream], faults: &mut Vec<WireText>) {
    let (mut destinations, mut addresses) = (HashSet::new(), HashSet::new());
    for upstream in upstreams {
        if let Err(fault) = upstream.validate() {
            faults.push(fault);
            continue;
        }
        if !destinations.insert(upstream.destination()) {
            faults.push(WireText::duplicate_upstream(&upstream.destination_text()));
            continue;
        }
        let address = upstream.listen_address();
        if addresses.contains(&address) && !upstream.centrally_configured {
            faults.push(WireText::duplicate_upstream_address(GoQuoted(&address)));
            continue;
        }
        addresses.insert(address);
    }
}

fn check_paths(paths: &[ExposePath], faults: &mut Vec<WireText>) {
    let mut ports = HashSet::new();
    for path in paths {
        if path.path.is_empty() {
            faults.push(WireText::EXPOSE_EMPTY_PATH);
        }
        if !ports.insert(path.listener_port) {
            faults.push(WireText::EXPOSE_DUPLICATE_PORT);
        }
        if !(1..=PORT_MAX).contains(&path.listener_port) {
            faults.push(WireText::expose_bad_port(path.listener_port));
        }
        let protocol = path.protocol.to_str_lossy().to_lowercase();
        if !["", "http", "http2"].contains(&protocol.as_str()) {
            faults.push(WireText::expose_bad_protocol(&protocol, &path.path.to_str_lossy()));
        }
    }
}

impl Upstream {
    /// Whether it makes sense by itself.
    fn validate(&self) -> Result<(), WireText> {
        let has_port = self.local_bind_port != 0;
        let has_socket = !self.local_bind_socket_path.is_empty();
        let fault = if self.destination_peer.is_empty() {
            let elsewhere = !self.datacenter.is_empty() && !self.destination_partition.is_empty();
            elsewhere.then_some(WireText::UPSTREAM_DATACENTER_AND_PARTITION)
        } else {
            let own = self.destination_partition.is_empty() || self.destination_partition == DEFAULT_PARTITION;
            (!own).then_some(WireText::UPSTREAM_PEER_AND_PARTITION)
        };
        let fault = fault.or_else(|| match &self.destination_type {
            kind if [b"".as_slice(), b"service", b"prepared_query"].contains(&kind.as_bytes()) => None,
            kind => Some(WireText::unknown_upstream_type(GoQuoted(&kind.to_str_lossy()))),
        });
        let checks = [
            (self.destination_name.is_empty(), WireText::UPSTREAM_WITHOUT_NAME),
            (self.destination_name == WILDCARD && !self.centrally_configured, WireText::UPSTREAM_WILDCARD),
            (!self.destination_peer.is_empty() && !self.datacenter.is_empty(), WireText::UPSTREAM_PEER_AND_DATACENTER),
            (!has_port && !has_socket && !self.centrally_configured, WireText::UPSTREAM_WITHOUT_PORT),
            (has_port && has_socket && !self.centrally_configured, WireText::UPSTREAM_PORT_AND_SOCKET),
        ];
        let fault = fault.or_else(|| checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, fault)| fault));
        fault.map_or(Ok(()), Err)
    }

    /// What makes its destination, and nothing else.
    fn destination(&self) -> [&GoStr; 6] {
        [
            &self.destination_type,
            &self.destination_name,
            &self.destination_partition,
            &self.destination_namespace,
            &self.destination_peer,
            &self.datacenter,
        ]
    }

    /// Its destination as Consul's texts have it.
    fn destination_text(&self) -> String {
        let names = ["type", "name", "partition", "namespace", "peer", "datacenter"];
        let parts = names.iter().zip(self.destination());
        let parts: Vec<_> = parts.map(|(name, part)| format!("{name}={}", GoQuoted(&part.to_str_lossy()))).collect();
        format!("[{}]", parts.join(", "))
    }

    /// Where its listener is: a socket's path, or address and port.
    fn listen_address(&self) -> String {
        if self.local_bind_port == 0 && self.local_bind_address.is_empty() && !self.local_bind_socket_path.is_empty() {
            return self.local_bind_socket_path.to_str_lossy().into_owned();
        }
        match &*self.local_bind_address.to_str_lossy() {
            "" => format!("127.0.0.1:{}", self.local_bind_port),
            v6 if v6.contains(':') => format!("[{v6}]:{}", self.local_bind_port),
            host => format!("{host}:{}", self.local_bind_port),
        }
    }
}

#[cfg(test)]
mod tests;
