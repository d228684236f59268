//! Structures without what goes without saying.

use crate::error::Kind;
use crate::marker as m;
use crate::reader::{Reader, kind};

/// A map of more pairs is left as it is: keys are compared with each other.
const PAIRS_MAX: u64 = 64;

/// The encoding of a structure without its fields that are nil, false, zero or an empty string: a decoder whose fields begin
/// with these reads the same from it. `None` where nothing can be left out: the bytes are not one map with string keys, a key comes
/// twice, or no field is so. For requests that are kept: those of Go clients hold every field that they have.
///
/// Not for structures that tell a pointer to zero from nil, or an empty byte string from none, at their top level.
pub fn without_defaults(bytes: &[u8]) -> Option<Vec<u8>> {
    without_defaults_and(&[], bytes)
}

/// As [`without_defaults`], without the fields of these names either, whatever is in them.
pub fn without_defaults_and(names: &[&[u8]], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut r = Reader::new(bytes);
    let header = r.byte().ok()?;
    if kind(header) != Some(Kind::Map) {
        return None;
    }
    let pairs = r.map_len(header).ok().filter(|pairs| *pairs <= PAIRS_MAX)?;
    let (mut keys, mut kept) = (Vec::with_capacity(pairs as usize), Vec::with_capacity(pairs as usize));
    for _ in 0..pairs {
        let start = r.at();
        let marker = r.byte().ok()?;
        let key = r.raw(marker).ok()?;
        if keys.contains(&key) {
            return None;
        }
        keys.push(key);
        let value = r.peek().ok()?;
        r.skip_value().ok()?;
        if !matches!(value, m::NIL | m::FALSE | 0 | m::FIXRAW) && !names.contains(&key) {
            kept.push(start..r.at());
        }
    }
    if !r.rest().is_empty() || kept.len() == keys.len() {
        return None;
    }
    let mut out = Vec::with_capacity(3 + kept.iter().map(ExactSizeIterator::len).sum::<usize>());
    match kept.len() {
        few @ 0..=15 => out.push(m::FIXMAP | few as u8),
        many => {
            out.push(m::MAP16);
            out.extend_from_slice(&(many as u16).to_be_bytes());
        }
    }
    kept.into_iter().for_each(|pair| out.extend_from_slice(&bytes[pair]));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&[u8]>) {
        assert_eq!(without_defaults(bytes).as_deref(), expected, "{bytes:x?}");
    }

    #[test]
    fn what_a_decoder_begins_with_is_left_out() {
        check(b"\x82\xa1a\x01\xa1b\x00", Some(b"\x81\xa1a\x01"));
        check(b"\x84\xa1a\xc0\xa1b\xc2\xa1c\xa0\xa1d\x00", Some(b"\x80"));
        check(b"\x82\xa1a\x90\xa1b\x80", None);
        check(b"\x82\xa1a\xc0\xa1b\x82\xa1x\xc0\xa1y\x00", Some(b"\x81\xa1b\x82\xa1x\xc0\xa1y\x00"));
        check(b"\xde\x00\x02\xa1a\x01\xa1b\x00", Some(b"\x81\xa1a\x01"));
        let many: Vec<u8> = (0..20u8).flat_map(|n| [0xa1, b'a' + n, 1]).chain(*b"\xa1z\xc0").collect();
        let (whole, less) = ([b"\xde\x00\x15", &many[..]].concat(), [b"\xde\x00\x14", &many[..60]].concat());
        check(&whole, Some(&less));
    }

    #[test]
    fn what_is_named_is_left_out_too() {
        let bytes = b"\x83\xa1a\x01\xa1b\x02\xa1c\xa1b";
        assert_eq!(without_defaults_and(&[b"b", b"x"], bytes).as_deref(), Some(&b"\x82\xa1a\x01\xa1c\xa1b"[..]));
        assert_eq!(without_defaults_and(&[b"x"], bytes), None);
    }

    #[test]
    fn what_is_no_plain_structure_is_left_alone() {
        check(b"\x80", None);
        check(b"\xc0", None);
        check(b"\x91\xc0", None);
        check(b"", None);
        // The second would win.
        check(b"\x82\xa1a\x01\xa1a\x00", None);
        check(b"\x81\xa1a\xc0\x00", None);
        check(b"\x82\xa1a\xc0", None);
        check(b"\xdf\xff\xff\xff\xff\xa1a\xc0", None);
        check(b"\x81\x01\xc0", None);
    }
}
