use std::net::Ipv4Addr;

use hickory_proto::op::Message as Read;
use proconsul_structs::{
    Shared,
    check::HealthCheck,
    health::CheckServiceNode,
    node::Node,
    service::{NodeService, ServiceNode},
};

use super::*;
use crate::{Domains, NodeLookup, ServiceLookup};

/// A catalog of a few nodes and services. `denied` cannot be looked up, and `dc1` is the only datacenter.
#[derive(Default)]
struct Few(Vec<CheckServiceNode>);

fn node(name: &str, address: &str) -> Node {
    Node { node: name.into(), address: address.into(), datacenter: "dc1".into(), ..Node::default() }
}

fn instance(node: Node, name: &str, address: &str, port: i64) -> CheckServiceNode {
    let service = NodeService { service: name.into(), address: address.into(), port, ..NodeService::default() };
    let check = HealthCheck { status: "passing".into(), ..HealthCheck::default() };
    CheckServiceNode { node: Some(node.into()), service: Some(service.into()), checks: Some(vec![check.into()]) }
}

fn known(name: &str, datacenter: &str) -> Result<(), LookupError> {
    match (name, datacenter) {
        ("denied", _) => Err(LookupError::Failed),
        (_, "" | "dc1") => Ok(()),
        _ => Err(LookupError::NoDatacenter),
    }
}

impl Catalog for Few {
    fn instances(&self, lookup: &ServiceLookup) -> Result<Vec<CheckServiceNode>, LookupError> {
        known(&lookup.service, &lookup.datacenter)?;
        let named =
            |one: &&CheckServiceNode| one.service.as_ref().is_some_and(|it| it.service == lookup.service.as_str());
        Ok(self.0.iter().filter(named).cloned().collect())
    }

    fn node(&self, lookup: &NodeLookup) -> Result<Option<Shared<Node>>, LookupError> {
        known(&lookup.node, &lookup.datacenter)?;
        Ok(self.nodes()?.into_iter().find(|node| node.node == lookup.node.as_str()))
    }

    fn virtual_address(&self, service: &str, peer: &str) -> Result<Option<Ipv4Addr>, LookupError> {
        known(service, "")?;
        Ok((service == "web" && peer.is_empty()).then_some(Ipv4Addr::new(240, 0, 0, 1)))
    }

    fn nodes(&self) -> Result<Vec<Shared<Node>>, LookupError> {
        Ok(self.0.iter().filter_map(|one| one.node.clone()).collect())
    }

    fn instances_at(&self, address: &str) -> Result<Vec<Shared<ServiceNode>>, LookupError> {
        let rows = self.0.iter().filter_map(|one| one.service.as_ref()).map(|service| {
            let (service_name, service_address) = (service.service.clone(), service.address.clone());
            Shared::from(ServiceNode {
                service_name,
                service_address,
                datacenter: "dc1".into(),
                ..ServiceNode::default()
            })
        });
        Ok(rows.filter(|row| row.service_address == address).collect())
    }
}

fn few() -> Few {
    let with_meta = |mut node: Node, pairs: &[(&'static str, &'static str)]| {
        node.meta = Some(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect());
        node
    };
    Few(vec![
        instance(with_meta(node("n1", "10.0.0.1"), &[("k", "v"), ("rfc1035-x", "plain")]), "web", "", 80),
        instance(node("n2", "fd::2"), "six", "", 81),
        instance(node("n3", "10.0.0.3"), "own", "10.1.0.3", 82),
        instance(node("n4", "outside.example"), "out", "", 83),
        instance(node("n5", "10.0.0.5"), "to-web", "web.service.consul", 84),
        instance(node("n6", "10.0.0.6"), "loop", "other.service.consul", 85),
        instance(node("n7", "10.0.0.7"), "other", "loop.service.consul", 86),
        instance(node("n8", "10.0.0.8"), "self", "self.service.consul", 87),
        instance(node("srv1", "10.0.0.9"), "consul", "", 8300),
    ])
}

fn request(name: &str, record_type: u16, udp_size: Option<u16>) -> Request {
    let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in name.trim_end_matches('.').split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(record_type.to_be_bytes());
    message.extend([0, 1]);
    if let Some(udp_size) = udp_size {
        message[11] = 1;
        message.extend([0, 0, 41]);
        message.extend(udp_size.to_be_bytes());
        message.extend([0; 6]);
    }
    Request::read(&message).unwrap()
}

const NOW: Moment = Moment { unix_seconds: 0x2A2A_2A2A, seed: 7 };

/// The answer in lines: its code, then each record with the section that it is in.
fn lines(settings: &Settings, catalog: &Few, name: &str, record_type: u16) -> Vec<String> {
    let bytes = respond(settings, catalog, Transport::Tcp, &request(name, record_type, None), NOW);
    let read = Read::from_vec(&bytes).unwrap();
    let section = |mark: &'static str, records: &[hickory_proto::rr::Record]| {
        let line = move |record: &hickory_proto::rr::Record| {
            format!("{mark} {} {} {} {}", record.name(), record.ttl(), record.record_type(), record.data())
        };
        records.iter().map(line).collect::<Vec<_>>()
    };
    let code = vec![read.response_code().to_str().to_owned()];
    let (answers, authorities) = (section("=", read.answers()), section("^", read.name_servers()));
    [code, answers, authorities, section("+", read.additionals())].concat()
}

fn check(name: &str, record_type: u16, expected: &[&str]) {
    assert_eq!(lines(&Settings::default(), &few(), name, record_type), expected, "{name} {record_type}");
}

const OK: &str = "No Error";
const NO_NAME: &str = "Non-Existent Domain";
const SOA: &str = "^ consul. 0 SOA ns.consul. hostmaster.consul. 707406378 3600 600 86400 0";

use record_type::{A, AAAA, ANY, AXFR, NS, PTR, SRV, TXT};

#[test]
fn a_service_answers_with_addresses_and_places() {
    check("web.service.consul", A, &[OK, "= web.service.consul. 0 A 10.0.0.1"]);
    check("Web.Service.DC1.Consul", A, &[OK, "= Web.Service.DC1.Consul. 0 A 10.0.0.1"]);
    check("web.service.consul", ANY, &[OK, "= web.service.consul. 0 A 10.0.0.1"]);
    check("web.service.consul", TXT, &[OK, "= web.service.consul. 0 A 10.0.0.1"]);
    check("web.service.consul", AAAA, &[OK, SOA]);
    check("web.service.consul", 15, &[OK, SOA]);
    check("six.service.consul", AAAA, &[OK, "= six.service.consul. 0 AAAA fd::2"]);
    let srv = [
        OK,
        "= _web._tcp.service.consul. 0 SRV 1 1 80 n1.node.dc1.consul.",
        "+ n1.node.dc1.consul. 0 A 10.0.0.1",
        "+ n1.node.dc1.consul. 0 TXT k=v",
        "+ n1.node.dc1.consul. 0 TXT plain",
    ];
    check("_web._tcp.service.consul", SRV, &srv);
    let own = [
        OK,
        "= own.service.consul. 0 SRV 1 1 82 0a010003.addr.dc1.consul.",
        "+ 0a010003.addr.dc1.consul. 0 A 10.1.0.3",
    ];
    check("own.service.consul", SRV, &own);
    check("none.service.consul", A, &[NO_NAME, SOA]);
    check("web.service.dc9.consul", A, &[NO_NAME, SOA]);
    check("web.service.a.b.c.consul", A, &[NO_NAME, SOA]);
    check("denied.service.consul", A, &["Server Failure"]);
    check("consul", A, &[NO_NAME, SOA]);
}

#[test]
fn another_name_is_followed_if_it_is_ours() {
    check("out.service.consul", A, &[OK, "= out.service.consul. 0 CNAME outside.example."]);
    check("out.service.consul", SRV, &[OK, "= out.service.consul. 0 SRV 1 1 83 outside.example."]);
    let to_web = [OK, "= to-web.service.consul. 0 CNAME web.service.consul.", "= web.service.consul. 0 A 10.0.0.1"];
    check("to-web.service.consul", A, &to_web);
    let round = [
        OK,
        "= loop.service.consul. 0 CNAME other.service.consul.",
        "= other.service.consul. 0 CNAME loop.service.consul.",
        "= loop.service.consul. 0 CNAME other.service.consul.",
        "= other.service.consul. 0 CNAME loop.service.consul.",
    ];
    check("loop.service.consul", A, &round);
    check("self.service.consul", A, &[OK, "= self.service.consul. 0 A 10.0.0.8"]);
}

#[test]
fn a_node_answers_with_its_address_and_metadata() {
    let text = ["n1.node.consul. 0 TXT k=v", "n1.node.consul. 0 TXT plain"];
    let address = "= n1.node.consul. 0 A 10.0.0.1";
    let (plus, equal) = (text.map(|text| format!("+ {text}")), text.map(|text| format!("= {text}")));
    check("n1.node.consul", A, &[OK, address, &plus[0], &plus[1]]);
    check("n1.node.consul", ANY, &[OK, address, &equal[0], &equal[1]]);
    check("n1.node.consul", TXT, &[OK, &equal[0], &equal[1]]);
    check("n1.node.consul", AAAA, &[OK, &plus[0], &plus[1]]);
    check("n1.node.consul", SRV, &[OK]);
    check("n4.node.dc1.consul", A, &[OK, "= n4.node.dc1.consul. 0 CNAME outside.example."]);
    check("none.node.consul", A, &[NO_NAME, SOA]);
    check("denied.node.consul", A, &["Server Failure"]);
}

#[test]
fn other_kinds_answer() {
    check("web.virtual.consul", A, &[OK, "= web.virtual.consul. 0 A 240.0.0.1"]);
    check("web.virtual.far.consul", A, &[OK]);
    check("denied.virtual.consul", A, &["Server Failure"]);
    check("7f000001.addr.dc1.consul", A, &[OK, "= 7f000001.addr.dc1.consul. 0 A 127.0.0.1"]);
    check("7f000001.addr.dc1.consul", AAAA, &[OK, "+ 7f000001.addr.dc1.consul. 0 A 127.0.0.1"]);
    check("web.query.consul", A, &[NO_NAME, SOA]);
    check("web.service.consul", AXFR, &["Not Implemented"]);
    check("example.com", A, &["Query Refused"]);
}

#[test]
fn a_zone_has_servers() {
    let server = "srv1.node.dc1.consul.";
    let (named, address) = (format!("consul. 0 NS {server}"), format!("+ {server} 0 A 10.0.0.9"));
    check("anything.consul", NS, &[OK, &format!("= {named}"), &address]);
    let soa = SOA.replace('^', "=");
    check("consul", record_type::SOA, &[OK, &soa, &format!("^ {named}"), &address]);
}

#[test]
fn an_address_has_the_name_of_a_node_or_else_of_a_service() {
    let answer = |name: &str, found: &str| format!("= {name}. 0 PTR {found}");
    let (one, three) = ("1.0.0.10.in-addr.arpa", "3.0.1.10.in-addr.arpa");
    check(one, PTR, &[OK, &answer(one, "n1.node.dc1.consul.")]);
    check(three, PTR, &[OK, &answer(three, "own.service.dc1.consul.")]);
    check("9.9.9.9.in-addr.arpa", PTR, &[NO_NAME, SOA]);
    check("9.9.9.9.in-addr.arpa", record_type::SOA, &[NO_NAME, SOA, SOA]);
    check("arpa", A, &[NO_NAME, SOA]);
}

#[test]
fn settings_count() {
    let alt = Settings { domains: Domains::new("consul", "alt.example"), ..Settings::default() };
    let lines_of = |settings: &Settings, name: &str, record_type| lines(settings, &few(), name, record_type);
    let soa = SOA.replace("consul.", "alt.example.");
    assert_eq!(lines_of(&alt, "no.service.alt.example", A), [NO_NAME, &soa]);
    assert_eq!(lines_of(&alt, "7f000001.addr.Alt.example", A), [OK, "= 7f000001.addr.Alt.example. 0 A 127.0.0.1"]);
    let seconds = std::time::Duration::from_secs;
    let slow = Settings {
        node_ttl: seconds(5),
        service_ttl: [("*".to_owned(), seconds(9))].into(),
        node_meta_txt: false,
        ..Settings::default()
    };
    assert_eq!(lines_of(&slow, "n1.node.consul", A), [OK, "= n1.node.consul. 5 A 10.0.0.1"]);
    assert_eq!(lines_of(&slow, "web.service.consul", A), [OK, "= web.service.consul. 9 A 10.0.0.1"]);
}

fn many(count: u32) -> Few {
    let at = |number: u32| Ipv4Addr::from_bits(0x0A00_0000 + number).to_string();
    Few((0..count).map(|number| instance(node(&format!("n{number}"), &at(number)), "web", "", 80)).collect())
}

fn answered(settings: &Settings, transport: Transport, record_type: u16, udp_size: Option<u16>, count: u32) -> Read {
    let request = request("web.service.consul", record_type, udp_size);
    Read::from_vec(&respond(settings, &many(count), transport, &request, NOW)).unwrap()
}

#[test]
fn an_answer_is_as_long_as_its_way_bears() {
    let settings = Settings { node_meta_txt: false, ..Settings::default() };
    let count = |transport, record_type, udp_size, count| {
        let read = answered(&settings, transport, record_type, udp_size, count);
        assert!(!read.truncated());
        (read.answers().len(), read.additionals().len(), read.extensions().is_some())
    };
    use Transport::{Tcp, Udp};
    assert_eq!(count(Udp, A, None, 9), (3, 0, false));
    assert_eq!(count(Udp, SRV, None, 9), (3, 3, false));
    assert_eq!(count(Udp, A, Some(4096), 9), (9, 0, true));
    assert_eq!(count(Udp, A, Some(100), 9), (3, 0, false), "no more than without options, which are lost");
    assert_eq!(count(Tcp, A, None, 9), (9, 0, false));
    assert_eq!(count(Tcp, A, None, 5000), (4092, 0, false));
    assert_eq!(count(Tcp, SRV, None, 2000), (1024, 1024, false));
    let (answers, additionals, has_options) = count(Udp, SRV, Some(1400), 100);
    assert!((20..30).contains(&answers) && answers == additionals && !has_options, "{answers} {additionals}");
    let telling = Settings { enable_truncate: true, a_record_limit: 2, ..settings.clone() };
    assert!(answered(&telling, Udp, SRV, None, 9).truncated());
    assert_eq!(answered(&telling, Udp, A, None, 9).answers().len(), 2);
}

#[test]
fn an_answer_is_in_any_order() {
    let first = |seed| {
        let request = request("web.service.consul", A, None);
        let bytes = respond(&Settings::default(), &many(3), Transport::Tcp, &request, Moment { seed, ..NOW });
        Read::from_vec(&bytes).unwrap().answers()[0].data().to_string()
    };
    let mut seen: Vec<_> = (0..50).map(first).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

/// As recorded: golden case `grpc-external/dns-query`.
#[test]
fn a_name_that_does_not_exist_is_answered_as_recorded() {
    let asked = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x06nosuch\x07service\x06consul\0\0\x01\0\x01";
    let request = Request::read(asked).unwrap();
    let written = respond(&Settings::default(), &few(), Transport::Udp, &request, NOW);
    let mut expected = b"\x12\x34\x85\x03\0\x01\0\0\0\x01\0\0".to_vec();
    expected.extend(asked.get(12..).unwrap());
    expected.extend(b"\xc0\x1b\0\x06\0\x01\0\0\0\0\0\x26\x02ns\xc0\x1b\x0ahostmaster\xc0\x1b");
    expected.extend(b"****\0\0\x0e\x10\0\0\x02\x58\0\x01\x51\x80\0\0\0\0");
    assert_eq!(written, expected);
}
