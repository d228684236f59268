//! The codec's error texts as Go peers see them. Recorded ones are marked with their golden case, the others follow from
//! go-msgpack's source.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::{Decoder, Time, Value, Wire};
use serde::Deserialize;

#[derive(Debug, Default, Wire)]
#[allow(dead_code)]
struct Kinds {
    #[wire("I")]
    int: i64,
    #[wire("H")]
    short: i32,
    #[wire("U")]
    uint: u64,
    #[wire("C")]
    byte: u8,
    #[wire("B")]
    truth: bool,
    #[wire("S")]
    string: String,
    #[wire("F")]
    float: f64,
    #[wire("G")]
    float32: f32,
    #[wire("Y")]
    bytes: Bytes,
    #[wire("L")]
    list: Vec<String>,
    #[wire("M")]
    map: BTreeMap<String, String>,
    #[wire("T")]
    time: Time,
    #[wire("A")]
    any: Value,
    #[wire("N")]
    inner: Option<Box<Kinds>>,
    #[wire("R")]
    array: [u8; 2],
}

fn unhex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[track_caller]
fn check_as<T: for<'de> Deserialize<'de>>(hex: &str, text: &str) {
    let bytes = unhex(hex);
    let error = Decoder::new(&bytes).decode::<T>().err().unwrap_or_else(|| panic!("{hex} is read"));
    assert_eq!(error.wire_text(), text, "{hex}");
}

/// The field with this one-letter key, given these bytes.
#[track_caller]
fn check_field(key: char, hex: &str, text: &str) {
    check_as::<Kinds>(&format!("81 a1{:02x} {hex}", key as u8), text);
    let position = "IHUCBSFGYLMTANR".find(key).unwrap();
    check_as::<Kinds>(&format!("9f {} {hex}", "c0".repeat(position)), text);
}

const NUMBER: &str = "codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte:";
const BOOL: &str = "codec.decoder: Invalid single-byte value for bool: Unrecognized descriptor byte:";
const LENGTH: &str = "codec.decoder: readContainerLen: Unrecognized descriptor byte:";
const STRUCT: &str = "codec.decoder: Only encoded map or array can be decoded into a struct. (valueType:";
const SLICE: &str = "codec.decoder: Only encoded map or array can be decoded into a slice. (valueType:";
const NEGATIVE: &str = "codec.decoder: Assigning negative signed value:";

#[test]
fn recorded() {
    check_as::<Kinds>("05", &format!("{STRUCT} 2)")); // netrpc/body-int
    check_as::<Kinds>("a3616263", &format!("{STRUCT} 6)")); // netrpc/body-string
    check_as::<Kinds>("810102", &format!("{LENGTH} hex: 1, dec: 1")); // netrpc/body-key-int
    check_field('U', "a135", &format!("{NUMBER} a1")); // netrpc/wrong-type-string-for-int
    check_field('N', "a178", &format!("{STRUCT} 6)")); // netrpc/wrong-type-string-for-map
    check_field('U', "fd", &format!("{NEGATIVE} 253, to unsigned type")); // netrpc/negative-for-uint
    check_as::<Kinds>("", "EOF"); // netrpc/header-only-then-close
    check_as::<Kinds>("81a153 a8616263646566", "unexpected EOF"); // netrpc/body-truncated-then-close
    check_as::<Kinds>("81a153 db00ffffff6161", "unexpected EOF"); // netrpc/oversized-string-claim-then-close
}

#[test]
fn the_end_of_the_bytes_is_unexpected_only_inside_a_part() {
    for hex in [
        "81",
        "81a1",
        "81a149",
        "81a149 cc",
        "81a149 cd",
        "81a153 a1",
        "81a153 d9",
        "81a153 da",
        "81a14c",
        "81a14c 92",
        "81a17a 92",
        "81a17a d4",
        "81a17a d401",
    ] {
        check_as::<Kinds>(hex, "EOF");
    }
    for hex in [
        "81a27a",
        "81a149 cd00",
        "81a149 cf00000000",
        "81a153 da00",
        "81a153 a278",
        "81a17a da00",
        "81a17a cf00",
        "81a17a d50105",
    ] {
        check_as::<Kinds>(hex, "unexpected EOF");
    }
}

#[test]
fn structures() {
    for (hex, kind) in [
        ("c2", "5"),
        ("c3", "5"),
        ("ca00000000", "4"),
        ("cc05", "3"),
        ("d005", "2"),
        ("ff", "2"),
        ("d90161", "6"),
        ("c40105", "8"),
        ("d40105", "c"),
    ] {
        check_as::<Kinds>(hex, &format!("{STRUCT} {kind})"));
        check_field('N', hex, &format!("{STRUCT} {kind})"));
    }
    let nothing =
        "codec.decoder: currentEncodedType: Undeciphered descriptor: Unrecognized descriptor byte: hex: c1, dec: 193";
    check_as::<Kinds>("c1", nothing);
    check_field('N', "c1", nothing);
    check_field('L', "c1", nothing);
    check_field('Y', "c1", nothing);
}

#[test]
fn keys() {
    for (hex, byte) in [
        ("c3", "c3, dec: 195"),
        ("81a16101", "81, dec: 129"),
        ("90", "90, dec: 144"),
        ("c40161", "c4, dec: 196"),
        ("c1", "c1, dec: 193"),
        ("cc05", "cc, dec: 204"),
        ("cb00", "cb, dec: 203"),
        ("d005", "d0, dec: 208"),
        ("7f", "7f, dec: 127"),
    ] {
        check_as::<Kinds>(&format!("81{hex}01"), &format!("{LENGTH} hex: {byte}"));
        check_field('A', &format!("81{hex}01"), &format!("{LENGTH} hex: {byte}"));
        // In a field that nobody knows, too.
        check_as::<Kinds>(&format!("81a17a 81{hex}01"), &format!("{LENGTH} hex: {byte}"));
    }
}

#[test]
fn numbers() {
    for (hex, byte) in [
        ("a0", "a0"),
        ("c2", "c2"),
        ("c3", "c3"),
        ("80", "80"),
        ("90", "90"),
        ("c40105", "c4"),
        ("d40105", "d4"),
        ("c1", "c1"),
        ("da0001", "da"),
    ] {
        for key in ['I', 'H', 'U', 'C', 'F', 'G'] {
            check_field(key, hex, &format!("{NUMBER} {byte}"));
        }
    }
    for key in ['I', 'H', 'U', 'C'] {
        check_field(key, "ca3fc00000", &format!("{NUMBER} ca"));
        check_field(key, "cb3ff8000000000000", &format!("{NUMBER} cb"));
    }
    check_as::<i64>("c0", &format!("{NUMBER} c0"));
    check_as::<u64>("c0", &format!("{NUMBER} c0"));
    check_as::<f64>("c0", &format!("{NUMBER} c0"));
    check_as::<bool>("c0", &format!("{BOOL} c0"));
}

#[test]
fn widths_and_signs() {
    check_field('H', "ce80000000", "codec.decoder: Overflow int value: 2147483648");
    check_field('H', "d3ffffffff7fffffff", "codec.decoder: Overflow int value: -2147483649");
    check_field('C', "cd0100", "codec.decoder: Overflow uint value: 256");
    check_field('C', "cfffffffffffffffff", "codec.decoder: Overflow uint value: 18446744073709551615");
    check_field('U', "e0", &format!("{NEGATIVE} 224, to unsigned type"));
    check_field('U', "d0ff", &format!("{NEGATIVE} -1, to unsigned type"));
    check_field('U', "d1ff7f", &format!("{NEGATIVE} -129, to unsigned type"));
    check_field('U', "d2ffff7fff", &format!("{NEGATIVE} -32769, to unsigned type"));
    check_field('C', "d3ffffffffffffffff", &format!("{NEGATIVE} -1, to unsigned type"));
    check_field('G', "cb7fefffffffffffff", "codec.decoder: Overflow float32 value: 1.7976931348623157e+308");
    check_field('G', "cbc810000000000000", "codec.decoder: Overflow float32 value: 1.361129467683754e+39");
}

#[test]
fn bools() {
    for (hex, byte) in
        [("02", "2"), ("7f", "7f"), ("ff", "ff"), ("a0", "a0"), ("cc01", "cc"), ("80", "80"), ("ca3f800000", "ca")]
    {
        check_field('B', hex, &format!("{BOOL} {byte}"));
    }
}

#[test]
fn strings_and_times() {
    for (hex, byte) in [
        ("05", "5, dec: 5"),
        ("c2", "c2, dec: 194"),
        ("80", "80, dec: 128"),
        ("90", "90, dec: 144"),
        ("ca00000000", "ca, dec: 202"),
        ("cc05", "cc, dec: 204"),
        ("d005", "d0, dec: 208"),
        ("c1", "c1, dec: 193"),
    ] {
        check_field('S', hex, &format!("{LENGTH} hex: {byte}"));
        check_field('T', hex, &format!("{LENGTH} hex: {byte}"));
        check_field('L', &format!("91{hex}"), &format!("{LENGTH} hex: {byte}"));
    }
    check_field('S', "c40178", &format!("{LENGTH} hex: c4, dec: 196"));
    check_field('T', "a0", "Time.UnmarshalBinary: no data");
    check_field('T', "a103", "Time.UnmarshalBinary: unsupported version");
    check_field('T', "c40101", "Time.UnmarshalBinary: invalid length");
    check_field('T', &format!("b001{}", "00".repeat(15)), "Time.UnmarshalBinary: invalid length");
    check_field('T', &format!("af02{}", "00".repeat(14)), "Time.UnmarshalBinary: invalid length");
}

#[test]
fn lists_and_byte_strings() {
    for (hex, kind) in [("05", "2"), ("cc05", "3"), ("c3", "5"), ("ca00000000", "4"), ("d40105", "c")] {
        check_field('L', hex, &format!("{SLICE} {kind})"));
        check_field('Y', hex, &format!("{SLICE} {kind})"));
        check_field('R', hex, &format!("{SLICE} {kind})"));
    }
    check_field('L', "a178", &format!("{SLICE} 6)"));
    check_field('L', "c40178", &format!("{SLICE} 8)"));
    check_field('Y', "91ff", &format!("{NEGATIVE} 255, to unsigned type"));
    check_field('R', "93010203", "codec.decoder: cannot expand go array from 2 to stream length: 3");
}

#[test]
fn maps_are_told_by_their_bits_so_the_text_names_what_comes_next() {
    check_field('M', "05", &format!("{LENGTH} hex: 5, dec: 5"));
    check_field('M', "7f", &format!("{LENGTH} hex: 7f, dec: 127"));
    // A string's header has a map's bits; its first letter is then no key.
    check_field('M', "a178", &format!("{LENGTH} hex: 78, dec: 120"));
    check_field('M', "9101", &format!("{LENGTH} hex: 1, dec: 1"));
    // Zero announces a length.
    check_field('M', "000105", &format!("{LENGTH} hex: 5, dec: 5"));
}

#[test]
fn what_begins_nothing() {
    let text = "codec.decoder: Nil-Deciphered DecodeValue: Unrecognized descriptor byte: hex: c1, dec: 193";
    check_field('A', "c1", text);
    check_field('A', "91c1", text);
    check_as::<Kinds>("81a17a c1", text);
    check_as::<Kinds>("81a17a 91c1", text);
}
