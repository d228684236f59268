//! Names that differ only in case are one name.

use std::borrow::Cow;

/// Lower case, as Consul files the names of nodes, services and checks.
///
/// Plain ASCII in lower case, the usual case by far, is borrowed. Letters beyond ASCII are folded one by one, without
/// the rules that depend on neighbours or change the number of letters; bytes that are not UTF-8 stay as they are.
pub(crate) fn fold(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    if name.is_ascii() {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    let mut folded = Vec::with_capacity(name.len());
    let mut letter = [0; 4];
    for chunk in name.utf8_chunks() {
        for original in chunk.valid().chars() {
            let mut lower = original.to_lowercase();
            let one = match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => original,
            };
            folded.extend_from_slice(one.encode_utf8(&mut letter).as_bytes());
        }
        folded.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(folded)
}

/// Whether two names are one.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left == right || fold(left) == fold(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_and_stray_bytes_are_kept() {
        let check = |name: &[u8], expected: &[u8]| assert_eq!(fold(name).as_ref(), expected);
        check(b"web-1", b"web-1");
        check(b"Web-1", b"web-1");
        check("\u{c4}Bc".as_bytes(), "\u{e4}bc".as_bytes());
        check(b"\xffAb\xc3", b"\xffab\xc3");
        assert!(same(b"WEB", b"web") && !same(b"\xff", b"\xfe"));
        assert!(matches!(fold(b"plain"), Cow::Borrowed(_)));
    }
}
