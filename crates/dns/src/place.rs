//! Addresses of nodes and services, and their weight.
use std::net::IpAddr;

use proconsul_structs::{
    check::{CRITICAL, HealthCheck, PASSING, WARNING},
    health::CheckServiceNode,
    node::Node,
    service::NodeService,
};

use crate::record::{Data, record_type};

const LAN_IPV4: &[u8] = b"lan_ipv4";
const LAN_IPV6: &[u8] = b"lan_ipv6";
const NODE_MAINTENANCE: &[u8] = b"_node_maintenance";
const SERVICE_MAINTENANCE: &[u8] = b"_service_maintenance:";

/// The address of a node that fits what is asked for.
pub(crate) fn of_node(node: &Node, asked_type: u16) -> String {
    let tagged =
        |name: &[u8]| node.tagged_addresses.as_ref()?.get(name).map(|address| address.to_str_lossy().into_owned());
    fitting(asked_type, node.address.to_str_lossy().into_owned(), tagged)
}

/// The address of an instance that fits what is asked for; empty: its node's.
pub(crate) fn of_service(service: &NodeService, asked_type: u16) -> String {
    let tagged = |name: &[u8]| {
        let found = service.tagged_addresses.as_ref()?.get(name)?;
        Some(found.address.to_str_lossy().into_owned())
    };
    fitting(asked_type, service.address.to_str_lossy().into_owned(), tagged)
}

/// Who asks for one family gets the address that is tagged so, if there is one; who asks for neither gets any that is tagged.
fn fitting(asked_type: u16, plain: String, tagged: impl Fn(&[u8]) -> Option<String>) -> String {
    let tagged = |name| tagged(name).filter(|address| !address.is_empty());
    let ipv6 = || (asked_type != record_type::A).then(|| tagged(LAN_IPV6)).flatten();
    let ipv4 = || (asked_type != record_type::AAAA).then(|| tagged(LAN_IPV4)).flatten();
    ipv6().or_else(ipv4).unwrap_or(plain)
}

/// The address that a text is, if it is one. An IPv4 address in IPv6's clothes is one of IPv4.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// What is answered with an address, if it fits what is asked for. Who asks for text or for name servers gets addresses as well.
pub(crate) fn address_data(asked_type: u16, address: IpAddr) -> Option<Data> {
    let any = [record_type::SRV, record_type::ANY, record_type::NS, record_type::TXT].contains(&asked_type);
    match address {
        IpAddr::V4(address) => (any || asked_type == record_type::A).then_some(Data::A(address)),
        IpAddr::V6(address) => (any || asked_type == record_type::AAAA).then_some(Data::Aaaa(address)),
    }
}

/// An address in hexadecimal digits, as names spell it.
pub(crate) fn spell(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:08x}", address.to_bits()),
        IpAddr::V6(address) => format!("{:032x}", address.to_bits()),
    }
}

/// The share of requests that an instance is to have, by its checks and its node's.
pub(crate) fn weight(one: &CheckServiceNode) -> u16 {
    let service = one.service.as_deref();
    let weights = service.and_then(|service| service.weights);
    let (passing, warning) = weights.map_or((1, 1), |weights| (weights.passing, weights.warning));
    let checks = one.checks.iter().flatten().map(|check| &**check);
    let own = checks.filter(|check| {
        check.service_name.is_empty() || service.is_some_and(|service| check.service_name == service.service)
    });
    let weight = match worst(own) {
        Health::Passing => passing,
        Health::Warning => warning,
        Health::Out => 0,
        Health::Odd => 1,
    };
    // As Go narrows it.
    weight as u16
}

enum Health {
    Passing,
    Warning,
    /// Critical, or in maintenance.
    Out,
    /// In a state that Consul does not know.
    Odd,
}

fn worst<'a>(checks: impl Iterator<Item = &'a HealthCheck>) -> Health {
    let (mut warns, mut fails) = (false, false);
    for check in checks {
        let id = check.check_id.as_bytes();
        if id == NODE_MAINTENANCE || id.starts_with(SERVICE_MAINTENANCE) || check.status == CRITICAL {
            fails = true;
        } else if check.status == WARNING {
            warns = true;
        } else if check.status != PASSING {
            return Health::Odd;
        }
    }
    match (fails, warns) {
        (true, _) => Health::Out,
        (false, true) => Health::Warning,
        (false, false) => Health::Passing,
    }
}

#[cfg(test)]
mod tests {
    use proconsul_structs::{Shared, service::Weights};

    use super::*;

    #[test]
    fn an_address_fits_what_is_asked_for() {
        let tagged = [("lan_ipv4", "10.0.0.4"), ("lan_ipv6", "fd::6"), ("wan", "1.2.3.4")];
        let tagged = tagged.map(|(name, address)| (name.into(), address.into()));
        let node = Node { address: "a.example".into(), tagged_addresses: Some(tagged.into()), ..Node::default() };
        assert_eq!(of_node(&node, record_type::A), "10.0.0.4");
        assert_eq!(of_node(&node, record_type::AAAA), "fd::6");
        assert_eq!(of_node(&node, record_type::SRV), "fd::6");
        let plain = Node { tagged_addresses: None, ..node };
        assert_eq!(of_node(&plain, record_type::AAAA), "a.example");
    }

    #[test]
    fn a_weight_goes_by_the_worst_check() {
        let with = |checks: &[(&'static str, &'static str, &'static str)]| {
            let checks = checks.iter().map(|(check_id, service_name, status)| {
                let (check_id, service_name, status) = ((*check_id).into(), (*service_name).into(), (*status).into());
                Shared::from(HealthCheck { check_id, service_name, status, ..HealthCheck::default() })
            });
            let weights = Some(Weights { passing: 10, warning: 3 });
            let service = NodeService { service: "web".into(), weights, ..NodeService::default() };
            weight(&CheckServiceNode { node: None, service: Some(service.into()), checks: Some(checks.collect()) })
        };
        assert_eq!(with(&[]), 10);
        assert_eq!(with(&[("a", "", "passing"), ("b", "web", "warning")]), 3);
        assert_eq!(with(&[("a", "other", "critical"), ("b", "web", "passing")]), 10);
        assert_eq!(with(&[("a", "", "critical")]), 0);
        assert_eq!(with(&[("_node_maintenance", "", "passing")]), 0);
        assert_eq!(with(&[("_service_maintenance:web", "web", "odd")]), 0);
        assert_eq!(with(&[("a", "", "odd")]), 1);
        let bare = NodeService { service: "web".into(), ..NodeService::default() };
        assert_eq!(weight(&CheckServiceNode { service: Some(bare.into()), ..CheckServiceNode::default() }), 1);
    }
}
