//! Every structure against recorded encodings: byte for byte both ways, from maps and from lists.

mod not_yet; // recorded types that have no structure here so far
mod positional; // a recorded map as the list that Go would also accept
mod readers; // what a peer may send that we never would

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::registry::{TypeRow, find, types};

/// One recorded encoding.
struct Recorded {
    /// Consul's name of the type.
    name: String,
    /// `zero`, `minimal` or `full`.
    case: String,
    /// Its bytes.
    bytes: Vec<u8>,
}

fn golden(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire").join(file);
    fs::read_to_string(path).expect("the golden file is part of the repository")
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("recorded hex is hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn recorded() -> Vec<Recorded> {
    let of = |line: &str| -> Option<Recorded> {
        let line: serde_json::Value = serde_json::from_str(line).expect("recorded lines are JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        Some(Recorded { name: text("type")?, case: text("case")?, bytes: hex(&text("msgpack_hex")?) })
    };
    golden("encodings.jsonl").lines().filter_map(of).collect()
}

#[test]
fn encodings_are_read_and_written_as_recorded() {
    let recorded = recorded();
    let mut checked = 0;
    for Recorded { name, case, bytes } in &recorded {
        if not_yet::NOT_YET.contains(&name.as_str()) {
            continue;
        }
        let row = find(name).unwrap_or_else(|| panic!("{name} is not in the registry"));
        let again = (row.recode)(bytes).unwrap_or_else(|error| panic!("{name} {case}: {error}"));
        assert!(again == *bytes, "{name} {case}\n  ours {}\n  Go's {}", shown(&again), shown(bytes));
        checked += 1;
    }
    println!("{checked} of {} msgpack lines", recorded.len());
    let left_out = recorded.iter().filter(|line| not_yet::NOT_YET.contains(&line.name.as_str())).count();
    assert_eq!(checked + left_out, recorded.len());
}

#[test]
fn every_structure_reads_the_same_from_a_list_in_order_of_declaration() {
    let shapes = positional::Shapes::read();
    for line in recorded() {
        let Some(TypeRow { name, recode, .. }) = find(&line.name) else { continue };
        let list = shapes.positional(name, &line.bytes);
        let again = recode(&list).unwrap_or_else(|error| panic!("{name} {}: {error}", line.case));
        assert!(again == line.bytes, "{name} {}\n  ours {}\n  Go's {}", line.case, shown(&again), shown(&line.bytes));
    }
}

#[test]
fn recorded_types_without_a_structure_are_listed() {
    let ours: BTreeSet<_> = types().map(|row| row.name.to_owned()).collect();
    let all: BTreeSet<_> = recorded().into_iter().map(|line| line.name).collect();
    let missing: Vec<_> = all.difference(&ours).map(String::as_str).collect();
    assert_eq!(missing, not_yet::NOT_YET);
}

/// Bytes for people: text as it is, the rest in hex.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}
