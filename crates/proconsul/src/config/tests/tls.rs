//! The `tls` stanza: what its keys come to, and what cannot stand together.
use super::*;

fn settings(text: &str) -> proconsul_tls::Settings {
    hcl(text).unwrap_or_else(|error| panic!("{error}")).server.tls
}

/// Two files, the second after the first.
fn settings_of(first: &str, second: &str) -> proconsul_tls::Settings {
    load_texts(&[("a.hcl", first), ("b.hcl", second)]).unwrap_or_else(|error| panic!("{error}")).server.tls
}

/// The text of the only problem.
fn problem(text: &str) -> String {
    let told = hcl(text).expect_err("it cannot be").problems();
    assert_eq!(told.len(), 1, "{told:?}");
    format!("{} {} {}", told[0].place.line, told[0].key, told[0].text)
}

#[test]
fn defaults_are_each_listeners_where_it_says_nothing() {
    let tls = settings(
        "tls {\n defaults {\n  ca_file = \"ca\"\n  cert_file = \"c\"\n  key_file = \"k\"\n  tls_min_version = \"TLSv1_3\"\n  \
         verify_incoming = true\n  verify_outgoing = true\n }\n internal_rpc {\n  cert_file = \"rpc\"\n  ca_file = \"\"\n  \
         verify_outgoing = false\n }\n grpc {\n  tls_min_version = \"TLSv1_2\"\n  verify_incoming = false\n }\n}\n",
    );
    let rpc = Policy {
        ca_file: None, // an empty one hides the default
        cert_file: Some("rpc".into()),
        key_file: Some("k".into()),
        min_version: MinVersion::Tls13,
        verify_incoming: true,
        ..Policy::default()
    };
    assert_eq!(tls.internal_rpc, rpc);
    let grpc = Policy {
        ca_file: Some("ca".into()),
        cert_file: Some("c".into()),
        key_file: Some("k".into()),
        min_version: MinVersion::Tls12,
        ..Policy::default()
    };
    assert_eq!(tls.grpc, grpc, "verify_outgoing is never gRPC's, not even by default");
}

#[test]
fn a_check_of_names_is_the_server_ports_and_turns_tls_on() {
    for (text, hostname, outgoing) in [
        ("defaults {\n  verify_server_hostname = true\n }", true, true),
        ("internal_rpc {\n  verify_server_hostname = true\n }", true, true),
        (
            "defaults {\n  verify_server_hostname = true\n }\n internal_rpc {\n  verify_server_hostname = false\n }",
            false,
            false,
        ),
        ("internal_rpc {\n  verify_server_hostname = true\n  verify_outgoing = false\n }", true, true),
        ("defaults {\n  verify_outgoing = true\n }", false, true),
    ] {
        let tls = settings(&format!("tls {{\n {text}\n}}\n"));
        let rpc = &tls.internal_rpc;
        assert_eq!((rpc.verify_server_hostname, rpc.verify_outgoing), (hostname, outgoing), "{text}");
        assert!(!tls.grpc.verify_server_hostname && !tls.grpc.verify_outgoing, "{text}");
    }
}

#[test]
fn what_cannot_stand_where_it_stands_is_refused_in_consuls_words() {
    for (listener, key, words) in [
        ("grpc", "verify_outgoing", "verify_outgoing is not valid in the tls.grpc stanza"),
        (
            "grpc",
            "verify_server_hostname",
            "verify_server_hostname is only valid in the tls.defaults and tls.internal_rpc stanzas",
        ),
        (
            "https",
            "verify_server_hostname",
            "verify_server_hostname is only valid in the tls.defaults and tls.internal_rpc stanzas",
        ),
        ("defaults", "use_auto_cert", "use_auto_cert is only valid in the tls.grpc stanza"),
        ("https", "use_auto_cert", "use_auto_cert is only valid in the tls.grpc stanza"),
        ("internal_rpc", "use_auto_cert", "use_auto_cert is only valid in the tls.grpc stanza"),
    ] {
        // Consul looks whether it is there, not what it says.
        for value in [true, false] {
            let told = problem(&format!("tls {{\n {listener} {{\n  {key} = {value}\n }}\n}}\n"));
            assert!(told.starts_with(&format!("3 tls.{listener}.{key} ")) && told.contains(words), "{told}");
            assert!(told.to_lowercase().contains("remove it"), "it says what to do: {told}");
        }
    }
}

#[test]
fn cipher_suites_are_of_tls_1_2() {
    let with =
        |defaults: &str, rpc: &str| format!("tls {{\n defaults {{\n{defaults} }}\n internal_rpc {{\n{rpc} }}\n}}\n");
    let words = "TLS 1.3 cipher suites are not configurable";
    let told = problem(&with("  tls_min_version = \"TLSv1_3\"\n  tls_cipher_suites = \"A,B\"\n", ""));
    assert!(told.starts_with("4 tls.defaults.tls_cipher_suites ") && told.contains(words), "{told}");
    let told = problem(&with("  tls_min_version = \"TLSv1_3\"\n", "  tls_cipher_suites = \"A\"\n"));
    assert!(told.starts_with("6 tls.internal_rpc.tls_cipher_suites ") && told.contains(words), "{told}");
    // Inherited by a listener whose versions they are not for, they are left out.
    let tls = settings(&with("  tls_cipher_suites = \" A, B,\"\n", "  tls_min_version = \"TLSv1_3\"\n"));
    assert_eq!(tls.grpc.cipher_suites, ["A", "B"]);
    assert_eq!(tls.internal_rpc.cipher_suites, [""; 0]);
    assert_eq!(settings(&with("  tls_cipher_suites = \"\"\n", "")).grpc.cipher_suites, [""; 0]);
}

#[test]
fn versions_are_consuls_and_those_that_are_not_spoken_are_an_error() {
    let with = |version: &str| format!("tls {{\n internal_rpc {{\n  tls_min_version = \"{version}\"\n }}\n}}\n");
    for (version, expected) in [
        ("", MinVersion::Tls12),
        ("TLS_AUTO", MinVersion::Tls12),
        ("TLSv1_2", MinVersion::Tls12),
        ("TLSv1_3", MinVersion::Tls13),
    ] {
        assert_eq!(settings(&with(version)).internal_rpc.min_version, expected, "{version}");
    }
    for version in ["TLSv1_0", "TLSv1_1"] {
        let told = problem(&with(version));
        assert!(told.contains("is older than TLS 1.2") && told.contains("TLSv1_2"), "{told}");
    }
    for version in ["tls12", "1.2", "TLSv1_4"] {
        let told = problem(&with(version));
        assert!(told.contains("no matching TLS version found") && told.contains("TLSv1_3"), "{told}");
    }
}

#[test]
fn old_names_work_and_say_their_new_ones() {
    let text = "ca_file = \"ca\"\nca_path = \"cas\"\ncert_file = \"c\"\nkey_file = \"k\"\n\
                tls_cipher_suites = \"A\"\ntls_min_version = \"tls12\"\nverify_incoming = true\nverify_outgoing = true\n\
                verify_server_hostname = true\n";
    let loaded = hcl(text).unwrap();
    let tls = &loaded.server.tls;
    let rpc = Policy {
        ca_file: Some("ca".into()),
        ca_path: Some("cas".into()),
        cert_file: Some("c".into()),
        key_file: Some("k".into()),
        cipher_suites: vec!["A".into()],
        verify_incoming: true,
        verify_outgoing: true,
        verify_server_hostname: true,
        ..Policy::default()
    };
    assert_eq!(tls.internal_rpc, rpc);
    assert!(!tls.grpc.verify_incoming, "the old name never concerned the gRPC port");
    let told: Vec<String> = loaded.warnings.iter().map(|warning| warning.text.clone()).collect();
    assert_eq!(told.len(), 10, "{told:?}");
    for (old, now) in [
        ("ca_file", "tls.defaults.ca_file"),
        ("tls_min_version", "tls.defaults.tls_min_version"),
        ("verify_incoming", "tls.defaults.verify_incoming"),
        ("verify_server_hostname", "tls.internal_rpc.verify_server_hostname"),
    ] {
        let words = format!("The '{old}' field is deprecated. Use the '{now}' field instead.");
        assert!(told.iter().any(|text| text.contains(&words)), "{told:?}");
    }
    let version = "'tls_min_version' value 'tls12' is deprecated, please specify 'TLSv1_2' instead";
    assert!(told.iter().any(|text| text == version), "{told:?}");
    assert!(loaded.warnings.iter().all(|warning| !warning.harmful));

    let rpc = settings("verify_incoming_rpc = true\nverify_incoming_https = true\n");
    assert!(rpc.internal_rpc.verify_incoming && !rpc.grpc.verify_incoming);
    assert!(problem("tls_min_version = \"tls10\"\n").contains("is older than TLS 1.2"));
}

#[test]
fn the_stanza_wins_over_old_names_of_its_file_and_a_later_file_over_both() {
    let stanza = "tls {\n defaults {\n  ca_file = \"new\"\n }\n}\n";
    let old = "ca_file = \"old\"\n";
    let ca = |tls: proconsul_tls::Settings| tls.internal_rpc.ca_file.expect("one of them");
    assert_eq!(ca(settings(&format!("{old}{stanza}"))), Path::new("new"));
    assert_eq!(ca(settings_of(old, stanza)), Path::new("new"));
    assert_eq!(ca(settings_of(stanza, old)), Path::new("old"), "as Consul merges: a file's old names are its own");
    let kept = settings_of(stanza, "tls {\n internal_rpc {\n  verify_incoming = true\n }\n}\n");
    assert!(kept.internal_rpc.verify_incoming);
    assert_eq!(ca(kept), Path::new("new"), "a later file wins key by key");
    let grpc = "tls {\n grpc {\n  verify_incoming = true\n }\n}\n";
    assert!(settings(&format!("verify_incoming = true\n{grpc}")).grpc.verify_incoming);
    assert!(!settings_of(grpc, "verify_incoming = true\n").grpc.verify_incoming);
}

#[test]
fn https_is_accepted_and_has_no_effect() {
    let text =
        "tls {\n https {\n  cert_file = \"c\"\n  verify_incoming = true\n  tls_min_version = \"TLSv1_1\"\n }\n}\n";
    let loaded = hcl(text).unwrap();
    let expected = [
        (3, "tls.https.cert_file", false),
        (4, "tls.https.verify_incoming", false),
        (5, "tls.https.tls_min_version", false),
    ];
    assert_eq!(warned(&loaded), expected);
    assert_eq!(loaded.server.tls, proconsul_tls::Settings::default());
}

#[test]
fn a_key_in_place_of_its_files_name_is_refused_and_not_told() {
    let told = problem("key_file = \"-----BEGIN EC PRIVATE KEY-----s3cret\"\n");
    assert!(told.contains("name of a file") && !told.contains("s3cret"), "{told}");
}

#[test]
fn what_is_wrong_in_several_files_is_told_at_once() {
    let error = load_texts(&[
        ("a.hcl", "node_nmae = \"x\"\n"),
        ("b.json", "{"),
        ("c.hcl", "tls {\n defaults {\n  tls_min_version = \"TLSv1_3\"\n  tls_cipher_suites = \"A\"\n }\n}\n"),
        ("d.hcl", "node_name = \"x\"\n"),
    ])
    .expect_err("three of them cannot be");
    let problems = error.problems();
    let places: Vec<String> = problems
        .iter()
        .map(|problem| {
            let file = problem.place.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            format!("{file}:{} {}", problem.place.line, problem.key)
        })
        .collect();
    assert_eq!(places, ["a.hcl:1 node_nmae", "b.json:1 ", "c.hcl:4 tls.defaults.tls_cipher_suites"]);
    assert_eq!(error.to_string().lines().count(), 3, "{error}");
}

/// Where the recorded servers' certificates are.
const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/certs");

/// What is wrong with the certificates that a configuration names: line, key and text.
fn fault(text: &str) -> String {
    let loaded = hcl(&text.replace("CERTS", CERTS)).unwrap_or_else(|error| panic!("{error}"));
    let told = loaded.check_certificates().expect_err("it cannot be used").problems();
    assert_eq!(told.len(), 1, "{told:?}");
    format!("{} {} {}", told[0].place.line, told[0].key, told[0].text)
}

#[test]
fn certificates_that_cannot_be_used_are_told_with_the_line_that_names_them() {
    for (text, expected) in [
        (
            "tls {\n defaults {\n  verify_incoming = true\n }\n}\n",
            "3 tls.defaults.verify_incoming cannot be used: VerifyIncoming set but no CA certificates were provided",
        ),
        (
            "tls {\n defaults {\n  verify_incoming = true\n  ca_file = \"CERTS/ca.pem\"\n }\n}\n",
            "3 tls.defaults.verify_incoming cannot be used: VerifyIncoming requires either a Cert and Key pair",
        ),
        (
            "verify_outgoing = true\n",
            "1 verify_outgoing cannot be used: VerifyOutgoing set but no CA certificates were provided",
        ),
        (
            "\nverify_server_hostname = true\n",
            "2 verify_server_hostname cannot be used: VerifyOutgoing set but no CA certificates were provided",
        ),
        (
            "tls {\n defaults {\n  cert_file = \"CERTS/client.pem\"\n  key_file = \"CERTS/server-key.pem\"\n }\n}\n",
            "3 tls.defaults.cert_file cannot be used: Failed to load cert/key pair: ",
        ),
        (
            "tls {\n internal_rpc {\n  ca_file = \"/no/such.pem\"\n }\n}\n",
            "3 tls.internal_rpc.ca_file cannot be used: Error loading from /no/such.pem: ",
        ),
        (
            "tls {\n grpc {\n  ca_path = \"/no/such\"\n }\n}\n",
            "3 tls.grpc.ca_path cannot be used: Error loading from /no/such: ",
        ),
        (
            "tls {\n grpc {\n  tls_cipher_suites = \"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\"\n }\n}\n",
            "3 tls.grpc.tls_cipher_suites cannot be used: tls_cipher_suites: no matching Consul Agent TLS cipher suite found",
        ),
    ] {
        let told = fault(text);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn the_recorded_servers_certificates_load() {
    let text = "tls {\n defaults {\n  ca_file = \"CERTS/ca.pem\"\n  cert_file = \"CERTS/server.pem\"\n  \
                key_file = \"CERTS/server-key.pem\"\n  verify_incoming = true\n  verify_outgoing = true\n }\n}\n";
    let loaded = hcl(&text.replace("CERTS", CERTS)).unwrap();
    loaded.check_certificates().unwrap_or_else(|error| panic!("{error}"));
}
