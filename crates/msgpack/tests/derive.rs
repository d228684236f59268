//! What the derive writes and reads.
#![allow(missing_docs)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{DecodeError, GoStr, Wire, from_bytes, from_slice, to_vec};

#[derive(Debug, Default, PartialEq, Wire)]
struct RequestHeader<'a> {
    service_method: &'a str,
    seq: u64,
}

#[test]
fn header_is_the_recorded_bytes_both_ways() {
    let bytes = b"\x82\xa3Seq\x01\xadServiceMethod\xadStatus.Leader";
    let header = RequestHeader { service_method: "Status.Leader", seq: 1 };
    assert_eq!(to_vec(&header).unwrap(), bytes);
    assert_eq!(from_slice::<RequestHeader<'_>>(bytes).unwrap(), header);
}

#[derive(Debug, Default, PartialEq, Clone, Wire)]
struct Meta {
    #[wire("ID")]
    id: String,
    zone: Option<i32>,
}

#[derive(Debug, Default, PartialEq, Clone, Wire)]
struct Index {
    create_index: u64,
    modify_index: u64,
}

#[derive(Debug, Default, PartialEq, Clone, Wire)]
struct Everything {
    name: GoStr,
    #[wire(embed)]
    meta: Meta,
    value: Bytes,
    maybe: Option<Vec<u8>>,
    #[wire(nil_when_empty)]
    tags: Vec<String>,
    #[wire(omit_empty)]
    addr: String,
    #[wire(skip)]
    local: u8,
    labels: BTreeMap<String, GoStr>,
    #[wire(embed)]
    index: Index,
    last: bool,
}

#[test]
fn fields_are_written_sorted_and_embedded_ones_among_them() {
    let it = Everything { name: "n".into(), value: Bytes::from_static(b"v"), ..Default::default() };
    let want = b"\x8a\xabCreateIndex\x00\xa2ID\xa0\xa6Labels\x80\xa4Last\xc2\xa5Maybe\xc0\xabModifyIndex\x00\xa4Name\xa1n\xa4Tags\xc0\xa5Value\xa1v\xa4Zone\xc0";
    assert_eq!(to_vec(&it).unwrap(), want);
    assert_eq!(from_slice::<Everything>(want).unwrap(), it);
    let full = Everything { addr: "a".into(), tags: vec!["t".into()], maybe: Some(vec![]), last: true, ..it };
    assert_eq!(from_slice::<Everything>(&to_vec(&full).unwrap()).unwrap(), full);
}

#[test]
fn positions_count_embedded_fields_in_place() {
    let bytes = b"\x98\xa1n\xa2id\x05\xa1v\xc0\xc0\xa1a\x80";
    let it: Everything = from_slice(bytes).unwrap();
    assert_eq!((it.meta.id.as_str(), it.meta.zone, it.addr.as_str()), ("id", Some(5), "a"));
}

#[derive(Debug, Default, PartialEq, Wire)]
struct Borrowing<'a, T> {
    text: Cow<'a, str>,
    bytes: &'a [u8],
    other: T,
    #[wire("W", with = "tripled")]
    with: u32,
}

mod tripled {
    pub(super) fn serialize<S: serde::Serializer>(v: &u32, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(v * 3)
    }
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
        <u32 as serde::Deserialize>::deserialize(d).map(|v| v / 3)
    }
}

#[test]
fn borrowed_and_generic_fields() {
    let it = Borrowing { text: "t".into(), bytes: b"b", other: vec![1u16], with: 4 };
    let bytes = to_vec(&it).unwrap();
    assert_eq!(bytes, b"\x84\xa5Bytes\xa1b\xa5Other\x91\x01\xa4Text\xa1t\xa1W\x0c");
    let back: Borrowing<'_, Vec<u16>> = from_slice(&bytes).unwrap();
    assert!(matches!(back.text, Cow::Borrowed(_)));
    assert_eq!(back, it);
}

#[derive(Debug, Default, PartialEq, Wire)]
struct Empty;
#[derive(Debug, Default, PartialEq, Wire)]
struct Empty2 {}
#[derive(Debug, Default, PartialEq, Wire)]
struct Name(String);
#[derive(Debug, Default, PartialEq, Wire)]
struct Blob(Vec<u8>);

#[test]
fn empty_and_newtype_structures() {
    assert_eq!(to_vec(&Empty).unwrap(), [0x80]);
    assert_eq!(to_vec(&Empty2 {}).unwrap(), [0x80]);
    assert_eq!(from_slice::<Empty>(b"\x81\xa1x\x91\x01").unwrap(), Empty);
    assert_eq!(to_vec(&Name("x".into())).unwrap(), b"\xa1x");
    assert_eq!(from_slice::<Name>(b"\xa1x").unwrap(), Name("x".into()));
    assert_eq!(to_vec(&Blob(vec![1])).unwrap(), b"\xa1\x01");
    assert_eq!(from_slice::<Blob>(b"\xc4\x01\x01").unwrap(), Blob(vec![1]));
}

#[test]
fn long_parts_share_the_buffer() {
    let value = vec![7u8; 100];
    let parent = Bytes::from(to_vec(&Everything { value: value.clone().into(), ..Default::default() }).unwrap());
    let it: Everything = from_bytes(&parent).unwrap();
    assert_eq!(it.value, value);
    assert!(parent.as_ptr_range().contains(&it.value.as_ptr()));
    let copied: Everything = from_slice(&parent).unwrap();
    assert!(!parent.as_ptr_range().contains(&copied.value.as_ptr()));
}

#[test]
fn keys_that_are_not_strings_are_named() {
    let error = from_slice::<Meta>(b"\x81\x01\x02").unwrap_err();
    assert_eq!(error, DecodeError::NotLength(1));
}
