use std::{fs, path::Path};

use bytes::Bytes;
use proconsul_msgpack::Shape;
use serde_json::Value;

use super::*;
use crate::peering::PeeringTerminateByIdRequest;

fn golden() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/raftlog.json");
    let text = fs::read_to_string(file).expect("the golden file is part of the repository");
    serde_json::from_str(&text).expect("the golden file is JSON")
}

fn recorded() -> Vec<(u64, String)> {
    let all = golden();
    let log = all["log"].as_array().expect("it lists log types");
    log.iter()
        .map(|row| (row["byte"].as_u64().expect("a byte"), row["name"].as_str().expect("a name").into()))
        .collect()
}

fn of(row: &Value) -> MessageType {
    let byte = row["byte"].as_u64().and_then(|byte| u8::try_from(byte).ok()).expect("a byte");
    MessageType::try_from(byte).expect("a known type")
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().expect("a text")
}

#[test]
fn every_byte_means_what_was_recorded() {
    let ours: Vec<_> = MessageType::ALL.iter().map(|of| (u64::from(u8::from(*of)), of.name().to_owned())).collect();
    assert_eq!(ours, recorded());
}

#[test]
fn a_byte_reads_back_with_and_without_the_flag() {
    for of in MessageType::ALL {
        assert_eq!(MessageType::try_from(u8::from(*of)), Ok(*of));
        assert_eq!(MessageType::try_from(u8::from(*of) | IGNORE_UNKNOWN_TYPE_FLAG), Ok(*of));
    }
}

#[test]
fn an_unknown_byte_says_whether_it_may_be_passed_over() {
    assert_eq!(MessageType::try_from(90), Err(UnknownMessageType { byte: 90, may_ignore: false }));
    assert_eq!(MessageType::try_from(90 | 128), Err(UnknownMessageType { byte: 90, may_ignore: true }));
}

#[test]
fn what_follows_a_byte_in_the_log_is_what_was_recorded() {
    let all = golden();
    for row in all["log"].as_array().expect("it lists log types") {
        let expected = match text(row, "encoding") {
            "none" => None,
            "protobuf" => Some(format!("protobuf {}", text(row, "proto"))),
            "msgpack" => Some(format!("msgpack {}", text(row, "type"))),
            other => panic!("unknown encoding {other}"),
        };
        let ours = of(row).log_payload().map(|payload| match payload {
            Payload::Msgpack(name) => format!("msgpack {name}"),
            Payload::Protobuf(name) => format!("protobuf {name}"),
            Payload::Opaque => "opaque".to_owned(),
        });
        assert_eq!(ours, expected, "{}", text(row, "name"));
    }
}

#[test]
fn snapshots_have_the_recorded_records_in_the_recorded_order() {
    let all = golden();
    let records = all["snapshot"]["records"].as_array().expect("it lists records");
    assert_eq!(SNAPSHOT_RECORDS.len(), records.len());
    for (row, (ours, payload)) in records.iter().zip(SNAPSHOT_RECORDS) {
        assert_eq!(*ours, of(row));
        let opaque = text(row, "type") == "[]uint8";
        let expected = if opaque { Payload::Opaque } else { Payload::Msgpack(payload_name(payload)) };
        assert_eq!(*payload, expected);
        assert!(opaque || payload_name(payload) == text(row, "type"), "{}", text(row, "name"));
        assert_eq!(ours.snapshot_payload(), Some(*payload));
        if let (Some(proto), Some(structure)) = (row["proto"].as_str(), payload.structure()) {
            assert!(matches!((structure.shape)(), Shape::Proto(name) if name == proto), "{proto}");
        }
    }
}

fn payload_name(payload: &Payload) -> &'static str {
    payload.structure().map(|row| row.name).unwrap_or_default()
}

#[test]
fn every_payload_is_a_known_structure() {
    let in_log = MessageType::ALL.iter().filter_map(|of| of.log_payload());
    let in_snapshots = SNAPSHOT_RECORDS.iter().map(|(_, payload)| *payload);
    for payload in in_log.chain(in_snapshots) {
        if let Payload::Msgpack(name) = payload {
            assert!(payload.structure().is_some(), "{name}");
        }
    }
}

#[test]
fn an_entry_is_its_type_byte_and_its_payload() {
    let reap = TombstoneRequest { op: TombstoneOp::Reap, reap_index: 7, ..TombstoneRequest::default() };
    let entry = reap.to_entry().expect("it is short");
    assert_eq!(entry.split_first(), Some((&5, &*proconsul_msgpack::to_vec(&reap).expect("it is short"))));
    let ended = PeeringTerminateByIdRequest(Bytes::from_static(b"\x0a\x04ID-1"));
    assert_eq!(ended.to_entry().expect("it is short"), b"\x25\x0a\x04ID-1");
}
