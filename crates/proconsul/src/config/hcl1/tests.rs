use super::super::from_hcl;

/// What the operator is told about a file that HCL 2 refuses: place and advice.
fn told(text: &str) -> (usize, String) {
    let error = from_hcl::parse(text).expect_err(text);
    (error.line, error.advice.unwrap_or_default())
}

#[test]
fn several_attributes_on_a_line_are_shown_one_to_a_line() {
    let (line, advice) = told("node_name = \"a\"\nports { server = 8300 http = 8500 }\n");
    assert_eq!(line, 2);
    assert!(advice.contains("HCL 1 took several on one"), "{advice}");
    assert!(advice.ends_with("  ports {\n    server = 8300\n    http = 8500\n  }"), "{advice}");
}

#[test]
fn what_only_hcl_1_takes_is_written_as_hcl_2() {
    for (text, line, written) in [
        ("datacenter = \"dc1\" log_level = \"info\"", 1, "  datacenter = \"dc1\"\n  log_level = \"info\""),
        ("ports {\n  server = 8300 http = 8500\n}\n", 2, "  server = 8300\n  http = 8500"),
        ("ports { server = 8300\n http = 8500 }\n", 1, "  ports {\n    server = 8300\n    http = 8500\n  }"),
        ("ports = { server = 8300 http = 8500 }", 1, "  ports = {\n    server = 8300\n    http = 8500\n  }"),
        ("ports { server = 8300, http = 8500 }", 1, "  ports {\n    server = 8300\n    http = 8500\n  }"),
        ("ports {\n  server = 8300,\n  http = 8500\n}", 2, "  server = 8300"),
        ("node_name: \"a\"", 1, "  node_name = \"a\""),
        ("\"node_name\" = \"a\"", 1, "  node_name = \"a\""),
        ("\"ports\" {\n  server = 1\n}", 1, "  ports {\n    server = 1\n  }"),
        ("ports\n{\n  server = 1\n}", 1, "  ports {\n    server = 1\n  }"),
        ("node_name =\n  \"a\"\n", 1, "  node_name = \"a\""),
        (
            "tls { internal_rpc { verify_incoming = true } }",
            1,
            "  tls {\n    internal_rpc {\n      verify_incoming = true\n    }\n  }",
        ),
        (
            "ports {\n  server = 8300 }\n",
            2,
            "In HCL 2 a `}` that ends a block of several lines stands on a line of its own",
        ),
        ("ports {\n  server = 0x206c\n}", 2, "write 8300"),
        ("ports {\n  server = 020154\n}", 2, "write it without the zero"),
        ("{\"node_name\": \"a\"}", 1, "name the file .json"),
        ("node_name = \"a\"\nnode_name = \"b\"", 2, "HCL 2 wants one: remove the other"),
        ("node_name = \"a\\x41\"", 1, "\\uNNNN \\UNNNNNNNN"),
        ("node_name = \"a-${b}\"", 1, "write them as `$${` and `%%{`"),
        ("enable_debug = yes", 1, "Write a text in double quotes, a number, true or false, a list or an object"),
        ("node_meta { a = \"1\" b = \"2\" }", 1, "  node_meta {\n    a = \"…\"\n    b = \"…\"\n  }"),
        ("service \"a\" { port = 1 name = \"b\" }", 1, "  service \"a\" {\n    port = 1\n    name = \"…\"\n  }"),
    ] {
        let (at, advice) = told(text);
        assert!(advice.ends_with(written), "{text:?} gave {advice:?}");
        assert_eq!(at, line, "{text:?}");
    }
}

#[test]
fn secrets_are_not_shown_in_advice() {
    for text in [
        "encrypt = \"c2VjcmV0\" acl { enabled = true }",
        "acl { tokens { agent = \"c2VjcmV0\" default = \"c2VjcmV0\" } }",
        "acl = { tokens = { agent = \"c2VjcmV0\", default = \"c2VjcmV0\" x = [\"c2VjcmV0\"] } }",
        "\"encrypt\" = \"c2VjcmV0",
        "encrypt = \"c2VjcmV0\\x\"",
        "encrypt = \"c2VjcmV0${a}\"",
        "encrypt = c2VjcmV0.c2VjcmV0",
        "encrypt = <<E\nc2VjcmV0",
    ] {
        let error = from_hcl::parse(text).expect_err(text);
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
    }
}

#[test]
fn depth_is_bounded() {
    for text in
        ["a = [", "a {\n", "a = {a=", "a = (", "a = -", "a = !", "a = \"${", "a = a ? a : ", "a = {[", "a { a {"]
    {
        assert!(from_hcl::parse(&text.repeat(20_000)).is_err());
        let (name, nested) = text.split_once(' ').unwrap_or((text, ""));
        assert!(from_hcl::parse(&format!("{name} {}", nested.repeat(20_000))).is_err());
    }
}
