//! Rust source as tokens: what is in comments, strings and tests does not count.
use std::str::FromStr;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What was found in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// `.unwrap()` and `.expect(…)` outside tests.
    pub(super) unwraps: usize,
    /// `todo!`, `unimplemented!` and `#[ignore]`, tests included.
    pub(super) unfinished: usize,
    /// `Instant::now` and `SystemTime::now` outside tests.
    pub(super) clocks: usize,
}

/// Looks through a file. `is_test`: all of it is a test.
///
/// # Errors
/// When it is no Rust.
pub(super) fn look(text: &str, is_test: bool) -> Result<Found> {
    let tokens = TokenStream::from_str(text).map_err(|error| anyhow!("{error}"))?;
    let mut found = Found::default();
    look_into(tokens, is_test, &mut found);
    Ok(found)
}

/// Whether all of a file is tests, by its path.
pub(super) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "examples" | "fuzz" | "tests.rs"))
}

fn look_into(tokens: TokenStream, mut is_test: bool, found: &mut Found) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((attribute, inner, used)) = attribute(&tokens[at..]) {
            found.unfinished += usize::from(ignores(attribute.stream()));
            at += used;
            if is_for_tests(attribute.stream()) {
                if inner {
                    is_test = true;
                } else {
                    let end = at + item(&tokens[at..]);
                    look_into(tokens[at..end].iter().cloned().collect(), true, found);
                    at = end;
                }
            }
            continue;
        }
        match &tokens[at..] {
            [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(call), ..]
                if !is_test && dot.as_char() == '.' && call.delimiter() == Delimiter::Parenthesis =>
            {
                let name = name.to_string();
                found.unwraps += usize::from((name == "unwrap" && call.stream().is_empty()) || name == "expect");
            }
            [TokenTree::Ident(clock), TokenTree::Punct(_), TokenTree::Punct(colon), TokenTree::Ident(method), ..]
                if !is_test && colon.as_char() == ':' && method == "now" =>
            {
                found.clocks += usize::from(clock == "Instant" || clock == "SystemTime");
            }
            [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_), ..] if bang.as_char() == '!' => {
                found.unfinished += usize::from(matches!(name.to_string().as_str(), "todo" | "unimplemented"));
            }
            _ => {}
        }
        if let TokenTree::Group(group) = &tokens[at] {
            look_into(group.stream(), is_test, found);
        }
        at += 1;
    }
}

/// An attribute at the front: its brackets, whether it is an inner one (`#![…]`), and how many tokens it has.
fn attribute(tokens: &[TokenTree]) -> Option<(&Group, bool, usize)> {
    let is = |at: usize, c: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c);
    if !is(0, '#') {
        return None;
    }
    let inner = is(1, '!');
    match tokens.get(1 + usize::from(inner)) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group, inner, 2 + usize::from(inner)))
        }
        _ => None,
    }
}

/// Every name in an attribute, in order.
fn names(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => names.push(ident.to_string()),
            TokenTree::Group(group) => names.extend(self::names(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    names
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: TokenStream) -> bool {
    let names = names(attribute);
    let has = |name: &str| names.iter().any(|found| found == name);
    match names.first().map(String::as_str) {
        Some("cfg") => has("test") && !has("not"),
        Some("test") => true,
        Some(_) => names.get(1).is_some_and(|second| second == "test") && !has("cfg_attr"),
        None => false,
    }
}

/// `#[ignore]`, `#[ignore = "…"]`, `#[cfg_attr(…, ignore)]`.
fn ignores(attribute: TokenStream) -> bool {
    let names = names(attribute);
    match names.first().map(String::as_str) {
        Some("ignore") => true,
        Some("cfg_attr") => names.iter().any(|name| name == "ignore"),
        _ => false,
    }
}

/// How many tokens the item at the front has: up to its braces or its semicolon; up to a comma for a field or an arm.
fn item(tokens: &[TokenTree]) -> usize {
    let mut at = 0;
    while let Some((_, _, used)) = attribute(&tokens[at..]) {
        at += used;
    }
    let is_item =
        matches!(&tokens.get(at), Some(TokenTree::Ident(word)) if ITEM_WORDS.contains(&word.to_string().as_str()));
    for (offset, token) in tokens[at..].iter().enumerate() {
        let ends = match token {
            TokenTree::Punct(punct) => punct.as_char() == ';' || (!is_item && punct.as_char() == ','),
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        if ends {
            return at + offset + 1;
        }
    }
    tokens.len()
}

const ITEM_WORDS: &[&str] = &[
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "macro_rules",
    "mod",
    "pub",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, unwraps: usize, unfinished: usize) {
        assert_eq!(look(text, false).expect(text), Found { unwraps, unfinished, clocks: 0 }, "{text}");
    }

    #[test]
    fn what_may_panic_is_counted_where_it_is_code() {
        check("fn f() { x.unwrap(); y.expect(\"why\"); }", 2, 0);
        check("fn f() { println!(\"{}\", x.unwrap()); }", 1, 0);
        check("// x.unwrap()\n/// y.unwrap()\nfn f() { let s = \".unwrap()\"; }", 0, 0);
        check("fn f() { x.unwrap_or(1); x.expect_err(\"\"); unwrap(); }", 0, 0);
        check("fn unwrap(self) {} fn f(x: u8) { x.unwrap_or_default() }", 0, 0);
    }

    #[test]
    fn tests_may_panic() {
        check("#[cfg(test)] mod tests { fn f() { x.unwrap(); } } fn g() { y.unwrap(); }", 1, 0);
        check("#[test] #[should_panic] fn f() { x.unwrap() } #[tokio::test] async fn g() { x.unwrap() }", 0, 0);
        check("#![cfg(test)] fn f() { x.unwrap() }", 0, 0);
        check("#[cfg(not(test))] fn f() { x.unwrap() }", 1, 0);
        check("#[cfg(test)] mod tests; fn g() { y.unwrap(); }", 1, 0);
        check("struct S { #[cfg(test)] a: u8, b: u8 } fn g() { y.unwrap(); }", 1, 0);
        check("#[cfg(test)] fn f<A, B>() { x.unwrap() } fn g() { y.unwrap(); }", 1, 0);
        check("#[cfg(feature = \"test\")] fn f() { x.unwrap() }", 1, 0);
        assert_eq!(look("fn f() { x.unwrap() }", true).expect("Rust").unwraps, 0);
    }

    #[test]
    fn unfinished_work_is_counted_in_tests_too() {
        check("fn f() { todo!() } #[test] #[ignore] fn g() {} #[test] #[ignore = \"slow\"] fn h() {}", 0, 3);
        check("#[cfg_attr(miri, ignore)] #[test] fn g() { unimplemented!(\"x\") }", 0, 2);
        check("#[serde(ignore)] struct S; const T: &str = \"todo!()\";", 0, 0);
    }

    #[test]
    fn a_clock_is_seen_however_it_is_written() {
        for (text, clocks) in [
            ("fn f() { let now = Instant::now(); }", 1),
            ("fn f() { g(std::time::SystemTime::now) }", 1),
            ("fn f(now: Instant) { Utc::now(); now.elapsed(); }", 0),
            ("#[cfg(test)] fn f() { Instant::now(); }", 0),
        ] {
            assert_eq!(look(text, false).expect(text).clocks, clocks, "{text}");
        }
    }

    #[test]
    fn a_file_is_a_test_by_its_place() {
        for path in
            ["crates/a/tests/b.rs", "crates/a/src/b/tests.rs", "crates/a/src/tests/b.rs", "crates/a/benches/b.rs"]
        {
            assert!(is_test_file(path), "{path}");
        }
        for path in ["crates/a/src/b.rs", "crates/testkit/src/lib.rs", "crates/a/src/contests.rs"] {
            assert!(!is_test_file(path), "{path}");
        }
    }
}
