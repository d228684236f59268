//! Keys of an agent.
use super::{
    Keys,
    Kind::{Bool, Duration, Float, Free, Int, Named, Table, Tables, Text, TextMap, Texts, Uint},
    key,
    services::{CHECK, LOCALITY, SERVICE},
};
use crate::config::settings as set;

const JOINS_NOBODY: &str = "this server joins nobody: it is a cluster of one";
const NO_ACL: &str = "calls are not checked: whoever reaches the server may read and write everything";
const NO_TLS: &str = "the server port is plain TCP, and no client is asked for a certificate";
const NO_TLS_OUT: &str = "connections to other servers are neither encrypted nor verified";

/// Keys of the top level.
pub(in crate::config) static TOP: Keys = Keys(&[
    key("acl", Table(&ACL)),
    key("addresses", Table(&ADDRESSES)),
    key("advertise_addr", Text),
    key("advertise_addr_ipv4", Text),
    key("advertise_addr_ipv6", Text),
    key("advertise_addr_wan", Text),
    key("advertise_addr_wan_ipv4", Text),
    key("advertise_addr_wan_ipv6", Text),
    key("advertise_reconnect_timeout", Duration),
    key("auto_config", Table(&AUTO_CONFIG)),
    key("autopilot", Table(&AUTOPILOT)),
    key("bind_addr", Text).default("0.0.0.0").sets(set::bind_addr, "address that the server port listens on, IPv4 or IPv6"),
    key("bootstrap", Bool).default("false"),
    key("bootstrap_expect", Int).default("0").harmful(JOINS_NOBODY),
    key("cache", Table(&CACHE)),
    key("check", Table(&CHECK)),
    key("check_output_max_size", Int).default("4096"),
    key("check_update_interval", Duration).default("5m"),
    key("checks", Tables(&CHECK)),
    key("client_addr", Text).default("127.0.0.1"),
    key("cloud", Table(&CLOUD)),
    key("config_entries", Table(&CONFIG_ENTRIES)),
    key("auto_encrypt", Table(&AUTO_ENCRYPT)),
    key("connect", Table(&CONNECT)),
    key("dns_config", Table(&DNS_CONFIG)),
    key("domain", Text).default("consul."),
    key("alt_domain", Text),
    key("recursors", Texts),
    key("data_dir", Text).harmful("nothing is kept when the server stops"),
    key("datacenter", Text).default("dc1").sets(set::datacenter, "name of the datacenter: lowercase letters, digits, `-` and `_`; letters are lowered"),
    key("default_query_time", Duration).default("300s").sets(set::default_query_time, "how long a blocking query waits that does not say"),
    key("default_intention_policy", Text),
    key("disable_anonymous_signature", Bool),
    key("disable_coordinates", Bool).default("false"),
    key("disable_host_node_id", Bool).default("true"),
    key("disable_http_unprintable_char_filter", Bool),
    key("disable_keyring_file", Bool),
    key("disable_remote_exec", Bool).default("true"),
    key("disable_update_check", Bool),
    key("discard_check_output", Bool),
    key("discovery_max_stale", Duration),
    key("enable_agent_tls_for_checks", Bool),
    key("enable_central_service_config", Bool).default("true"),
    key("enable_debug", Bool),
    key("enable_script_checks", Bool),
    key("enable_local_script_checks", Bool),
    key("enable_syslog", Bool),
    key("encrypt", Text).harmful("there is no gossip yet, encrypted or not"),
    key("encrypt_verify_incoming", Bool).default("true"),
    key("encrypt_verify_outgoing", Bool).default("true"),
    key("experiments", Texts),
    key("gossip_lan", Table(&GOSSIP_LAN)),
    key("gossip_wan", Table(&GOSSIP_WAN)),
    key("http_config", Table(&HTTP_CONFIG)),
    key("leave_on_terminate", Bool),
    key("license_path", Text).enterprise(),
    key("limits", Table(&LIMITS)),
    key("locality", Table(&LOCALITY)),
    key("log_level", Text).default("INFO").sets(set::log_level, "least severe messages that are logged: trace, debug, info, warn, error"),
    key("log_json", Bool),
    key("log_file", Text),
    key("log_rotate_duration", Duration),
    key("log_rotate_bytes", Int),
    key("log_rotate_max_files", Int),
    key("max_query_time", Duration).default("600s").sets(set::max_query_time, "how long a blocking query waits at most"),
    key("node_id", Text).sets(set::node_id, "id of this node, a UUID; none: a new one at every start"),
    key("node_meta", TextMap),
    key("node_name", Text).sets(set::node_name, "name of this node"),
    key("peering", Table(&PEERING)),
    key("performance", Table(&PERFORMANCE)),
    key("pid_file", Text),
    key("ports", Table(&PORTS)),
    key("primary_datacenter", Text),
    key("primary_gateways", Texts).harmful(JOINS_NOBODY),
    key("primary_gateways_interval", Duration).default("30s"),
    key("protocol", Int).default("2"),
    key("raft_protocol", Int).default("3"),
    key("raft_snapshot_threshold", Int).default("16384"),
    key("raft_snapshot_interval", Duration).default("30s"),
    key("raft_trailing_logs", Int).default("10240"),
    key("raft_prevote_disabled", Bool).default("false"),
    key("reconnect_timeout", Duration),
    key("reconnect_timeout_wan", Duration),
    key("rejoin_after_leave", Bool),
    key("auto_reload_config", Bool),
    key("retry_interval", Duration).default("30s"),
    key("retry_interval_wan", Duration).default("30s"),
    key("retry_join", Texts).harmful(JOINS_NOBODY),
    key("retry_max", Int),
    key("retry_max_wan", Int),
    key("retry_join_wan", Texts).harmful(JOINS_NOBODY),
    key("serf_lan_allowed_cidrs", Texts),
    key("serf_wan_allowed_cidrs", Texts),
    key("serf_lan", Text),
    key("serf_wan", Text),
    key("server", Bool).default("false"),
    key("server_name", Text),
    key("server_rejoin_age_max", Duration).default("168h"),
    key("service", Table(&SERVICE)),
    key("services", Tables(&SERVICE)),
    key("session_ttl_min", Duration),
    key("skip_leave_on_interrupt", Bool),
    key("syslog_facility", Text).default("LOCAL0"),
    key("tls", Table(&TLS)),
    key("tagged_addresses", TextMap),
    key("telemetry", Table(&TELEMETRY)),
    key("translate_wan_addrs", Bool),
    key("xds", Table(&XDS)),
    key("ui", Bool),
    key("ui_content_path", Text),
    key("ui_dir", Text),
    key("ui_config", Table(&UI_CONFIG)),
    key("unix_sockets", Table(&UNIX_SOCKETS)),
    key("watches", Free),
    key("rpc", Table(&RPC)),
    key("raft_logstore", Table(&RAFT_LOGSTORE)),
    key("use_streaming_backend", Bool),
    key("snapshot_agent", Free),
    key("ae_interval", Duration),
    key("check_deregister_interval_min", Duration),
    key("check_reap_interval", Duration),
    key("consul", Table(&CONSUL)),
    key("revision", Text),
    key("segment_limit", Int).default("64"),
    key("segment_name_limit", Int),
    key("sync_coordinate_interval_min", Duration),
    key("sync_coordinate_rate_target", Float),
    key("version", Text),
    key("version_prerelease", Text),
    key("version_metadata", Text),
    key("build_date", Free),
    key("audit", Table(&AUDIT)).enterprise(),
    key("read_replica", Bool).or(&["non_voting_server"]).enterprise(),
    key("segment", Text).enterprise(),
    key("segments", Tables(&SEGMENT)).enterprise(),
    key("partition", Text).enterprise(),
    key("license_poll_base_time", Text).enterprise(),
    key("license_poll_max_time", Text).enterprise(),
    key("license_update_base_time", Text).enterprise(),
    key("license_update_max_time", Text).enterprise(),
    key("reporting", Table(&REPORTING)),
    key("acl_agent_master_token", Text).moved("acl.tokens.agent_recovery"),
    key("acl_agent_token", Text).moved("acl.tokens.agent"),
    key("acl_token", Text).moved("acl.tokens.default"),
    key("acl_enable_key_list_policy", Bool).moved("acl.enable_key_list_policy"),
    key("acl_master_token", Text).moved("acl.tokens.initial_management"),
    key("acl_replication_token", Text).moved("acl.tokens.replication"),
    key("enable_acl_replication", Bool).moved("acl.enable_token_replication"),
    key("acl_datacenter", Text).moved("primary_datacenter").harmful(NO_ACL),
    key("acl_default_policy", Text).default("allow").moved("acl.default_policy").harmful(NO_ACL),
    key("acl_down_policy", Text).moved("acl.down_policy"),
    key("acl_ttl", Text).moved("acl.token_ttl"),
    key("ca_file", Text).moved("tls.defaults.ca_file"),
    key("ca_path", Text).moved("tls.defaults.ca_path"),
    key("cert_file", Text).moved("tls.defaults.cert_file").harmful(NO_TLS),
    key("key_file", Text).moved("tls.defaults.key_file"),
    key("tls_cipher_suites", Text).moved("tls.defaults.tls_cipher_suites"),
    key("tls_min_version", Text).moved("tls.defaults.tls_min_version"),
    key("verify_incoming", Bool).moved("tls.defaults.verify_incoming").harmful(NO_TLS),
    key("verify_incoming_https", Bool).moved("tls.https.verify_incoming"),
    key("verify_incoming_rpc", Bool).moved("tls.internal_rpc.verify_incoming").harmful(NO_TLS),
    key("verify_outgoing", Bool).moved("tls.defaults.verify_outgoing").harmful(NO_TLS_OUT),
    key("verify_server_hostname", Bool).moved("tls.internal_rpc.verify_server_hostname").harmful(NO_TLS_OUT),
    key("tls_prefer_server_cipher_suites", Bool).obsolete(),
    key("start_join", Texts).moved("retry_join").harmful(JOINS_NOBODY),
    key("start_join_wan", Texts).moved("retry_join_wan").harmful(JOINS_NOBODY),
    key("raft_boltdb", Table(&OLD_RAFT_BOLTDB)).moved("raft_logstore.boltdb"),
    key("acl_enforce_version_8", Free).obsolete(),
]);

static ACL: Keys = Keys(&[
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

static ADDRESSES: Keys = Keys(&[
    key("dns", Text),
    key("http", Text),
    key("https", Text),
    key("grpc", Text),
    key("grpc_tls", Text),
]);

static AUTO_CONFIG: Keys = Keys(&[
    key("enabled", Bool),
    key("intro_token", Text),
    key("intro_token_file", Text),
    key("server_addresses", Texts),
    key("dns_sans", Texts),
    key("ip_sans", Texts),
    key("authorization", Table(&AUTHORIZATION)),
]);

static AUTOPILOT: Keys = Keys(&[
    key("cleanup_dead_servers", Bool).default("true"),
    key("last_contact_threshold", Duration).default("200ms"),
    key("max_trailing_logs", Int).default("250"),
    key("min_quorum", Uint),
    key("server_stabilization_time", Duration).default("10s"),
    key("disable_upgrade_migration", Bool).enterprise(),
    key("redundancy_zone_tag", Text).enterprise(),
    key("upgrade_version_tag", Text).enterprise(),
]);

static CACHE: Keys = Keys(&[
    key("entry_fetch_max_burst", Int),
    key("entry_fetch_rate", Float),
]);

static CLOUD: Keys = Keys(&[
    key("resource_id", Text),
    key("client_id", Text),
    key("client_secret", Text),
    key("hostname", Text),
    key("auth_url", Text),
    key("scada_address", Text),
]);

static CONFIG_ENTRIES: Keys = Keys(&[
    key("bootstrap", Free),
]);

static AUTO_ENCRYPT: Keys = Keys(&[
    key("tls", Bool),
    key("dns_san", Texts),
    key("ip_san", Texts),
    key("allow_tls", Bool).harmful("clients get no certificates from this server"),
]);

static CONNECT: Keys = Keys(&[
    key("enabled", Bool).default("true"),
    key("ca_provider", Text),
    key("ca_config", Free),
    key("enable_mesh_gateway_wan_federation", Bool),
    key("default_deregister_critical_service_after", Duration),
    key("test_ca_leaf_root_change_spread", Duration),
]);

static DNS_CONFIG: Keys = Keys(&[
    key("allow_stale", Bool).default("true"),
    key("a_record_limit", Int).default("0"),
    key("disable_compression", Bool),
    key("enable_truncate", Bool),
    key("max_stale", Duration).default("87600h"),
    key("node_ttl", Duration),
    key("only_passing", Bool),
    key("recursor_strategy", Text),
    key("recursor_timeout", Duration).default("2s"),
    key("service_ttl", TextMap),
    key("udp_answer_limit", Int).default("3"),
    key("enable_additional_node_meta_txt", Bool),
    key("soa", Table(&SOA)),
    key("use_cache", Bool),
    key("cache_max_age", Duration),
    key("prefer_namespace", Bool).enterprise(),
]);

static GOSSIP_LAN: Keys = Keys(&[
    key("gossip_nodes", Int).default("3"),
    key("gossip_interval", Duration).default("200ms"),
    key("probe_interval", Duration).default("1s"),
    key("probe_timeout", Duration).default("500ms"),
    key("suspicion_mult", Int).default("4"),
    key("retransmit_mult", Int).default("4"),
]);

static GOSSIP_WAN: Keys = Keys(&[
    key("gossip_nodes", Int).default("3"),
    key("gossip_interval", Duration).default("500ms"),
    key("probe_interval", Duration).default("5s"),
    key("probe_timeout", Duration).default("3s"),
    key("suspicion_mult", Int).default("6"),
    key("retransmit_mult", Int).default("4"),
]);

static HTTP_CONFIG: Keys = Keys(&[
    key("block_endpoints", Texts),
    key("allow_write_http_from", Texts),
    key("response_headers", TextMap),
    key("use_cache", Bool),
    key("max_header_bytes", Int),
]);

static LIMITS: Keys = Keys(&[
    key("http_max_conns_per_client", Int).default("200"),
    key("https_handshake_timeout", Duration).default("5s"),
    key("request_limits", Table(&REQUEST_LIMITS)),
    key("rpc_client_timeout", Duration).default("60s"),
    key("rpc_handshake_timeout", Duration).default("5s").sets(set::rpc_handshake_timeout, "how long a client of the server port has to say what it wants; 0: for ever"),
    key("rpc_max_burst", Int).default("1000"),
    key("rpc_max_conns_per_client", Int).default("100").sets(set::rpc_max_conns_per_client, "connections to the server port that one client address may hold; 0: no limit"),
    key("rpc_rate", Float).default("-1").harmful("calls are not limited"),
    key("kv_max_value_size", Uint).default("524288"),
    key("txn_max_req_len", Uint).default("524288"),
]);

static PEERING: Keys = Keys(&[
    key("enabled", Bool).default("true"),
    key("test_allow_peer_registrations", Bool),
]);

static PERFORMANCE: Keys = Keys(&[
    key("leave_drain_time", Duration).default("5s"),
    key("raft_multiplier", Int).default("5"),
    key("rpc_hold_timeout", Duration).default("7s"),
    key("grpc_keepalive_interval", Duration).default("30s"),
    key("grpc_keepalive_timeout", Duration).default("20s"),
    key("enable_xds_load_balancing", Bool).default("true"),
]);

static PORTS: Keys = Keys(&[
    key("dns", Int).default("8600"),
    key("http", Int).default("8500"),
    key("https", Int).default("-1"),
    key("serf_lan", Int).default("8301"),
    key("serf_wan", Int).default("8302"),
    key("server", Int).default("8300").sets(set::server_port, "port that servers and clients call on; 0: the operating system chooses"),
    key("grpc", Int).default("-1"),
    key("grpc_tls", Int),
    key("proxy_min_port", Int).default("20000"),
    key("proxy_max_port", Int).default("20255"),
    key("sidecar_min_port", Int).default("21000"),
    key("sidecar_max_port", Int).default("21255"),
    key("expose_min_port", Int).default("21500"),
    key("expose_max_port", Int).default("21755"),
]);

static TLS: Keys = Keys(&[
    key("defaults", Table(&TLS_LISTENER)),
    key("internal_rpc", Table(&TLS_LISTENER)),
    key("https", Table(&TLS_LISTENER)),
    key("grpc", Table(&TLS_LISTENER)),
]);

static TELEMETRY: Keys = Keys(&[
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

static XDS: Keys = Keys(&[
    key("update_max_per_second", Float).default("250"),
]);

static UI_CONFIG: Keys = Keys(&[
    key("enabled", Bool),
    key("dir", Text),
    key("content_path", Text),
    key("metrics_provider", Text),
    key("metrics_provider_files", Texts),
    key("metrics_provider_options_json", Text),
    key("metrics_proxy", Table(&UI_METRICS_PROXY)),
    key("dashboard_url_templates", TextMap),
]);

static UNIX_SOCKETS: Keys = Keys(&[
    key("group", Text),
    key("mode", Text),
    key("user", Text),
]);

static RPC: Keys = Keys(&[
    key("enable_streaming", Bool),
]);

static RAFT_LOGSTORE: Keys = Keys(&[
    key("backend", Text),
    key("disable_log_cache", Bool),
    key("verification", Table(&RAFT_VERIFICATION)),
    key("boltdb", Table(&RAFT_BOLTDB)),
    key("wal", Table(&RAFT_WAL)),
]);

static CONSUL: Keys = Keys(&[
    key("coordinate", Table(&CONSUL_COORDINATE)),
    key("raft", Table(&CONSUL_RAFT)),
    key("server", Table(&CONSUL_SERVER)),
]);

static AUDIT: Keys = Keys(&[
    key("enabled", Bool),
    key("sink", Named(&AUDIT_SINK)),
    key("rpc_enabled", Bool),
]);

static SEGMENT: Keys = Keys(&[
    key("advertise", Text),
    key("bind", Text),
    key("name", Text),
    key("port", Int),
    key("rpc_listener", Bool),
]);

static REPORTING: Keys = Keys(&[
    key("license", Table(&LICENSE)),
]);

static OLD_RAFT_BOLTDB: Keys = Keys(&[
    key("nofreelistsync", Bool),
]);

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

static AUTHORIZATION: Keys = Keys(&[
    key("enabled", Bool),
    key("static", Table(&AUTHORIZER)),
]);

static SOA: Keys = Keys(&[
    key("refresh", Uint),
    key("retry", Uint),
    key("expire", Uint),
    key("min_ttl", Uint),
]);

static REQUEST_LIMITS: Keys = Keys(&[
    key("mode", Text).default("disabled").harmful("calls are not limited"),
    key("read_rate", Float).default("-1"),
    key("write_rate", Float).default("-1"),
]);

static TLS_LISTENER: Keys = Keys(&[
    key("ca_file", Text),
    key("ca_path", Text),
    key("cert_file", Text).harmful(NO_TLS),
    key("key_file", Text),
    key("tls_min_version", Text).default("TLSv1_2"),
    key("tls_cipher_suites", Text),
    key("verify_incoming", Bool).harmful(NO_TLS),
    key("verify_outgoing", Bool).harmful(NO_TLS_OUT),
    key("verify_server_hostname", Bool).harmful(NO_TLS_OUT),
    key("use_auto_cert", Bool),
]);

static UI_METRICS_PROXY: Keys = Keys(&[
    key("base_url", Text),
    key("add_headers", Tables(&UI_HEADER)),
    key("path_allowlist", Texts),
]);

static RAFT_VERIFICATION: Keys = Keys(&[
    key("enabled", Bool),
    key("interval", Duration),
]);

static RAFT_BOLTDB: Keys = Keys(&[
    key("no_freelist_sync", Bool),
]);

static RAFT_WAL: Keys = Keys(&[
    key("segment_size_mb", Int).default("64"),
]);

static CONSUL_COORDINATE: Keys = Keys(&[
    key("update_batch_size", Int),
    key("update_max_batches", Int),
    key("update_period", Duration),
]);

static CONSUL_RAFT: Keys = Keys(&[
    key("election_timeout", Duration),
    key("heartbeat_timeout", Duration),
    key("leader_lease_timeout", Duration),
]);

static CONSUL_SERVER: Keys = Keys(&[
    key("health_interval", Duration),
]);

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

static LICENSE: Keys = Keys(&[
    key("enabled", Bool).enterprise(),
]);

static PROVIDER_TOKEN: Keys = Keys(&[
    key("accessor_id", Text),
    key("secret_id", Text),
]);

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

static UI_HEADER: Keys = Keys(&[
    key("name", Text),
    key("value", Text),
]);
