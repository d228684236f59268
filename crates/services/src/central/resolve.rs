//! All that config entries say about one service's proxies: `proxy-defaults`, its own `service-defaults`, and the
//! `service-defaults` of what it calls. Source: `agent/configentry/resolve.go`, `config_entry.go`.
use std::collections::{BTreeMap, BTreeSet};

use proconsul_msgpack::{GoStr, Value};
use proconsul_state::{Tables, WatchSet};
use proconsul_structs::{
    Shared,
    catalog::ServiceName,
    config_entry::{ConfigEntry, ProxyDefaults, ServiceDefaults, UpstreamConfig, UpstreamConfiguration},
    exported::PeeredServiceName,
    proxy::{MeshGatewayConfig, MeshGatewayMode, MutualTlsMode, ProxyMode},
    service_config::{OpaqueUpstreamConfig, ServiceConfig, ServiceConfigRequest},
};

use super::opaque::{MESH_GATEWAY, PROTOCOL, Settings, as_value};

/// The upstream whose settings are those of all others.
const WILDCARD: GoStr = GoStr::from_static("*");

/// An upstream, by peer and name: in the order in which upstreams are listed.
type Upstream = (GoStr, GoStr);

/// What they say about the service that the request names. Watches every entry that it was looked for in. The index is that of
/// all config entries.
pub(super) fn resolve(at: &Tables, request: &ServiceConfigRequest, watches: &mut WatchSet) -> (u64, ServiceConfig) {
    let (index, all) = at.proxy_defaults(watches);
    let own = service_defaults(at, &request.name, watches);
    let mut found = ServiceConfig::default();
    if let Some(all) = &all {
        say_for_all(all, &mut found);
    }
    if let Some(own) = &own {
        say_for_one(own, &mut found);
    }
    let transparent = [&request.mode, &found.mode].contains(&&ProxyMode::Transparent);
    if request.upstream_service_names.iter().flatten().next().is_none() && !transparent {
        return (index, found);
    }
    let sources = Sources { all: all.as_ref().map(|all| &***all), own: own.as_deref() };
    let configs = sources.upstreams(at, request, &found, watches);
    found.upstream_configs = (!configs.is_empty()).then_some(configs);
    (index, found)
}

fn service_defaults(at: &Tables, name: &[u8], watches: &mut WatchSet) -> Option<Shared<ServiceDefaults>> {
    let (_, entry) = at.record::<ConfigEntry>(&[b"service-defaults", name], watches);
    match entry.as_deref() {
        Some(ConfigEntry::ServiceDefaults(entry)) => Some(entry.clone()),
        _ => None,
    }
}

/// What `proxy-defaults` say.
fn say_for_all(all: &ProxyDefaults, found: &mut ServiceConfig) {
    found.proxy_config = all.config.clone();
    found.mode = all.mode.clone();
    found.transparent_proxy = all.transparent_proxy;
    found.mutual_tls_mode = all.mutual_tls_mode.clone();
    found.mesh_gateway = all.mesh_gateway.clone();
    found.expose = all.expose.clone();
    found.envoy_extensions = all.envoy_extensions.clone();
    found.access_logs = all.access_logs.clone();
}

/// What the service's own settings say over that.
fn say_for_one(own: &ServiceDefaults, found: &mut ServiceConfig) {
    found.expose.checks |= own.expose.checks;
    if own.expose.paths.iter().flatten().next().is_some() {
        found.expose.paths = own.expose.paths.clone();
    }
    if own.mesh_gateway.mode != MeshGatewayMode::Inherited {
        found.mesh_gateway = own.mesh_gateway.clone();
    }
    if own.transparent_proxy.outbound_listener_port != 0 {
        found.transparent_proxy.outbound_listener_port = own.transparent_proxy.outbound_listener_port;
    }
    found.transparent_proxy.dialed_directly |= own.transparent_proxy.dialed_directly;
    if own.mode != ProxyMode::Inherited {
        found.mode = own.mode.clone();
    }
    found.destination = own.destination.clone().unwrap_or_default();
    found.rate_limits = own.rate_limits.clone().unwrap_or_default();
    for (key, value) in proxy_settings(own) {
        found.proxy_config.get_or_insert_default().insert(key, value);
    }
    if own.mutual_tls_mode != MutualTlsMode::Inherited {
        found.mutual_tls_mode = own.mutual_tls_mode.clone();
    }
    found.meta = own.meta.clone();
    if let Some(extensions) = own.envoy_extensions.as_ref().filter(|extensions| !extensions.is_empty()) {
        found.envoy_extensions.get_or_insert_default().extend(extensions.iter().cloned());
    }
}

/// What of a service's settings stands among those that only proxies understand.
fn proxy_settings(own: &ServiceDefaults) -> impl Iterator<Item = (GoStr, Value)> {
    let text = |text: &GoStr| (!text.is_empty()).then(|| Value::Str(text.clone()));
    let number = |number: i64| (number > 0).then_some(Value::Int(number));
    let settings = [
        ("protocol", text(&own.protocol)),
        ("balance_inbound_connections", text(&own.balance_inbound_connections)),
        ("max_inbound_connections", number(own.max_inbound_connections)),
        ("local_connect_timeout_ms", number(own.local_connect_timeout_ms)),
        ("local_request_timeout_ms", number(own.local_request_timeout_ms)),
    ];
    settings.into_iter().filter_map(|(key, value)| Some((GoStr::from_static(key), value?)))
}

/// The entries that a service's proxies go by.
struct Sources<'a> {
    all: Option<&'a ProxyDefaults>,
    own: Option<&'a ServiceDefaults>,
}

impl Sources<'_> {
    /// How the service's proxies treat each thing it calls, and `*`. Sorted, where Go's are in any order.
    fn upstreams(
        &self,
        at: &Tables,
        request: &ServiceConfigRequest,
        found: &ServiceConfig,
        watches: &mut WatchSet,
    ) -> Vec<OpaqueUpstreamConfig> {
        let mut configs: BTreeMap<Upstream, Settings> = BTreeMap::new();
        let wild = self.of_others(request, found);
        if !wild.is_empty() || self.defaults().is_some() {
            configs.insert((GoStr::EMPTY, WILDCARD), wild.clone());
        }
        let called = self.called(request);
        for upstream in &called {
            let (peer, name) = upstream;
            // What a peered cluster's service says of itself is not here; but one of our own may have its name.
            let own = peer.is_empty() || *name == request.name || called.contains(&(GoStr::EMPTY, name.clone()));
            let settings = self.of_one(at, (request, found, &wild), (upstream, own), watches);
            if !settings.is_empty() {
                configs.insert(upstream.clone(), settings);
            }
        }
        let config = |((peer, name), config)| OpaqueUpstreamConfig {
            upstream: PeeredServiceName { service_name: ServiceName { name }, peer },
            config: Some(config),
        };
        configs.into_iter().map(config).collect()
    }

    /// What the service calls: by the request, and by its own settings.
    fn called(&self, request: &ServiceConfigRequest) -> BTreeSet<Upstream> {
        let asked = request.upstream_service_names.iter().flatten();
        let asked = asked.map(|upstream| (upstream.peer.clone(), upstream.service_name.name.clone()));
        let configured = self.overrides().map(|upstream| (upstream.peer.clone(), upstream.name.clone()));
        asked.chain(configured).collect()
    }

    /// The settings of whatever has none of its own.
    fn of_others(&self, request: &ServiceConfigRequest, found: &ServiceConfig) -> Settings {
        let mut wild = Settings::new();
        if let Some(all) = self.all {
            let by_config = all.config.as_ref().and_then(|config| config.get(&MESH_GATEWAY));
            wild.extend(by_config.map(|gateway| (MESH_GATEWAY, gateway.clone())));
            leave_by(&mut wild, &all.mesh_gateway);
        }
        if let Some(own) = self.own {
            leave_by(&mut wild, &own.mesh_gateway);
        }
        if let Some(defaults) = self.defaults() {
            say_for_upstream(defaults, &or_as(defaults, found), &mut wild);
        }
        leave_by(&mut wild, &request.mesh_gateway);
        wild
    }

    /// The settings of one upstream; of two that say something the later counts: the protocol of all proxies, what is said of
    /// all upstreams, the upstream's own protocol, how the service leaves the datacenter, what the service's settings say of all
    /// upstreams, how the proxy itself leaves the datacenter, and what the service's settings say of this upstream.
    fn of_one(
        &self,
        at: &Tables,
        (request, found, wild): (&ServiceConfigRequest, &ServiceConfig, &Settings),
        ((peer, name), looked_for): (&Upstream, bool),
        watches: &mut WatchSet,
    ) -> Settings {
        let mut settings = Settings::new();
        let protocol = self.all.map_or(GoStr::EMPTY, |all| GoStr::from(all.protocol.to_ascii_lowercase()));
        speak(&mut settings, &protocol);
        settings.extend(wild.iter().map(|(key, value)| (key.clone(), value.clone())));
        if looked_for && let Some(upstream) = service_defaults(at, name, watches) {
            speak(&mut settings, &upstream.protocol);
        }
        leave_by(&mut settings, &found.mesh_gateway);
        if let Some(defaults) = self.defaults() {
            say_for_upstream(defaults, &or_as(defaults, found), &mut settings);
        }
        leave_by(&mut settings, &request.mesh_gateway);
        if let Some(own) = self.overrides().filter(|it| it.peer == *peer && it.name == *name).last() {
            say_for_upstream(own, &own.mesh_gateway, &mut settings);
        }
        settings
    }

    fn upstream_config(&self) -> Option<&UpstreamConfiguration> {
        self.own.and_then(|own| own.upstream_config.as_ref())
    }

    fn defaults(&self) -> Option<&UpstreamConfig> {
        self.upstream_config().and_then(|config| config.defaults.as_ref())
    }

    /// Settings of single upstreams. One without a name is none.
    fn overrides(&self) -> impl Iterator<Item = &UpstreamConfig> {
        let overrides = self.upstream_config().and_then(|config| config.overrides.as_ref());
        overrides.into_iter().flatten().filter(|config| !config.name.is_empty())
    }
}

/// How traffic leaves the datacenter by the settings of all upstreams, else by those of the service.
fn or_as(defaults: &UpstreamConfig, found: &ServiceConfig) -> MeshGatewayConfig {
    match defaults.mesh_gateway.mode {
        MeshGatewayMode::Inherited => found.mesh_gateway.clone(),
        _ => defaults.mesh_gateway.clone(),
    }
}

fn leave_by(settings: &mut Settings, gateway: &MeshGatewayConfig) {
    if gateway.mode != MeshGatewayMode::Inherited {
        settings.extend(as_value(gateway).map(|gateway| (MESH_GATEWAY, gateway)));
    }
}

fn speak(settings: &mut Settings, protocol: &GoStr) {
    if !protocol.is_empty() {
        settings.insert(PROTOCOL, Value::Str(protocol.clone()));
    }
}

/// What an entry says of an upstream, and nothing that it does not say.
fn say_for_upstream(config: &UpstreamConfig, gateway: &MeshGatewayConfig, settings: &mut Settings) {
    let text = |text: &GoStr| (!text.is_empty()).then(|| Value::Str(text.clone()));
    let said = [
        ("envoy_listener_json", text(&config.envoy_listener_json)),
        ("envoy_cluster_json", text(&config.envoy_cluster_json)),
        ("connect_timeout_ms", (config.connect_timeout_ms != 0).then_some(Value::Int(config.connect_timeout_ms))),
        ("limits", config.limits.as_ref().and_then(as_value)),
        ("passive_health_check", config.passive_health_check.as_ref().and_then(as_value)),
        ("balance_outbound_connections", text(&config.balance_outbound_connections)),
    ];
    settings.extend(said.into_iter().filter_map(|(key, value)| Some((GoStr::from_static(key), value?))));
    speak(settings, &config.protocol);
    leave_by(settings, gateway);
}
