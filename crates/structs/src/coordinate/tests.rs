use std::{fs, path::PathBuf};

use serde_json::Value;

use super::*;

fn at(vec: &[f64]) -> Point {
    Point { vec: Some(vec.to_vec()), ..Point::default() }
}

fn point(from: &Value) -> Point {
    let number = |value: &Value| value.as_f64().expect("a number");
    Point {
        vec: Some(from["vec"].as_array().expect("a list").iter().map(number).collect()),
        error: number(&from["error"]),
        adjustment: number(&from["adjustment"]),
        height: number(&from["height"]),
    }
}

#[test]
fn distances_are_those_that_serf_tells() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/router.jsonl");
    let text = fs::read_to_string(path).expect("the recordings are part of the repository");
    let facts = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a fact a line"));
    let mut compared = 0;
    for fact in facts.filter(|fact| fact["kind"] == "distance") {
        let (a, b, seconds) = (point(&fact["a"]), point(&fact["b"]), fact["seconds"].as_f64());
        assert_eq!((Some(a.distance_to(&b)), Some(b.distance_to(&a))), (seconds, seconds), "{fact}");
        compared += 1;
    }
    assert!(compared >= 40, "{compared}");
}

#[test]
fn what_is_not_a_number_is_not_a_point() {
    assert!(Point::origin().is_valid());
    assert!(Point::default().is_valid(), "of no dimension, but it holds nothing that is wrong");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for point in [
            at(&[0.0, bad]),
            Point { error: bad, ..Point::origin() },
            Point { adjustment: bad, ..Point::origin() },
            Point { height: bad, ..Point::origin() },
        ] {
            assert!(!point.is_valid(), "{point:?}");
        }
    }
}

#[test]
fn an_adjustment_that_would_make_a_distance_negative_does_not_count() {
    let (here, there) = (at(&[0.0]), at(&[1.0]));
    let adjusted = |adjustment| Point { adjustment, ..here.clone() };
    assert_eq!(adjusted(0.5).distance_to(&there), 1.5);
    assert_eq!(adjusted(-0.5).distance_to(&there), 0.5);
    assert_eq!(adjusted(-1.5).distance_to(&there), 1.0);
}

#[test]
fn points_of_different_spaces_or_far_beyond_reach_have_a_distance_all_the_same() {
    assert_eq!(at(&[0.0]).distance_to(&at(&[0.0, 0.0])), f64::INFINITY);
    let far = at(&[f64::MAX]).distance_to(&at(&[f64::MIN]));
    assert!(far > 9e9 && far.is_finite(), "{far}");
}
