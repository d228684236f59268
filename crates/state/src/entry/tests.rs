use super::*;
use proconsul_msgpack::GoStr;
use proconsul_structs::kvs::{DirEntry, KvOp};

/// A set of `a` to `b` as Consul 1.21.4 writes it to its log: keys sorted, every field present.
const SET: &str = "0284aa4461746163656e746572a3646331a6446972456e7487ab437265617465496e64657800a5466c616773\
    00a34b6579a161a94c6f636b496e64657800ab4d6f64696679496e64657800a753657373696f6ea0a556616c7565a162\
    a24f70a3736574a5546f6b656ea0";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

#[test]
fn an_entry_is_a_type_byte_and_one_value() {
    let dir_ent = DirEntry { key: GoStr::from("a"), value: Some("b".into()), ..DirEntry::default() };
    let request = KvsRequest { datacenter: GoStr::from("dc1"), op: KvOp::Set, dir_ent, ..KvsRequest::default() };
    let entry = Entry::Kvs(Box::new(request));
    assert_eq!(entry.encode().expect("short"), bytes(SET));
    assert_eq!(Entry::decode(&bytes(SET)).expect("well-formed"), entry);
}

#[test]
fn every_kind_survives_the_log() {
    let entries = [
        Entry::Register(Box::default()),
        Entry::Deregister(Box::default()),
        Entry::Kvs(Box::default()),
        Entry::Tombstone(Box::default()),
        Entry::Ignored(100),
    ];
    for entry in entries {
        assert_eq!(Entry::decode(&entry.encode().expect("short")).expect("just written"), entry);
    }
}

#[test]
fn what_cannot_be_applied_is_named() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(Entry::decode(bytes).expect_err("no entry").to_string(), expected);
    };
    check(&[], "a log entry is empty");
    check(&[3, 0x80], "a log entry of type SessionRequestType (3) cannot be applied: this version has no table for it");
    check(&[44, 0x80], "a log entry of unknown type 44 cannot be applied");
    check(&[2, 0xc1], "a log entry of type KVSRequestType does not decode");
    check(&[2], "a log entry of type KVSRequestType does not decode");
    // The mark lets a type pass that nobody knows, and none that is known and not built.
    check(
        &[128 | 3, 0x80],
        "a log entry of type SessionRequestType (3) cannot be applied: this version has no table for it",
    );
    assert_eq!(Entry::decode(&[128 | 44, 0x80]).expect("may be passed over"), Entry::Ignored(44));
}
