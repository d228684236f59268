//! Documentation of Rust, for readers of JSON.

/// A line of documentation without its links, and with the names of fields and words as JSON has them: those that it may be
/// about are given.
pub(super) fn plain(doc: &str, siblings: &[&str]) -> String {
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

/// The field or word that has this name in Rust, or what it was.
fn named<'a>(code: &'a str, siblings: &[&'a str]) -> &'a str {
    let name = code.rsplit_once("::").map_or(code, |(_, name)| name);
    if name.starts_with('_') {
        return name;
    }
    let letters = |name: &str| name.chars().filter(|letter| !"_-".contains(*letter)).collect::<String>().to_lowercase();
    let wanted = letters(name);
    siblings.iter().find(|sibling| letters(sibling) == wanted).map_or(name, |sibling| sibling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_are_those_of_json() {
        for (doc, read) in [
            ("With `allow_stale`: how long.", "With `AllowStale`: how long."),
            ("See [`Query::allow_stale`], or [`KvOp::Set`].", "See `AllowStale`, or `Set`."),
            ("`_ip` or `ip`", "`_ip` or `Ip`"),
            ("As `DeleteCas`", "As `delete-cas`"),
            ("`leader` or `stale`", "`leader` or `stale`"),
            (" Two\n lines, and an odd ` tick", "Two lines, and an odd ` tick`"),
            ("[1] stays [`x` too]", "[1] stays `x` too]"),
        ] {
            assert_eq!(plain(doc, &["AllowStale", "Ip", "delete-cas"]), read);
        }
    }
}
