//! The encoder rules, one line each. Source: `wire/README.md`.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{EncodeError, GoStr, Time, Value, encode_into, to_vec};
use serde::Serialize;
use serde::ser::{Error, SerializeMap, SerializeSeq, Serializer};

#[track_caller]
fn check(value: impl Serialize, hex: &str) {
    let got: String = to_vec(&value).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(got, hex);
}

/// Header and length of a long value.
#[track_caller]
fn check_long(value: impl Serialize, header: &str, len: usize) {
    let bytes = to_vec(&value).unwrap();
    let got: String = bytes[..header.len() / 2].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((got.as_str(), bytes.len()), (header, len));
}

#[test]
fn integers_take_the_smallest_form_for_their_value_whatever_their_type() {
    check(0i64, "00");
    check(127i32, "7f");
    check(128i64, "cc80");
    check(255u8, "ccff");
    check(256i16, "cd0100");
    check(65_535u64, "cdffff");
    check(65_536i64, "ce00010000");
    check(4_294_967_295i64, "ceffffffff");
    check(1i64 << 32, "cf0000000100000000");
    check(u64::MAX, "cfffffffffffffffff");
    check(i64::MAX, "cf7fffffffffffffff");
    check(-1i8, "ff");
    check(-32i64, "e0");
    check(-33i64, "d0df");
    check(-128i8, "d080");
    check(-129i64, "d1ff7f");
    check(i16::MIN, "d18000");
    check(-32_769i64, "d2ffff7fff");
    check(i32::MIN, "d280000000");
    check(i64::from(i32::MIN) - 1, "d3ffffffff7fffffff");
    check(5u128, "05");
    check(-5i128, "fb");
    check(i128::from(u64::MAX), "cfffffffffffffffff");
    assert_eq!(to_vec(&(u128::from(u64::MAX) + 1)), Err(EncodeError::TooWide));
    assert_eq!(to_vec(&i128::MIN), Err(EncodeError::TooWide));
}

#[test]
fn floats_keep_their_width() {
    check(1.5f64, "cb3ff8000000000000");
    check(1.5f32, "ca3fc00000");
    check(0f64, "cb0000000000000000");
}

#[test]
fn strings_and_byte_strings_are_the_old_raw_family() {
    check("", "a0");
    check("x", "a178");
    check(GoStr::from(&b"\xff"[..]), "a1ff");
    check(Bytes::from_static(b"x"), "a178");
    check(serde_bytes::Bytes::new(b"x"), "a178");
    check('é', "a2c3a9");
    check_long("x".repeat(31), "bf78", 32);
    check_long("x".repeat(32), "da002078", 35);
    check_long("x".repeat(255), "da00ff78", 258);
    check_long("x".repeat(65_535), "daffff78", 65_538);
    check_long("x".repeat(65_536), "db0001000078", 65_541);
}

#[test]
fn lists_and_maps_have_three_headers() {
    check([0u8; 0].as_slice(), "90");
    check(vec![1u64, 2], "920102");
    check((1, "a"), "9201a161");
    check_long(vec![0u64; 15], "9f", 16);
    check_long(vec![0u64; 16], "dc0010", 19);
    check_long(vec![0u64; 65_536], "dd00010000", 65_541);
    let map = |len: u64| (0..len).map(|key| (key % 128 + (key / 128) * 65_536, 0u8)).collect::<BTreeMap<_, _>>();
    check(map(0), "80");
    check_long(map(15), "8f", 31);
    check_long(map(16), "de0010", 35);
}

#[test]
fn nil_is_not_empty() {
    check(Option::<u64>::None, "c0");
    check(Some(5), "05");
    check((), "c0");
    check(Option::<Bytes>::None, "c0");
    check(Some(Bytes::new()), "a0");
}

#[test]
fn bools_enums_and_empty_structures() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    enum Kind {
        Plain,
        One(u8),
        Two(u8, u8),
        Named { a: u8 },
    }
    check(true, "c3");
    check(false, "c2");
    check(Unit, "80");
    check(Kind::Plain, "a5506c61696e");
    check(Kind::One(1), "81a34f6e6501");
    check(Kind::Two(1, 2), "81a354776f920102");
    check(Kind::Named { a: 1 }, "81a54e616d656481a16101");
}

#[test]
fn times_are_raws() {
    check(Time::ZERO, "af01000000000000000000000000ffff");
    check("2024-03-01T12:34:56.789Z".parse::<Time>().unwrap(), "af010000000edd73c2702f072f40ffff");
    check("2024-03-01T04:34:56.789-08:00".parse::<Time>().unwrap(), "af010000000edd73c2702f072f40fe20");
}

#[test]
fn untyped_values() {
    check(Value::Nil, "c0");
    check(Value::List(vec![]), "90");
    check(Value::Map(vec![]), "80");
    check(Value::Uint(5), "05");
    check(Value::F32(1.5), "ca3fc00000");
    check(Value::Bytes(Bytes::from_static(b"b")), "a162");
    // Go writes an extension that it has read without its tag, and nil for one without bytes.
    check(Value::Ext { tag: 1, data: Bytes::from_static(b"e") }, "a165");
    check(Value::Ext { tag: 1, data: Bytes::new() }, "c0");
    check(Value::Map(vec![("b".into(), 1i64.into()), ("a".into(), true.into())]), "82a16201a161c3");
}

/// Lists and maps that do not say how long they are.
struct Unsized(u64);

impl Serialize for Unsized {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut list = s.serialize_seq(None)?;
        for n in 0..self.0 {
            list.serialize_element(&UnsizedMap(n))?;
        }
        list.end()
    }
}

struct UnsizedMap(u64);

impl Serialize for UnsizedMap {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("n", &self.0)?;
        map.end()
    }
}

#[test]
fn lengths_known_late_are_written_first() {
    check(Unsized(0), "90");
    check(Unsized(2), "9281a16e0081a16e01");
    check_long(Unsized(16), "dc001081", 3 + 16 * 4);
}

#[test]
fn a_failed_value_leaves_no_bytes() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no"))
        }
    }
    let mut out = vec![1];
    let error = encode_into(&mut out, &(1, Fails)).unwrap_err();
    assert_eq!((error.to_string().as_str(), out.as_slice()), ("no", &[1][..]));
}
