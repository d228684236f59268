//! Where an outcome differs from the recorded one.
use std::{fmt, iter};

use serde_json::Value;

/// How much of a value a difference shows.
const SHOWN_CHARS: usize = 400;

/// One place where the outcomes part.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The step, counted from 0.
    pub step: usize,
    /// Dotted path within the outcome; empty for all of it.
    pub path: String,
    /// What was recorded; `None`: nothing.
    pub expected: Option<Value>,
    /// What came; `None`: nothing.
    pub got: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.path.is_empty() { "outcome" } else { &self.path };
        writeln!(out, "step {}, {at}:", self.step)?;
        writeln!(out, "    recorded {}", shown(self.expected.as_ref()))?;
        write!(out, "    got      {}", shown(self.got.as_ref()))
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "(nothing)".into() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

/// Compares a case's outcomes, step by step. Key order counts only when `strict`.
pub fn outcomes(expected: &[Value], got: &[Value], strict: bool) -> Vec<Difference> {
    let mut found = Found { step: 0, strict, path: Vec::new(), differences: Vec::new() };
    for (step, (expected, got)) in iter::zip(expected, got).enumerate() {
        found.step = step;
        found.compare(expected, got);
    }
    found.differences
}

struct Found {
    step: usize,
    strict: bool,
    path: Vec<String>,
    differences: Vec<Difference>,
}

impl Found {
    fn report(&mut self, expected: Option<&Value>, got: Option<&Value>) {
        let path = self.path.join(".");
        self.differences.push(Difference { step: self.step, path, expected: expected.cloned(), got: got.cloned() });
    }

    fn compare(&mut self, expected: &Value, got: &Value) {
        match (expected, got) {
            _ if same_float(expected, got) => {}
            (Value::Object(expected_fields), Value::Object(got_fields)) => {
                // Structures are written in order. What was recorded out of it is one of Go's maps, whose order is chance.
                let is_chance = !expected_fields.keys().is_sorted();
                let in_order = is_chance || expected_fields.keys().eq(got_fields.keys());
                let keys =
                    expected_fields.keys().chain(got_fields.keys().filter(|key| !expected_fields.contains_key(*key)));
                let before = self.differences.len();
                for key in keys {
                    self.below(key.clone(), expected_fields.get(key), got_fields.get(key));
                }
                if self.strict && !in_order && self.differences.len() == before {
                    let keys = |value: &serde_json::Map<String, Value>| value.keys().cloned().collect::<Value>();
                    self.path.push("(order of keys)".into());
                    self.report(Some(&keys(expected_fields)), Some(&keys(got_fields)));
                    self.path.pop();
                }
            }
            (Value::Array(expected_items), Value::Array(got_items)) if expected_items.len() == got_items.len() => {
                for (position, (expected, got)) in iter::zip(expected_items, got_items).enumerate() {
                    self.below(position.to_string(), Some(expected), Some(got));
                }
            }
            _ if expected == got => {}
            _ => self.report(Some(expected), Some(got)),
        }
    }

    fn below(&mut self, key: String, expected: Option<&Value>, got: Option<&Value>) {
        self.path.push(key);
        match (expected, got) {
            (Some(expected), Some(got)) => self.compare(expected, got),
            _ => self.report(expected, got),
        }
        self.path.pop();
    }
}

/// Two floats are the same when their values are, however their digits are written.
fn same_float(expected: &Value, got: &Value) -> bool {
    let float = |value: &Value| value.get("$f64")?.as_str()?.parse::<f64>().ok();
    matches!((float(expected), float(got)), (Some(expected), Some(got)) if expected == got)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(expected: Value, got: Value, strict: bool) -> Vec<String> {
        outcomes(&[expected], &[got], strict).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn the_order_of_keys_counts_only_when_strict() {
        let (expected, got) = (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"c": 2, "b": 1}}));
        assert!(paths(expected.clone(), got.clone(), false).is_empty());
        assert_eq!(paths(expected.clone(), got.clone(), true), ["a.(order of keys)"]);
        assert!(paths(got, expected, true).is_empty(), "what was recorded out of order has none");
    }

    #[test]
    fn each_difference_is_shown_where_it_is() {
        let expected = json!({"a": [1, {"b": 2}], "c": 3, "f": {"$f64": "1e0"}, "n": null});
        let got = json!({"a": [1, {"b": 9}], "d": 4, "f": {"$f64": "1"}, "n": []});
        assert_eq!(paths(expected, got, false), ["a.1.b", "c", "n", "d"]);
        assert_eq!(paths(json!([1]), json!([1, 2]), false), [""]);
    }
}
