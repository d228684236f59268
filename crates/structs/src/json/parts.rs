//! Config entries and what carries them: raws that hold several values one after another.

use proconsul_msgpack::{DecodeError, Decoder, GoStr, Layout, OneOf, Shape, StructShape};
use serde_json::{Map, Value};

use super::{
    JsonError, Problem,
    forms::shown,
    node::Node,
    read::Reader,
    write::{Fields, Seed},
    zero,
};

const ENTRY: &str = "Entry";
const ENTRIES: &str = "Entries";
const KIND: &str = "Kind";

/// Reads the content of such a raw; what follows it is nobody's, as in Go.
pub(super) fn from_wire(
    seed: Seed<'_>,
    layout: Layout,
    of: &StructShape,
    content: &[u8],
) -> Result<Value, DecodeError> {
    let mut from = Decoder::new(content);
    match layout {
        Layout::WordThenFields => {
            let word = from.decode::<GoStr>()?;
            from.decode_seed(Fields { seed: Seed { word: Some(&word), ..seed }, of, but: &[] })
        }
        Layout::CountWordFields => {
            from.decode::<i64>()?;
            let word = from.decode::<GoStr>()?;
            from.decode_seed(Fields { seed: Seed { word: Some(&word), ..seed }, of, but: &[] })
        }
        Layout::WordEntryFields => {
            let word = from.decode::<GoStr>()?;
            let entry = if word.is_empty() { Value::Null } else { entry(seed, of, ENTRY, &word, &mut from)? };
            beside(seed, of, ENTRY, entry, &mut from)
        }
        Layout::CountEntriesFields => {
            let count = from.decode::<i64>()?;
            let mut entries = Vec::new();
            for _ in 0..count {
                let word = from.decode::<GoStr>()?;
                entries.push(entry(seed, of, ENTRIES, &word, &mut from)?);
            }
            let entries = if entries.is_empty() { Value::Null } else { Value::Array(entries) };
            beside(seed, of, ENTRIES, entries, &mut from)
        }
    }
}

/// One entry of the kind that a word says.
fn entry(
    seed: Seed<'_>,
    of: &StructShape,
    key: &str,
    word: &GoStr,
    from: &mut Decoder<'_>,
) -> Result<Value, DecodeError> {
    match one_of(of, key) {
        Some(one_of) => from.decode_seed(Seed { shape: Shape::OneOf(one_of), word: Some(word), ..seed }),
        None => from.skip().map(|()| Value::Null),
    }
}

/// The fields beside the one that has been read already.
fn beside(
    seed: Seed<'_>,
    of: &StructShape,
    key: &'static str,
    value: Value,
    from: &mut Decoder<'_>,
) -> Result<Value, DecodeError> {
    let mut all = from.decode_seed(Fields { seed, of, but: &[key] })?;
    if let Value::Object(all) = &mut all {
        all.insert(shown(seed.json.form, of, key).to_owned(), value);
    }
    Ok(all)
}

/// What stands in a field, in a list there, or optionally there, if it is one of several structures.
fn one_of(of: &StructShape, key: &str) -> Option<&'static OneOf> {
    let mut shape = (of.get(key)?.shape)();
    loop {
        match shape {
            Shape::OneOf(one_of) => return Some(one_of),
            Shape::Optional(inner) | Shape::List(inner) => shape = inner(),
            _ => return None,
        }
    }
}

/// Writes the content of such a raw.
pub(super) fn to_wire(
    reader: &mut Reader<'_>,
    layout: Layout,
    of: &StructShape,
    object: &Map<String, Value>,
) -> Result<Vec<u8>, JsonError> {
    let given = |key: &str| object.get(key).filter(|value| !value.is_null());
    let mut out = Vec::new();
    match layout {
        Layout::WordThenFields => {
            let Some(entry) = given(ENTRY) else {
                return Err(reader.error_at(ENTRY, Problem::Missing("a change is of some entry")));
            };
            let word = word_of(reader, of, ENTRY, entry)?;
            out.extend(Node::text(word).to_vec());
            out.extend(reader.fields(of, object, Some(word), &[])?.to_vec());
        }
        Layout::WordEntryFields => {
            let word = given(ENTRY).map(|entry| word_of(reader, of, ENTRY, entry)).transpose()?;
            out.extend(Node::text(word.unwrap_or_default()).to_vec());
            if let Some((word, entry)) = word.zip(given(ENTRY)) {
                out.extend(one(reader, of, ENTRY, word, entry)?);
            }
            out.extend(reader.fields(of, object, None, &[ENTRY])?.to_vec());
        }
        Layout::CountWordFields => {
            let entries = list(reader, given(ENTRIES))?;
            let word = match (given(KIND).and_then(Value::as_str), entries.first()) {
                (Some(word), _) => word,
                (None, Some(_)) => return Err(reader.error_at(KIND, Problem::Missing("the kind of all entries"))),
                (None, None) => "",
            };
            out.extend(Node::Uint(entries.len() as u64).to_vec());
            out.extend(Node::text(word).to_vec());
            out.extend(reader.fields(of, object, Some(word), &[])?.to_vec());
        }
        Layout::CountEntriesFields => {
            let entries = list(reader, given(ENTRIES))?;
            out.extend(Node::Uint(entries.len() as u64).to_vec());
            for (at, entry) in entries.iter().enumerate() {
                let key = format!("{ENTRIES}[{at}]");
                let word = reader.within(&key, |reader| word_of(reader, of, ENTRIES, entry))?;
                out.extend(Node::text(word).to_vec());
                out.extend(reader.within(&key, |reader| one(reader, of, ENTRIES, word, entry))?);
            }
            out.extend(reader.fields(of, object, None, &[ENTRIES])?.to_vec());
        }
    }
    Ok(out)
}

fn list<'v>(reader: &Reader<'_>, value: Option<&'v Value>) -> Result<&'v [Value], JsonError> {
    match value {
        Some(Value::Array(entries)) => Ok(entries),
        Some(other) => Err(reader.error_at(ENTRIES, Problem::wrong("a list", other))),
        None => Ok(&[]),
    }
}

fn one(
    reader: &mut Reader<'_>,
    of: &StructShape,
    key: &'static str,
    word: &str,
    entry: &Value,
) -> Result<Vec<u8>, JsonError> {
    let Some(one_of) = one_of(of, key) else { return Ok(Node::Nil.to_vec()) };
    let step = if key == ENTRY { ENTRY } else { "" };
    let node = reader.within(step, |reader| reader.node(Shape::OneOf(one_of), entry, Some(word)))?;
    Ok(node.to_vec())
}

/// Which of the structures an entry is.
fn word_of(
    reader: &mut Reader<'_>,
    of: &StructShape,
    key: &'static str,
    entry: &Value,
) -> Result<&'static str, JsonError> {
    let step = if key == ENTRY { ENTRY } else { "" };
    match one_of(of, key) {
        Some(one_of) => reader.within(step, |reader| reader.arm(one_of, entry, None).map(|arm| arm.word)),
        None => Ok(""),
    }
}

/// The content for zero values.
pub(super) fn zero(layout: Layout, of: &StructShape) -> Vec<u8> {
    let parts = match layout {
        Layout::WordThenFields => vec![Node::text(""), zero::fields(of, &[])],
        Layout::WordEntryFields => vec![Node::text(""), zero::fields(of, &[ENTRY])],
        Layout::CountWordFields => vec![Node::Uint(0), Node::text(""), zero::fields(of, &[])],
        Layout::CountEntriesFields => vec![Node::Uint(0), zero::fields(of, &[ENTRIES])],
    };
    parts.iter().flat_map(Node::to_vec).collect()
}
