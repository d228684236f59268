use super::*;
use crate::{
    node::Locality,
    proxy::ExposeConfig,
    service::{ServiceConnect, ServiceDefinition},
};

fn check(service: NodeService, expected: &[&str]) {
    let text = service.validate().err().map(String::from).unwrap_or_default();
    let count = if expected.len() == 1 { "1 error".to_owned() } else { format!("{} errors", expected.len()) };
    let lines: Vec<_> = expected.iter().map(|line| format!("* {line}")).collect();
    let expected = match expected {
        [] => String::new(),
        _ => format!("{count} occurred:\n\t{}\n\n", lines.join("\n\t")),
    };
    assert_eq!(text, expected);
}

fn proxy(proxy: ConnectProxyConfig) -> NodeService {
    let proxy = ConnectProxyConfig { destination_service_name: "web".into(), ..proxy };
    NodeService { kind: ServiceKind::ConnectProxy, port: 1, proxy, ..NodeService::default() }
}

fn upstreams(upstreams: Vec<Upstream>) -> NodeService {
    proxy(ConnectProxyConfig { upstreams: Some(upstreams), ..ConnectProxyConfig::default() })
}

fn upstream(name: &str, port: i64) -> Upstream {
    Upstream { destination_name: name.into(), local_bind_port: port, ..Upstream::default() }
}

#[test]
fn an_ordinary_service_needs_nothing() {
    check(NodeService::default(), &[]);
    check(NodeService { kind: ServiceKind::Unknown("weird".into()), ..NodeService::default() }, &[]);
}

#[test]
fn a_proxy_without_anything_gets_the_recorded_text() {
    check(
        NodeService { kind: ServiceKind::ConnectProxy, ..NodeService::default() },
        &[
            "Port or SocketPath must be set for a connect-proxy",
            "Proxy.DestinationServiceName must be non-empty for Connect proxy services",
        ],
    );
}

#[test]
fn a_gateway_has_a_port_and_no_settings_of_a_proxy() {
    let with_upstreams = ConnectProxyConfig { local_service_port: 1, ..upstreams(vec![upstream("db", 1)]).proxy };
    check(
        NodeService { kind: ServiceKind::MeshGateway, proxy: with_upstreams, ..NodeService::default() },
        &[
            "Port must be non-zero for a mesh-gateway",
            "The Proxy.DestinationServiceName configuration is invalid for a mesh-gateway",
            "The Proxy.LocalServicePort configuration is invalid for a mesh-gateway",
            "The Proxy.Upstreams configuration is invalid for a mesh-gateway",
        ],
    );
    check(NodeService { kind: ServiceKind::IngressGateway, ..NodeService::default() }, &[]);
}

#[test]
fn a_nested_proxy_has_no_id_and_nests_no_further() {
    let inner = ServiceConnect { sidecar_service: Some(Box::default()), ..ServiceConnect::default() };
    let sidecar = ServiceDefinition { id: "x".into(), connect: Some(inner), ..ServiceDefinition::default() };
    let connect = ServiceConnect { native: true, sidecar_service: Some(Box::new(sidecar)), peer_meta: None };
    check(
        NodeService { connect, ..NodeService::default() },
        &[
            "A SidecarService cannot specify an ID as this is managed by the agent",
            "A SidecarService cannot have a nested SidecarService",
            "Port or SocketPath must be set for a Connect native service.",
        ],
    );
}

#[test]
fn a_zone_needs_a_region() {
    let locality = Some(Locality { zone: "z".into(), ..Locality::default() });
    check(NodeService { locality, ..NodeService::default() }, &["zone cannot be set without region"]);
}

#[test]
fn upstreams_are_distinct_by_destination_and_by_listener() {
    check(upstreams(vec![upstream("a", 1), upstream("b", 2)]), &[]);
    check(
        upstreams(vec![upstream("a", 1), upstream("a", 2), upstream("b", 1)]),
        &[
            "upstreams cannot contain duplicates of [type=\"\", name=\"a\", partition=\"\", namespace=\"\", \
             peer=\"\", datacenter=\"\"]",
            "upstreams cannot contain duplicates by local bind address and port or unix path; \"127.0.0.1:1\" is \
             specified twice",
        ],
    );
}

#[test]
fn an_upstream_says_what_it_reaches_and_where_it_listens() {
    let faults = [
        (upstream("", 1), "upstream destination name cannot be empty"),
        (upstream("*", 1), "upstream destination name cannot be a wildcard"),
        (upstream("a", 0), "upstream local bind port or local socket path must be defined and nonzero"),
        (
            Upstream { local_bind_socket_path: "/s".into(), ..upstream("a", 1) },
            "only one of upstream local bind port or local socket path can be defined and nonzero",
        ),
        (Upstream { destination_type: "x".into(), ..upstream("a", 1) }, "unknown upstream destination type: \"x\""),
        (
            Upstream { destination_peer: "p".into(), datacenter: "dc2".into(), ..upstream("a", 1) },
            "upstream cannot specify both destination peer and datacenter",
        ),
        (
            Upstream { destination_partition: "p".into(), datacenter: "dc2".into(), ..upstream("a", 1) },
            "upstreams cannot target another datacenter in non default partition",
        ),
        (
            Upstream { destination_partition: "p".into(), destination_peer: "q".into(), ..upstream("a", 1) },
            "upstreams must target peers in the same partition as the service",
        ),
    ];
    for (wrong, text) in faults {
        check(upstreams(vec![wrong]), &[text]);
    }
}

#[test]
fn exposed_paths_have_ports_of_their_own() {
    let path = |path: &str, listener_port| ExposePath { path: path.into(), listener_port, ..ExposePath::default() };
    let odd = ExposePath { protocol: "FTP".into(), ..path("/b", 2) };
    let paths = Some(vec![path("/a", 1), path("", 1), path("/c", 65536), odd]);
    let expose = ExposeConfig { checks: false, paths };
    check(
        proxy(ConnectProxyConfig { expose, ..ConnectProxyConfig::default() }),
        &[
            "expose.paths: empty path exposed",
            "expose.paths: duplicate listener ports exposed",
            "expose.paths: invalid listener port: 65536",
            "protocol 'ftp' not supported for path: /b, must be in: [http http2]",
        ],
    );
}

#[test]
fn a_metrics_directory_leaves_room_for_a_socket() {
    let config = |len| Some([(METRICS_SOCKET_DIR.into(), Value::Str("x".repeat(len).into()))].into());
    check(proxy(ConnectProxyConfig { config: config(70), ..ConnectProxyConfig::default() }), &[]);
    check(
        proxy(ConnectProxyConfig { config: config(71), ..ConnectProxyConfig::default() }),
        &["Proxy.Config: envoy_hcp_metrics_bind_socket_dir length 71 exceeds max 70"],
    );
}
