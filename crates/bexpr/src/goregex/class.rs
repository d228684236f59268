//! Character classes: brackets, `\d` and the like, `[:alpha:]`, `\pL`.

use super::parse::{Error, check_utf8, escape, next_char};
use super::scripts::SCRIPTS;

/// A class that no character is in.
pub(super) const NOTHING: &str = "[a&&b]";

/// A class that every character is in.
const ANYTHING: &str = r"[\x{0}-\x{10ffff}]";

/// Names of Go's POSIX classes; the `regex` crate has the same ones with the same members.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Go's general categories, as of 1.24: exact names only.
const CATEGORIES: &[&str] = &[
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P",
    "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
];

/// The class a backslash begins, if it is one: `\d`, `\pL`, `\p{Greek}`. Each is written as a class in brackets.
pub(super) fn escaped(text: &[u8]) -> Result<Option<(String, &[u8])>, Error> {
    let (class, rest) = match text {
        [b'\\', b'p' | b'P', ..] => return unicode(text).map(Some),
        [b'\\', b'd', rest @ ..] => ("[0-9]", rest),
        [b'\\', b'D', rest @ ..] => ("[^0-9]", rest),
        [b'\\', b's', rest @ ..] => (r"[\t\n\x0c\r\x20]", rest),
        [b'\\', b'S', rest @ ..] => (r"[^\t\n\x0c\r\x20]", rest),
        [b'\\', b'w', rest @ ..] => ("[0-9A-Za-z_]", rest),
        [b'\\', b'W', rest @ ..] => ("[^0-9A-Za-z_]", rest),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), rest)))
}

fn unicode(text: &[u8]) -> Result<(String, &[u8]), Error> {
    let (first, after) = next_char(&text[2..])?;
    let (name, rest) = if first == '{' {
        let Some(end) = text.iter().position(|byte| *byte == b'}') else {
            check_utf8(text)?;
            return Err(Error::new("invalid character class range", text));
        };
        check_utf8(&text[3..end])?;
        (&text[3..end], &text[end + 1..])
    } else {
        (&text[2..text.len() - after.len()], after)
    };
    let unnegated = name.strip_prefix(b"^");
    let is_negated = (text[1] == b'P') != unnegated.is_some();
    let name = std::str::from_utf8(unnegated.unwrap_or(name)).unwrap_or_default();
    let members = match name {
        "Any" => r"\x{0}-\x{10ffff}".to_owned(),
        // Without the unassigned, which Go keeps out of C.
        "C" => r"\p{Cc}\p{Cf}\p{Co}".to_owned(),
        // Surrogates, which are in no text.
        "Cs" => NOTHING.to_owned(),
        name if CATEGORIES.contains(&name) => format!("\\p{{gc={name}}}"),
        name if SCRIPTS.contains(&name) => format!("\\p{{sc={name}}}"),
        _ => return Err(Error::new("invalid character class range", &text[..text.len() - rest.len()])),
    };
    Ok((format!("[{}{members}]", if is_negated { "^" } else { "" }), rest))
}

/// A class in brackets, which `text` begins with.
pub(super) fn bracketed(text: &[u8], fold: bool) -> Result<(String, &[u8]), Error> {
    let mut rest = &text[1..];
    let unnegated = rest.strip_prefix(b"^");
    rest = unnegated.unwrap_or(rest);
    let mut members = String::new();
    let mut is_first = true;
    while is_first || rest.first() != Some(&b']') {
        is_first = false;
        if let Some((class, after)) = posix(rest)? {
            members.push_str(&class);
            rest = after;
        } else if let Some((class, after)) = escaped(rest)? {
            members.push_str(&class);
            rest = after;
        } else {
            let (range, after) = range(rest, text)?;
            members.push_str(&range);
            rest = after;
        }
    }
    let class = match (members.is_empty(), unnegated.is_some()) {
        (true, true) => ANYTHING.to_owned(),
        (true, false) => NOTHING.to_owned(),
        (false, true) => format!("[^{members}]"),
        (false, false) => format!("[{members}]"),
    };
    Ok((if fold { format!("(?i:{class})") } else { class }, &rest[1..]))
}

/// `[:name:]`, inside brackets.
fn posix(text: &[u8]) -> Result<Option<(String, &[u8])>, Error> {
    let [b'[', b':', inner @ ..] = text else { return Ok(None) };
    let Some(end) = inner.windows(2).position(|window| window == b":]") else { return Ok(None) };
    let name = &inner[..end];
    let bare = name.strip_prefix(b"^").unwrap_or(name);
    let token = &text[..end + 4];
    match POSIX.iter().find(|known| known.as_bytes() == bare) {
        Some(known) => {
            let sign = if bare.len() < name.len() { "^" } else { "" };
            Ok(Some((format!("[:{sign}{known}:]"), &text[token.len()..])))
        }
        None => Err(Error::new("invalid character class range", token)),
    }
}

/// One character or a range of them, inside brackets.
fn range<'a>(text: &'a [u8], whole: &[u8]) -> Result<(String, &'a [u8]), Error> {
    let (low, mut rest) = class_char(text, whole)?;
    let mut high = low;
    if let [b'-', next, ..] = rest
        && *next != b']'
    {
        (high, rest) = class_char(&rest[1..], whole)?;
        if high < low {
            return Err(Error::new("invalid character class range", &text[..text.len() - rest.len()]));
        }
    }
    // Surrogates are in no text, and no class of the regex crate can end in one.
    let low = if (0xd800..0xe000).contains(&low) { 0xe000 } else { low };
    let high = if (0xd800..0xe000).contains(&high) { 0xd7ff } else { high };
    Ok((if low <= high { format!("\\x{{{low:x}}}-\\x{{{high:x}}}") } else { String::new() }, rest))
}

fn class_char<'a>(text: &'a [u8], whole: &[u8]) -> Result<(u32, &'a [u8]), Error> {
    match text {
        [] => Err(Error::new("missing closing ]", whole)),
        [b'\\', ..] => escape(text),
        _ => next_char(text).map(|(char, rest)| (u32::from(char), rest)),
    }
}
