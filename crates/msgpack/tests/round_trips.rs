//! What is written is read back, by us and by others; noise is neither believed nor feared.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{Decoder, GoStr, Offset, Time, Value, Wire, from_bytes, from_slice, to_vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Wire)]
struct Inner {
    #[wire("ID")]
    id: GoStr,
    weight: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Wire)]
struct Outer {
    zone: Option<String>,
    small: i8,
    int: i64,
    #[wire(embed)]
    inner: Inner,
    uint: u64,
    truth: bool,
    blob: Bytes,
    maybe_blob: Option<Vec<u8>>,
    inners: Vec<Inner>,
    #[wire(nil_when_empty)]
    names: Vec<String>,
    by_name: BTreeMap<GoStr, Inner>,
    #[wire(omit_empty)]
    port: u16,
    at: Time,
    inside: Option<Box<Outer>>,
    float: f64,
}

fn text() -> impl Strategy<Value = String> {
    ".{0,40}"
}

fn go_str() -> impl Strategy<Value = GoStr> {
    prop::collection::vec(any::<u8>(), 0..80).prop_map(GoStr::from)
}

fn inner() -> impl Strategy<Value = Inner> {
    (go_str(), -1e6f32..1e6).prop_map(|(id, weight)| Inner { id, weight })
}

fn time() -> impl Strategy<Value = Time> {
    let offset = prop_oneof![Just(Offset::Utc), (-50_000i32..50_000).prop_map(Offset::East)];
    // A minute west is how Go writes UTC.
    let offset = offset.prop_filter("Go cannot write it", |offset| !matches!(offset, Offset::East(-119..=-60)));
    (-62_000_000_000i64..200_000_000_000, 0..1_000_000_000u32, offset)
        .prop_map(|(secs, nanos, offset)| Time::from_unix(secs, nanos).with_offset(offset))
}

fn flat() -> impl Strategy<Value = Outer> {
    let numbers = (any::<i8>(), any::<i64>(), any::<u64>(), any::<bool>(), any::<u16>(), -1e300f64..1e300);
    let strings = (
        proptest::option::of(text()),
        prop::collection::vec(any::<u8>(), 0..300),
        proptest::option::of(prop::collection::vec(any::<u8>(), 0..40)),
    );
    let many = (
        prop::collection::vec(inner(), 0..4),
        prop::collection::vec(text(), 0..20),
        prop::collection::btree_map(go_str(), inner(), 0..4),
    );
    (numbers, strings, many, inner(), time()).prop_map(
        |((small, int, uint, truth, port, float), (zone, blob, maybe_blob), (inners, names, by_name), inner, at)| {
            Outer {
                zone,
                small,
                int,
                inner,
                uint,
                truth,
                blob: blob.into(),
                maybe_blob,
                inners,
                names,
                by_name,
                port,
                at,
                inside: None,
                float,
            }
        },
    )
}

fn outer() -> impl Strategy<Value = Outer> {
    (flat(), proptest::option::of(flat())).prop_map(|(outer, inside)| Outer { inside: inside.map(Box::new), ..outer })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::Uint),
        (-1e300f64..1e300).prop_map(Value::F64),
        go_str().prop_map(Value::Str),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| Value::Bytes(bytes.into())),
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(tag, data)| Value::Ext { tag, data: data.into() }),
    ];
    leaf.prop_recursive(5, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            prop::collection::vec((go_str(), inner), 0..20).prop_map(Value::Map),
        ]
    })
}

/// What a value is after having been written: what the wire does not tell apart is one.
fn as_read(value: &Value) -> Value {
    match value {
        Value::Uint(number) if *number < 128 => Value::Int(*number as i64),
        Value::Int(number) if *number > 127 => Value::Uint(*number as u64),
        Value::Bytes(bytes) => Value::Str(bytes.clone().into()),
        Value::Ext { data, .. } if data.is_empty() => Value::Nil,
        Value::Ext { data, .. } => Value::Str(data.clone().into()),
        Value::List(items) => Value::List(items.iter().map(as_read).collect()),
        Value::Map(entries) => Value::Map(entries.iter().map(|(key, value)| (key.clone(), as_read(value))).collect()),
        other => other.clone(),
    }
}

/// Written by others: the newer string and binary families, floats as they are, integers by value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Plain {
    int: i64,
    uint: u32,
    float: f64,
    text: String,
    #[serde(with = "serde_bytes")]
    blob: Vec<u8>,
    list: Vec<Option<String>>,
    map: BTreeMap<String, i16>,
    truth: bool,
}

fn plain() -> impl Strategy<Value = Plain> {
    let list = prop::collection::vec(proptest::option::of(text()), 0..20);
    let map = prop::collection::btree_map(text(), any::<i16>(), 0..20);
    let blob = prop::collection::vec(any::<u8>(), 0..300);
    (any::<i64>(), any::<u32>(), -1e300f64..1e300, text(), blob, list, map, any::<bool>()).prop_map(
        |(int, uint, float, text, blob, list, map, truth)| Plain { int, uint, float, text, blob, list, map, truth },
    )
}

proptest! {
    // Nothing is written beside the sources; a case that fails prints its smallest form, to become a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn structures_come_back(it in outer()) {
        let bytes = to_vec(&it).unwrap();
        prop_assert_eq!(&from_slice::<Outer>(&bytes).unwrap(), &it);
        prop_assert_eq!(&from_bytes::<Outer>(&Bytes::from(bytes)).unwrap(), &it);
    }

    #[test]
    fn structures_are_written_with_sorted_keys(it in outer()) {
        let Value::Map(entries) = from_slice(&to_vec(&it).unwrap()).unwrap() else { panic!("not a map") };
        prop_assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn untyped_values_come_back(it in any_value()) {
        let bytes = to_vec(&it).unwrap();
        let back: Value = from_slice(&bytes).unwrap();
        prop_assert_eq!(&back, &as_read(&it));
        prop_assert_eq!(to_vec(&back).unwrap(), bytes);
    }

    #[test]
    fn structures_and_untyped_values_agree(it in outer()) {
        let bytes = to_vec(&it).unwrap();
        let value: Value = from_slice(&bytes).unwrap();
        // Only the width of floats is lost, which a type restores.
        prop_assert_eq!(from_slice::<Outer>(&to_vec(&value).unwrap()).unwrap(), it);
    }

    #[test]
    fn others_read_what_we_write(it in plain()) {
        let bytes = to_vec(&it).unwrap();
        prop_assert_eq!(&rmp_serde::from_slice::<Plain>(&bytes).unwrap(), &it);
    }

    #[test]
    fn we_read_what_others_write(it in plain()) {
        prop_assert_eq!(&from_slice::<Plain>(&rmp_serde::to_vec_named(&it).unwrap()).unwrap(), &it);
        prop_assert_eq!(&from_slice::<Plain>(&rmp_serde::to_vec(&it).unwrap()).unwrap(), &it);
    }

    #[test]
    fn noise_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = from_slice::<Outer>(&bytes);
        let _ = from_slice::<Plain>(&bytes);
        let _ = from_bytes::<Value>(&Bytes::copy_from_slice(&bytes));
        let _ = Decoder::new(&bytes).skip();
    }

    #[test]
    fn a_wrong_byte_is_an_error_or_another_value(it in outer(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = to_vec(&it).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = from_slice::<Outer>(&bytes) {
            prop_assert!(from_slice::<Outer>(&to_vec(&other).unwrap()).is_ok());
        }
    }

    #[test]
    fn every_cut_of_a_structure_is_incomplete(it in flat(), at in any::<prop::sample::Index>()) {
        let bytes = to_vec(&it).unwrap();
        let error = from_slice::<Outer>(&bytes[..at.index(bytes.len())]).unwrap_err();
        prop_assert!(error.is_incomplete(), "{}", error);
    }

    #[test]
    fn times_come_back_as_bytes_and_as_text(it in time()) {
        let (bytes, len) = it.to_binary();
        prop_assert_eq!(Time::from_binary(&bytes[..len]), Ok(it));
        // Text has offsets in whole minutes.
        if let Offset::East(east) = it.offset() && east % 60 != 0 {
            return Ok(());
        }
        let text: Time = it.to_string().parse().unwrap();
        prop_assert_eq!(text.unix(), it.unix());
    }
}

#[test]
fn through_json_and_back() {
    let it = Outer {
        zone: Some("z".into()),
        names: vec![],
        blob: Bytes::from_static(b"\xff\x00"),
        maybe_blob: Some(vec![1]),
        at: Time::from_unix(1, 5),
        ..Outer::default()
    };
    let json = serde_json::to_string(&it).unwrap();
    assert!(json.contains(r#""At":"1970-01-01T00:00:01.000000005Z""#), "{json}");
    assert!(json.contains(r#""Names":null"#), "{json}");
    assert!(json.contains(r#""Blob":"/wA=""#), "{json}");
    assert_eq!(serde_json::from_str::<Outer>(&json).unwrap(), it);
    let value: Value = serde_json::from_str(r#"{"a":[1,-1,1.5,null,"x"]}"#).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"a":[1,-1,1.5,null,"x"]}"#);
}
