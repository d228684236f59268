//! `cargo xtask licences`: the licence and the source of every dependency, by the lists in `deny.toml`.
//!
//! `cargo deny check licenses sources` asks the same and more; this needs nothing installed, so it is what the build machine runs.
use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::{
    interop::servers::workspace_root,
    metadata::{Metadata, Package},
};

/// What `cargo xtask licences --help` prints.
const USAGE: &str = "\
cargo xtask licences

Checks every package in the lock file against `allow` and `exceptions` of [licenses] in deny.toml, and that each comes from
crates.io. Advisories are not looked at: that needs `cargo deny check advisories` and its database.";

/// Where packages may come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Runs the command with the arguments that follow `cargo xtask licences`.
///
/// # Errors
/// A package whose licence is not allowed, or that comes from elsewhere.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args.first().map(String::as_str) {
        None => {}
        Some("-h" | "--help") => {
            println!("{USAGE}");
            return Ok(());
        }
        Some(other) => bail!("{other}: no such argument\n\n{USAGE}"),
    }
    let deny = fs::read_to_string(workspace_root().join("deny.toml")).context("reading deny.toml")?;
    let allowed = Allowed::parse(&deny)?;
    let packages = Metadata::load(true)?.packages;
    let complaints: Vec<String> = packages.iter().filter_map(|package| allowed.complain(package)).collect();
    ensure!(complaints.is_empty(), "deny.toml does not allow:\n{}", complaints.join("\n"));
    println!("{} packages, all with licences that deny.toml allows, none from outside crates.io", packages.len());
    Ok(())
}

/// What `deny.toml` allows.
#[derive(Debug, Default)]
struct Allowed {
    everywhere: Vec<String>,
    /// A package and what it alone may have.
    exceptions: Vec<(String, Vec<String>)>,
}

impl Allowed {
    /// Reads the two lists of `[licenses]`, as far as TOML as we write it needs.
    fn parse(deny: &str) -> Result<Self> {
        let lines: Vec<&str> = deny
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .skip_while(|line| line.trim() != "[licenses]")
            .skip(1)
            .take_while(|line| !(line.starts_with('[') && line.trim_end().ends_with(']')))
            .collect();
        let section = format!("\n{}", lines.join("\n"));
        let everywhere = strings(list(&section, "\nallow = ").context("deny.toml: [licenses] has no `allow = [`")?);
        let exceptions = list(&section, "\nexceptions = ").unwrap_or_default();
        let exceptions = exceptions.split('{').skip(1).map(|entry| {
            let allow = strings(list(entry, "allow = ").unwrap_or_default());
            let crate_ = entry.split("crate = ").nth(1).map(strings).and_then(|names| names.into_iter().next());
            crate_.map(|name| (name, allow)).context("deny.toml: an exception names no crate")
        });
        Ok(Self { everywhere, exceptions: exceptions.collect::<Result<_>>()? })
    }

    fn complain(&self, package: &Package) -> Option<String> {
        let who = format!("  {} {}", package.name, package.version);
        if let Some(source) = &package.source
            && source != CRATES_IO
        {
            return Some(format!("{who} comes from {source}"));
        }
        let Some(license) = &package.license else { return Some(format!("{who} states no licence")) };
        let more = self.exceptions.iter().filter(|(name, _)| *name == package.name).flat_map(|(_, allow)| allow);
        let allow: Vec<&str> = self.everywhere.iter().chain(more).map(String::as_str).collect();
        match satisfied(license, &allow) {
            Ok(true) => None,
            Ok(false) => Some(format!("{who} is {license}")),
            Err(error) => Some(format!("{who} states {license:?}: {error}")),
        }
    }
}

/// What is between the brackets after `key`; brackets within are counted.
fn list<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let rest = text[text.find(key)? + key.len()..].strip_prefix('[')?;
    let mut depth = 1;
    let end = rest.find(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        depth == 0
    })?;
    Some(&rest[..end])
}

/// The quoted strings in a text.
fn strings(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with the licences in `allow`. `/`, as old manifests write it, is OR.
fn satisfied(expression: &str, allow: &[&str]) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&tokens, &mut at, allow)?;
    ensure!(at == tokens.len(), "{:?} is out of place", tokens[at]);
    Ok(met)
}

fn any_of(tokens: &[&str], at: &mut usize, allow: &[&str]) -> Result<bool> {
    let mut met = all_of(tokens, at, allow)?;
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(tokens, at, allow)?;
    }
    Ok(met)
}

fn all_of(tokens: &[&str], at: &mut usize, allow: &[&str]) -> Result<bool> {
    let mut met = one(tokens, at, allow)?;
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(tokens, at, allow)?;
    }
    Ok(met)
}

fn one(tokens: &[&str], at: &mut usize, allow: &[&str]) -> Result<bool> {
    let token = *tokens.get(*at).context("it ends too early")?;
    *at += 1;
    if token == "(" {
        let met = any_of(tokens, at, allow)?;
        ensure!(tokens.get(*at) == Some(&")"), "a parenthesis is not closed");
        *at += 1;
        return Ok(met);
    }
    ensure!(!matches!(token, ")" | "AND" | "OR" | "WITH"), "{token:?} is out of place");
    if tokens.get(*at) == Some(&"WITH") {
        let exception = tokens.get(*at + 1).context("it ends too early")?;
        *at += 2;
        return Ok(allow.contains(&format!("{token} WITH {exception}").as_str()));
    }
    // `X+` is X or any later version of it.
    Ok(allow.contains(&token.trim_end_matches('+')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_what_is_allowed() {
        let allow = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        for (expression, met) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("GPL-3.0 OR MIT AND Zlib", false),
            ("(GPL-3.0 OR MIT) AND Zlib", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH Other-exception", false),
            ("MPL-2.0", false),
            ("Zlib+ OR MIT+", true),
        ] {
            assert_eq!(satisfied(expression, &allow).expect(expression), met, "{expression}");
        }
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT MIT", "AND MIT", "MIT WITH"] {
            assert!(satisfied(expression, &allow).is_err(), "{expression}");
        }
    }

    const DENY: &str = r#"
[advisories]
ignore = []
[licenses]
# allow = ["GPL-3.0"]
allow = [
    "MIT", # the usual
    "Zlib",
]
exceptions = [
    { allow = ["MPL-2.0"], crate = "imbl" },
    { crate = "other", allow = ["X", "Y"] },
]
[bans]
allow = ["bad"]
"#;

    #[test]
    fn the_lists_are_those_of_the_section() {
        let allowed = Allowed::parse(DENY).expect("well formed");
        assert_eq!(allowed.everywhere, ["MIT", "Zlib"]);
        let expected = [
            ("imbl".to_owned(), vec!["MPL-2.0".to_owned()]),
            ("other".to_owned(), vec!["X".to_owned(), "Y".to_owned()]),
        ];
        assert_eq!(allowed.exceptions, expected);
        assert_eq!(Allowed::parse("[licenses]\nallow = [\"MIT\"]").expect("well formed").everywhere, ["MIT"]);
        assert!(Allowed::parse("[bans]\nallow = []").is_err());
    }

    #[test]
    fn an_exception_is_for_its_package_alone() {
        let allowed = Allowed::parse(DENY).expect("well formed");
        let package = |name: &str, license: Option<&str>, source: &str| Package {
            name: name.to_owned(),
            license: license.map(str::to_owned),
            source: Some(source.to_owned()),
            ..Package::default()
        };
        assert_eq!(allowed.complain(&package("imbl", Some("MPL-2.0"), CRATES_IO)), None);
        assert!(allowed.complain(&package("another", Some("MPL-2.0"), CRATES_IO)).is_some());
        assert!(allowed.complain(&package("imbl", None, CRATES_IO)).is_some());
        assert!(allowed.complain(&package("imbl", Some("MIT"), "git+https://example.com")).is_some());
    }

    #[test]
    fn every_dependency_has_a_licence_that_is_allowed() -> Result<()> {
        run(&[])
    }
}
