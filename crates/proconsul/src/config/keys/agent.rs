//! Keys of an agent: the top level.
use super::{
    Keys,
    Kind::{Bool, Duration, Float, Free, Int, Table, Tables, Text, TextMap, Texts},
    blocks::{
        ACL, ADDRESSES, AUDIT, AUTO_CONFIG, AUTO_ENCRYPT, AUTOPILOT, CACHE, CLOUD, CONFIG_ENTRIES, CONNECT, CONSUL,
        DNS_CONFIG, GOSSIP_LAN, GOSSIP_WAN, HTTP_CONFIG, JOINS_NOBODY, LIMITS, NO_ACL, OLD_RAFT_BOLTDB, PEERING,
        PERFORMANCE, PORTS, RAFT_LOGSTORE, REPORTING, RPC, SEGMENT, TELEMETRY, UI_CONFIG, UNIX_SOCKETS, XDS,
    },
    key,
    services::{CHECK, LOCALITY, SERVICE},
    tls::TLS,
};
use crate::config::{dns, settings as set, tls};

/// The meaning of a key that has another name now.
const OLD_NAME: &str = "old name";

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
    key("bind_addr", Text)
        .default("127.0.0.1")
        .sets(set::bind_addr, "address that the server port listens on, IPv4 or IPv6; no template"),
    key("bootstrap", Bool).default("false"),
    key("bootstrap_expect", Int).default("0").harmful(JOINS_NOBODY),
    key("cache", Table(&CACHE)),
    key("check", Table(&CHECK)),
    key("check_output_max_size", Int).default("4096"),
    key("check_update_interval", Duration).default("5m"),
    key("checks", Tables(&CHECK)),
    key("client_addr", Text).default("127.0.0.1").sets(set::client_addr, "IP address of the gRPC ports"),
    key("cloud", Table(&CLOUD)),
    key("config_entries", Table(&CONFIG_ENTRIES)),
    key("auto_encrypt", Table(&AUTO_ENCRYPT)),
    key("connect", Table(&CONNECT)),
    key("dns_config", Table(&DNS_CONFIG)),
    key("domain", Text)
        .default("consul.")
        .sets(set::domain, "last part of the names in servers' certificates: `server.<datacenter>.<domain>`"),
    key("alt_domain", Text).sets(dns::alt_domain, "second domain of the names that are answered"),
    key("recursors", Texts),
    key("data_dir", Text).sets(
        set::data_dir,
        "directory where the server makes the unix socket `admin.sock`, mode 0600, for `proconsul conns` and its \
         neighbours; **nothing else is kept in it yet**",
    ),
    key("datacenter", Text)
        .default("dc1")
        .sets(set::datacenter, "name of the datacenter: lowercase letters, digits, `-` and `_`; letters are lowered"),
    key("default_query_time", Duration)
        .default("300s")
        .sets(set::default_query_time, "how long a blocking query waits that does not say"),
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
    key("log_level", Text)
        .default("info")
        .sets(set::log_level, "least severe messages that are logged: trace, debug, info, warn, error"),
    key("log_json", Bool),
    key("log_file", Text),
    key("log_rotate_duration", Duration),
    key("log_rotate_bytes", Int),
    key("log_rotate_max_files", Int),
    key("max_query_time", Duration)
        .default("600s")
        .sets(set::max_query_time, "how long a blocking query waits at most"),
    key("node_id", Text).sets(set::node_id, "id of this node, a UUID; none: a new one at every start"),
    key("node_meta", TextMap),
    key("node_name", Text).default("proconsul").sets(set::node_name, "name of this node"),
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
    key("session_ttl_min", Duration)
        .default("10s")
        .sets(set::session_ttl_min, "shortest time to live that a session may have; 0: the default"),
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
    key("ca_file", Text)
        .sets(|to, value| tls::file(to, value, |from| &mut from.old.defaults.ca_file), OLD_NAME)
        .moved("tls.defaults.ca_file"),
    key("ca_path", Text)
        .sets(|to, value| tls::file(to, value, |from| &mut from.old.defaults.ca_path), OLD_NAME)
        .moved("tls.defaults.ca_path"),
    key("cert_file", Text)
        .sets(|to, value| tls::file(to, value, |from| &mut from.old.defaults.cert_file), OLD_NAME)
        .moved("tls.defaults.cert_file"),
    key("key_file", Text)
        .sets(|to, value| tls::file(to, value, |from| &mut from.old.defaults.key_file), OLD_NAME)
        .moved("tls.defaults.key_file"),
    key("tls_cipher_suites", Text)
        .sets(|to, value| tls::cipher_suites(to, value, |from| &mut from.old.defaults.tls_cipher_suites), OLD_NAME)
        .moved("tls.defaults.tls_cipher_suites"),
    key("tls_min_version", Text)
        .sets(|to, value| tls::old_min_version(to, value, |from| &mut from.old.defaults.tls_min_version), OLD_NAME)
        .moved("tls.defaults.tls_min_version"),
    key("verify_incoming", Bool)
        .sets(tls::old_verify_incoming, "old name; does not concern the gRPC port")
        .moved("tls.defaults.verify_incoming"),
    key("verify_incoming_https", Bool).moved("tls.https.verify_incoming"),
    key("verify_incoming_rpc", Bool)
        .sets(|to, value| tls::switch(to, value, |from| &mut from.old.internal_rpc.verify_incoming), OLD_NAME)
        .moved("tls.internal_rpc.verify_incoming"),
    key("verify_outgoing", Bool)
        .sets(|to, value| tls::switch(to, value, |from| &mut from.old.defaults.verify_outgoing), OLD_NAME)
        .moved("tls.defaults.verify_outgoing"),
    key("verify_server_hostname", Bool)
        .sets(|to, value| tls::switch(to, value, |from| &mut from.old.internal_rpc.verify_server_hostname), OLD_NAME)
        .moved("tls.internal_rpc.verify_server_hostname"),
    key("tls_prefer_server_cipher_suites", Bool).obsolete(),
    key("start_join", Texts).moved("retry_join").harmful(JOINS_NOBODY),
    key("start_join_wan", Texts).moved("retry_join_wan").harmful(JOINS_NOBODY),
    key("raft_boltdb", Table(&OLD_RAFT_BOLTDB)).moved("raft_logstore.boltdb"),
    key("acl_enforce_version_8", Free).obsolete(),
]);
