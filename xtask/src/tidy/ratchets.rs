//! Numbers that may only fall: long files, and what may panic.
use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};

use super::{
    Checkout, Complaints, files,
    source::{is_test_file, look},
};
use crate::interop::servers::workspace_root;

/// A file with more lines is a question: has it one job?
const LINES_MAX: usize = 600;

/// Where what is forgiven is written down.
const FILE: &str = "xtask/ratchets.txt";

/// Where codegen writes: long as what it is made of is long.
const GENERATED: &str = "/src/generated/";

/// A crate for tests, where a panic is an answer.
const FOR_TESTS: &str = "crates/testkit/";

const HEAD: &str = "\
# What `cargo xtask tidy` forgives, and how much of it. A number here may fall and not rise; `cargo xtask tidy --bless`
# writes it down where there is less to forgive. To raise one, edit this file and say why in the commit.
#
# lines FILE N     a source file longer than 600 lines
# panics CRATE N   .unwrap() and .expect(\"why it cannot fail\") outside tests
";

/// What is forgiven, or what there is to forgive: by kind and name.
type Counts = BTreeMap<(String, String), usize>;

pub(super) fn check(checkout: &Checkout) -> Result<Complaints> {
    let forgiven = parse(&files::text(FILE)?.context("not text")?)?;
    Ok(compare(&forgiven, &count(checkout)?))
}

/// Writes the file anew with what there is less of.
pub(super) fn bless(checkout: &Checkout) -> Result<()> {
    let forgiven = parse(&files::text(FILE)?.context("not text")?)?;
    let lowered = lower(&forgiven, &count(checkout)?);
    let mut text = HEAD.to_owned();
    for ((kind, name), number) in &lowered {
        text += &format!("{kind} {name} {number}\n");
    }
    fs::write(workspace_root().join(FILE), text).context(FILE)
}

/// `todo!`, `unimplemented!` and ignored tests, which nothing forgives.
pub(super) fn check_unfinished(checkout: &Checkout) -> Result<Complaints> {
    let mut complaints = Complaints::new();
    for (file, text) in rust_files(checkout)? {
        let count = look(&text, true).with_context(|| file.clone())?.unfinished;
        if count > 0 {
            complaints.push(format!(
                "{file} has {count} of todo!, unimplemented!, #[ignore]: finish it, or say what is missing elsewhere"
            ));
        }
    }
    Ok(complaints)
}

fn rust_files(checkout: &Checkout) -> Result<Vec<(String, String)>> {
    let rust = checkout.files.iter().filter(|file| file.ends_with(".rs"));
    rust.map(|file| Ok((file.clone(), files::text(file)?.with_context(|| format!("{file} is not text"))?))).collect()
}

fn count(checkout: &Checkout) -> Result<Counts> {
    let mut counts = Counts::new();
    for (file, text) in rust_files(checkout)? {
        let lines = text.lines().count();
        if lines > LINES_MAX && !file.contains(GENERATED) {
            counts.insert(("lines".to_owned(), file.clone()), lines);
        }
        if let Some(crate_) = file.strip_prefix("crates/").and_then(|rest| rest.split('/').next())
            && !file.starts_with(FOR_TESTS)
            && !is_test_file(&file)
        {
            let unwraps = look(&text, false).with_context(|| file.clone())?.unwraps;
            *counts.entry(("panics".to_owned(), crate_.to_owned())).or_default() += unwraps;
        }
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

fn parse(text: &str) -> Result<Counts> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
            [kind @ ("lines" | "panics"), name, number] => {
                Ok((((*kind).to_owned(), (*name).to_owned()), number.parse().with_context(|| line.to_owned())?))
            }
            _ => anyhow::bail!("{FILE}: {line:?} is neither `lines FILE N` nor `panics CRATE N`"),
        })
        .collect()
}

fn compare(forgiven: &Counts, found: &Counts) -> Complaints {
    let mut complaints = Complaints::new();
    for ((kind, name), count) in found {
        let limit = forgiven.get(&(kind.clone(), name.clone())).copied().unwrap_or_default();
        if *count > limit {
            complaints.push(match kind.as_str() {
                "lines" => format!("{name} has {count} lines, more than {}: has it one job?", limit.max(LINES_MAX)),
                _ => format!("crates/{name} has {count} unwrap() and expect() outside tests, {FILE} says {limit}: return an error, or raise the number and say why"),
            });
        }
    }
    for ((kind, name), limit) in forgiven {
        let count = found.get(&(kind.clone(), name.clone())).copied().unwrap_or_default();
        if count < *limit {
            complaints.push(format!(
                "{FILE} forgives {kind} {name} {limit} and there are {count}: run `cargo xtask tidy --bless`"
            ));
        }
    }
    complaints
}

/// What is forgiven from now on: never more than before.
fn lower(forgiven: &Counts, found: &Counts) -> Counts {
    let lowered =
        forgiven.iter().map(|(key, limit)| (key.clone(), found.get(key).copied().unwrap_or_default().min(*limit)));
    lowered.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(entries: &[(&str, &str, usize)]) -> Counts {
        entries.iter().map(|(kind, name, count)| (((*kind).to_owned(), (*name).to_owned()), *count)).collect()
    }

    #[test]
    fn a_number_may_fall_and_not_rise() {
        let forgiven = counts(&[("panics", "mux", 2), ("lines", "a.rs", 700)]);
        assert_eq!(compare(&forgiven, &forgiven), Vec::<String>::new());
        assert_eq!(compare(&forgiven, &counts(&[("panics", "mux", 3), ("lines", "a.rs", 701)])).len(), 2, "more");
        assert_eq!(
            compare(&forgiven, &counts(&[("panics", "mux", 1), ("lines", "a.rs", 650)])).len(),
            2,
            "fewer, not written down"
        );
        assert_eq!(compare(&counts(&[]), &counts(&[("panics", "new", 1)])).len(), 1, "a new one");
    }

    #[test]
    fn a_blessing_lowers_and_never_raises() {
        let forgiven = counts(&[("panics", "mux", 2), ("panics", "netrpc", 1), ("lines", "a.rs", 700)]);
        let found = counts(&[("panics", "mux", 1), ("lines", "a.rs", 800), ("panics", "new", 1)]);
        assert_eq!(lower(&forgiven, &found), counts(&[("panics", "mux", 1), ("lines", "a.rs", 700)]));
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let text = format!("{HEAD}lines a.rs 700\npanics mux 2\n");
        assert_eq!(parse(&text).expect("well formed"), counts(&[("lines", "a.rs", 700), ("panics", "mux", 2)]));
        for wrong in ["lines a.rs", "panics mux two", "other mux 1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
