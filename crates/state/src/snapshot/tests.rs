//! What Consul saved comes back, and goes out as it came; what is broken changes nothing.

use super::*;
use crate::{Entry, Snapshot, Tables};
use proconsul_msgpack::{Decoder, GoStr, Value};
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::raft::{MessageType, SNAPSHOT_RECORDS, SnapshotHeader};

/// `state.bin` of `tests/golden/snapshots/rich.snap`.
const RICH: &[u8] = include_bytes!("tests/rich.bin");

fn restored(bytes: &[u8]) -> Result<Snapshot, RestoreError> {
    let mut restore = Restore::new();
    restore.feed(bytes)?;
    restore.finish()
}

fn saved(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_snapshot(snapshot, &mut bytes).expect("a vector takes all");
    bytes
}

/// The records as values, their maps sorted: Go writes maps of its own in any order.
fn records(bytes: &[u8]) -> Vec<(MessageType, Value)> {
    let mut records = Records::new();
    records.push(bytes);
    let mut all = Vec::new();
    while let Some(item) = records.next_item().expect("it is a snapshot") {
        if let Item::Record { kind, value } = item {
            all.push((kind, sorted(unpacked(value))));
        }
    }
    records.end().expect("it ends where a record ends");
    all
}

/// One value; config entries are several within one raw, and may have such within.
fn unpacked(bytes: &[u8]) -> Value {
    let mut decoder = Decoder::new(bytes);
    let value: Value = decoder.decode().expect("it is a value");
    assert!(decoder.remaining().is_empty());
    value
}

fn sorted(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        Value::Map(mut entries) => {
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            Value::Map(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Str(text) => nested(&text).unwrap_or(Value::Str(text)),
        other => other,
    }
}

/// What is in a raw that holds values, if they are maps or a kind and a map.
fn nested(raw: &GoStr) -> Option<Value> {
    let mut decoder = Decoder::new(raw);
    let mut values = Vec::new();
    while !decoder.remaining().is_empty() {
        values.push(decoder.decode::<Value>().ok()?);
    }
    let holds = matches!(&values[..], [Value::Map(_)] | [Value::Str(_), Value::Map(_)]);
    holds.then(|| Value::List(values.into_iter().map(sorted).collect()))
}

#[test]
fn what_consul_saved_is_saved_again_record_by_record() {
    let theirs = records(RICH);
    let snapshot = restored(RICH).expect("it restores");
    assert_eq!(snapshot.index, 103);
    let bytes = saved(&snapshot);
    let ours = records(&bytes);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
    assert_eq!(bytes.len(), RICH.len(), "byte for byte, but for the order within maps");
    assert_eq!(snapshot_bytes(&snapshot).expect("it counts"), bytes.len() as u64);
    let again = restored(&bytes).expect("ours restores");
    assert_eq!(again.tables, snapshot.tables, "all that was restored is restored again");
    assert_eq!(saved(&again), bytes);
}

#[test]
fn records_are_in_the_order_of_the_table() {
    let order = |kind: &MessageType| SNAPSHOT_RECORDS.iter().position(|(row, _)| row == kind);
    let kinds: Vec<_> = records(RICH).iter().map(|(kind, _)| order(kind)).collect();
    assert!(kinds.is_sorted(), "{kinds:?}");
}

#[test]
fn it_may_come_in_pieces_of_any_size() {
    let whole = restored(RICH).expect("it restores");
    for size in [1, 7, 4096] {
        let mut restore = Restore::new();
        for piece in RICH.chunks(size) {
            restore.feed(piece).expect("each piece is fine");
        }
        assert_eq!(restore.finish().expect("and the whole").tables, whole.tables);
    }
}

#[test]
fn what_is_cut_short_is_refused() {
    let mut ends = Vec::new();
    let mut reader = Records::new();
    for (at, byte) in RICH.iter().enumerate() {
        if reader.end().is_ok() {
            ends.push(at);
        }
        reader.push(&[*byte]);
        while reader.next_item().expect("it is a snapshot").is_some() {}
    }
    // Between two records nothing tells that more was to come: that is what checksums are for.
    for end in (0..RICH.len()).step_by(131).filter(|end| !ends.contains(end)) {
        let error = restored(&RICH[..end]).expect_err("it is cut");
        assert!(matches!(error, RestoreError::Records(RecordsError::Cut(_))), "{end}: {error}");
    }
}

#[test]
fn bits_that_flip_never_do_more_than_change_what_is_read() {
    for at in (0..RICH.len()).step_by(97) {
        let mut bytes = RICH.to_vec();
        bytes[at] ^= 1 << (at % 8);
        if let Ok(snapshot) = restored(&bytes) {
            saved(&snapshot);
        }
    }
}

fn with_record(byte: u8, value: &[u8]) -> Vec<u8> {
    let header = proconsul_msgpack::to_vec(&SnapshotHeader { last_index: 7 }).expect("it is short");
    [&header[..], &[byte], value].concat()
}

#[test]
fn an_unknown_record_is_named() {
    let error = |byte| restored(&with_record(byte, &[0xc0])).expect_err("nobody knows it").to_string();
    assert_eq!(error(44), "the snapshot has a record of unknown type 44");
    assert_eq!(error(64), "the snapshot has a record of type 64, which only Consul Enterprise knows");
    assert_eq!(error(200), "the snapshot has a record of type 200, which only Consul Enterprise knows");
    let not_saved = "the snapshot has a record of type DeregisterRequestType (1), which no snapshot has";
    assert_eq!(error(1), not_saved);
}

#[test]
fn every_type_that_snapshots_have_is_read() {
    for (kind, _) in SNAPSHOT_RECORDS {
        let error = restored(&with_record(u8::from(*kind), &[0xc3])).err();
        let read = !matches!(error, Some(RestoreError::Records(_)));
        assert!(read, "{}: {error:?}", kind.name());
    }
}

#[test]
fn a_declared_length_is_not_believed() {
    // A key of four gigabytes, of which nothing comes.
    let bytes = with_record(2, &[0x81, 0xa3, b'K', b'e', b'y', 0xdb, 0xff, 0xff, 0xff, 0xff]);
    assert!(restored(&bytes).is_err());
}

#[test]
fn entries_make_the_same_tables_before_and_after() {
    let set = |key: &str| {
        let dir_ent = DirEntry { key: GoStr::from(key), value: Some("v".into()), ..DirEntry::default() };
        Entry::Kvs(Box::new(KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() }))
    };
    let restored = restored(RICH).expect("it restores").tables;
    let (next, _) = restored.apply(200, &set("later"));
    let bytes = saved(&Snapshot { index: 200, tables: next.clone() });
    assert_eq!(self::restored(&bytes).expect("it restores").tables, next);
    assert_eq!(Tables::new(), self::restored(&saved(&Snapshot::default())).expect("an empty one restores").tables);
}
