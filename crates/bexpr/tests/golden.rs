//! Replays what go-bexpr 0.1.2 made of every expression of `corpus.txt`: same text, or same answers.
//!
//! `golden.jsonl` is the output of `go run ./cmd/bexprgolden` in `tests/interop/go`, given the corpus.
//! `PROCONSUL_BEXPR_GOLDEN` names another recording to replay, such as one of generated expressions.

mod sample;

use proconsul_bexpr::Filter;
use serde_json::Value;

use sample::{Sample, samples};

fn expression(record: &Value) -> Vec<u8> {
    match (record["expr"].as_str(), record["hex"].as_str()) {
        (_, Some(hex)) => {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        }
        (expr, None) => expr.unwrap_or_default().into(),
    }
}

/// What we make of an expression, in the form of the recording.
fn outcome(expression: &[u8], samples: &[Sample]) -> Result<Vec<bool>, String> {
    let filter = Filter::<Sample>::compile(expression).map_err(|error| error.to_string())?;
    samples.iter().map(|sample| filter.matches(sample).map_err(|error| format!("evaluation: {error}"))).collect()
}

fn recorded(record: &Value) -> Result<Vec<bool>, String> {
    match (record["error"].as_str(), record["matches"].as_array()) {
        (Some(error), None) => Err(error.to_owned()),
        (None, Some(matches)) => Ok(matches.iter().map(|matched| matched.as_bool().unwrap()).collect()),
        _ => panic!("not a record: {record}"),
    }
}

#[test]
fn every_recorded_expression_has_the_same_text_or_the_same_answers() {
    let golden = std::env::var_os("PROCONSUL_BEXPR_GOLDEN")
        .map_or_else(|| include_str!("golden.jsonl").to_owned(), |path| std::fs::read_to_string(path).unwrap());
    let samples = samples();
    let mut differing = Vec::new();
    let mut count = 0;
    for line in golden.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let (ours, theirs) = (outcome(&expression(&record), &samples), recorded(&record));
        count += 1;
        if ours != theirs {
            differing.push(format!("{line}\n  ours: {ours:?}"));
        }
    }
    assert!(count > 300, "only {count} records");
    let shown = differing.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} of {count} differ:\n{shown}", differing.len());
}

#[test]
fn the_recording_is_of_this_corpus() {
    let expressions: Vec<&str> =
        include_str!("corpus.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let records: Vec<Value> =
        include_str!("golden.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(expressions.len(), records.len());
    for (expression_line, record) in expressions.iter().zip(&records) {
        if !expression_line.starts_with('\\') {
            assert_eq!(expression(record), expression_line.as_bytes());
        }
    }
}
