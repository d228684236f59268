use super::*;
use proconsul_msgpack::GoStr;
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::raft::Payload;

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
fn every_kind_of_the_log_is_read_and_written_as_its_bytes() {
    let mut kinds = 0;
    for kind in MessageType::ALL {
        let empty = match kind.log_payload() {
            None => continue,
            // A config entry has a kind; without one it is none.
            Some(Payload::Msgpack("structs.ConfigEntryRequest")) => {
                let mesh = config_entry::Mesh::default();
                let request = config_entry::ConfigEntryRequest {
                    entry: mesh.into(),
                    ..config_entry::ConfigEntryRequest::default()
                };
                proconsul_msgpack::to_vec(&request).expect("short")
            }
            Some(Payload::Msgpack("structs.Coordinates")) => vec![0xc0],
            Some(Payload::Msgpack(_)) => vec![0x80],
            Some(_) => Vec::new(),
        };
        let bytes = [&[u8::from(*kind)], &empty[..]].concat();
        let entry = Entry::decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
        let written = entry.encode().expect("short");
        assert_eq!(written[0], u8::from(*kind));
        assert_eq!(Entry::decode(&written).expect("just written"), entry);
        kinds += 1;
    }
    assert_eq!(kinds, 34, "types that the log holds and the tables apply");
    let ignored = Entry::Ignored(100);
    assert_eq!(Entry::decode(&ignored.encode().expect("short")).expect("just written"), ignored);
    let checkpoint = Entry::decode(&[41, 0xc0]).expect("a checkpoint changes nothing");
    assert_eq!(checkpoint, Entry::Checkpoint);
}

#[test]
fn what_cannot_be_applied_is_named() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(Entry::decode(bytes).expect_err("no entry").to_string(), expected);
    };
    check(&[], "a log entry is empty");
    check(&[16, 0x80], "a log entry of type IndexRequestType (16) cannot be applied: no log has such entries");
    check(&[44, 0x80], "a log entry of unknown type 44 cannot be applied");
    check(&[2, 0xc1], "a log entry of type KVSRequestType does not decode");
    check(&[2], "a log entry of type KVSRequestType does not decode");
    // The mark lets a type pass that nobody knows, and none that is known and not applied.
    check(&[128 | 16, 0x80], "a log entry of type IndexRequestType (16) cannot be applied: no log has such entries");
    assert_eq!(Entry::decode(&[128 | 44, 0x80]).expect("may be passed over"), Entry::Ignored(44));
}
