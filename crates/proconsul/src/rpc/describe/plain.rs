//! Documentation of Rust, for readers of JSON.
use proconsul_msgpack::FieldShape;

/// A line of documentation without its links, and with the names of fields as JSON has them.
pub(super) fn plain(doc: &str, siblings: &[FieldShape]) -> String {
    let mut text = String::with_capacity(doc.len());
    let mut parts = doc.split('`');
    text.push_str(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        let linked = text.ends_with('[');
        if linked {
            text.pop();
        }
        text.push('`');
        text.push_str(named(code, siblings));
        text.push('`');
        let after = parts.next().unwrap_or_default();
        text.push_str(after.strip_prefix(']').filter(|_| linked).unwrap_or(after));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key of the field that has this name in Rust, or what it was.
fn named<'a>(code: &'a str, siblings: &'a [FieldShape]) -> &'a str {
    let name = code.rsplit_once("::").map_or(code, |(_, name)| name);
    if name.starts_with('_') {
        return name;
    }
    let is_it = |field: &&FieldShape| {
        let letters = name.bytes().filter(|byte| *byte != b'_');
        field.key.len() == letters.clone().count()
            && field.key.bytes().zip(letters).all(|(a, b)| a.eq_ignore_ascii_case(&b))
    };
    siblings.iter().find(is_it).map_or(name, |field| field.key)
}

#[cfg(test)]
mod tests {
    use proconsul_msgpack::{Shape, StructShape};

    use super::*;

    #[test]
    fn names_of_rust_are_those_of_json() {
        let shape = StructShape::new("Q", "").field("AllowStale", "", || Shape::Bool).field("Ip", "", || Shape::Text);
        for (doc, read) in [
            ("With `allow_stale`: how long.", "With `AllowStale`: how long."),
            ("See [`Query::allow_stale`], or [`KvOp::Set`].", "See `AllowStale`, or `Set`."),
            ("`_ip` or `ip`", "`_ip` or `Ip`"),
            ("`leader` or `stale`", "`leader` or `stale`"),
            (" Two\n lines, and an odd ` tick", "Two lines, and an odd ` tick`"),
            ("[1] stays [`x` too]", "[1] stays `x` too]"),
        ] {
            assert_eq!(plain(doc, &shape.fields), read);
        }
    }
}
