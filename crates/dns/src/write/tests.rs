use std::net::Ipv4Addr;

use hickory_proto::{
    op::Message as Read,
    rr::{RData, RecordType},
};
use proptest::prelude::*;

use super::*;
use crate::{Question, length::length, record::SoaData};

fn message(answer: Vec<Record>) -> Message {
    let question = Some(Question { name: "web.service.consul.".into(), record_type: 33, class: 1 });
    Message { id: 7, bits: 0x8400, question, answer, authority: vec![], additional: vec![], compress: true }
}

fn record(name: &str, data: Data) -> Record {
    Record { name: name.into(), ttl: 5, data }
}

fn srv(target: &str) -> Data {
    Data::Srv { priority: 1, weight: 1, port: 80, target: target.into() }
}

fn a() -> Data {
    Data::A(Ipv4Addr::new(10, 0, 0, 1))
}

/// As recorded from Go's library: a library that points from within SRV records writes other bytes.
#[test]
fn a_service_record_is_pointed_at_and_points_at_nothing() {
    let mut message = message(vec![record("web.service.consul.", srv("n1.node.dc1.consul."))]);
    message.additional = vec![record("n1.node.dc1.consul.", a())];
    let written = write(&message).unwrap();
    let mut expected = b"\0\x07\x84\0\0\x01\0\x01\0\0\0\x01\x03web\x07service\x06consul\0\0\x21\0\x01".to_vec();
    expected.extend(b"\xC0\x0C\0\x21\0\x01\0\0\0\x05\0\x1A\0\x01\0\x01\0\x50\x02n1\x04node\x03dc1\x06consul\0");
    expected.extend(b"\xC0\x36\0\x01\0\x01\0\0\0\x05\0\x04\x0A\0\0\x01");
    assert_eq!(written, expected);
    assert_eq!(length(&message), written.len());
}

#[test]
fn what_has_no_wire_form_is_not_written() {
    let long = format!("{}.", "a".repeat(64));
    for name in ["no-end", "a..b.", ".a.", r"a\.", &long] {
        assert_eq!(write(&message(vec![record(name, a())])), Err(Unwritable), "{name}");
    }
    let text = |len: usize| write(&message(vec![record("a.", Data::Txt("x".repeat(len)))])).map(|_| ());
    assert_eq!((text(255), text(256)), (Ok(()), Err(Unwritable)));
}

#[test]
fn another_library_reads_what_is_written() {
    let soa = SoaData {
        ns: "ns.consul.".into(),
        mailbox: "hostmaster.consul.".into(),
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        min_ttl: 5,
    };
    let mut message = message(vec![
        record("web.service.consul.", srv("n1.node.dc1.consul.")),
        record("consul.", Data::Ns("n1.node.dc1.consul.".into())),
        record("x.consul.", Data::Txt(r"a\\b\065".into())),
    ]);
    message.authority = vec![record("consul.", Data::Soa(Box::new(soa)))];
    message.additional =
        vec![record(".", Data::Opt { udp_size: 4096, subnet: None }), record("n1.node.dc1.consul.", a())];
    let read = Read::from_vec(&write(&message).unwrap()).unwrap();
    let answers: Vec<_> = read.answers().iter().map(|record| record.data().to_string()).collect();
    assert_eq!(answers, ["1 1 80 n1.node.dc1.consul.", "n1.node.dc1.consul.", r"a\bA"]);
    assert_eq!(read.name_servers()[0].data().to_string(), "ns.consul. hostmaster.consul. 1 2 3 4 5");
    assert_eq!(read.extensions().as_ref().unwrap().max_payload(), 4096);
    assert_eq!(read.additionals()[0].record_type(), RecordType::A);
    assert!(matches!(read.additionals()[0].data(), RData::A(address) if address.0 == Ipv4Addr::new(10, 0, 0, 1)));
}

fn any_name() -> impl Strategy<Value = String> {
    let label = prop_oneof!["[a-z]{1,3}", r"\\\.[a-z]", r"\\[0-1][0-9][0-9]x"];
    prop::collection::vec(label, 0..4).prop_map(|labels| {
        let name: String = labels.iter().map(|label| format!("{label}.")).collect();
        format!("{name}consul.")
    })
}

fn any_data() -> impl Strategy<Value = Data> {
    prop_oneof![
        Just(a()),
        any_name().prop_map(Data::Ns),
        any_name().prop_map(|name| srv(&name)),
        "[a-z ]{0,20}".prop_map(Data::Txt),
    ]
}

proptest! {
    #[test]
    fn the_length_is_that_of_what_is_written(
        records in prop::collection::vec((any_name(), any_data()), 0..40),
        compress in any::<bool>(),
    ) {
        let mut message = message(records.iter().map(|(name, data)| record(name, data.clone())).collect());
        message.compress = compress;
        let written = write(&message).unwrap();
        prop_assert_eq!(length(&message), written.len());
        let read = Read::from_vec(&written).unwrap();
        prop_assert_eq!(read.answers().len(), records.len());
    }
}
