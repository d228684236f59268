//! Names and scalars by form.

use proconsul_msgpack::{
    StructShape,
    base64::{self, Base64},
};
use serde_json::{Map, Value};

use super::Form;

/// Fields that Consul's HTTP interface shows under another name than Go's: structure, Go's name, name shown. All others are
/// the same; what the interface hides (`json:"-"`) is shown here too, as a request may need it.
const SHOWN: &[(&str, &str, &str)] = &[("AclTemplatedPolicyVariables", "Name", "name")];

/// The name under which a field is shown.
pub(super) fn shown(form: Form, structure: &StructShape, key: &'static str) -> &'static str {
    let renamed = |(of, name, _): &&(&str, &str, &'static str)| *of == structure.name && *name == key;
    match form {
        Form::Wire => key,
        Form::Cli => SHOWN.iter().find(renamed).map_or(key, |(_, _, shown)| shown),
    }
}

/// Sign of bytes where JSON has no place for them.
pub(super) const BYTES: &str = "$bytes";
/// Sign of a number that JSON does not have.
pub(super) const FLOAT: &str = "$float";
/// Sign of a map that JSON cannot hold as an object.
pub(super) const MAP: &str = "$map";

/// An object with nothing but a sign.
pub(super) fn signed(sign: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([(sign.to_owned(), content)]))
}

/// What stands under a sign, if the object has nothing else.
pub(super) fn under<'a>(sign: &str, object: &'a Map<String, Value>) -> Option<&'a Value> {
    if object.len() == 1 { object.get(sign) } else { None }
}

/// Bytes as JSON.
pub(super) fn bytes_to_json(bytes: &[u8]) -> Value {
    Value::String(Base64(bytes).to_string())
}

/// A string as JSON.
pub(super) fn text_to_json(text: &[u8]) -> Value {
    match std::str::from_utf8(text) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => signed(BYTES, bytes_to_json(text)),
    }
}

/// The bytes of a string, `None` if it is none.
pub(super) fn text_from_json(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Object(object) => base64::parse(under(BYTES, object)?.as_str()?),
        _ => None,
    }
}

/// Names of the numbers that JSON does not have.
const ODD: &[(&str, f64)] = &[("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];

/// A float as JSON; by name if JSON does not have it.
pub(super) fn float_to_json(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// A float from JSON, `None` if it is none.
pub(super) fn float_from_json(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => ODD.iter().find(|(name, _)| name == text).map(|(_, number)| *number),
        _ => None,
    }
}
