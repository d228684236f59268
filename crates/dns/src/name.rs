//! Domain names as text, as Go's `miekg/dns` writes them: labels end with a dot, and what is no plain letter in a label is
//! escaped (`\.`, `\200`).

/// Whether a name is whole: its last dot ends a label and is not a part of it.
pub(crate) fn is_whole(name: &str) -> bool {
    name.strip_suffix('.').is_some_and(|rest| !is_escaped(rest))
}

/// Whether what follows this text is escaped.
fn is_escaped(before: &str) -> bool {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The name, whole.
pub(crate) fn whole(name: &str) -> String {
    if is_whole(name) { name.to_owned() } else { format!("{name}.") }
}

/// Where the labels of a name begin. The root has none.
pub(crate) fn starts(name: &str) -> impl Iterator<Item = usize> {
    let end = name.len().saturating_sub(1);
    let dots = name.bytes().enumerate().filter(move |(at, byte)| *byte == b'.' && *at < end);
    let next = dots.filter(|(at, _)| name.get(..*at).is_some_and(|before| !is_escaped(before))).map(|(at, _)| at + 1);
    let is_empty = name.is_empty() || name == ".";
    (!is_empty).then_some(0).into_iter().chain(next)
}

/// The labels of a name, as they are written.
pub(crate) fn labels(name: &str) -> Vec<&str> {
    let end = if is_whole(name) { name.len() - 1 } else { name.len() };
    let starts: Vec<usize> = starts(name).collect();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([end]);
    starts.iter().zip(ends).filter_map(|(start, end)| name.get(*start..end)).collect()
}

/// Appends one byte of a label, escaped where it must be.
pub(crate) fn push_escaped(name: &mut String, byte: u8) {
    match byte {
        b'.' | b' ' | b'\'' | b'@' | b';' | b'(' | b')' | b'"' | b'\\' => {
            name.push('\\');
            name.push(char::from(byte));
        }
        b'!'..=b'~' => name.push(char::from(byte)),
        _ => name.push_str(&format!("\\{byte:03}")),
    }
}

/// Takes the byte that a text begins with, escaped or not, and how much of the text it is. A lonely escape at the end is nothing.
pub(crate) fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let digit = |digit: &u8| digit.wrapping_sub(b'0');
            // As Go counts: beyond 255 it begins again.
            let byte = digit(a).wrapping_mul(100).wrapping_add(digit(b).wrapping_mul(10)).wrapping_add(digit(c));
            Some((byte, 4))
        }
        [b'\\', byte, ..] => Some((*byte, 2)),
        [b'\\'] | [] => None,
        [byte, ..] => Some((*byte, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_dots_that_are_not_escaped() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            (".", &[]),
            ("web", &["web"]),
            ("web.service.consul.", &["web", "service", "consul"]),
            (r"a\.b.c.", &[r"a\.b", "c"]),
            (r"a\\.b.", &[r"a\\", "b"]),
            (r"end\.", &[r"end\."]),
        ];
        for (name, expected) in table {
            assert_eq!(labels(name), *expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_whole_with_a_dot_that_ends_it() {
        for (name, expected) in [("a.", true), ("a", false), (".", true), ("", false), (r"a\.", false), (r"a\\.", true)]
        {
            assert_eq!(is_whole(name), expected, "{name}");
        }
        assert_eq!((whole("a"), whole("a.")), ("a.".to_owned(), "a.".to_owned()));
    }

    #[test]
    fn every_byte_comes_back_from_its_escape() {
        for byte in 0..=u8::MAX {
            let mut name = String::new();
            push_escaped(&mut name, byte);
            assert_eq!(unescape(name.as_bytes()), Some((byte, name.len())));
        }
        assert_eq!(unescape(br"\"), None);
    }
}
