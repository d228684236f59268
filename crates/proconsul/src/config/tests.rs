use std::{fs, net::IpAddr, path::Path, time::Duration};

use proconsul_server::{AdminAt, Config, GRPC_PORT_DEFAULT, GRPC_TLS_PORT_DEFAULT, LimitMode, PortAt, RequestRates};
use proconsul_tls::{MinVersion, Policy};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod tls; // the tls stanza

/// Loads texts as files named like the first of each pair.
fn load_texts(files: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let directory = TempDir::new().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            path
        })
        .collect();
    load(&paths, Config::dev())
}

fn hcl(text: &str) -> Result<Loaded, ConfigError> {
    load_texts(&[("a.hcl", text)])
}

/// The problems, each as `line key text`.
fn problems(result: Result<Loaded, ConfigError>) -> Vec<String> {
    match result {
        Err(ConfigError::Invalid { problems, .. }) => {
            problems.iter().map(|problem| format!("{} {} {}", problem.line, problem.key, problem.text)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn warned(loaded: &Loaded) -> Vec<(usize, &str, bool)> {
    loaded.warnings.iter().map(|warning| (warning.line, warning.key.as_str(), warning.harmful)).collect()
}

const ALL_HCL: &str = r#"
# every key in effect
node_name  = "one"
node_id    = "1F2E3D4C-5b6a-4978-8796-a5b4c3d2e1f0"
datacenter = "DC-2"
bind_addr  = "::1"
default_query_time = "1m30s"
max_query_time     = "5m"
session_ttl_min    = "20s"
log_level  = "WARN"
domain     = "example.org."
alt_domain = "alt.example."
dns_config {
  a_record_limit = 5
  udp_answer_limit = 2
  node_ttl = "5s"
  service_ttl = { "web" = "1m", "*" = "2s" }
  only_passing = true
  enable_truncate = true
  disable_compression = true
  enable_additional_node_meta_txt = false
  soa = { refresh = 1, retry = 2, expire = 3, min_ttl = 4 }
}
data_dir   = "/no/such/data"
rpc {
  http2_preface = false
}
client_addr = "127.0.0.3"
addresses {
  grpc     = "127.0.0.4"
  grpc_tls = "127.0.0.5"
}
ports {
  server   = 18300
  grpc     = 18502
  grpc_tls = -1
  admin    = -1
}
tls {
  defaults {
    ca_file                = "ca.pem"
    ca_path                = "cas"
    cert_file              = "cert.pem"
    key_file               = "key.pem"
    tls_min_version        = "TLSv1_2"
    tls_cipher_suites      = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256"
    verify_incoming        = true
    verify_outgoing        = true
    verify_server_hostname = true
  }
  grpc {
    use_auto_cert = true
  }
}
limits = {
  rpc_handshake_timeout    = "500ms"
  rpc_max_conns_per_client = 7
  request_limits = {
    mode       = "permissive"
    read_rate  = 99
    write_rate = 0.5
  }
}
"#;

const ALL_JSON: &str = r#"{
  "node_name": "one", "node_id": "1F2E3D4C-5b6a-4978-8796-a5b4c3d2e1f0", "datacenter": "DC-2", "bind_addr": "::1",
  "default_query_time": "1m30s", "max_query_time": "5m", "session_ttl_min": "20s", "log_level": "WARN",
  "domain": "example.org.", "alt_domain": "alt.example.",
  "dns_config": {
    "a_record_limit": 5, "udp_answer_limit": 2, "node_ttl": "5s", "service_ttl": {"web": "1m", "*": "2s"}, "only_passing": true,
    "enable_truncate": true, "disable_compression": true, "enable_additional_node_meta_txt": false,
    "soa": {"refresh": 1, "retry": 2, "expire": 3, "min_ttl": 4}
  },
  "data_dir": "/no/such/data", "rpc": {"http2_preface": false},
  "client_addr": "127.0.0.3", "addresses": {"grpc": "127.0.0.4", "grpc_tls": "127.0.0.5"},
  "ports": {"server": 18300, "grpc": 18502, "grpc_tls": -1, "admin": -1},
  "tls": {
    "defaults": {
      "ca_file": "ca.pem", "ca_path": "cas", "cert_file": "cert.pem", "key_file": "key.pem", "tls_min_version": "TLSv1_2",
      "tls_cipher_suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256",
      "verify_incoming": true, "verify_outgoing": true, "verify_server_hostname": true
    },
    "grpc": [{"use_auto_cert": true}]
  },
  "limits": {
    "rpc_handshake_timeout": "500ms", "rpc_max_conns_per_client": 7,
    "request_limits": {"mode": "permissive", "read_rate": 99, "write_rate": 0.5}
  }
}"#;

#[test]
fn every_key_in_effect_is_set_from_either_language() {
    for (name, text) in [("a.hcl", ALL_HCL), ("a.json", ALL_JSON)] {
        let Loaded { server, log_level, admin, warnings, .. } = load_texts(&[(name, text)]).unwrap();
        let warned: Vec<&str> = warnings.iter().map(|warning| warning.key.as_str()).collect();
        assert_eq!(warned, ["data_dir"], "{warnings:?}");
        assert_eq!(log_level, "warn");
        assert_eq!(server.node_name, "one");
        assert_eq!(server.node_id.as_deref(), Some("1f2e3d4c-5b6a-4978-8796-a5b4c3d2e1f0"));
        assert_eq!(server.datacenter, "dc-2");
        assert_eq!(server.bind_addr, "::1".parse::<IpAddr>().unwrap());
        assert_eq!(server.query_times.default, Duration::from_secs(90));
        assert_eq!(server.query_times.max, Duration::from_secs(300));
        assert_eq!(server.session_ttl_min, Duration::from_secs(20));
        assert_eq!(server.server_port, 18300);
        assert_eq!((server.grpc, server.grpc_tls), (PortAt::At(18502), PortAt::Off));
        let grpc_addresses = ["127.0.0.4", "127.0.0.5"].map(|address| address.parse::<IpAddr>().unwrap());
        assert_eq!([server.grpc_addr, server.grpc_tls_addr], grpc_addresses);
        assert_eq!(server.rpc_handshake_timeout, Duration::from_millis(500));
        assert_eq!(server.rpc_max_conns_per_client, 7);
        let rates = RequestRates { mode: LimitMode::Permissive, read_rate: 99.0, write_rate: 0.5 };
        assert_eq!(server.request_limits, rates);
        assert_eq!(server.domain, "example.org");
        assert!(!server.http2_preface);
        assert_eq!(admin.listeners(), [AdminAt::Socket("/no/such/data/admin.sock".into())]);
        let rpc = Policy {
            ca_file: Some("ca.pem".into()),
            ca_path: Some("cas".into()),
            cert_file: Some("cert.pem".into()),
            key_file: Some("key.pem".into()),
            min_version: MinVersion::Tls12,
            cipher_suites: vec!["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".into(), "TLS13_AES_128_GCM_SHA256".into()],
            verify_incoming: true,
            verify_outgoing: true,
            verify_server_hostname: true,
            use_auto_cert: false,
        };
        let grpc = Policy { verify_outgoing: false, verify_server_hostname: false, use_auto_cert: true, ..rpc.clone() };
        assert_eq!((&server.tls.internal_rpc, &server.tls.grpc), (&rpc, &grpc));
    }
    let set = |text: &str| {
        let sets = |key: &keys::Key| matches!(key.effect, keys::Effect::Sets(..)) && key.moved.is_empty();
        keys::all().iter().all(|(_, key)| !sets(key) || text.contains(key.name))
    };
    assert!(set(ALL_HCL) && set(ALL_JSON), "a new key in effect belongs into this test");
}

#[test]
fn defaults_in_the_table_are_those_of_the_server() {
    let base = Config::dev();
    let defaults = keys::all().into_iter().filter(|(_, key)| matches!(key.effect, keys::Effect::Sets(..)));
    let mut text = String::new();
    for (path, key) in defaults.filter(|(_, key)| !key.default.is_empty()) {
        let bare = matches!(key.kind, keys::Kind::Int | keys::Kind::Uint | keys::Kind::Float | keys::Kind::Bool);
        let value = if bare { key.default.to_owned() } else { format!("{:?}", key.default) };
        let mut names = path.rsplit('.');
        let leaf = format!("{} = {value}", names.next().unwrap_or_default());
        text += &names.fold(leaf, |inner, table| format!("{table} = {{ {inner} }}"));
        let Loaded { server, log_level, admin, .. } = hcl(&text).unwrap();
        // Who asks for the default of these insists on it.
        let base = match path.as_str() {
            "ports.grpc" => Config { grpc: PortAt::At(GRPC_PORT_DEFAULT), ..base.clone() },
            "ports.grpc_tls" => Config { grpc_tls: PortAt::At(GRPC_TLS_PORT_DEFAULT), ..base.clone() },
            _ => base.clone(),
        };
        assert_eq!(format!("{server:?}"), format!("{base:?}"), "{path}");
        if path == "ports.admin" {
            assert_eq!(admin.port, AdminPort::Asked(ADMIN_PORT_DEFAULT));
        }
        assert_eq!(log_level, settings::LOG_LEVEL_DEFAULT);
        text.clear();
    }
}

#[test]
fn a_later_file_wins_key_by_key() {
    let loaded = load_texts(&[
        ("a.hcl", "node_name = \"a\"\ndatacenter = \"x\"\nlimits {\n  rpc_max_conns_per_client = 1\n}"),
        ("b.json", "{\"node_name\": \"b\", \"limits\": {\"rpc_handshake_timeout\": \"1s\"}}"),
        ("empty.json", ""),
        ("space.hcl", " \n"),
    ])
    .unwrap();
    assert_eq!((loaded.server.node_name.as_str(), loaded.server.datacenter.as_str()), ("b", "x"));
    assert_eq!(loaded.server.rpc_max_conns_per_client, 1);
    assert_eq!(loaded.server.rpc_handshake_timeout, Duration::from_secs(1));
    assert_eq!(loaded.log_level, "info");
}

#[test]
fn no_file_leaves_the_base_as_it_is() {
    let loaded = load(&[], Config::dev()).unwrap();
    assert_eq!(format!("{:?}", loaded.server), format!("{:?}", Config::dev()));
}

#[test]
fn unknown_keys_are_all_named_with_their_line_and_the_nearest_name() {
    let text = "node_nmae = \"a\"\nports {\n  serber = 1\n}\nservices {\n  nam = \"x\"\n}\nbanana = 1\n";
    assert_eq!(
        problems(hcl(text))[..3],
        [
            "1 node_nmae is not a key of Consul's; did you mean node_name?",
            "3 ports.serber is not a key of Consul's; did you mean ports.server?",
            "6 services[0].nam is not a key of Consul's; did you mean services.name?",
        ]
    );
    let json =
        "{\n\"ports\":\n {\"serber\": 1},\n \"services\": [{}, {\"nam\": \"x\"}],\n\"rpc_max_conns_per_client\": 1}";
    assert_eq!(
        problems(load_texts(&[("a.json", json)])),
        [
            "3 ports.serber is not a key of Consul's; did you mean ports.server?",
            "4 services[1].nam is not a key of Consul's; did you mean services.name?",
            "5 rpc_max_conns_per_client is not a key at the top level; did you mean limits.rpc_max_conns_per_client?",
        ]
    );
}

#[test]
fn an_error_names_file_line_and_key_in_one_line_each() {
    let error = hcl("\nnode_nmae = \"a\"\nports = 3\n").unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with("a.hcl:2: node_nmae is not a key of Consul's; did you mean node_name?"), "{error}");
    assert!(lines[1].ends_with("a.hcl:3: ports is a whole number: it must be one object or block"), "{error}");
}

#[test]
fn of_many_problems_the_first_are_told_and_the_rest_counted() {
    let text: String = (0..500).map(|n| format!("k{n} = 1\n")).collect();
    let error = hcl(&text).unwrap_err().to_string();
    assert_eq!(error.lines().count(), error::PROBLEMS_SHOWN_MAX + 1);
    assert!(error.ends_with("and 480 more"), "{error}");
}

#[test]
fn values_that_cannot_be_are_told_with_what_they_should_be() {
    for (text, expected) in [
        ("node_name = 5", "node_name is a whole number: it must be a text in quotes (name of this node)"),
        ("node_name = true", "node_name is a boolean: it must be a text in quotes (name of this node)"),
        ("node_name = [\"a\", \"b\"]", "node_name is a list: it must be a text in quotes (name of this node)"),
        (
            "datacenter = \"a b\"",
            "datacenter is \"a b\": a datacenter's name has letters, digits, - and _, at least one",
        ),
        ("datacenter = \"\"", "datacenter is \"\": a datacenter's name has letters, digits, - and _, at least one"),
        ("node_id = \"1f2e\"", "node_id is \"1f2e\", which is no UUID"),
        ("bind_addr = \"localhost\"", "bind_addr is \"localhost\", which is no IP address"),
        ("bind_addr = \"{{ GetPrivateIP }}\"", "address templates are not understood here; write the address itself"),
        ("ports = { server = -1 }", "ports.server is -1, which disables a port"),
        ("ports = { server = -2 }", "ports.server is -2: a port is between 1 and 65535"),
        ("ports = { admin = -2 }", "ports.admin is -2: a port is between 1 and 65535, or 0 to be given one, or -1"),
        ("domain = \"a..b\"", "domain is \"a..b\": a domain has labels"),
        ("data_dir = \"/dev/null\"", "data_dir is \"/dev/null\", which is not a directory"),
        ("rpc = { http2_preface = \"no\" }", "rpc.http2_preface is a text: it must be true or false"),
        ("auto_encrypt = { tls = true }", "auto_encrypt.tls can only be used on a client"),
        ("ports = { server = 65536 }", "ports.server is 65536: a port is between 1 and 65535"),
        ("ports = { server = \"8300\" }", "ports.server is a text: it must be a whole number"),
        ("ports = { server = 8300.5 }", "ports.server is 8300.5: it must be a whole number"),
        ("ports = { server = 1e300 }", "it must be a whole number"),
        ("ports = { server = 99999999999999999999 }", "it must be a whole number"),
        ("ports = [1, 2]", "ports is a list: it must be one object or block"),
        (
            "limits = { rpc_handshake_timeout = 2 }",
            "limits.rpc_handshake_timeout is a whole number: it must be a duration",
        ),
        ("limits = { rpc_handshake_timeout = \"2\" }", "is \"2\", which has a number without a unit"),
        ("default_query_time = \"2 s\"", "default_query_time is \"2 s\", which is not a duration"),
        ("max_query_time = \"-1s\"", "max_query_time is \"-1s\", which is negative"),
        ("max_query_time = \"3000000h\"", "which is longer than a duration can be (292 years)"),
        ("log_level = \"loud\"", "log_level is \"loud\": use one of trace, debug, info, warn, error"),
        ("retry_join = \"a\"", "retry_join is a text: it must be a list of texts"),
        ("retry_join = [1]", "retry_join is a list: it must be a list of texts"),
        ("raft_snapshot_interval = \"soon\"", "raft_snapshot_interval is not a duration"),
        (
            "autopilot = { min_quorum = -1 }",
            "autopilot.min_quorum is a whole number: it must be a whole number that is not negative",
        ),
        ("acl = { enabled = \"true\" }", "acl.enabled is a text: it must be true or false"),
        ("limits {\n}\nlimits {\n}", "3 limits stands here and on line 1: Consul takes one"),
        ("limits = {}\nlimits {\n}", "2 limits stands here and on line 1: put both together"),
    ] {
        let told = problems(hcl(text));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(expected), "{text}: {told:?}");
    }
}

#[test]
fn values_are_taken_as_consul_takes_them() {
    let server = |text: &str| hcl(text).unwrap().server;
    assert_eq!(server("Node_Name = [\" a \"]").node_name, "a", "any case, list of one, white space");
    assert_eq!(server("node_name = \"\"").node_name, Config::dev().node_name);
    assert_eq!(server("node_name = null").node_name, Config::dev().node_name);
    assert_eq!(server("node_name = <<E\na\nE\n").node_name, "a");
    assert_eq!(server("node_name = \"$${a}\"").node_name, "${a}");
    assert_eq!(server("ports = [{ server = 8301.0 }]").server_port, 8301);
    assert_eq!(server("ports {\n  server = 0\n}").server_port, 0);
    assert_eq!(server("limits = { rpc_max_conns_per_client = -1 }").rpc_max_conns_per_client, 0, "no limit");
    for none in ["0", "0s", "-5s"] {
        let text = format!("limits = {{ rpc_handshake_timeout = \"{none}\" }}");
        assert_eq!(server(&text).rpc_handshake_timeout, settings::NO_HANDSHAKE_TIMEOUT);
    }
    assert_eq!(hcl("log_level = \"ERR\"").unwrap().log_level, "error");
    assert_eq!(
        load_texts(&[("a.json", "{\"node_name\": \"a\", \"node_name\": \"b\"}")]).unwrap().server.node_name,
        "b"
    );
    assert_eq!(server("\u{feff}node_name = \"a\"\r\ndatacenter = \"b\"\r\n").datacenter, "b");
}

#[test]
fn a_key_without_meaning_here_is_a_warning_that_names_it() {
    let text = "disable_update_check = true\nacl {\n  enabled = true\n  tokens {\n    agent = \"s3cret\"\n  }\n}\n\
                auto_encrypt {\n  allow_tls = true\n}\n\n\nencrypt = \"s3cret\"\nretry_join = [\"10.0.0.1\"]\n\
                acl_token = \"s3cret\"\nsegment = \"x\"\nnode_name = \"under_score\"\nacl_enforce_version_8 = true\n";
    let loaded = hcl(text).unwrap();
    assert_eq!(
        warned(&loaded),
        [
            (1, "disable_update_check", false),
            (3, "acl.enabled", true),
            (5, "acl.tokens.agent", false),
            (9, "auto_encrypt.allow_tls", true),
            (13, "encrypt", true),
            (14, "retry_join", true),
            (15, "acl_token", false),
            (16, "segment", false),
            (17, "node_name", false),
            (18, "acl_enforce_version_8", false),
        ]
    );
    let told: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(told[0].ends_with("a.hcl:1: disable_update_check is known, but has no effect yet"), "{told:?}");
    assert!(told[1].contains("acl.enabled is NOT IN EFFECT: calls are not checked"), "{told:?}");
    assert!(told[6].contains("(Consul's name for it is now acl.tokens.default)"), "{told:?}");
    assert!(told.iter().all(|text| !text.contains("s3cret")), "a secret is not told");
}

#[test]
fn what_is_switched_off_or_left_at_its_default_is_no_harm() {
    let text = "acl {\n  enabled = false\n  default_policy = \"allow\"\n}\nencrypt = \"\"\nretry_join = []\n\
                bootstrap_expect = 0\nlimits {\n  rpc_rate = -1\n}\nauto_encrypt {\n  tls = false\n  allow_tls = false\n}\n";
    let loaded = hcl(text).unwrap();
    assert_eq!(loaded.warnings.len(), 8, "{:?}", loaded.warnings);
    assert!(loaded.warnings.iter().all(|warning| !warning.harmful), "{:?}", loaded.warnings);
}

#[test]
fn tables_in_lists_maps_and_blocks_are_walked() {
    let text = "service {\n  name = \"a\"\n  tagged_addresses {\n    lan {\n      address = \"x\"\n    }\n  }\n  connect {\n    \
                sidecar_service {}\n  }\n}\nservice_x = 1\n";
    assert_eq!(problems(hcl(text)).len(), 1);
    let text = "services {\n  name = \"a\"\n}\nservices {\n  checks = [{ scriptargs = [\"x\"], banana = 1 }]\n}\n\
                audit {\n  sink \"a\" {\n    type = \"file\"\n  }\n  sink \"b\" {\n    typo = 1\n  }\n}\n";
    let told = problems(hcl(text));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("5 services[1].checks[0].banana is not a key"), "{told:?}");
    assert!(
        told[1].starts_with("12 audit.sink.b.typo is not a key of Consul's; did you mean audit.sink.type?"),
        "{told:?}"
    );
}

#[test]
fn files_are_told_apart_by_their_names() {
    let error = load_texts(&[("a.conf", "node_name = \"a\"")]).unwrap_err().to_string();
    assert!(error.contains("ends in .hcl or .json"), "{error}");
    let error = load(&["/no/such/file.hcl".into()], Config::dev()).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }));
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_refused() {
    let long = " ".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1);
    assert!(matches!(hcl(&long), Err(ConfigError::TooLong { .. })));
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("a.hcl");
    fs::write(&file, b"a = 1\nb = \xff").unwrap();
    assert!(matches!(load(&[file], Config::dev()), Err(ConfigError::NotText { line: 2, .. })));
}

#[test]
fn broken_files_are_told_with_their_place() {
    let error = load_texts(&[("a.json", "{\"node_name\": \"a\",\n }")]).unwrap_err().to_string();
    assert!(error.ends_with("a.json:2:2: trailing comma"), "{error}");
    let error = load_texts(&[("a.json", "[]")]).unwrap_err().to_string();
    assert!(error.ends_with("a.json:1: the file is a list: it must be an object of keys"), "{error}");
    let error = hcl("ports { server = 8300 http = 8500 }").unwrap_err().to_string();
    assert!(error.contains("a.hcl:1:23: "), "{error}");
}

#[test]
fn a_directory_is_read_in_the_order_of_names() {
    let directory = TempDir::new().unwrap();
    for name in ["b.json", "a.hcl", "c.txt", "B.hcl"] {
        fs::write(directory.path().join(name), "").unwrap();
    }
    fs::create_dir(directory.path().join("d.hcl")).unwrap();
    let files = files_in(directory.path()).unwrap();
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    assert_eq!(names, ["B.hcl", "a.hcl", "b.json"]);
    assert!(matches!(files_in(&directory.path().join("none")), Err(ConfigError::Read { .. })));
}

#[test]
fn long_files_are_refused_or_read_in_bounded_time() {
    let full = |item: &str, from: &str| from.to_owned() + &item.repeat(200_000 / item.len());
    let numbered: String = (0..15_000).map(|n| format!("k{n} = {n}\n")).collect();
    for text in [
        full("a = 1 b = \"c\" ", ""),
        full("k {\n", ""),
        full("k {}\n", ""),
        full("\"", ""),
        full("[", "a = "),
        full("1,", "a = ["),
        full("\\\"", "a = \""),
        full("${", "a = \""),
        full("/*", ""),
        numbered,
    ] {
        for name in ["a.hcl", "a.json"] {
            let began = std::time::Instant::now();
            assert!(load_texts(&[(name, &text)]).is_err());
            // Seconds, unoptimised, on a slow machine: far from what would grow with the square of the length.
            assert!(began.elapsed() < Duration::from_secs(60), "{:?} {name}", &text[..20]);
        }
    }
}

/// The files that the recorded servers ran with.
#[test]
fn the_configurations_of_the_goldens_load() {
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/variants"));
    let files = files_in(directory).unwrap();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let loaded = load(std::slice::from_ref(&file), Config::dev()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.server.node_name, "probe-srv1");
        let keys: Vec<&str> = loaded.warnings.iter().map(|warning| warning.key.as_str()).collect();
        let harmful: Vec<&str> =
            loaded.warnings.iter().filter(|warning| warning.harmful).map(|warning| warning.key.as_str()).collect();
        assert_eq!(keys[0], "disable_update_check", "{}", file.display());
        match file.file_stem().and_then(|name| name.to_str()).unwrap_or_default() {
            "limits" => {
                assert_eq!(loaded.server.rpc_max_conns_per_client, 10);
                assert_eq!(loaded.server.rpc_handshake_timeout, Duration::from_secs(2));
                assert_eq!(keys.len(), 1);
            }
            "acl" => assert_eq!(harmful, ["acl.enabled", "acl.default_policy"]),
            name @ ("tls" | "tls-open" | "tls-vsh") => {
                assert_eq!(keys.len(), 1, "all of the tls stanza is in effect: {keys:?}");
                let rpc = &loaded.server.tls.internal_rpc;
                assert_eq!(rpc.cert_file.as_deref(), Some(Path::new("certs/server.pem")));
                assert_eq!(rpc.verify_incoming, name != "tls-open");
                assert_eq!(rpc.verify_server_hostname, name == "tls-vsh");
            }
            "rate-enforcing" | "rate-permissive" => assert_eq!(harmful, [""; 0]),
            _ => assert_eq!(keys.len(), 1),
        }
    }
}

/// Texts that look like configuration.
fn lookalike() -> impl Strategy<Value = String> {
    let words = [
        "ports",
        "server",
        "limits",
        "node_name",
        "services",
        "sink",
        "audit",
        "connect",
        "checks",
        "\"a\"",
        "8300",
        "-1",
        "true",
        "null",
        "=",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        ".",
        "\n",
        "\"",
        "\\",
        "${",
        "#",
        "/*",
        "<<E\n",
        "(",
        "?",
        "0x1",
        "é",
        "1e9",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}", words in lookalike()) {
        for text in [&text, &words] {
            for format in [Format::Hcl, Format::Json] {
                let mut settings = Settings::new(Config::dev());
                if let Err(error) = apply(Path::new("a"), format, text, &mut settings, &mut Vec::new()) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }

    #[test]
    fn no_duration_panics(text in "[-+.0-9hmnsuµ]{0,40}") {
        let _ = parse_duration(&text);
    }
}

#[test]
fn names_are_answered_as_dns_config_says() {
    for (name, text) in [("a.hcl", ALL_HCL), ("a.json", ALL_JSON)] {
        names_are_answered_as_said(load_texts(&[(name, text)]).unwrap().server);
    }
    for (text, expected) in [
        ("dns_config { udp_answer_limit = -1 }", "udp_answer_limit cannot be -1"),
        ("dns_config { service_ttl = { web = \"soon\" } }", "has \"web\", which is \"soon\""),
        ("alt_domain = \"service.consul\"", "alt_domain cannot start with"),
    ] {
        let problems = problems(hcl(text));
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{text}: {problems:?}");
    }
}

fn names_are_answered_as_said(server: Config) {
    assert_eq!(server.alt_domain, "alt.example");
    let dns = server.dns;
    assert_eq!((dns.a_record_limit, dns.udp_answer_limit, dns.node_ttl), (5, 2, Duration::from_secs(5)));
    let ttl = |name: &str| dns.service_ttl.get(name).copied();
    assert_eq!((ttl("web"), ttl("*")), (Some(Duration::from_secs(60)), Some(Duration::from_secs(2))));
    assert!(dns.only_passing && dns.enable_truncate && dns.disable_compression && !dns.node_meta_txt);
    assert_eq!([dns.soa.refresh, dns.soa.retry, dns.soa.expire, dns.soa.min_ttl], [1, 2, 3, 4]);
}
