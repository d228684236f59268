//! Every structure against recorded encodings: byte for byte both ways, from maps and from lists.

mod bad_input; // what Go's decoder makes of what is not right
mod positional; // a recorded map as the list that Go would also accept
mod readers; // what a peer may send that we never would
mod secrets; // what Debug does not show

use std::{fmt::Display, fs, path::PathBuf};

use proconsul_msgpack::{Shape, without_defaults};
use serde_json::Value;

use crate::{
    json::{self, Form},
    registry::{TypeRow, find},
};

/// One recorded encoding.
struct Recorded {
    /// Consul's name of the type.
    name: String,
    /// `zero`, `minimal` or `full`, and what makes the line differ from others of that name.
    case: String,
    /// What it means.
    json: Value,
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

/// Every msgpack line. The lines of protobuf messages are those of `proconsul-proto`.
fn recorded() -> Vec<Recorded> {
    let of = |line: &str| -> Option<Recorded> {
        let line: Value = serde_json::from_str(line).expect("recorded lines are JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        assert!(text("msgpack_hex").is_some() != text("protobuf_hex").is_some(), "{line}");
        let case = [text("case"), text("variant")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(Recorded { name: text("type")?, case, json: line["json"].clone(), bytes: hex(&text("msgpack_hex")?) })
    };
    golden("encodings.jsonl").lines().filter_map(of).collect()
}

/// Checks every line, and that none was left out.
fn each_line(check: impl Fn(&TypeRow, &Recorded)) {
    let recorded = recorded();
    let mut checked = 0;
    for line in &recorded {
        let row = find(&line.name).unwrap_or_else(|| panic!("{} is not in the registry", line.name));
        check(row, line);
        checked += 1;
    }
    let (in_file, protobuf) = (golden("encodings.jsonl").lines().count(), lines_of_protobuf());
    println!("{checked} of {in_file} lines are msgpack, and all of them were checked; {protobuf} are protobuf");
    assert!(checked > 0 && checked + protobuf == in_file);
}

/// How many lines are not msgpack.
fn lines_of_protobuf() -> usize {
    golden("encodings.jsonl").lines().filter(|line| line.contains("\"protobuf_hex\":")).count()
}

/// The outcome is what was recorded.
fn same<E: Display>(line: &Recorded, how: &str, ours: Result<Vec<u8>, E>) {
    let Recorded { name, case, bytes, .. } = line;
    let ours = ours.unwrap_or_else(|error| panic!("{name} {case} {how}: {error}"));
    assert!(ours == *bytes, "{name} {case} {how}\n  ours {}\n  Go's {}", shown(&ours), shown(bytes));
}

#[test]
fn encodings_are_read_and_written_as_recorded() {
    each_line(|row, line| same(line, "typed", (row.recode)(&line.bytes)));
}

#[test]
fn encodings_are_read_from_lists_in_order_of_declaration() {
    let shapes = positional::Shapes::read();
    each_line(|row, line| {
        let list = shapes.positional(row.name, &line.bytes);
        same(line, "typed, from a list", (row.recode)(&list));
        let shape = (row.shape)();
        let json = json::from_wire(shape, Form::Wire, &list).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        same(line, "by shape, from a list", json::to_wire(shape, Form::Wire, &json));
    });
}

#[test]
fn encodings_are_made_of_the_recorded_json() {
    each_line(|row, line| {
        if holds_protobuf(row) {
            return;
        }
        same(line, "typed, from JSON", (row.from_json)(&line.json));
        same(line, "by shape, from JSON", json::to_wire((row.shape)(), Form::Wire, &line.json));
    });
}

#[test]
fn encodings_mean_the_recorded_json() {
    each_line(|row, line| {
        if holds_protobuf(row) {
            return;
        }
        let ours = json::from_wire((row.shape)(), Form::Wire, &line.bytes);
        let ours = ours.unwrap_or_else(|error| panic!("{} {}: {error}", line.name, line.case));
        // A reply that is a list is never nil on the wire.
        let never_nil = line.json.is_null() && ours == Value::Array(vec![]);
        assert!(
            never_nil || same_json(&ours, &line.json),
            "{} {}\n  ours {ours}\n  Go's {}",
            line.name,
            line.case,
            line.json
        );
    });
}

#[test]
fn encodings_survive_both_forms_of_json() {
    each_line(|row, line| {
        for form in [Form::Wire, Form::Cli] {
            let shape = (row.shape)();
            let json = json::from_wire(shape, form, &line.bytes);
            let json = json.unwrap_or_else(|error| panic!("{} {}: {error}", line.name, line.case));
            same(line, "by shape, through JSON", json::to_wire(shape, form, &json));
        }
    });
}

/// Whether it is a protobuf message, whose JSON only `proconsul-proto` knows: its lines are checked there.
fn holds_protobuf(row: &TypeRow) -> bool {
    matches!((row.shape)(), Shape::Proto(_))
}

/// Equal, where 1 and 1.0 are the same: Go's JSON does not tell them apart.
fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

/// Bytes for people: text as it is, the rest in hex.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}

/// A query that waits is kept without its fields at their defaults: it must stay what was asked.
#[test]
fn queries_without_defaults_mean_the_same() {
    let shorter = std::cell::Cell::new(0);
    each_line(|row, line| {
        let may_wait = line.json.get("MinQueryIndex").is_some();
        if let Some(sparse) = without_defaults(&line.bytes).filter(|_| may_wait) {
            same(line, "without defaults", (row.recode)(&sparse));
            shorter.set(shorter.get() + 1);
        }
    });
    assert!(shorter.get() > 20, "most queries have fields at their defaults");
}
