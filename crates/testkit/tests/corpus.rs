//! The fuzz targets over their corpora, and over those cut and bent: what cargo-fuzz runs for longer, on every toolchain.
use std::{
    fs, panic,
    path::{Path, PathBuf},
};

use proconsul_testkit::fuzzing::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = corpus().join(target);
    let entries = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut inputs: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    inputs.sort();
    inputs
}

/// The input as it is, each beginning of it, and it with each byte made another.
fn variants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = 1 + bytes.len() / 128;
    let cuts = (0..bytes.len()).step_by(step).map(|cut| bytes[..cut].to_vec());
    let bent = (0..bytes.len()).step_by(step).flat_map(move |at| {
        [0x00, 0x7f, 0xc1, 0xff].into_iter().map(move |byte| {
            let mut bent = bytes.to_vec();
            bent[at] = byte;
            bent
        })
    });
    std::iter::once(bytes.to_vec()).chain(cuts).chain(bent)
}

#[test]
fn every_target_holds_over_its_corpus() {
    for (target, body) in TARGETS {
        let inputs = inputs(target);
        assert!(inputs.len() >= 10, "{target} has {} inputs", inputs.len());
        let mut count = 0;
        for (path, bytes) in &inputs {
            for input in variants(bytes) {
                if let Err(cause) = panic::catch_unwind(|| body(&input)) {
                    eprintln!("{target} with {} bent to {input:02x?}", path.display());
                    panic::resume_unwind(cause);
                }
                count += 1;
            }
        }
        println!("{target}: {count} inputs from {} files", inputs.len());
    }
}

#[test]
fn every_corpus_has_a_target() {
    for entry in fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == **target), "{}", name.display());
    }
}
