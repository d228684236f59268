//! Where values end, whatever the chunks they come in.
#![allow(missing_docs)]

use proconsul_msgpack::{DecodeError, Decoder, SKIP_DEPTH_MAX, Scan, Scanner, Value, to_vec};
use proptest::prelude::*;

/// Bytes until the value is complete, fed in chunks of `step`.
fn scan(bytes: &[u8], step: usize) -> Result<Option<usize>, DecodeError> {
    let mut scanner = Scanner::new();
    let mut before = 0;
    for chunk in bytes.chunks(step) {
        match scanner.feed(chunk)? {
            Scan::Complete { used } => return Ok(Some(before + used)),
            Scan::More => before += chunk.len(),
        }
    }
    Ok(None)
}

#[test]
fn every_form_ends_where_it_should() {
    let whole: &[&[u8]] = &[
        b"\xc0",
        b"\xc2",
        b"\x05",
        b"\xff",
        b"\x80",
        b"\x90",
        b"\xa0",
        b"\xa3abc",
        b"\xcc\x01",
        b"\xcd\x01\x02",
        b"\xce\x01\x02\x03\x04",
        b"\xcf\0\0\0\0\0\0\0\x01",
        b"\xd0\x01",
        b"\xd1\x01\x02",
        b"\xd2\0\0\0\x01",
        b"\xd3\0\0\0\0\0\0\0\x01",
        b"\xca\0\0\0\0",
        b"\xcb\0\0\0\0\0\0\0\0",
        b"\xc4\x01x",
        b"\xc5\0\x01x",
        b"\xc6\0\0\0\x01x",
        b"\xc4\0",
        b"\xd9\x01x",
        b"\xda\0\x01x",
        b"\xdb\0\0\0\x01x",
        b"\xd4\x01x",
        b"\xd5\x01xy",
        b"\xd6\x01wxyz",
        b"\xd7\x0112345678",
        b"\xd8\x011234567812345678",
        b"\xc7\x01\x01x",
        b"\xc7\0\x01",
        b"\xc8\0\x01\x01x",
        b"\xc9\0\0\0\x01\x01x",
        b"\x92\x01\xa1x",
        b"\xdc\0\x02\x01\x02",
        b"\xdd\0\0\0\x02\x01\x02",
        b"\x81\xa1a\x92\x01\x81\xa1b\xc0",
        b"\xde\0\x01\xa1a\x01",
        b"\xdf\0\0\0\x01\xa1a\x01",
        b"\x82\x01\x02\x90\x80",
        b"\x93\x91\x91\xc0\x80\x82\xa1a\x90\xa1b\x91\x01",
        b"\xdc\0\0",
        b"\xdf\0\0\0\0",
    ];
    for bytes in whole {
        for step in 1..=bytes.len() {
            assert_eq!(scan(bytes, step), Ok(Some(bytes.len())), "{bytes:x?} by {step}");
            assert_eq!(scan(&bytes[..bytes.len() - 1], step), Ok(None), "{bytes:x?} by {step}");
        }
        let more = [bytes, &b"\xc0\xc1"[..]].concat();
        assert_eq!(scan(&more, more.len()), Ok(Some(bytes.len())), "{bytes:x?}");
    }
}

#[test]
fn a_scanner_serves_one_value_after_the_other() {
    let mut scanner = Scanner::new();
    assert!(scanner.is_idle());
    assert_eq!(scanner.feed(b"\x92\x01"), Ok(Scan::More));
    assert!(!scanner.is_idle());
    assert_eq!(scanner.feed(b"\x02\xa1x"), Ok(Scan::Complete { used: 1 }));
    assert!(scanner.is_idle());
    assert_eq!(scanner.feed(b""), Ok(Scan::More));
    assert!(scanner.is_idle());
    assert_eq!(scanner.feed(b"\xa1"), Ok(Scan::More));
    assert!(!scanner.is_idle());
    assert_eq!(scanner.feed(b"x"), Ok(Scan::Complete { used: 1 }));
}

#[test]
fn claims_only_mean_more() {
    for bytes in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdf\xff\xff\xff\xff\xa1a",
        b"\xdb\xff\xff\xff\xffx",
        b"\xc9\xff\xff\xff\xff\x01",
    ] {
        assert_eq!(scan(bytes, 2), Ok(None), "{bytes:x?}");
    }
}

#[test]
fn a_key_with_the_bits_of_a_string_is_one() {
    // Go takes 67 bytes for the key e3, and one for the value.
    let bytes = [&[0x81, 0xe3][..], &[b'x'; 67], &[0x05]].concat();
    assert_eq!(scan(&bytes, 7), Ok(Some(bytes.len())));
    let mut decoder = Decoder::new(&bytes);
    assert_eq!((decoder.skip(), decoder.position()), (Ok(()), bytes.len()));
}

#[test]
fn what_begins_nothing_is_an_error_at_once() {
    assert_eq!(scan(b"\x92\xc1", 1), Err(DecodeError::NoValue(0xc1)));
}

#[test]
fn depth_is_no_problem_and_open_ends_have_a_bound() {
    let deep = [vec![0x91; 300_000], vec![0x80]].concat();
    assert_eq!(scan(&deep, 4096), Ok(Some(deep.len())));
    let wide = vec![0x92; SKIP_DEPTH_MAX + 2];
    assert_eq!(scan(&wide, 4096), Err(DecodeError::TooDeep));
    let closed = [vec![0x92; SKIP_DEPTH_MAX], vec![0xc0; SKIP_DEPTH_MAX + 1]].concat();
    assert_eq!(scan(&closed, 4096), Ok(Some(closed.len())));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::F64),
        ".{0,40}".prop_map(|text| Value::Str(text.into())),
    ];
    leaf.prop_recursive(6, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            prop::collection::vec((".{0,8}".prop_map(|key| key.into()), inner), 0..20).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_a_chunk_ends_does_not_matter(value in any_value(), step in 1usize..40) {
        let bytes = to_vec(&value).unwrap();
        prop_assert_eq!(scan(&bytes, step), Ok(Some(bytes.len())));
    }

    #[test]
    fn noise_is_scanned_alike_in_one_piece_and_in_many(bytes in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..9) {
        prop_assert_eq!(scan(&bytes, step), scan(&bytes, bytes.len().max(1)));
        // What Go steps over, the scanner delimits.
        let mut decoder = Decoder::new(&bytes);
        if decoder.skip().is_ok() {
            prop_assert_eq!(scan(&bytes, step), Ok(Some(decoder.position())));
        }
    }
}
