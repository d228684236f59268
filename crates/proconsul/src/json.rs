//! Values as people write them: JSON with bytes in base64 and durations with units.
//!
//! The wire tells neither text from bytes nor a duration from a number; the fields' names do.
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use proconsul_msgpack::{GoStr, Value as Wire};
use serde_json::{Number, Value, json};

/// Fields that hold bytes, each with the field whose object they stand in: `Value` is a key's value below these, and text
/// elsewhere.
const BYTES: &[(&str, &str)] = &[("DirEnt", "Value"), ("Entries", "Value")];

/// Fields that hold a duration. Written as numbers they are nanoseconds.
const DURATIONS: &[&str] = &[
    "MaxQueryTime",
    "MaxStaleDuration",
    "MaxAge",
    "StaleIfError",
    "LastContact",
    "LockDelay",
    "Interval",
    "Timeout",
    "DeregisterCriticalServiceAfter",
    "TTL",
];

/// A request as it goes on the wire.
///
/// # Errors
/// A field of bytes that is not base64, a duration without a unit, a number that no field can hold.
pub(crate) fn to_wire(value: &Value) -> Result<Wire> {
    wire(value, "", "")
}

fn wire(value: &Value, parent: &str, key: &str) -> Result<Wire> {
    Ok(match value {
        Value::Null => Wire::Nil,
        Value::Bool(yes) => Wire::Bool(*yes),
        Value::Number(number) => number_to_wire(number).with_context(|| format!("{key}: {number} is out of range"))?,
        Value::String(text) if BYTES.contains(&(parent, key)) => {
            let bytes = STANDARD.decode(text).with_context(|| format!("{key}: bytes are written in base64"))?;
            Wire::Str(GoStr::from(bytes))
        }
        Value::String(text) if DURATIONS.contains(&key) && !text.is_empty() && parent != "Definition" => {
            let nanos = duration(text).map_err(anyhow::Error::msg)?.as_nanos();
            Wire::Int(i64::try_from(nanos).with_context(|| format!("{key}: {text} is out of range"))?)
        }
        Value::String(text) => Wire::Str(GoStr::from(text.as_str())),
        Value::Array(list) => Wire::List(list.iter().map(|item| wire(item, parent, key)).collect::<Result<_>>()?),
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, item)| Ok((GoStr::from(name.as_str()), wire(item, key, name)?)));
            Wire::Map(pairs.collect::<Result<_>>()?)
        }
    })
}

fn number_to_wire(number: &Number) -> Option<Wire> {
    if let Some(int) = number.as_i64() {
        return Some(Wire::Int(int));
    }
    number.as_u64().map(Wire::Uint).or_else(|| number.as_f64().map(Wire::F64))
}

/// A reply as people read it.
pub(crate) fn from_wire(value: &Wire) -> Value {
    readable(value, "", "")
}

fn readable(value: &Wire, parent: &str, key: &str) -> Value {
    match value {
        Wire::Nil => Value::Null,
        Wire::Bool(yes) => Value::Bool(*yes),
        Wire::Int(number) if DURATIONS.contains(&key) => Value::String(duration_text(*number)),
        Wire::Int(number) => Value::from(*number),
        Wire::Uint(number) => Value::from(*number),
        Wire::F32(number) => Value::from(*number),
        Wire::F64(number) => Value::from(*number),
        Wire::Str(text) if BYTES.contains(&(parent, key)) => Value::String(STANDARD.encode(text.as_bytes())),
        Wire::Str(text) => match text.to_str() {
            Some(text) => Value::String(text.to_owned()),
            None => Value::String(STANDARD.encode(text.as_bytes())),
        },
        Wire::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Wire::List(list) => Value::Array(list.iter().map(|item| readable(item, parent, key)).collect()),
        Wire::Map(pairs) => {
            let pair = |(name, item): &(GoStr, Wire)| {
                let name = name.to_str_lossy().into_owned();
                let item = readable(item, key, &name);
                (name, item)
            };
            Value::Object(pairs.iter().map(pair).collect())
        }
        Wire::Ext { tag, data } => json!({"Tag": tag, "Data": STANDARD.encode(data)}),
    }
}

/// A duration of a request: a text with units, or a number of nanoseconds.
pub(crate) fn duration_of(value: &Value) -> Result<Duration> {
    match value {
        Value::String(text) => duration(text).map_err(anyhow::Error::msg),
        Value::Number(number) => Ok(Duration::from_nanos(number.as_u64().unwrap_or(0))),
        _ => bail!("a duration is a text like \"10s\", or a number of nanoseconds"),
    }
}

/// Reads a duration as Go writes it: numbers with units, `1m30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    crate::config::parse_duration(text).map_err(|error| error.to_string())
}

/// Nanoseconds with a unit that keeps them short.
fn duration_text(nanos: i64) -> String {
    let (sign, nanos) = if nanos < 0 { ("-", nanos.unsigned_abs()) } else { ("", nanos.unsigned_abs()) };
    match nanos {
        0 => "0s".to_owned(),
        _ if nanos.is_multiple_of(1_000_000_000) => format!("{sign}{}s", nanos / 1_000_000_000),
        _ if nanos.is_multiple_of(1_000_000) => format!("{sign}{}ms", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => format!("{sign}{}us", nanos / 1_000),
        _ => format!("{sign}{nanos}ns"),
    }
}
