//! Protobuf without a schema, as recordings write it: an object from field number to value.
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::value::{from_hex, to_hex};

/// How deep messages may be nested before the rest is taken for bytes.
const DEPTH_MAX: usize = 32;

/// Encodes an object: text is bytes, numbers and booleans are varints, objects are messages, lists are repeated fields.
///
/// # Errors
/// When a value is of no kind that recordings have.
pub fn encode(message: &Value) -> Result<Vec<u8>> {
    let fields = message.as_object().context("a message is an object")?;
    let mut out = Vec::new();
    for (number, value) in fields {
        let number: u64 = number.parse().with_context(|| format!("field number {number}"))?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| field(&mut out, number, item))?,
            value => field(&mut out, number, value)?,
        }
    }
    Ok(out)
}

fn field(out: &mut Vec<u8>, number: u64, value: &Value) -> Result<()> {
    let bytes = match value {
        Value::Bool(yes) => return varint_field(out, number, u64::from(*yes)),
        Value::Number(count) => {
            let count =
                count.as_u64().or_else(|| count.as_i64().map(|count| count as u64)).context("a whole number")?;
            return varint_field(out, number, count);
        }
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(fields) => match fields.get("$hex").and_then(Value::as_str) {
            Some(hex) => from_hex(hex).context("hex")?,
            None => encode(value)?,
        },
        other => bail!("no protobuf value: {other}"),
    };
    varint(out, number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
    Ok(())
}

fn varint_field(out: &mut Vec<u8>, number: u64, value: u64) -> Result<()> {
    ensure!(number > 0, "field number 0");
    varint(out, number << 3);
    varint(out, value);
    Ok(())
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Decodes a message, if all of it parses.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    message(bytes, 0).map(Value::Object)
}

fn message(mut bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    if depth > DEPTH_MAX {
        return None;
    }
    let mut fields = Map::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let number = key >> 3;
        if number == 0 || number > 0x1fff_ffff {
            return None;
        }
        let value = match key & 7 {
            0 => json!(take_varint(&mut bytes)?),
            1 => json!({"$i64": to_hex(take(&mut bytes, 8)?)}),
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                delimited(take(&mut bytes, length)?, depth)
            }
            5 => json!({"$i32": to_hex(take(&mut bytes, 4)?)}),
            _ => return None,
        };
        match fields.get_mut(&number.to_string()) {
            None => _ = fields.insert(number.to_string(), value),
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Some(fields)
}

fn delimited(bytes: &[u8], depth: usize) -> Value {
    if let Ok(text) = std::str::from_utf8(bytes)
        && (text.starts_with("-----BEGIN") || !text.chars().any(char::is_control))
    {
        return json!(text);
    }
    match message(bytes, depth + 1) {
        Some(fields) => Value::Object(fields),
        None => json!({"$hex": to_hex(bytes)}),
    }
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_to_bytes_and_back() {
        let value = json!({"1": 1, "5": "dc1", "10": {"1": "rl", "2": {"$hex": "00ff"}}, "3": ["a", "b"], "4": true});
        let bytes = encode(&value).unwrap();
        let back = json!({"1": 1, "5": "dc1", "10": {"1": "rl", "2": {"$hex": "00ff"}}, "3": ["a", "b"], "4": 1});
        assert_eq!(decode(&bytes), Some(back));
        // The bytes of a recorded case.
        let recorded = json!({"1": 1, "5": "dc1", "10": {"1": "rl"}});
        assert_eq!(to_hex(&encode(&recorded).unwrap()), "08012a0364633152040a02726c");
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(decode(&[0x0a, 0xff, 0xff, 0xff]), None);
        assert_eq!(decode(&[0x0a, 5, 1]), None);
        assert_eq!(decode(&[]), Some(json!({})));
    }
}
