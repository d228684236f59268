//! The names that servers' certificates carry.
//!
//! Source: `Configurator.ServerSNI` of Consul 1.21.

/// The domain of names when none is set.
pub const DOMAIN: &str = "consul";

/// `server.<dc>.<domain>`: the name that every server's certificate carries. A last dot of `domain` is left out.
pub fn server_name(dc: &str, domain: &str) -> String {
    format!("server.{dc}.{}", plain(domain))
}

/// `<node>.server.<dc>.<domain>`: the name of one server, asked for on ALPN routes. Without a node, or for the node `*`, it is
/// that of every server.
pub fn node_server_name(node: &str, dc: &str, domain: &str) -> String {
    match node {
        "" | "*" => server_name(dc, domain),
        node => format!("{node}.{}", server_name(dc, domain)),
    }
}

/// A domain without its last dot; the default where it is empty.
pub(crate) fn plain(domain: &str) -> &str {
    match domain.strip_suffix('.').unwrap_or(domain) {
        "" => DOMAIN,
        domain => domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_consul() {
        assert_eq!(server_name("dc1", "consul"), "server.dc1.consul");
        assert_eq!(server_name("dc1", "consul."), "server.dc1.consul");
        assert_eq!(server_name("dc1", ""), "server.dc1.consul");
        assert_eq!(node_server_name("n1", "dc1", "example.org."), "n1.server.dc1.example.org");
        assert_eq!(node_server_name("*", "dc1", "consul"), "server.dc1.consul");
        assert_eq!(node_server_name("", "dc1", "consul"), "server.dc1.consul");
    }
}
