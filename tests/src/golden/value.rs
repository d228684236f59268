//! JSON to and from the old MessagePack dialect, as the recordings' "Values" section writes it.
//!
//! Text and bytes are one raw family (fixraw, raw16, raw32). Anything newer that a server might write (str8, bin, extensions)
//! is an error here, because Consul never writes it.
use serde_json::{Map, Number, Value, json};

/// How deep a value may nest before it is refused.
pub const DEPTH_MAX: usize = 100;

/// Bytes as lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that a hex text stands for; `None` when it is not hex.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// A recorded value that has no encoding: a mistake in a recording.
#[derive(Debug, PartialEq, Eq)]
pub struct NotEncodable(String);

impl std::fmt::Display for NotEncodable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "no encoding for {}", self.0)
    }
}

impl std::error::Error for NotEncodable {}

/// Appends a value's encoding, keys in the order given.
///
/// # Errors
/// [`NotEncodable`] for a fraction without `$f64`, and for a malformed `$` form.
pub fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), NotEncodable> {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(flag) => out.push(0xc2 + u8::from(*flag)),
        Value::Number(number) => encode_integer(number, out)?,
        Value::String(text) => encode_raw(text.as_bytes(), out),
        Value::Array(items) => {
            encode_length(items.len(), [0x90, 0xdc, 0xdd], out);
            for item in items {
                encode(item, out)?;
            }
        }
        Value::Object(fields) => {
            if let Some(form) = special(fields) {
                return encode_special(form, out).ok_or_else(|| NotEncodable(value.to_string()))?;
            }
            encode_length(fields.len(), [0x80, 0xde, 0xdf], out);
            for (key, field) in fields {
                encode_raw(key.as_bytes(), out);
                encode(field, out)?;
            }
        }
    }
    Ok(())
}

fn special(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = fields.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) if key.starts_with('$') => Some((key, value)),
        _ => None,
    }
}

fn encode_special((form, content): (&str, &Value), out: &mut Vec<u8>) -> Option<Result<(), NotEncodable>> {
    match form {
        "$hex" => encode_raw(&from_hex(content.as_str()?)?, out),
        "$raw" => out.extend(from_hex(content.as_str()?)?),
        "$rep" => match content.as_array()?.as_slice() {
            [text, times] => encode_raw(text.as_str()?.repeat(times.as_u64()? as usize).as_bytes(), out),
            _ => return None,
        },
        "$f64" => {
            out.push(0xcb);
            out.extend(content.as_str()?.parse::<f64>().ok()?.to_be_bytes());
        }
        "$packed" => {
            let mut inner = Vec::new();
            for item in content.as_array()? {
                if let Err(error) = encode(item, &mut inner) {
                    return Some(Err(error));
                }
            }
            encode_raw(&inner, out);
        }
        _ => return None,
    }
    Some(Ok(()))
}

fn encode_integer(number: &Number, out: &mut Vec<u8>) -> Result<(), NotEncodable> {
    if let Some(value) = number.as_u64() {
        match value {
            0..=0x7f => out.push(value as u8),
            0x80..=0xff => out.extend([0xcc, value as u8]),
            0x100..=0xffff => {
                out.push(0xcd);
                out.extend((value as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                out.push(0xce);
                out.extend((value as u32).to_be_bytes());
            }
            _ => {
                out.push(0xcf);
                out.extend(value.to_be_bytes());
            }
        }
    } else if let Some(value) = number.as_i64() {
        match value {
            -32..=-1 => out.push(value as u8),
            -128..=-33 => out.extend([0xd0, value as u8]),
            -32_768..=-129 => {
                out.push(0xd1);
                out.extend((value as i16).to_be_bytes());
            }
            -2_147_483_648..=-32_769 => {
                out.push(0xd2);
                out.extend((value as i32).to_be_bytes());
            }
            _ => {
                out.push(0xd3);
                out.extend(value.to_be_bytes());
            }
        }
    } else {
        return Err(NotEncodable(number.to_string()));
    }
    Ok(())
}

fn encode_raw(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        length @ 0..=31 => out.push(0xa0 | length as u8),
        length @ 32..=0xffff => {
            out.push(0xda);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0xdb);
            out.extend((length as u32).to_be_bytes());
        }
    }
    out.extend(bytes);
}

fn encode_length(length: usize, [small, medium, large]: [u8; 3], out: &mut Vec<u8>) {
    match length {
        0..=15 => out.push(small | length as u8),
        16..=0xffff => {
            out.push(medium);
            out.extend((length as u16).to_be_bytes());
        }
        _ => {
            out.push(large);
            out.extend((length as u32).to_be_bytes());
        }
    }
}

/// Why bytes are not a value.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They stop before the value does; more may come.
    Short,
    /// They use what Consul never writes, or nest deeper than [`DEPTH_MAX`].
    Foreign(String),
}

/// The value that `bytes` begin with, and how many of them it takes.
///
/// # Errors
/// [`DecodeError::Short`] when the value is not all there, [`DecodeError::Foreign`] when it never will be one.
pub fn decode(bytes: &[u8]) -> Result<(Value, usize), DecodeError> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(length).ok_or(DecodeError::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(DecodeError::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, DecodeError> {
        Ok(self.take(width)?.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    fn signed(&mut self, width: usize) -> Result<i64, DecodeError> {
        let unused = 64 - 8 * width as u32;
        Ok(((self.unsigned(width)? << unused) as i64) >> unused)
    }

    fn raw(&mut self, length: u64) -> Result<Value, DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Short)?;
        Ok(raw_value(self.take(length)?))
    }

    fn list(&mut self, length: u64, depth: usize) -> Result<Value, DecodeError> {
        let mut items = Vec::new(); // grows with what is there, not with what is declared
        for _ in 0..length {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<Value, DecodeError> {
        let mut fields = Map::new();
        for _ in 0..length {
            let key = match self.value(depth + 1)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            let value = self.value(depth + 1)?;
            if fields.insert(key.clone(), value).is_some() {
                return Err(DecodeError::Foreign(format!("key {key} twice in one map")));
            }
        }
        Ok(Value::Object(fields))
    }

    fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::Foreign("nested too deep".into()));
        }
        let at = self.at;
        let first = self.unsigned(1)? as u8;
        Ok(match first {
            0x00..=0x7f => first.into(),
            0xe0..=0xff => (first as i8).into(),
            0x80..=0x8f => self.map(u64::from(first & 0x0f), depth)?,
            0x90..=0x9f => self.list(u64::from(first & 0x0f), depth)?,
            0xa0..=0xbf => self.raw(u64::from(first & 0x1f))?,
            0xc0 => Value::Null,
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xca => float_value(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xcb => float_value(f64::from_bits(self.unsigned(8)?)),
            0xcc => self.unsigned(1)?.into(),
            0xcd => self.unsigned(2)?.into(),
            0xce => self.unsigned(4)?.into(),
            0xcf => self.unsigned(8)?.into(),
            0xd0 => self.signed(1)?.into(),
            0xd1 => self.signed(2)?.into(),
            0xd2 => self.signed(4)?.into(),
            0xd3 => self.signed(8)?.into(),
            0xda => {
                let length = self.unsigned(2)?;
                self.raw(length)?
            }
            0xdb => {
                let length = self.unsigned(4)?;
                self.raw(length)?
            }
            0xdc => {
                let length = self.unsigned(2)?;
                self.list(length, depth)?
            }
            0xdd => {
                let length = self.unsigned(4)?;
                self.list(length, depth)?
            }
            0xde => {
                let length = self.unsigned(2)?;
                self.map(length, depth)?
            }
            0xdf => {
                let length = self.unsigned(4)?;
                self.map(length, depth)?
            }
            _ => return Err(DecodeError::Foreign(format!("byte {first:02x} at {at} is not of the old dialect"))),
        })
    }
}

fn float_value(value: f64) -> Value {
    json!({ "$f64": value.to_string() })
}

/// A raw as text when it is printable, else as hex.
pub fn raw_value(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')) => text.into(),
        _ => json!({ "$hex": to_hex(bytes) }),
    }
}

/// Whether a raw is a Go time: version 1 and a zone of UTC or zero, of this age of the world.
pub fn is_time(bytes: &[u8]) -> bool {
    bytes.len() == 15
        && bytes.starts_with(&[1, 0, 0, 0])
        && (bytes.ends_with(&[0xff, 0xff]) || bytes.ends_with(&[0, 0]))
}

/// A reply's body with what is packed in it unpacked: the body itself, and each raw directly inside.
pub fn unpack_body(body: Value) -> Value {
    let packed = hex_of(&body).and_then(|bytes| unpack(&bytes));
    packed.unwrap_or(body)
}

fn hex_of(value: &Value) -> Option<Vec<u8>> {
    let fields = value.as_object()?;
    (fields.len() == 1).then_some(())?;
    from_hex(fields.get("$hex")?.as_str()?)
}

fn unpack(bytes: &[u8]) -> Option<Value> {
    if is_time(bytes) {
        return None;
    }
    let mut values = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (value, taken) = decode(rest).ok()?;
        values.push(value);
        rest = &rest[taken..];
    }
    let is_packed =
        values.len() >= 2 || matches!(values.as_slice(), [Value::Object(_)] if hex_of(&values[0]).is_none());
    is_packed.then(|| json!({ "$packed": values.into_iter().map(unpack_body).collect::<Vec<_>>() }))
}

#[cfg(test)]
mod tests;
