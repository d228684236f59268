//! Holds the tables of `docs/configuration.md` against the table of keys, and writes them with `UPDATE=1`.
use std::{collections::HashMap, fs, path::PathBuf};

use proconsul_server::Config;

use super::{Effect, Key, Keys, Kind, TOP, all};

fn file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md"))
}

#[test]
fn the_tables_in_the_docs_are_those_of_the_keys() {
    let text = fs::read_to_string(file()).expect("docs/configuration.md is a part of the repository");
    let update = std::env::var_os("UPDATE").is_some();
    let mut new = text.clone();
    for (name, table) in [("keys in effect", in_effect()), ("keys without effect", without_effect())] {
        let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- /{name} -->"));
        let from =
            new.find(&begin).unwrap_or_else(|| panic!("docs/configuration.md has no line {begin}")) + begin.len();
        let to = new.find(&end).unwrap_or_else(|| panic!("docs/configuration.md has no line {end}"));
        new.replace_range(from..to, &format!("\n{table}\n"));
    }
    if update {
        fs::write(file(), new).unwrap();
    } else {
        assert!(text == new, "docs/configuration.md is not what the keys say: run this test with UPDATE=1");
    }
}

#[test]
fn the_example_in_the_docs_loads() {
    let text = fs::read_to_string(file()).unwrap();
    let example = text.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("server.hcl");
    fs::write(&path, example).unwrap();
    let loaded = crate::config::load(&[path], Config::dev()).unwrap_or_else(|error| panic!("{error}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

fn in_effect() -> String {
    let mut text = "| key | type | default | meaning |\n|---|---|---|---|\n".to_owned();
    for (path, key) in all() {
        if let Effect::Sets(_, meaning) = key.effect {
            let meaning = match key.moved {
                "" => meaning.to_owned(),
                now => format!("{meaning}; use `{now}`"),
            };
            text += &row(&path, key, &meaning);
        }
    }
    text
}

fn without_effect() -> String {
    let mut text = "| key | type | Consul's default | note |\n|---|---|---|---|\n".to_owned();
    rows(&TOP, "", &mut HashMap::new(), &mut text);
    text
}

/// Rows of keys and, once, of what is below them: of tables that stand in several places, the others refer to the first.
fn rows(keys: &'static Keys, path: &str, told: &mut HashMap<*const Keys, String>, text: &mut String) {
    told.insert(keys, path.to_owned());
    for key in keys.0 {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        let below = key.kind.below();
        let same =
            below.and_then(|below| told.get(&std::ptr::from_ref(below))).map(|first| format!("keys as in `{first}`"));
        let note = match key.effect {
            Effect::Sets(..) => continue,
            Effect::None => String::new(),
            Effect::Harmful(missing) => format!("**{missing}**"),
            Effect::Enterprise => "Consul Enterprise's".to_owned(),
            Effect::Obsolete => "Consul ignores it too".to_owned(),
            Effect::Refused(why) | Effect::RefusedIfOn(why) => format!("an error: {why}"),
        };
        let moved = (!key.moved.is_empty()).then(|| format!("now `{}`", key.moved));
        let aliases = key.aliases.iter().map(|alias| format!("also `{alias}`"));
        let notes = std::iter::once(note).chain(moved).chain(same.clone()).chain(aliases);
        let notes: Vec<String> = notes.filter(|note| !note.is_empty()).collect();
        // A block without a note says nothing that its keys do not say.
        if below.is_none() || !notes.is_empty() {
            *text += &row(&path, key, &notes.join("; "));
        }
        if let Some(below) = below.filter(|_| same.is_none()) {
            rows(below, &path, told, text);
        }
    }
}

fn row(path: &str, key: &Key, note: &str) -> String {
    let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
    format!("| `{path}` | {} | {default} | {note} |\n", name(key.kind))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Uint => "uint",
        Kind::Float => "number",
        Kind::Text => "text",
        Kind::Duration => "duration",
        Kind::Texts => "list of text",
        Kind::TextMap => "map of text",
        Kind::Free => "any",
        Kind::Table(_) => "block",
        Kind::Tables(_) => "blocks",
        Kind::Named(_) => "labelled blocks",
    }
}

#[test]
fn every_moved_key_leads_to_a_key() {
    for (path, key) in all().iter().filter(|(_, key)| !key.moved.is_empty()) {
        assert!(all().iter().any(|(other, to)| other == key.moved && to.moved.is_empty()), "{path}");
    }
}

#[test]
fn names_are_lower_case_and_stand_once_in_their_table() {
    let all = all();
    let mut paths: Vec<&String> = all.iter().map(|(path, _)| path).collect();
    paths.sort();
    assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(all.iter().all(|(_, key)| key.name == key.name.to_ascii_lowercase()));
    assert!(all.len() > 500, "{}", all.len());
}
