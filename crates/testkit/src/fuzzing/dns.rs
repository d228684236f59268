//! Questions of DNS, and the answers to them.
use std::net::Ipv4Addr;

use proconsul_dns::{
    Catalog, LookupError, Moment, NodeLookup, Request, ServiceLookup, Settings, Transport, record_type, respond,
};
use proconsul_structs::{
    Shared,
    health::CheckServiceNode,
    node::Node,
    service::{NodeService, ServiceNode},
};

/// A catalog in which every service has instances, and every name a node.
struct Full;

/// So many that they do not fit in a datagram.
const INSTANCES: u32 = 24;

fn node(number: u32) -> Shared<Node> {
    let address = Ipv4Addr::from_bits(0x0A00_0000 | number).to_string().into();
    let node = format!("n{number}").into();
    Shared::from(Node { node, address, datacenter: "dc1".into(), ..Node::default() })
}

impl Catalog for Full {
    fn instances(&self, lookup: &ServiceLookup) -> Result<Vec<CheckServiceNode>, LookupError> {
        if lookup.datacenter != "dc1" {
            return Err(LookupError::NoDatacenter);
        }
        let instance = |number| {
            let address = match number % 4 {
                0 => "web.service.consul".into(),
                1 => "fd::1".into(),
                _ => "".into(),
            };
            let service = NodeService { service: lookup.service.clone().into(), address, ..NodeService::default() };
            CheckServiceNode { node: Some(node(number)), service: Some(service.into()), checks: None }
        };
        Ok((0..INSTANCES).map(instance).collect())
    }

    fn node(&self, _: &NodeLookup) -> Result<Option<Shared<Node>>, LookupError> {
        Ok(Some(node(1)))
    }

    fn virtual_address(&self, _: &str, _: &str) -> Result<Option<Ipv4Addr>, LookupError> {
        Ok(Some(Ipv4Addr::new(240, 0, 0, 1)))
    }

    fn nodes(&self) -> Result<Vec<Shared<Node>>, LookupError> {
        Ok(vec![node(1)])
    }

    fn instances_at(&self, _: &str) -> Result<Vec<Shared<ServiceNode>>, LookupError> {
        Err(LookupError::Failed)
    }
}

/// Input: a message.
///
/// Whatever it asks, the answer is a message with the same number and question, no longer than its way bears.
pub fn dns_query(data: &[u8]) {
    let Ok(request) = Request::read(data) else { return };
    let settings = Settings::default();
    let now = Moment { unix_seconds: 1, seed: 1 };
    for (transport, most) in [(Transport::Udp, udp_bytes(&request)), (Transport::Tcp, 65_535)] {
        let answer = respond(&settings, &Full, transport, &request, now);
        let read = Request::read(&answer).expect("an answer can be read");
        assert_eq!((read.id, &read.question), (request.id, &request.question));
        assert!(read.bits & 0x8000 != 0, "it says that it is an answer");
        let asks_for_zone = request
            .question
            .as_ref()
            .is_some_and(|asked| [record_type::SOA, record_type::NS].contains(&asked.record_type));
        assert!(asks_for_zone || answer.len() <= most, "{} bytes in {most}", answer.len());
    }
}

fn udp_bytes(request: &Request) -> usize {
    request.edns.as_ref().map_or(0, |edns| usize::from(edns.udp_size)).max(1024)
}
