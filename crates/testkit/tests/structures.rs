//! Every recorded encoding, cut and bent: no structure panics, and each agrees with its shape.
use std::{fs, panic, path::Path};

use proconsul_structs::registry;
use proconsul_testkit::fuzzing::structure;

/// How often each recording is cut, and how often it is bent in one way.
const STEPS: usize = 5;

#[test]
fn recorded_structures_hold_when_cut_and_bent() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/encodings.jsonl");
    let mut count = 0;
    for line in fs::read_to_string(file).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(hex) = line["msgpack_hex"].as_str() else { continue };
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let row = registry::find(line["type"].as_str().unwrap()).unwrap();
        for input in variants(&bytes) {
            if let Err(cause) = panic::catch_unwind(|| structure(row, &input)) {
                eprintln!("{} bent to {}", row.name, input.escape_ascii());
                panic::resume_unwind(cause);
            }
            count += 1;
        }
    }
    println!("{count} inputs");
    assert!(count > 10_000);
}

/// The bytes as they are, some of their beginnings, and with some bytes made another.
fn variants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = 1 + bytes.len() / STEPS;
    let cuts = (0..bytes.len()).step_by(step).map(|cut| bytes[..cut].to_vec());
    let bent = [0x00, 0x80, 0xc0, 0xcf, 0xdd].into_iter().enumerate().flat_map(move |(offset, byte)| {
        (offset..bytes.len()).step_by(step).map(move |at| {
            let mut bent = bytes.to_vec();
            bent[at] = byte;
            bent
        })
    });
    std::iter::once(bytes.to_vec()).chain(cuts).chain(bent)
}
