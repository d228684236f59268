//! The recordings in `tests/golden` are copies: where the originals lie beside the project, both must be the same.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files that are only here: the project's own lists about the recordings.
const OURS: &[&str] = &["DEVIATIONS.md", "WAITING.json"];
/// A folder that is only here: what `proconsul decode` makes of the cassettes.
const DECODED: &str = "decoded";
/// A folder of copies whose originals lie elsewhere, and of which only what tests use is copied.
const WIRE: &str = "wire";

fn files_below(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                dirs.push(entry.path());
            } else {
                files.push(entry.path().strip_prefix(dir).expect("it was found below").to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn the_copies_are_the_originals() {
    let copies = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let originals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    let mut here = files_below(&copies).unwrap();
    here.retain(|file| {
        !file.starts_with(WIRE) && !file.starts_with(DECODED) && !OURS.iter().any(|ours| file == Path::new(ours))
    });
    assert!(here.iter().any(|file| file == Path::new("base.jsonl")), "the copies are not there");
    if !originals.is_dir() {
        println!("no originals at {}: nothing to compare {} copies with", originals.display(), here.len());
        return;
    }
    assert_eq!(files_below(&originals).unwrap(), here, "one side has files that the other has not");
    for file in here {
        let same = fs::read(originals.join(&file)).unwrap() == fs::read(copies.join(&file)).unwrap();
        assert!(same, "{} differs from its original", file.display());
    }
}

#[test]
fn the_copies_of_wire_facts_are_the_originals() {
    let copies = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(WIRE);
    let originals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(WIRE);
    let here = files_below(&copies).unwrap();
    assert!(here.iter().any(|file| file == Path::new("encodings.jsonl")), "the copies are not there");
    if !originals.is_dir() {
        println!("no originals at {}: nothing to compare {} copies with", originals.display(), here.len());
        return;
    }
    for file in here {
        let same = fs::read(originals.join(&file)).unwrap() == fs::read(copies.join(&file)).unwrap();
        assert!(same, "{} differs from its original", file.display());
    }
}
