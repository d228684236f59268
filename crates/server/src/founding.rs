//! What a new cluster of one writes into its catalog first: itself, as Consul's leader and agent would, so that a newcomer's
//! first query shows something.
use std::{collections::BTreeMap, net::IpAddr};

use proconsul_msgpack::GoStr;
use proconsul_state::Entry;
use proconsul_structs::{
    catalog::RegisterRequest,
    check::{HealthCheck, PASSING, SERF_CHECK_ALIVE_OUTPUT, SERF_CHECK_ID, SERF_CHECK_NAME},
    coordinate::{Coordinate, Point},
    service::{CONSUL_SERVICE, NodeService, Weights},
};

use crate::CONSUL_VERSION;

/// The server as it registers itself: first what the leader knows of it, then what its agent adds. Two entries, so that its
/// node has been changed since it was created, as everyone sees in Consul. Then where it is: who has nobody to measure a
/// distance to is at the origin.
pub(crate) fn registrations(node: &str, id: &str, datacenter: &str, address: IpAddr, port: u16) -> [Entry; 3] {
    let text = |text: &str| GoStr::from(text);
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<GoStr, GoStr> {
        pairs.iter().map(|(key, value)| (text(key), text(value))).collect()
    };
    let ip = address.to_string();
    let family = if address.is_ipv4() { ["lan_ipv4", "wan_ipv4"] } else { ["lan_ipv6", "wan_ipv6"] };
    let addresses = [("lan", &*ip), (family[0], &*ip), ("wan", &*ip), (family[1], &*ip)];
    let service_meta = [
        ("non_voter", "false"),
        ("raft_version", "3"),
        ("read_replica", "false"),
        ("serf_protocol_current", "2"),
        ("serf_protocol_max", "5"),
        ("serf_protocol_min", "1"),
        ("version", CONSUL_VERSION),
    ];
    let bare = RegisterRequest {
        datacenter: text(datacenter),
        id: text(id),
        node: text(node),
        address: text(&ip),
        ..RegisterRequest::default()
    };
    let by_leader = RegisterRequest {
        node_meta: Some(map(&[("consul-version", CONSUL_VERSION)])),
        service: Some(NodeService {
            id: text(CONSUL_SERVICE),
            service: text(CONSUL_SERVICE),
            port: i64::from(port),
            weights: Some(Weights { passing: 1, warning: 1 }),
            meta: Some(map(&service_meta)),
            ..NodeService::default()
        }),
        checks: Some(vec![HealthCheck {
            node: text(node),
            check_id: text(SERF_CHECK_ID),
            name: text(SERF_CHECK_NAME),
            status: text(PASSING),
            output: text(SERF_CHECK_ALIVE_OUTPUT),
            ..HealthCheck::default()
        }]),
        ..bare.clone()
    };
    let by_agent = RegisterRequest {
        tagged_addresses: Some(map(&addresses)),
        node_meta: Some(map(&[("consul-network-segment", ""), ("consul-version", CONSUL_VERSION)])),
        ..bare
    };
    let [by_leader, by_agent] = [by_leader, by_agent].map(|request| Entry::Register(Box::new(request)));
    let here = Coordinate { node: text(node), coord: Some(Point::origin()), ..Coordinate::default() };
    [by_leader, by_agent, Entry::Coordinates(Box::new(Some(vec![here])))]
}
