//! Keys of an agent: the blocks.
use super::{
    Keys,
    Kind::{Bool, Duration, Float, Free, Int, Named, Table, Tables, Text, TextMap, Texts, Uint},
    key,
};
use crate::config::{dns, settings as set};

pub(super) const JOINS_NOBODY: &str = "this server joins nobody: it is a cluster of one";
pub(super) const NO_ACL: &str = "calls are not checked: whoever reaches the server may read and write everything";

pub(super) static ACL: Keys = Keys(&[
    key("enabled", Bool).harmful(NO_ACL),
    key("enable_token_replication", Bool),
    key("policy_ttl", Duration).default("30s"),
    key("role_ttl", Duration),
    key("token_ttl", Duration).default("30s"),
    key("down_policy", Text).default("extend-cache"),
    key("default_policy", Text).default("allow").harmful(NO_ACL),
    key("enable_key_list_policy", Bool),
    key("tokens", Table(&TOKENS)),
    key("enable_token_persistence", Bool),
    key("msp_disable_bootstrap", Bool).enterprise(),
]);

pub(super) static ADDRESSES: Keys = Keys(&[
    key("dns", Text),
    key("http", Text),
    key("https", Text),
    key("grpc", Text).sets(set::grpc_addr, "IP address of the gRPC port, in place of `client_addr`"),
    key("grpc_tls", Text).sets(set::grpc_tls_addr, "IP address of the gRPC port with TLS, in place of `client_addr`"),
]);

pub(super) static AUTO_CONFIG: Keys = Keys(&[
    key("enabled", Bool),
    key("intro_token", Text),
    key("intro_token_file", Text),
    key("server_addresses", Texts),
    key("dns_sans", Texts),
    key("ip_sans", Texts),
    key("authorization", Table(&AUTHORIZATION)),
]);

pub(super) static AUTOPILOT: Keys = Keys(&[
    key("cleanup_dead_servers", Bool).default("true"),
    key("last_contact_threshold", Duration).default("200ms"),
    key("max_trailing_logs", Int).default("250"),
    key("min_quorum", Uint),
    key("server_stabilization_time", Duration).default("10s"),
    key("disable_upgrade_migration", Bool).enterprise(),
    key("redundancy_zone_tag", Text).enterprise(),
    key("upgrade_version_tag", Text).enterprise(),
]);

pub(super) static CACHE: Keys = Keys(&[key("entry_fetch_max_burst", Int), key("entry_fetch_rate", Float)]);

pub(super) static CLOUD: Keys = Keys(&[
    key("resource_id", Text),
    key("client_id", Text),
    key("client_secret", Text),
    key("hostname", Text),
    key("auth_url", Text),
    key("scada_address", Text),
]);

pub(super) static CONFIG_ENTRIES: Keys = Keys(&[key("bootstrap", Free)]);

pub(super) static AUTO_ENCRYPT: Keys = Keys(&[
    key("tls", Bool)
        .refused_if_on("is true: auto_encrypt.tls can only be used on a client. Remove it from a server's files"),
    key("dns_san", Texts),
    key("ip_san", Texts),
    key("allow_tls", Bool).harmful("clients get no certificates from this server"),
]);

pub(super) static CONNECT: Keys = Keys(&[
    key("enabled", Bool).default("true"),
    key("ca_provider", Text),
    key("ca_config", Free),
    key("enable_mesh_gateway_wan_federation", Bool),
    key("default_deregister_critical_service_after", Duration),
    key("test_ca_leaf_root_change_spread", Duration),
]);

pub(super) static DNS_CONFIG: Keys = Keys(&[
    key("allow_stale", Bool).default("true"),
    key("a_record_limit", Int).default("0").sets(dns::a_record_limit, "most addresses in an answer; 0: no limit"),
    key("disable_compression", Bool).default("false").sets(dns::disable_compression, "write names out in answers"),
    key("enable_truncate", Bool)
        .default("false")
        .sets(dns::enable_truncate, "mark answers from which something was left out"),
    key("max_stale", Duration).default("87600h"),
    key("node_ttl", Duration).default("0s").sets(dns::node_ttl, "how long answers about nodes may be kept"),
    key("only_passing", Bool)
        .default("false")
        .sets(dns::only_passing, "leave out instances that warn, not only critical ones"),
    key("recursor_strategy", Text),
    key("recursor_timeout", Duration).default("2s"),
    key("service_ttl", TextMap)
        .sets(dns::service_ttl, "how long answers about services may be kept, by name or by how names begin (`web-*`)"),
    key("udp_answer_limit", Int)
        .default("3")
        .sets(dns::udp_answer_limit, "most records in an answer over UDP to who asks without EDNS; never more than 8"),
    key("enable_additional_node_meta_txt", Bool)
        .default("true")
        .sets(dns::node_meta_txt, "metadata of nodes goes along as TXT records"),
    key("soa", Table(&SOA)),
    key("use_cache", Bool),
    key("cache_max_age", Duration),
    key("prefer_namespace", Bool).enterprise(),
]);

pub(super) static GOSSIP_LAN: Keys = Keys(&[
    key("gossip_nodes", Int).default("3"),
    key("gossip_interval", Duration).default("200ms"),
    key("probe_interval", Duration).default("1s"),
    key("probe_timeout", Duration).default("500ms"),
    key("suspicion_mult", Int).default("4"),
    key("retransmit_mult", Int).default("4"),
]);

pub(super) static GOSSIP_WAN: Keys = Keys(&[
    key("gossip_nodes", Int).default("3"),
    key("gossip_interval", Duration).default("500ms"),
    key("probe_interval", Duration).default("5s"),
    key("probe_timeout", Duration).default("3s"),
    key("suspicion_mult", Int).default("6"),
    key("retransmit_mult", Int).default("4"),
]);

pub(super) static HTTP_CONFIG: Keys = Keys(&[
    key("block_endpoints", Texts),
    key("allow_write_http_from", Texts),
    key("response_headers", TextMap),
    key("use_cache", Bool),
    key("max_header_bytes", Int),
]);

pub(super) static LIMITS: Keys = Keys(&[
    key("http_max_conns_per_client", Int).default("200"),
    key("https_handshake_timeout", Duration).default("5s"),
    key("request_limits", Table(&REQUEST_LIMITS)),
    key("rpc_client_timeout", Duration).default("60s"),
    key("rpc_handshake_timeout", Duration)
        .default("5s")
        .sets(set::rpc_handshake_timeout, "how long a client of the server port has to say what it wants; 0: for ever"),
    key("rpc_max_burst", Int).default("1000"),
    key("rpc_max_conns_per_client", Int).default("100").sets(
        set::rpc_max_conns_per_client,
        "connections to the server port that one client address may hold; 0: no limit",
    ),
    key("rpc_rate", Float).default("-1").harmful("calls are not limited"),
    key("kv_max_value_size", Uint).default("524288"),
    key("txn_max_req_len", Uint).default("524288"),
]);

pub(super) static PEERING: Keys =
    Keys(&[key("enabled", Bool).default("true"), key("test_allow_peer_registrations", Bool)]);

pub(super) static PERFORMANCE: Keys = Keys(&[
    key("leave_drain_time", Duration).default("5s"),
    key("raft_multiplier", Int).default("5"),
    key("rpc_hold_timeout", Duration).default("7s"),
    key("grpc_keepalive_interval", Duration).default("30s"),
    key("grpc_keepalive_timeout", Duration).default("20s"),
    key("enable_xds_load_balancing", Bool).default("true"),
]);

pub(super) static PORTS: Keys = Keys(&[
    key("dns", Int).default("8600"),
    key("http", Int).default("8500"),
    key("https", Int).default("-1"),
    key("serf_lan", Int).default("8301"),
    key("serf_wan", Int).default("8302"),
    key("server", Int)
        .default("8300")
        .sets(set::server_port, "port that servers and clients call on; 0: the operating system chooses"),
    key("grpc", Int).default("8502").sets(
        set::grpc_port,
        "port for gRPC of data planes and others, without TLS; -1: none, 0: the operating system chooses. Where the default is \
         taken, the server runs without it",
    ),
    key("grpc_tls", Int).default("8503").sets(
        set::grpc_tls_port,
        "the same in TLS, by `tls.grpc`; without a certificate there is none, unless it is set",
    ),
    key("admin", Int).default("8310").sets(
        set::admin_port,
        "not Consul's: port of 127.0.0.1 where the server shows who is on the server port (`proconsul conns`, a page for \
         browsers, `/metrics`); -1: none, 0: the operating system chooses. Where the default is taken, the server runs without it",
    ),
    key("proxy_min_port", Int).default("20000"),
    key("proxy_max_port", Int).default("20255"),
    key("sidecar_min_port", Int).default("21000"),
    key("sidecar_max_port", Int).default("21255"),
    key("expose_min_port", Int).default("21500"),
    key("expose_max_port", Int).default("21755"),
]);

pub(super) static TELEMETRY: Keys = Keys(&[
    key("circonus_api_app", Text),
    key("circonus_api_token", Text),
    key("circonus_api_url", Text),
    key("circonus_broker_id", Text),
    key("circonus_broker_select_tag", Text),
    key("circonus_check_display_name", Text),
    key("circonus_check_force_metric_activation", Text),
    key("circonus_check_id", Text),
    key("circonus_check_instance_id", Text),
    key("circonus_check_search_tag", Text),
    key("circonus_check_tags", Text),
    key("circonus_submission_interval", Text),
    key("circonus_submission_url", Text),
    key("disable_hostname", Bool),
    key("disable_per_tenancy_usage_metrics", Bool),
    key("enable_host_metrics", Bool),
    key("dogstatsd_addr", Text),
    key("dogstatsd_tags", Texts),
    key("retry_failed_connection", Bool).default("true"),
    key("filter_default", Bool).default("true"),
    key("prefix_filter", Texts).default("[]"),
    key("metrics_prefix", Text).default("consul"),
    key("prometheus_retention_time", Duration),
    key("statsd_address", Text),
    key("statsite_address", Text),
]);

pub(super) static XDS: Keys = Keys(&[key("update_max_per_second", Float).default("250")]);

pub(super) static UI_CONFIG: Keys = Keys(&[
    key("enabled", Bool),
    key("dir", Text),
    key("content_path", Text),
    key("metrics_provider", Text),
    key("metrics_provider_files", Texts),
    key("metrics_provider_options_json", Text),
    key("metrics_proxy", Table(&UI_METRICS_PROXY)),
    key("dashboard_url_templates", TextMap),
]);

pub(super) static UNIX_SOCKETS: Keys = Keys(&[key("group", Text), key("mode", Text), key("user", Text)]);

pub(super) static RPC: Keys = Keys(&[
    key("enable_streaming", Bool),
    key("http2_preface", Bool).default("true").sets(
        set::http2_preface,
        "not Consul's: HTTP/2 on the server port, by its preface or by ALPN `h2`, leads to internal gRPC; false: it is \
         refused, as Consul does",
    ),
]);

pub(super) static RAFT_LOGSTORE: Keys = Keys(&[
    key("backend", Text),
    key("disable_log_cache", Bool),
    key("verification", Table(&RAFT_VERIFICATION)),
    key("boltdb", Table(&RAFT_BOLTDB)),
    key("wal", Table(&RAFT_WAL)),
]);

pub(super) static CONSUL: Keys = Keys(&[
    key("coordinate", Table(&CONSUL_COORDINATE)),
    key("raft", Table(&CONSUL_RAFT)),
    key("server", Table(&CONSUL_SERVER)),
]);

pub(super) static AUDIT: Keys =
    Keys(&[key("enabled", Bool), key("sink", Named(&AUDIT_SINK)), key("rpc_enabled", Bool)]);

pub(super) static SEGMENT: Keys =
    Keys(&[key("advertise", Text), key("bind", Text), key("name", Text), key("port", Int), key("rpc_listener", Bool)]);

pub(super) static REPORTING: Keys = Keys(&[key("license", Table(&LICENSE))]);

pub(super) static OLD_RAFT_BOLTDB: Keys = Keys(&[key("nofreelistsync", Bool)]);

static TOKENS: Keys = Keys(&[
    key("initial_management", Text),
    key("replication", Text),
    key("agent_recovery", Text),
    key("default", Text),
    key("agent", Text),
    key("config_file_service_registration", Text),
    key("dns", Text),
    key("managed_service_provider", Tables(&PROVIDER_TOKEN)).enterprise(),
    key("master", Text).moved("acl.tokens.initial_management"),
    key("agent_master", Text).moved("acl.tokens.agent_recovery"),
]);

static AUTHORIZATION: Keys = Keys(&[key("enabled", Bool), key("static", Table(&AUTHORIZER))]);

static SOA: Keys = Keys(&[
    key("refresh", Uint).default("3600").sets(dns::soa_refresh, "number of the zone's SOA record, in seconds"),
    key("retry", Uint).default("600").sets(dns::soa_retry, "the same"),
    key("expire", Uint).default("86400").sets(dns::soa_expire, "the same"),
    key("min_ttl", Uint)
        .default("0")
        .sets(dns::soa_min_ttl, "the same; how long it may be kept that a name does not exist"),
]);

static REQUEST_LIMITS: Keys = Keys(&[
    key("mode", Text).default("disabled").sets(
        set::request_limits_mode,
        "what happens to calls of net/rpc and gRPC beyond the rates: `disabled`: nothing, `permissive`: they are counted and \
         logged, `enforcing`: they are refused as well; SIGHUP reads all three again",
    ),
    key("read_rate", Float).default("-1").sets(
        set::request_limits_read_rate,
        "reads a second that all clients may make together, ten seconds' worth of them at once; below 0: any number",
    ),
    key("write_rate", Float).default("-1").sets(set::request_limits_write_rate, "the same for writes"),
]);

static UI_METRICS_PROXY: Keys =
    Keys(&[key("base_url", Text), key("add_headers", Tables(&UI_HEADER)), key("path_allowlist", Texts)]);

static RAFT_VERIFICATION: Keys = Keys(&[key("enabled", Bool), key("interval", Duration)]);

static RAFT_BOLTDB: Keys = Keys(&[key("no_freelist_sync", Bool)]);

static RAFT_WAL: Keys = Keys(&[key("segment_size_mb", Int).default("64")]);

static CONSUL_COORDINATE: Keys =
    Keys(&[key("update_batch_size", Int), key("update_max_batches", Int), key("update_period", Duration)]);

static CONSUL_RAFT: Keys = Keys(&[
    key("election_timeout", Duration),
    key("heartbeat_timeout", Duration),
    key("leader_lease_timeout", Duration),
]);

static CONSUL_SERVER: Keys = Keys(&[key("health_interval", Duration)]);

static AUDIT_SINK: Keys = Keys(&[
    key("type", Text),
    key("format", Text),
    key("path", Text),
    key("delivery_guarantee", Text),
    key("mode", Text),
    key("rotate_bytes", Int),
    key("rotate_duration", Text),
    key("rotate_max_files", Int),
    key("name", Text).obsolete(),
]);

static LICENSE: Keys = Keys(&[key("enabled", Bool).enterprise()]);

static PROVIDER_TOKEN: Keys = Keys(&[key("accessor_id", Text), key("secret_id", Text)]);

static AUTHORIZER: Keys = Keys(&[
    key("claim_assertions", Texts),
    key("allow_reuse", Bool),
    key("jwt_supported_algs", Texts),
    key("bound_audiences", Texts),
    key("claim_mappings", TextMap),
    key("list_claim_mappings", TextMap),
    key("oidc_discovery_url", Text),
    key("oidc_discovery_ca_cert", Text),
    key("jwks_url", Text),
    key("jwks_ca_cert", Text),
    key("jwt_validation_pub_keys", Texts),
    key("bound_issuer", Text),
    key("expiration_leeway", Duration),
    key("not_before_leeway", Duration),
    key("clock_skew_leeway", Duration),
]);

static UI_HEADER: Keys = Keys(&[key("name", Text), key("value", Text)]);
