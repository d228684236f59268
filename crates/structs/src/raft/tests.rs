use std::{fs, path::Path};

use serde_json::Value;

use super::*;

fn recorded() -> Vec<(u64, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/raftlog.json");
    let text = fs::read_to_string(file).expect("the golden file is part of the repository");
    let all: Value = serde_json::from_str(&text).expect("the golden file is JSON");
    let log = all["log"].as_array().expect("it lists log types");
    log.iter()
        .map(|row| (row["byte"].as_u64().expect("a byte"), row["name"].as_str().expect("a name").into()))
        .collect()
}

#[test]
fn every_byte_means_what_was_recorded() {
    let ours: Vec<_> = MessageType::ALL.iter().map(|of| (u64::from(u8::from(*of)), of.name().to_owned())).collect();
    assert_eq!(ours, recorded());
}

#[test]
fn a_byte_reads_back_with_and_without_the_flag() {
    for of in MessageType::ALL {
        assert_eq!(MessageType::try_from(u8::from(*of)), Ok(*of));
        assert_eq!(MessageType::try_from(u8::from(*of) | IGNORE_UNKNOWN_TYPE_FLAG), Ok(*of));
    }
}

#[test]
fn an_unknown_byte_says_whether_it_may_be_passed_over() {
    assert_eq!(MessageType::try_from(90), Err(UnknownMessageType { byte: 90, may_ignore: false }));
    assert_eq!(MessageType::try_from(90 | 128), Err(UnknownMessageType { byte: 90, may_ignore: true }));
}
