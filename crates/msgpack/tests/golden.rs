//! Every recorded encoding, read without a type and written again.
#![allow(missing_docs)]

use std::path::Path;

use proconsul_msgpack::{DecodeError, Decoder, Scan, Scanner, Value, from_slice, to_vec};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Type, case and bytes of each line with a msgpack encoding; nothing where the crate stands without its workspace.
fn encodings() -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/encodings.jsonl");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return Vec::new();
    };
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let found = lines.filter_map(|line| {
        let bytes = unhex(line["msgpack_hex"].as_str()?);
        Some((format!("{} {} {}", line["type"], line["case"], line["variant"]), bytes))
    });
    let found: Vec<_> = found.collect();
    assert!(found.len() > 500, "only {} encodings found", found.len());
    found
}

/// A value whose 32 bit floats are such again: without a type all floats have 64 bits, in Go too. In Consul's structures
/// only weights have 32.
fn with_narrow_weights(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(with_narrow_weights).collect()),
        Value::Map(entries) => {
            let narrow = |(key, value)| match value {
                Value::F64(weight) if key == "Weight" => (key, Value::F32(weight as f32)),
                other => (key, with_narrow_weights(other)),
            };
            Value::Map(entries.into_iter().map(narrow).collect())
        }
        other => other,
    }
}

/// Chunks by number: a map that only a type can tell, since untyped maps have strings for keys.
fn has_number_keys(name: &str) -> bool {
    name.starts_with("\"raftchunking.State\" ") && !name.contains("zero")
}

#[test]
fn values_are_written_as_they_were_read() {
    for (name, bytes) in encodings() {
        let value = from_slice::<Value>(&bytes);
        if has_number_keys(&name) {
            assert!(matches!(value, Err(DecodeError::NotLength(_))), "{name}");
            continue;
        }
        let value = value.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(to_vec(&with_narrow_weights(value)).unwrap() == bytes, "{name} is written differently");
    }
}

#[test]
fn the_scanner_ends_where_the_recorded_value_ends() {
    for (name, bytes) in encodings() {
        let mut scanner = Scanner::new();
        let (last, most) = bytes.split_last().unwrap();
        if !most.is_empty() {
            assert_eq!(scanner.feed(most), Ok(Scan::More), "{name}");
        }
        assert_eq!(scanner.feed(&[*last, 0x80]), Ok(Scan::Complete { used: 1 }), "{name}");
        let mut decoder = Decoder::new(&bytes);
        assert_eq!(decoder.skip().is_err(), has_number_keys(&name), "{name}");
        assert_eq!(decoder.position(), if has_number_keys(&name) { 0 } else { bytes.len() }, "{name}");
    }
}
