//! Narrowing of an outcome to what a recording kept of it: `quiet`, `pick`, `shape`, `sort`; and dotted paths.
use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::case::Step;

/// How long something took, as a word that does not depend on the machine.
pub fn bucket(took: Duration) -> &'static str {
    match took.as_millis() {
        0..1500 => "prompt",
        1500..4000 => "short",
        4000..7500 => "about5s",
        _ => "long",
    }
}

/// The value at a dotted path; numbers index lists.
pub fn at_path<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, part| match value {
        Value::Object(fields) => fields.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn at_path_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |value, part| match value {
        Value::Object(fields) => fields.get_mut(part),
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Narrows a call's outcome as its step says. Errors and faults stay whole.
pub fn call(step: &Step, mut outcome: Value) -> Value {
    let Some(reply) = outcome.get_mut("reply") else { return outcome };
    if step.quiet {
        return json!("replied");
    }
    narrow(step, reply);
    outcome
}

/// Narrows the part of an outcome that a server made up: `pick`, then `shape`, after `sort`.
pub fn narrow(step: &Step, value: &mut Value) {
    sort(&step.sort, value);
    if !step.pick.is_empty() {
        *value = pick(&step.pick, value);
    }
    if step.shape {
        *value = shape(value);
    }
}

/// Narrows the messages of a stream: sorted as a whole, then each by itself, where what a message has not is left out.
pub fn messages(step: &Step, messages: &mut Value) {
    sort(&step.sort, messages);
    let Value::Array(messages) = messages else { return };
    for message in messages {
        if !step.pick.is_empty() {
            let picked = step.pick.iter().filter_map(|path| Some((path.clone(), at_path(message, path)?.clone())));
            *message = Value::Object(picked.collect());
        }
        if step.shape {
            *message = shape(message);
        }
    }
}

fn pick(paths: &[String], value: &Value) -> Value {
    let picked = paths.iter().map(|path| {
        let found = at_path(value, path).cloned();
        (path.clone(), found.unwrap_or_else(|| json!("absent")))
    });
    Value::Object(picked.collect::<Map<_, _>>())
}

/// The types of a value: lists show their first element, maps keep their keys.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("nil"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("int"),
        Value::String(_) => json!("raw"),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(fields) => match (fields.len(), fields.keys().next().map(String::as_str)) {
            (1, Some("$hex")) => json!("raw"),
            (1, Some("$f64")) => json!("float"),
            (1, Some("$packed")) => {
                let items = fields["$packed"].as_array().into_iter().flatten();
                json!({ "$packed": items.map(shape).collect::<Vec<_>>() })
            }
            _ => fields.iter().map(|(key, field)| (key.clone(), shape(field))).collect(),
        },
    }
}

fn sort(lists: &BTreeMap<String, String>, value: &mut Value) {
    for (path, key) in lists {
        if let Some(Value::Array(items)) = at_path_mut(value, path) {
            items.sort_by_cached_key(|item| at_path(item, key).unwrap_or(item).to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(json: Value) -> Step {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn buckets_end_where_the_recordings_say() {
        let names = [0, 1499, 1500, 3999, 4000, 7499, 7500].map(|ms| bucket(Duration::from_millis(ms)));
        assert_eq!(names, ["prompt", "prompt", "short", "short", "about5s", "about5s", "long"]);
    }

    #[test]
    fn picked_paths_show_what_is_missing() {
        let picks = step(json!({"op": "rpc", "pick": ["A.0.B", "A.1", "C"]}));
        let seen = call(&picks, json!({"reply": {"A": [{"B": 1}], "C": null}}));
        assert_eq!(seen, json!({"reply": {"A.0.B": 1, "A.1": "absent", "C": null}}));
        assert_eq!(call(&picks, json!({"error": "no"})), json!({"error": "no"}));
    }

    #[test]
    fn a_shape_holds_types_only() {
        let value =
            json!({"a": [1, "x"], "b": {}, "c": [], "d": {"$f64": "1"}, "e": {"$hex": "00"}, "f": [null, true]});
        let types = json!({"a": ["int"], "b": {}, "c": [], "d": "float", "e": "raw", "f": ["nil"]});
        assert_eq!(shape(&value), types);
    }

    #[test]
    fn lists_are_sorted_by_a_key_of_their_items() {
        let sorted = step(json!({"op": "rpc", "sort": {"L": "k"}}));
        let seen = call(&sorted, json!({"reply": {"L": [{"k": "b"}, {"k": "a"}]}}));
        assert_eq!(seen, json!({"reply": {"L": [{"k": "a"}, {"k": "b"}]}}));
    }

    #[test]
    fn quiet_keeps_that_it_replied_or_the_error() {
        let quiet = step(json!({"op": "rpc", "quiet": true}));
        assert_eq!(call(&quiet, json!({"reply": {"A": 1}})), json!("replied"));
        assert_eq!(call(&quiet, json!({"error": "no"})), json!({"error": "no"}));
    }
}
