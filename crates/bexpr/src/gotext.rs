//! Go's string literals: reading them, and quoting text as `%q` does.

/// The first character of `bytes` and its width, as Go reads it: nothing is `(U+FFFD, 0)`, a bad byte `(U+FFFD, 1)`.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    if first.is_ascii() {
        return (char::from(first), 1);
    }
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next().map_or((char::REPLACEMENT_CHARACTER, 1), |char| (char, char.len_utf8()))
}

/// The bytes a Go string literal in double quotes or backquotes stands for; `None` where Go says "invalid syntax".
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    match literal {
        [b'`', inner @ .., b'`'] => {
            (!inner.contains(&b'`')).then(|| inner.iter().copied().filter(|byte| *byte != b'\r').collect())
        }
        [b'"', inner @ .., b'"'] => unescape(inner),
        _ => None,
    }
}

fn unescape(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\n' | b'"' => return None,
            b'\\' => rest = escape(after, &mut out)?,
            byte => out.push(byte),
        }
    }
    Some(out)
}

/// Appends what the escape sequence after a backslash stands for and returns what follows it.
fn escape<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (&kind, after) = rest.split_first()?;
    let simple = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'"' => kind,
        b'x' => return digits(after, 2, 16, |value| u8::try_from(value).map(|byte| out.push(byte)).ok()),
        b'0'..=b'7' => return digits(rest, 3, 8, |value| u8::try_from(value).map(|byte| out.push(byte)).ok()),
        b'u' => return digits(after, 4, 16, |value| push_char(value, out)),
        b'U' => return digits(after, 8, 16, |value| push_char(value, out)),
        _ => return None,
    };
    out.push(simple);
    Some(after)
}

fn push_char(value: u32, out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

fn digits(rest: &[u8], count: usize, radix: u32, push: impl FnOnce(u32) -> Option<()>) -> Option<&[u8]> {
    let (number, after) = rest.split_at_checked(count)?;
    let value = number.iter().try_fold(0u32, |value, byte| {
        let digit = char::from(*byte).to_digit(radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })?;
    push(value)?;
    Some(after)
}

/// Quotes text as Go's `%q` does.
pub(crate) fn quote(text: impl AsRef<[u8]>) -> String {
    let mut rest = text.as_ref();
    let mut out = String::with_capacity(rest.len() + 2);
    out.push('"');
    while let [first, ..] = rest {
        let (char, width) = decode(rest);
        if char == char::REPLACEMENT_CHARACTER && width == 1 {
            out.push_str(&format!("\\x{first:02x}"));
        } else {
            quote_char(char, &mut out);
        }
        rest = &rest[width..];
    }
    out.push('"');
    out
}

fn quote_char(char: char, out: &mut String) {
    match char {
        '"' | '\\' => out.extend(['\\', char]),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        char if is_printable(char) => out.push(char),
        char if char < ' ' || char == '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(char))),
        char if u32::from(char) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", u32::from(char))),
        char => out.push_str(&format!("\\U{:08x}", u32::from(char))),
    }
}

/// Go's `unicode.IsPrint`: everything but controls, formats, unassigned, private and spaces other than U+0020.
///
/// The standard library has the same set, but shows it only through `escape_debug`; a combining mark is escaped there
/// when it comes first, hence the letter before it.
fn is_printable(char: char) -> bool {
    let mut buffer = [b'a', 0, 0, 0, 0];
    let length = 1 + char.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    text.escape_debug().nth(1) == Some(char)
}

#[cfg(test)]
mod tests {
    use super::{decode, quote, unquote};

    #[test]
    fn literals_are_read_as_go_reads_them() {
        for (literal, expected) in [
            (r#""""#, Some(&b""[..])),
            (r#""a\tb\\\"""#, Some(b"a\tb\\\"")),
            (r#""\x41\101\u00e9\U0001F600""#, Some("AA\u{e9}\u{1f600}".as_bytes())),
            (r#""\xff""#, Some(b"\xff")),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#""\'""#, None),
            (r#""\q""#, None),
            (r#""\x4""#, None),
            ("\"a\nb\"", None),
            ("`a\\n\r\n`", Some(b"a\\n\n")),
            ("\"", None),
            ("`", None),
            ("'a'", None),
        ] {
            assert_eq!(unquote(literal.as_bytes()).as_deref(), expected, "{literal}");
        }
    }

    #[test]
    fn text_is_quoted_as_go_quotes_it() {
        for (text, expected) in [
            (&b"plain"[..], r#""plain""#),
            (b"\"\\\n\x00\x7f", r#""\"\\\n\x00\x7f""#),
            (b"\xffa", r#""\xffa""#),
            (
                "\u{e9}\u{301}\u{a0}\u{200b}\u{e000}\u{1f600}".as_bytes(),
                "\"\u{e9}\u{301}\\u00a0\\u200b\\ue000\u{1f600}\"",
            ),
            ("\u{10ffff}\u{fffd}".as_bytes(), "\"\\U0010ffff\u{fffd}\""),
        ] {
            assert_eq!(quote(text), expected);
        }
    }

    #[test]
    fn a_bad_byte_is_one_replacement_character() {
        assert_eq!(decode(b""), ('\u{fffd}', 0));
        assert_eq!(decode(b"\xe2\x82"), ('\u{fffd}', 1));
        assert_eq!(decode("\u{20ac}x".as_bytes()), ('\u{20ac}', 3));
        assert_eq!(decode("\u{fffd}".as_bytes()), ('\u{fffd}', 3));
    }
}
