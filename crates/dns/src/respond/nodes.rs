//! Records of nodes.
use proconsul_structs::node::Node;

use super::{Asked, DEPTH_MAX, Failure, Responder, Sections};
use crate::{
    Catalog, NodeLookup, ServiceLookup, name,
    place::{self, address, address_data},
    record::{Data, Record, record_type},
};

/// The service that servers register themselves as.
const SERVERS: &str = "consul";
/// How many servers are named at most.
const NAME_SERVERS_MAX: usize = 3;
/// Metadata under such a key is text by itself.
const PLAIN_TEXT: &str = "rfc1035-";

impl<C: Catalog> Responder<'_, C> {
    /// Answers with a node's address and metadata.
    pub(super) fn node(&mut self, asked: Asked<'_>, lookup: &NodeLookup, to: &mut Sections) -> Result<(), Failure> {
        use record_type::{A, AAAA, ANY, TXT};
        if ![ANY, A, AAAA, TXT].contains(&asked.record_type) {
            return Ok(());
        }
        let node = self.catalog.node(lookup)?.ok_or(Failure::NotFound)?;
        if asked.record_type != TXT {
            let records = self.records_of_node(&node, asked.name, asked.record_type, asked.depth);
            to.answer.extend(records);
        }
        let wants_text = [TXT, ANY].contains(&asked.record_type);
        if wants_text || self.settings.node_meta_txt {
            let section = if wants_text { &mut to.answer } else { &mut to.additional };
            section.extend(metadata(&node, asked.name, self.settings.node_ttl()));
        }
        Ok(())
    }

    /// A node's address under a name, or the name that it has in its place and what that leads to.
    fn records_of_node(&mut self, node: &Node, name: &str, asked_type: u16, depth: u8) -> Vec<Record> {
        let record = |data| Record { name: name.to_owned(), ttl: self.settings.node_ttl(), data };
        if let Some(address) = address(&place::of_node(node, asked_type)) {
            return address_data(asked_type, address).map(record).into_iter().collect();
        }
        let target = name::whole(&node.address.to_str_lossy());
        let mut records = vec![record(Data::Cname(target.clone()))];
        records.extend(self.resolve(&target, depth));
        records
    }

    /// Up to three servers in any order, and their addresses. None if they cannot be known.
    pub(super) fn name_servers(&mut self, name: &str) -> (Vec<Record>, Vec<Record>) {
        let lookup = ServiceLookup {
            service: SERVERS.into(),
            datacenter: self.settings.datacenter.clone(),
            only_passing: self.settings.only_passing,
            ..ServiceLookup::default()
        };
        let mut servers = self.catalog.instances(&lookup).unwrap_or_default();
        self.shuffle.list(&mut servers);
        let domain = self.domain_of(name).to_owned();
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        let nodes = servers.into_iter().filter_map(|one| one.node).filter(|node| is_plain(node.node.as_bytes()));
        for node in nodes.take(NAME_SERVERS_MAX) {
            let (own, datacenter) = (node.node.to_str_lossy(), node.datacenter.to_str_lossy());
            let name = name::whole(&format!("{own}.node.{datacenter}.{domain}").to_lowercase());
            let ttl = self.settings.node_ttl();
            names.push(Record { name: domain.clone(), ttl, data: Data::Ns(name.clone()) });
            addresses.extend(self.records_of_node(&node, &name, record_type::ANY, DEPTH_MAX));
        }
        (names, addresses)
    }
}

/// Whether a node's name can be a label, as far as Consul asks: a backslash passes.
fn is_plain(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"\\-".contains(byte))
}

/// The name of a node in a domain.
pub(super) fn canonical_name(node: &Node, domain: &str) -> String {
    let (name, peer) = (node.node.to_str_lossy(), node.peer_name.to_str_lossy());
    if peer.is_empty() {
        format!("{name}.node.{}.{domain}", node.datacenter.to_str_lossy())
    } else {
        format!("{name}.node.{peer}.peer.{domain}")
    }
}

/// A node's metadata as text: the value alone, or `key=value` as in RFC 1464.
pub(super) fn metadata(node: &Node, name: &str, ttl: u32) -> Vec<Record> {
    let text = |key: &str, value: &str| {
        let is_plain = key.to_lowercase().starts_with(PLAIN_TEXT);
        if is_plain { value.to_owned() } else { attribute(key, value) }
    };
    let pairs = node.meta.iter().flatten();
    let texts = pairs.map(|(key, value)| text(&key.to_str_lossy(), &value.to_str_lossy()));
    texts.map(|text| Record { name: name.to_owned(), ttl, data: Data::Txt(text) }).collect()
}

/// `key=value`, where a backquote takes the meaning from what has one.
fn attribute(key: &str, value: &str) -> String {
    let key = key.replace('`', "``").replace('=', "`=");
    let inner = key.trim_start_matches(' ');
    let leading = key.len() - inner.len();
    let core = inner.trim_end_matches(' ');
    let trailing = inner.len() - core.len();
    format!("{}{core}{}={}", "` ".repeat(leading), "` ".repeat(trailing), value.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_keeps_what_has_a_meaning() {
        let table = [
            ("key", "value", "key=value"),
            ("a=b", "c=d", "a`=b=c=d"),
            ("a`b", "c`d", "a``b=c``d"),
            ("  a b ", " c ", "` ` a b` = c "),
            ("", "", "="),
        ];
        for (key, value, expected) in table {
            assert_eq!(attribute(key, value), expected);
        }
    }

    #[test]
    fn odd_names_are_no_name_servers() {
        for (name, expected) in [("srv-1", true), (r"a\b", true), ("a.b", false), ("a_b", false), ("ä", false)] {
            assert_eq!(is_plain(name.as_bytes()), expected, "{name}");
        }
    }
}
