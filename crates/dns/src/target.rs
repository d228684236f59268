//! What a name asks for.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::record::record_type;

/// Where something is, as far as a name says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The datacenter, where one label alone stands behind the kind, or with `dc`.
    pub datacenter: Option<String>,
    /// The peer: with `peer` behind it.
    pub peer: Option<String>,
}

/// What a name asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Instances of a service.
    Service {
        /// The service's name.
        name: String,
        /// A tag; empty: any.
        tag: String,
        /// Where.
        place: Place,
    },
    /// What the mesh reaches under a service's name.
    Connect {
        /// The service's name.
        name: String,
        /// Where.
        place: Place,
    },
    /// The ingress gateways that serve a service.
    Ingress {
        /// The service's name.
        name: String,
        /// Where.
        place: Place,
    },
    /// The address by which the mesh reaches a service.
    Virtual {
        /// The service's name.
        name: String,
        /// The peer that it was imported from.
        peer: Option<String>,
    },
    /// A node.
    Node {
        /// The node's name.
        name: String,
        /// Where.
        place: Place,
    },
    /// A prepared query.
    Query {
        /// Its name or id.
        name: String,
        /// Where.
        datacenter: Option<String>,
    },
    /// The address that the name spells.
    Address(IpAddr),
}

/// What the labels of a name before the domain ask for, in lowercase. `None`: nothing has such a name.
pub fn parse(labels: &[&str], asked_type: u16) -> Option<Target> {
    let (kind, parts, suffixes) = split(labels, asked_type)?;
    let last = || parts.last().map(|name| (*name).to_owned());
    match kind {
        Kind::Service => {
            let place = place(suffixes)?;
            let (tag, name) = service(parts)?;
            Some(Target::Service { name, tag, place })
        }
        Kind::Connect => Some(Target::Connect { name: last()?, place: place(suffixes)? }),
        Kind::Ingress => Some(Target::Ingress { name: last()?, place: place(suffixes)? }),
        Kind::Virtual => {
            let (name, place) = (last()?, place(suffixes)?);
            // A single label names a peer here: a virtual address is of use within its datacenter alone.
            let peer = place.peer.or(place.datacenter.filter(|_| suffixes.len() == 1));
            Some(Target::Virtual { name, peer })
        }
        Kind::Node if parts.is_empty() => None,
        Kind::Node => Some(Target::Node { name: parts.join("."), place: place(suffixes)? }),
        Kind::Query => query(parts, suffixes),
        Kind::Address => match parts {
            [address] => spelt(address).map(Target::Address),
            _ => None,
        },
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Service,
    Connect,
    Virtual,
    Ingress,
    Node,
    Query,
    Address,
}

impl Kind {
    fn of(label: &str) -> Option<Self> {
        Some(match label {
            "service" => Self::Service,
            "connect" => Self::Connect,
            "virtual" => Self::Virtual,
            "ingress" => Self::Ingress,
            "node" => Self::Node,
            "query" => Self::Query,
            "addr" => Self::Address,
            _ => return None,
        })
    }
}

/// The last label that names a kind, what is before it and what is behind it. Who asks for SRV records may leave out `service`.
fn split<'a, 'b>(labels: &'a [&'b str], asked_type: u16) -> Option<(Kind, &'a [&'b str], &'a [&'b str])> {
    labels.iter().enumerate().rev().find_map(|(at, label)| {
        let behind = labels.get(at + 1..)?;
        if let Some(kind) = Kind::of(label) {
            return Some((kind, labels.get(..at)?, behind));
        }
        let is_bare = asked_type == record_type::SRV && label.starts_with('_');
        is_bare.then_some((Kind::Service, labels.get(..=at)?, behind))
    })
}

/// `[<datacenter>]`, or pairs of a name and `dc` or `peer`, of which there can be only one.
fn place(suffixes: &[&str]) -> Option<Place> {
    let mut place = Place::default();
    match suffixes {
        [] => {}
        [datacenter] => place.datacenter = Some((*datacenter).to_owned()),
        [_, _] | [_, _, _, _] => {
            for pair in suffixes.chunks_exact(2) {
                match pair {
                    [name, "dc"] => place.datacenter = Some((*name).to_owned()),
                    [name, "peer"] => place.peer = Some((*name).to_owned()),
                    _ => return None,
                }
            }
            if place.datacenter.is_some() && place.peer.is_some() {
                return None;
            }
        }
        _ => return None,
    }
    Some(place)
}

/// The tag and the name: `_name._tag` as in RFC 2782, where `_tcp` is no tag, or `[tag.]name`, where a tag may have dots.
fn service(parts: &[&str]) -> Option<(String, String)> {
    if let [name, tag] = parts
        && let (Some(name), Some(tag)) = (name.strip_prefix('_'), tag.strip_prefix('_'))
    {
        let tag = if tag == "tcp" { "" } else { tag };
        return Some((tag.to_owned(), name.to_owned()));
    }
    let (name, tag) = parts.split_last()?;
    Some((tag.join("."), (*name).to_owned()))
}

/// `_name._protocol` as in RFC 2782, or a name; names may have dots.
fn query(parts: &[&str], suffixes: &[&str]) -> Option<Target> {
    let datacenter = match suffixes {
        [] => None,
        [datacenter] => Some((*datacenter).to_owned()),
        _ => return None,
    };
    let (last, before) = parts.split_last()?;
    let name = match before {
        [first, ..] if first.starts_with('_') && last.starts_with('_') => before.join(".").split_off(1),
        _ => parts.join("."),
    };
    Some(Target::Query { name, datacenter })
}

/// An address in hexadecimal digits.
fn spelt(digits: &str) -> Option<IpAddr> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        8 => u32::from_str_radix(digits, 16).ok().map(|bits| Ipv4Addr::from_bits(bits).into()),
        32 => u128::from_str_radix(digits, 16).ok().map(|bits| Ipv6Addr::from_bits(bits).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(datacenter: &str) -> Place {
        Place { datacenter: Some(datacenter.into()), peer: None }
    }

    fn of(peer: &str) -> Place {
        Place { datacenter: None, peer: Some(peer.into()) }
    }

    fn asked(name: &str, asked_type: u16) -> Option<Target> {
        let labels: Vec<&str> = name.split('.').filter(|label| !label.is_empty()).collect();
        parse(&labels, asked_type)
    }

    #[test]
    fn a_service_is_named_in_both_styles() {
        let found =
            |name: &str, tag: &str, place: Place| Some(Target::Service { name: name.into(), tag: tag.into(), place });
        let nowhere = Place::default;
        let table = [
            ("web.service", found("web", "", nowhere())),
            ("v1.web.service", found("web", "v1", nowhere())),
            ("a.b.web.service.dc2", found("web", "a.b", at("dc2"))),
            ("web.service.dc2.dc", found("web", "", at("dc2"))),
            ("web.service.far.peer", found("web", "", of("far"))),
            ("web.service.a.dc.b.dc", found("web", "", at("b"))),
            ("web.service.far.peer.dc2.dc", None),
            ("web.service.a.b.c", None),
            ("web.service.ns1.ns", None),
            ("web.service.a.dc.b.dc.c.dc", None),
            ("_web._tcp.service", found("web", "", nowhere())),
            ("_web._v1.service.dc2", found("web", "v1", at("dc2"))),
            ("_web.v1.service", found("v1", "_web", nowhere())),
            ("_x._web._v1.service", found("_v1", "_x._web", nowhere())),
            ("node.service", found("node", "", nowhere())),
            ("service", None),
            ("web", None),
            ("", None),
            ("_web._tcp", None),
        ];
        for (name, expected) in table {
            assert_eq!(asked(name, record_type::A), expected, "{name}");
        }
        assert_eq!(asked("_web._tcp", record_type::SRV), found("web", "", nowhere()));
        assert_eq!(asked("_web._v1.dc2", record_type::SRV), found("web", "v1", at("dc2")));
        assert_eq!(asked("web.dc2", record_type::SRV), None);
    }

    #[test]
    fn other_kinds_are_named() {
        let name = || "web".to_owned();
        let far = || Some("far".to_owned());
        let table = [
            ("x.web.connect.dc2", Some(Target::Connect { name: name(), place: at("dc2") })),
            ("web.ingress", Some(Target::Ingress { name: name(), place: Place::default() })),
            ("connect", None),
            ("ingress", None),
            ("web.virtual", Some(Target::Virtual { name: name(), peer: None })),
            ("web.virtual.far", Some(Target::Virtual { name: name(), peer: far() })),
            ("web.virtual.far.peer", Some(Target::Virtual { name: name(), peer: far() })),
            ("web.virtual.dc2.dc", Some(Target::Virtual { name: name(), peer: None })),
            ("a.b.node.dc2", Some(Target::Node { name: "a.b".into(), place: at("dc2") })),
            ("web.node.far.peer", Some(Target::Node { name: name(), place: of("far") })),
            ("node", None),
            ("a.web.query", Some(Target::Query { name: "a.web".into(), datacenter: None })),
            ("_web._tcp.query.dc2", Some(Target::Query { name: name(), datacenter: Some("dc2".into()) })),
            ("_web.query", Some(Target::Query { name: "_web".into(), datacenter: None })),
            ("web.query.a.b", None),
            ("query", None),
            ("7f000001.addr.dc1", Some(Target::Address(Ipv4Addr::LOCALHOST.into()))),
            ("7f000001.addr.any.thing.at.all", Some(Target::Address(Ipv4Addr::LOCALHOST.into()))),
            ("00000000000000000000000000000001.addr", Some(Target::Address(Ipv6Addr::LOCALHOST.into()))),
            ("7f00000.addr", None),
            ("7f00000g.addr", None),
            ("+f000001.addr", None),
            ("a.7f000001.addr", None),
        ];
        for (name, expected) in table {
            assert_eq!(asked(name, record_type::A), expected, "{name}");
        }
    }
}
