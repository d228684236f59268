//! What config entries say about proxies, as instances show it when they are asked for with central settings.
use proconsul_msgpack::{GoStr, Value};
use proconsul_state::Entry;
use proconsul_structs::{
    catalog::{IndexedNodeServiceList, IndexedServiceNodes},
    config_entry::{
        ConfigEntry, ConfigEntryOp, ConfigEntryRequest, ProxyDefaults, ServiceDefaults, UpstreamConfig,
        UpstreamConfiguration, UpstreamLimits,
    },
    health::IndexedCheckServiceNodes,
    proxy::{ConnectProxyConfig, EnvoyExtension, MeshGatewayConfig, MeshGatewayMode, Opaque, ProxyMode},
};

use crate::{
    mutate::map,
    server::{Called, Server},
};

fn set(server: &Server, entry: impl Into<ConfigEntry>) {
    let request = ConfigEntryRequest { op: ConfigEntryOp::Upsert, entry: entry.into(), ..Default::default() };
    server.log(Entry::ConfigEntry(Box::new(request)));
}

fn settings<const N: usize>(entries: [(&'static str, Value); N]) -> Opaque {
    Some(entries.into_iter().map(|(key, value)| (GoStr::from_static(key), value)).collect())
}

fn by(mode: MeshGatewayMode) -> MeshGatewayConfig {
    MeshGatewayConfig { mode }
}

fn proxies(config: Opaque) -> ProxyDefaults {
    let extension = EnvoyExtension { name: "all".into(), consul_version: ">= 1".into(), ..Default::default() };
    ProxyDefaults { name: "global".into(), config, envoy_extensions: Some(vec![extension]), ..Default::default() }
}

/// A service with a proxy that calls another one, and itself says something of both.
async fn register(server: &Server, proxy: &[(&str, Value)]) {
    let upstream = map(&[
        ("DestinationName", "db".into()),
        ("LocalBindPort", Value::Int(1)),
        ("Config", map(&[("connect_timeout_ms", Value::Int(7)), ("protocol", "".into())])),
    ]);
    let own = [
        ("DestinationServiceName", "web".into()),
        ("Config", map(&[("mine", Value::Int(1))])),
        ("Upstreams", Value::List(vec![upstream])),
    ];
    let service = map(&[
        ("Kind", "connect-proxy".into()),
        ("ID", "p".into()),
        ("Service", "web-proxy".into()),
        ("Port", Value::Int(80)),
        ("Proxy", map(&[&own[..], proxy].concat())),
    ]);
    let node = [("Node", "n".into()), ("Address", "10.0.0.1".into()), ("Service", service)];
    server.send("Catalog.Register", &map(&node)).await.replied();
}

fn asked(key: &str, name: &str, past: u64) -> Value {
    map(&[(key, name.into()), ("MergeCentralConfig", Value::Bool(true)), ("MinQueryIndex", Value::Uint(past))])
}

/// Index and proxy, as each method that merges shows them.
async fn seen(server: &Server) -> (u64, ConnectProxyConfig) {
    let reply = server.send("Health.ServiceNodes", &asked("ServiceName", "web-proxy", 0)).await.replied();
    let health: IndexedCheckServiceNodes = proconsul_msgpack::from_slice(&reply).unwrap();
    let nodes = health.nodes.unwrap();
    let proxy = nodes[0].service.as_ref().unwrap().proxy.clone();

    let reply = server.send("Catalog.ServiceNodes", &asked("ServiceName", "web-proxy", 0)).await.replied();
    let catalog: IndexedServiceNodes = proconsul_msgpack::from_slice(&reply).unwrap();
    assert_eq!(catalog.service_nodes.unwrap()[0].service_proxy, proxy);
    assert_eq!(catalog.query_meta.index, health.query_meta.index);

    let reply = server.send("Catalog.NodeServiceList", &asked("Node", "n", 0)).await.replied();
    let list: IndexedNodeServiceList = proconsul_msgpack::from_slice(&reply).unwrap();
    assert_eq!(list.node_services.services.unwrap()[0].proxy, proxy);
    assert_eq!(list.query_meta.index, health.query_meta.index);
    (health.query_meta.index, proxy)
}

fn upstream(proxy: &ConnectProxyConfig, name: &str) -> (MeshGatewayMode, Opaque) {
    let mut found = proxy.upstreams.iter().flatten().filter(|upstream| upstream.destination_name == *name);
    let upstream = found.next().expect("it is there");
    (upstream.mesh_gateway.mode.clone(), upstream.config.clone())
}

#[tokio::test]
async fn what_the_registration_does_not_say_comes_from_central_settings() {
    let server = Server::new();
    register(&server, &[]).await;
    let (before, proxy) = seen(&server).await;
    assert_eq!(proxy.config, settings([("mine", Value::Int(1))]), "nothing is said");

    let all = [("mine", Value::Int(2)), ("protocol", "HTTP".into()), ("theirs", Value::Bool(true))];
    set(&server, ProxyDefaults { mesh_gateway: by(MeshGatewayMode::Remote), ..proxies(settings(all)) });
    let (after, proxy) = seen(&server).await;
    assert!(after > before, "the index is also that of config entries");
    let merged = [("mine", Value::Int(1)), ("protocol", "HTTP".into()), ("theirs", Value::Bool(true))];
    assert_eq!(proxy.config, settings(merged));
    assert_eq!(proxy.mesh_gateway, by(MeshGatewayMode::Remote));
    let extension = EnvoyExtension { name: "all".into(), ..Default::default() };
    assert_eq!(proxy.envoy_extensions, Some(vec![extension.clone()]), "without what it is meant for");
    let timeout = ("connect_timeout_ms", Value::Int(7));
    let db = (MeshGatewayMode::Remote, settings([timeout.clone(), ("protocol", "http".into())]));
    assert_eq!(upstream(&proxy, "db"), db);

    set(&server, ServiceDefaults { name: "db".into(), protocol: "grpc".into(), ..Default::default() });
    let own = EnvoyExtension { name: "own".into(), ..Default::default() };
    let defaults = UpstreamConfig { connect_timeout_ms: 9, balance_outbound_connections: "b".into(), ..<_>::default() };
    set(
        &server,
        ServiceDefaults {
            name: "web".into(),
            protocol: "http2".into(),
            max_inbound_connections: 5,
            mesh_gateway: by(MeshGatewayMode::Local),
            envoy_extensions: Some(vec![own.clone()]),
            upstream_config: Some(UpstreamConfiguration { defaults: Some(defaults), ..Default::default() }),
            ..Default::default()
        },
    );
    let (_, proxy) = seen(&server).await;
    let merged = [
        ("mine", Value::Int(1)),
        ("theirs", Value::Bool(true)),
        ("protocol", "http2".into()),
        ("max_inbound_connections", Value::Int(5)),
    ];
    assert_eq!(proxy.config, settings(merged));
    assert_eq!(
        (&proxy.mesh_gateway, &proxy.envoy_extensions),
        (&by(MeshGatewayMode::Local), &Some(vec![extension, own]))
    );
    let balance = ("balance_outbound_connections", "b".into());
    assert_eq!(
        upstream(&proxy, "db"),
        (MeshGatewayMode::Local, settings([timeout, ("protocol", "grpc".into()), balance]))
    );
    assert_eq!(proxy.upstreams.unwrap().len(), 1, "what is not called is not there");
}

#[tokio::test]
async fn in_transparent_mode_upstreams_come_from_central_settings_too() {
    let server = Server::new();
    register(&server, &[("Mode", "transparent".into()), ("MeshGateway", map(&[("Mode", "none".into())]))]).await;
    let limits = UpstreamLimits { max_connections: Some(3), ..Default::default() };
    let far = UpstreamConfig { name: "far".into(), peer: "other".into(), limits: Some(limits), ..Default::default() };
    let near = UpstreamConfig { name: "near".into(), mesh_gateway: by(MeshGatewayMode::Local), ..Default::default() };
    let upstream_config = Some(UpstreamConfiguration { overrides: Some(vec![far, near]), ..Default::default() });
    set(&server, ServiceDefaults { name: "web".into(), upstream_config, ..Default::default() });
    let (_, proxy) = seen(&server).await;
    assert_eq!(proxy.mode, ProxyMode::Transparent);
    let none = || ("mesh_gateway", map(&[("Mode", "none".into())]));
    let unlimited = |name: &'static str| (name, Value::Nil);
    let limits =
        [("MaxConnections", Value::Int(3)), unlimited("MaxPendingRequests"), unlimited("MaxConcurrentRequests")];
    let (mode, far) = upstream(&proxy, "far");
    assert_eq!((mode, far.as_ref().unwrap().len()), (MeshGatewayMode::None, 2));
    let far = far.unwrap();
    for (name, value) in limits {
        let seen = far.get(&b"limits"[..]).and_then(|limits| limits.get(name)).cloned();
        assert_eq!(format!("{seen:?}").replace("Uint", "Int"), format!("{:?}", Some(value)), "{name}");
    }
    let local = map(&[("Mode", "local".into())]);
    assert_eq!(upstream(&proxy, "near"), (MeshGatewayMode::Local, settings([("mesh_gateway", local)])));
    assert_eq!(upstream(&proxy, "*"), (MeshGatewayMode::None, settings([none()])));
    let all = proxy.upstreams.unwrap();
    let central = |name: &&str| all.iter().any(|it| it.destination_name == **name && it.centrally_configured);
    assert_eq!(["db", "far", "near", "*"].iter().filter(|name| central(name)).count(), 3);
}

#[tokio::test]
async fn who_waits_is_told_of_settings_that_concern_it_and_of_no_others() {
    let server = Server::new();
    register(&server, &[]).await;
    set(&server, ServiceDefaults { name: "elsewhere".into(), ..Default::default() });
    let (index, _) = seen(&server).await;
    for (method, key, name) in [
        ("Health.ServiceNodes", "ServiceName", "web-proxy"),
        ("Catalog.ServiceNodes", "ServiceName", "web-proxy"),
        ("Catalog.NodeServiceList", "Node", "n"),
    ] {
        match server.send(method, &asked(key, name, index)).await {
            Called::Parked(hold) => server.keep(hold),
            _ => panic!("{method} has news though nothing happened"),
        }
    }
    let woken = server.evaluations().await;
    set(&server, ServiceDefaults { name: "elsewhere".into(), protocol: "http".into(), ..Default::default() });
    assert_eq!(server.evaluations().await, woken, "nobody asked for that");
    set(&server, ServiceDefaults { name: "db".into(), protocol: "http".into(), ..Default::default() });
    for _ in 0..3 {
        assert!(format!("{:?}", server.answer().await).contains("http"));
    }
}
