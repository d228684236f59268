//! Values without a type.

use std::collections::BTreeSet;

use proconsul_msgpack::{GoStr, Value as Any, base64};
use serde_json::Value;

use super::{
    JSON_DEPTH_MAX, Problem,
    forms::{
        BYTES, FLOAT, MAP, bytes_to_json, float_from_json, float_to_json, signed, text_from_json, text_to_json, under,
    },
    node::Node,
};

/// A value without a type as JSON.
pub(super) fn to_json(value: &Any) -> Value {
    match value {
        Any::Nil => Value::Null,
        Any::Bool(truth) => Value::Bool(*truth),
        Any::Int(number) => Value::from(*number),
        Any::Uint(number) => Value::from(*number),
        Any::F32(number) => float(f64::from(*number)),
        Any::F64(number) => float(*number),
        Any::Str(text) => text_to_json(text),
        Any::Bytes(bytes) => signed(BYTES, bytes_to_json(bytes)),
        Any::Ext { data, .. } if data.is_empty() => Value::Null,
        Any::Ext { data, .. } => signed(BYTES, bytes_to_json(data)),
        Any::List(items) => items.iter().map(to_json).collect(),
        Any::Map(pairs) if fits_an_object(pairs) => {
            pairs.iter().map(|(key, value)| (key.to_str_lossy().into_owned(), to_json(value))).collect()
        }
        Any::Map(pairs) => {
            let pair = |(key, value): &(GoStr, Any)| Value::Array(vec![text_to_json(key), to_json(value)]);
            signed(MAP, pairs.iter().map(pair).collect())
        }
    }
}

fn float(number: f64) -> Value {
    match float_to_json(number) {
        name @ Value::String(_) => signed(FLOAT, name),
        number => number,
    }
}

/// Whether the keys are UTF-8 and differ, and it does not look like one of our signs.
fn fits_an_object(pairs: &[(GoStr, Any)]) -> bool {
    let keys: BTreeSet<_> = pairs.iter().map(|(key, _)| key).collect();
    let sign = matches!(pairs, [(key, _)] if [BYTES, FLOAT, MAP].iter().any(|sign| key == sign));
    keys.len() == pairs.len() && !sign && keys.iter().all(|key| key.to_str().is_some())
}

/// JSON as a value without a type.
pub(super) fn from_json(value: &Value, depth: usize) -> Result<Node, Problem> {
    if depth > JSON_DEPTH_MAX {
        return Err(Problem::TooDeep);
    }
    Ok(match value {
        Value::Null => Node::Nil,
        Value::Bool(truth) => Node::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Node::int(number),
            (_, Some(number)) => Node::Uint(number),
            _ => Node::F64(number.as_f64().ok_or(Problem::WrongKind { wanted: "a number", found: "another" })?),
        },
        Value::String(text) => Node::text(text),
        Value::Array(items) => {
            Node::List(items.iter().map(|item| from_json(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Value::Object(object) => {
            if let Some(bytes) = under(BYTES, object).and_then(Value::as_str) {
                return Ok(Node::Raw(base64::parse(bytes).ok_or(Problem::Base64)?));
            }
            if let Some(number) = under(FLOAT, object).and_then(float_from_json) {
                return Ok(Node::F64(number));
            }
            if let Some(pairs) = under(MAP, object).and_then(pairs) {
                let pair = |(key, value)| from_json(value, depth + 1).map(|value| (Node::Raw(key), value));
                return Ok(Node::Map(pairs.into_iter().map(pair).collect::<Result<_, _>>()?));
            }
            let pair = |(key, value): (&String, _)| from_json(value, depth + 1).map(|value| (Node::text(key), value));
            Node::Map(object.iter().map(pair).collect::<Result<_, _>>()?)
        }
    })
}

/// A list of `[key, value]` with text for keys, `None` if it is none.
pub(super) fn pairs(value: &Value) -> Option<Vec<(Vec<u8>, &Value)>> {
    let pair = |pair: &'_ Value| match pair.as_array()?.as_slice() {
        [key, _] => text_from_json(key),
        _ => None,
    };
    value.as_array()?.iter().map(|item| Some((pair(item)?, item.get(1)?))).collect()
}
