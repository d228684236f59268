//! Keys of definitions of services and checks.
use super::{
    Keys,
    Kind::{Bool, Duration, Free, Int, Named, Table, Tables, Text, TextMap, Texts},
    key,
};

pub(super) static CHECK: Keys = Keys(&[
    key("id", Text),
    key("name", Text),
    key("notes", Text),
    key("service_id", Text).or(&["serviceid"]),
    key("token", Text),
    key("status", Text),
    key("args", Texts).or(&["scriptargs"]),
    key("http", Text),
    key("header", Free),
    key("method", Text),
    key("body", Text),
    key("disable_redirects", Bool),
    key("output_max_size", Int),
    key("tcp", Text),
    key("tcp_use_tls", Bool),
    key("udp", Text),
    key("interval", Duration),
    key("docker_container_id", Text).or(&["dockercontainerid"]),
    key("shell", Text),
    key("grpc", Text),
    key("grpc_use_tls", Bool),
    key("tls_server_name", Text),
    key("tls_skip_verify", Bool).or(&["tlsskipverify"]),
    key("alias_node", Text),
    key("alias_service", Text),
    key("timeout", Duration),
    key("ttl", Duration),
    key("h2ping", Text),
    key("h2ping_use_tls", Bool),
    key("os_service", Text),
    key("success_before_passing", Int),
    key("failures_before_warning", Int),
    key("failures_before_critical", Int),
    key("deregister_critical_service_after", Duration).or(&["deregistercriticalserviceafter"]),
]);

pub(super) static LOCALITY: Keys = Keys(&[key("region", Text), key("zone", Text)]);

pub(super) static SERVICE: Keys = Keys(&[
    key("kind", Text),
    key("id", Text),
    key("name", Text),
    key("tags", Texts),
    key("address", Text),
    key("tagged_addresses", Named(&SERVICE_ADDRESS)),
    key("meta", TextMap),
    key("port", Int),
    key("socket_path", Text),
    key("check", Table(&CHECK)),
    key("checks", Tables(&CHECK)),
    key("token", Text),
    key("weights", Table(&SERVICE_WEIGHTS)),
    key("enable_tag_override", Bool),
    key("proxy", Table(&PROXY)),
    key("connect", Table(&CONNECT)),
    key("locality", Table(&LOCALITY)),
]);

static SERVICE_ADDRESS: Keys = Keys(&[key("address", Text), key("port", Int)]);

static SERVICE_WEIGHTS: Keys = Keys(&[key("passing", Int), key("warning", Int)]);

static PROXY: Keys = Keys(&[
    key("destination_service_name", Text),
    key("destination_service_id", Text),
    key("local_service_address", Text),
    key("local_service_port", Int),
    key("local_service_socket_path", Text),
    key("transparent_proxy", Table(&TRANSPARENT_PROXY)),
    key("mode", Text),
    key("config", Free),
    key("upstreams", Tables(&UPSTREAM)),
    key("mesh_gateway", Table(&MESH_GATEWAY)),
    key("expose", Table(&EXPOSE)),
]);

static CONNECT: Keys = Keys(&[key("native", Bool), key("sidecar_service", Table(&SERVICE))]);

static TRANSPARENT_PROXY: Keys = Keys(&[key("outbound_listener_port", Int), key("dialed_directly", Bool)]);

static UPSTREAM: Keys = Keys(&[
    key("destination_type", Text),
    key("destination_namespace", Text),
    key("destination_partition", Text),
    key("destination_peer", Text),
    key("destination_name", Text),
    key("datacenter", Text),
    key("local_bind_address", Text),
    key("local_bind_port", Int),
    key("local_bind_socket_path", Text),
    key("local_bind_socket_mode", Text),
    key("config", Free),
    key("mesh_gateway", Table(&MESH_GATEWAY)),
]);

static MESH_GATEWAY: Keys = Keys(&[key("mode", Text)]);

static EXPOSE: Keys = Keys(&[key("checks", Bool), key("port", Int), key("paths", Tables(&EXPOSE_PATH))]);

static EXPOSE_PATH: Keys =
    Keys(&[key("listener_port", Int), key("path", Text), key("protocol", Text), key("local_path_port", Int)]);
