//! The names that Consul's certificates carry, and back from a name to its datacenter.
pub(super) use proconsul_tls::names::{node_server_name, server_name};

/// The datacenter of a server's name, if it is one of this domain.
pub(super) fn datacenter_of<'n>(name: &'n str, domain: &str) -> Option<&'n str> {
    let datacenter = name.strip_prefix("server.")?.strip_suffix(domain)?.strip_suffix('.')?;
    (!datacenter.is_empty() && !datacenter.contains('.')).then_some(datacenter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_datacenter_is_read_from_a_servers_name_only() {
        for (name, expected) in [
            ("server.dc1.consul", Some("dc1")),
            ("server.dc1.other", None),
            ("a.server.dc1.consul", None),
            ("client.dc1.consul", None),
            ("server..consul", None),
            ("server.a.b.consul", None),
            ("server.consul", None),
        ] {
            assert_eq!(datacenter_of(name, "consul"), expected, "{name}");
        }
        assert_eq!(datacenter_of(&server_name("dc2", "x.y"), "x.y"), Some("dc2"));
    }
}
