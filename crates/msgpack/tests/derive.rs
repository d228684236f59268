//! What the derive writes and reads.
#![allow(missing_docs)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{DecodeError, GoStr, Rest, Shape, Shaped, Value, Wire, from_bytes, from_slice, to_vec};

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
    pub(super) fn shape<T: proconsul_msgpack::Shaped>() -> proconsul_msgpack::Shape {
        T::shape()
    }
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

macro_rules! wide {
    ($name:ident $($embed:ident: $type:ident)?; $($field:ident)*) => {
        #[derive(Debug, Default, PartialEq, Wire)]
        struct $name {
            $(#[wire(embed)] $embed: $type,)?
            $($field: Option<u16>,)*
        }
    };
}
wide!(Low; b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14 b15 b16 b17 b18 b19 b20 b21 b22 b23 b24 b25 b26 b27 b28 b29 b30 b31 b32 b33 b34 b35 b36 b37 b38 b39 b40 b41 b42 b43 b44 b45 b46 b47 b48 b49 b50 b51 b52 b53 b54 b55 b56 b57 b58 b59 b60 b61 b62 b63 b64 b65 b66 b67 b68 b69 b70 b71 b72 b73 b74 b75 b76 b77 b78 b79);
wide!(High low: Low; a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 a23 a24 a25 a26 a27 a28 a29 a30 a31 a32 a33 a34 a35 a36 a37 a38 a39 a40 a41 a42 a43 a44 a45 a46 a47 a48 a49 a50 a51 a52 a53 a54 a55 a56 a57 a58 a59 a60 a61 a62 a63 a64 a65 a66 a67 a68 a69 a70 a71 a72 a73 a74 a75 a76 a77 a78 a79);

#[test]
fn wide_structures_are_sorted_and_read_by_key_and_by_position() {
    let it =
        High { a0: Some(1), a79: Some(2), low: Low { b0: Some(3), b9: Some(4), ..Low::default() }, ..High::default() };
    let bytes = to_vec(&it).unwrap();
    assert_eq!(bytes[..7], *b"\xde\x00\xa0\xa2A0\x01");
    assert_eq!(from_slice::<High>(&bytes).unwrap(), it);
    let Value::Map(entries) = from_slice::<Value>(&bytes).unwrap() else { panic!("not a map") };
    assert!(entries.len() == 160 && entries.is_sorted_by(|a, b| a.0 < b.0));
    let by_position = [&[0xdc, 0, 82][..], &[3], &[0xc0; 8], &[4], &[0xc0; 70], &[1, 0xc0]].concat();
    let back: High = from_slice(&by_position).unwrap();
    assert_eq!((back.low.b0, back.low.b9, back.a0, back.a79), (Some(3), Some(4), Some(1), None));
}

#[test]
fn a_key_that_comes_twice_replaces_and_missing_ones_keep_the_default() {
    #[derive(Debug, PartialEq, Wire)]
    struct Defaulted {
        port: u16,
        name: String,
    }
    impl Default for Defaulted {
        fn default() -> Self {
            Self { port: 8300, name: "x".into() }
        }
    }
    let it: Defaulted = from_slice(b"\x82\xa4Name\xa1a\xa4Name\xa1b").unwrap();
    assert_eq!(it, Defaulted { port: 8300, name: "b".into() });
}

#[test]
fn a_structure_that_comes_twice_is_replaced_whole() {
    #[derive(Debug, Default, PartialEq, Wire)]
    struct Outer {
        inner: Index,
        name: GoStr,
        list: Vec<Index>,
    }
    let bytes = b"\x86\xa4Name\xbelonger than what fits in place\xa5Inner\x81\xabCreateIndex\x07\xa4List\x92\x80\x80\
        \xa5Inner\x81\xabModifyIndex\x08\xa4Name\xa1n\xa4List\x91\x92\x01\x02";
    let inner = Index { create_index: 0, modify_index: 8 };
    let list = vec![Index { create_index: 1, modify_index: 2 }];
    assert_eq!(from_slice::<Outer>(bytes).unwrap(), Outer { inner, name: "n".into(), list });
}

#[test]
fn keys_are_found_in_any_order() {
    let entries: [&[u8]; 5] =
        [b"\xa4Name\xa1n", b"\xabModifyIndex\x05", b"\xa2ID\xa1i", b"\xa5Other\x91\x01", b"\xa4Zone\x07"];
    let want = Everything {
        name: "n".into(),
        meta: Meta { id: "i".into(), zone: Some(7) },
        index: Index { modify_index: 5, ..Index::default() },
        ..Everything::default()
    };
    for turn in 0..entries.len() {
        for step in 1..entries.len() {
            let order = (0..entries.len()).map(|at| entries[(turn + at * step) % entries.len()]);
            let bytes = [b"\x85"].into_iter().map(|map| &map[..]).chain(order).collect::<Vec<_>>().concat();
            assert_eq!(from_slice::<Everything>(&bytes).unwrap(), want, "{turn} {step}");
        }
    }
}

#[derive(Debug, Default, PartialEq, Wire)]
struct Keeping {
    #[wire(embed)]
    meta: Meta,
    port: u16,
    #[wire(rest)]
    rest: Rest,
}

#[test]
fn unknown_fields_are_kept_to_the_byte_and_written_in_order() {
    // Forms that this crate would not choose itself: a long form of 7, a float of 32 bits, an extension, a bin.
    let bytes = b"\x87\xa1A\xcd\x00\x07\xa2ID\xa1x\xa4Port\x05\xa3Q\xff!\xca\x3f\x80\x00\x00\xa1R\xd4\x01\x02\xa1z\xc4\x01\xff\xa4Zone\xc0";
    let it: Keeping = from_slice(bytes).unwrap();
    assert_eq!((it.meta.id.as_str(), it.port, it.rest.len()), ("x", 5, 4));
    let again = to_vec(&it).unwrap();
    assert_eq!(from_slice::<Keeping>(&again).unwrap(), it);
    let Value::Map(entries) = from_slice::<Value>(&again).unwrap() else { panic!("not a map") };
    assert!(entries.len() == 7 && entries.is_sorted_by(|a, b| a.0 < b.0), "{entries:?}");
    let kept = |bytes: &[u8]| again.windows(bytes.len()).any(|window| window == bytes);
    assert!(kept(b"\xa1A\xcd\x00\x07") && kept(b"\xca\x3f\x80\x00\x00") && kept(b"\xa1z\xc4\x01\xff"));
    // Of a key that comes twice the last wins; a list has no keys to keep.
    let twice: Keeping = from_slice(b"\x82\xa1A\x01\xa1A\x02").unwrap();
    assert_eq!(twice.rest[&b"A"[..]].as_bytes(), [2]);
    assert!(from_slice::<Keeping>(b"\x94\xa1x\x01\x02\x03").unwrap().rest.is_empty());
    // A value that Go would not step over is refused here too.
    assert!(from_slice::<Keeping>(b"\x81\xa1A\x81\x01\x02").is_err());
    // For people, what they mean.
    let text = serde_json::to_string(&Keeping { rest: it.rest.clone(), ..Keeping::default() });
    assert!(text.unwrap().starts_with("{\"A\":7,\"ID\":"));
}

#[test]
fn shapes_list_fields_by_key_with_docs_and_positions() {
    /// A thing.
    ///
    /// Of two paragraphs, the second
    /// on two lines.
    #[derive(Default, Wire)]
    struct Documented {
        /// Its size.
        #[wire("Size", omit_empty)]
        size: u16,
        #[wire(embed)]
        meta: Meta,
        #[wire(with = "proconsul_msgpack::nested")]
        inner: Option<Vec<String>>,
        bytes: Option<Vec<u8>>,
        #[wire(nil_when_empty)]
        tags: Vec<String>,
        #[wire(skip)]
        _own: u8,
        #[wire(rest)]
        rest: Rest,
    }
    let Shape::Struct(shape) = Documented::shape() else { panic!("not a structure") };
    let shape = shape();
    assert_eq!(shape.doc, "A thing.\nOf two paragraphs, the second on two lines.");
    assert!(shape.keeps_rest);
    let fields: Vec<_> =
        shape.fields.iter().map(|field| format!("{} {} {:?}", field.key, field.position, (field.shape)())).collect();
    let starts = [
        "Bytes 4 Optional(",
        "ID 1 Text",
        "Inner 3 Nested(",
        "Size 0 Int { bits: 16, signed: false }",
        "Tags 5 List(",
        "Zone 2 Optional(",
    ];
    assert!(
        fields.len() == starts.len() && fields.iter().zip(starts).all(|(field, start)| field.starts_with(start)),
        "{fields:?}"
    );
    let size = shape.get("Size").unwrap();
    assert!(size.omit_empty && size.doc == "Its size." && shape.get("Tags").unwrap().nil_when_empty);
    assert!(shape.get("size").is_none());
}
