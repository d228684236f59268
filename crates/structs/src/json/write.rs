//! The wire to JSON: a shape as a serde seed, so that bytes are read exactly as the structures themselves read them.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use proconsul_msgpack::{
    Decoder, FieldShape, GoStr, NumberSet, OneOf, RAW_VALUE, Shape, StructShape, Time, Value as Any, Verbatim,
};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    Form, Json, any,
    forms::{BYTES, bytes_to_json, float_to_json, shown, signed, text_to_json},
    zero,
};
use crate::GoDuration;

/// A shape to read.
#[derive(Clone, Copy)]
pub(super) struct Seed<'a> {
    pub(super) json: &'a Json<'a>,
    pub(super) shape: Shape,
    /// Which of several structures it is, where the word is not in the structure itself.
    pub(super) word: Option<&'a [u8]>,
}

impl<'a> Seed<'a> {
    fn with(self, shape: fn() -> Shape) -> Self {
        Self { shape: shape(), ..self }
    }

    fn plain(self, shape: fn() -> Shape) -> Self {
        Self { shape: shape(), word: None, ..self }
    }

    /// A value that the bytes leave out.
    fn zero(self, shape: Shape) -> Value {
        let bytes = zero::zero(shape).to_vec();
        Decoder::new(&bytes).decode_seed(Self { shape, word: None, ..self }).unwrap_or_default()
    }

    /// What one raw holds, as its own encoding.
    fn inside<E: Error>(self, shape: fn() -> Shape, bytes: &[u8]) -> Result<Value, E> {
        Decoder::new(bytes).decode_seed(self.with(shape)).map_err(|error| E::custom(error.wire_text()))
    }

    fn time(self, time: Time) -> Value {
        let text = time.to_string();
        let (binary, len) = time.to_binary();
        match text.parse::<Time>() {
            Ok(read) if read.to_binary() == (binary, len) => Value::String(text),
            _ => signed(BYTES, bytes_to_json(&binary[..len])),
        }
    }

    /// A number with a name: people see the name.
    fn number(self, number: i64, set: &NumberSet) -> Value {
        let known = set.numbers.iter().find(|(known, ..)| *known == number);
        match (self.json.form, known) {
            (Form::Cli, Some((_, name, _))) => Value::from(*name),
            _ => Value::from(number),
        }
    }

    fn protobuf(self, message: &str, bytes: &[u8]) -> Value {
        let known = self.json.protobuf.and_then(|protobuf| protobuf.to_json(message, bytes));
        known.unwrap_or_else(|| bytes_to_json(bytes))
    }

    /// One of several structures; of one that is not known, whatever is there.
    fn one_of<'de, D: Deserializer<'de>>(self, of: &'static OneOf, from: D) -> Result<Value, D::Error> {
        let arm_of = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|word| of.arm(word));
        if let Some((word, arm)) = self.word.and_then(|word| Some((word, arm_of(word)?))) {
            let value = self.plain(arm.shape).deserialize(from)?;
            return Ok(self.tagged(of, word, value));
        }
        let kept = Verbatim::deserialize(from)?;
        let word = self.word.map(GoStr::from).or(inner_tag(of, &kept)).unwrap_or_default();
        let value = match arm_of(&word) {
            Some(arm) => Decoder::new(kept.as_bytes()).decode_seed(self.plain(arm.shape)),
            None => kept.value().map(|value| any::to_json(&value)),
        };
        Ok(self.tagged(of, &word, value.map_err(|error| D::Error::custom(error.wire_text()))?))
    }

    /// With the word among the fields, where people look for it.
    fn tagged(self, of: &OneOf, word: &[u8], mut value: Value) -> Value {
        if let (Form::Cli, Value::Object(fields)) = (self.json.form, &mut value) {
            fields.entry(of.tag).or_insert_with(|| text_to_json(word));
        }
        value
    }
}

/// The word that stands in a structure itself, also when that is one raw.
fn inner_tag(of: &OneOf, kept: &Verbatim) -> Option<GoStr> {
    let value = match kept.value().ok()? {
        Any::Str(raw) => proconsul_msgpack::from_slice(&raw).ok()?,
        value => value,
    };
    match value.get(of.tag)? {
        Any::Str(word) => Some(word.clone()),
        _ => None,
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        Ok(match self.shape {
            Shape::Bool => Value::Bool(bool::deserialize(from)?),
            Shape::Int { bits, signed } => integer(bits, signed, from)?,
            Shape::Float { bits: 32 } => float_to_json(f32::deserialize(from)?.into()),
            Shape::Float { .. } => float_to_json(f64::deserialize(from)?),
            Shape::Text | Shape::Words(_) => text_to_json(&GoStr::deserialize(from)?),
            Shape::Bytes => bytes_to_json(&Bytes::deserialize(from)?),
            Shape::Time => self.time(Time::deserialize(from)?),
            Shape::Duration => {
                let nanos = i64::deserialize(from)?;
                match self.json.form {
                    Form::Wire => Value::from(nanos),
                    Form::Cli => Value::String(GoDuration(nanos).to_string()),
                }
            }
            Shape::Numbers(set) => self.number(i64::deserialize(from)?, set),
            Shape::Any => any::to_json(&Any::deserialize(from)?),
            Shape::Optional(_) => return from.deserialize_option(self),
            Shape::List(_) => return from.deserialize_seq(self),
            Shape::Map(_) | Shape::Pairs(..) => return from.deserialize_map(self),
            Shape::Struct(_) => return from.deserialize_struct("", &[], self),
            Shape::Nested(_) | Shape::Proto(_) | Shape::Sequence(..) => {
                return from.deserialize_newtype_struct(RAW_VALUE, self);
            }
            Shape::OneOf(of) => return self.one_of(of, from),
        })
    }
}

fn integer<'de, D: Deserializer<'de>>(bits: u8, signed: bool, from: D) -> Result<Value, D::Error> {
    Ok(match (bits, signed) {
        (8, true) => Value::from(i8::deserialize(from)?),
        (16, true) => Value::from(i16::deserialize(from)?),
        (32, true) => Value::from(i32::deserialize(from)?),
        (_, true) => Value::from(i64::deserialize(from)?),
        (8, false) => Value::from(u8::deserialize(from)?),
        (16, false) => Value::from(u16::deserialize(from)?),
        (32, false) => Value::from(u32::deserialize(from)?),
        (_, false) => Value::from(u64::deserialize(from)?),
    })
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of its shape")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(match self.shape {
            Shape::Optional(_) => Value::Null,
            shape => self.zero(shape),
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        match self.shape {
            Shape::Optional(shape) => self.with(shape).deserialize(from),
            _ => self.deserialize(from),
        }
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Value, E> {
        match self.shape {
            Shape::Nested(shape) => self.inside(shape, bytes),
            Shape::Proto(message) => Ok(self.protobuf(message, bytes)),
            Shape::Sequence(layout, fields) => {
                super::parts::from_wire(self, layout, &fields(), bytes).map_err(|error| E::custom(error.wire_text()))
            }
            _ => Ok(text_to_json(bytes)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        match self.shape {
            Shape::Struct(of) => Fields { seed: self, of: &of(), but: &[] }.visit_seq(items),
            Shape::List(shape) => {
                let mut list = Vec::new();
                while let Some(item) = items.next_element_seed(self.with(shape))? {
                    list.push(item);
                }
                Ok(Value::Array(list))
            }
            _ => Err(A::Error::custom("a list where its shape has none")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        match self.shape {
            Shape::Struct(of) => Fields { seed: self, of: &of(), but: &[] }.visit_map(map),
            Shape::Map(shape) => {
                let mut pairs = BTreeMap::new();
                while let Some(key) = map.next_key::<GoStr>()? {
                    pairs.insert(key, map.next_value_seed(self.plain(shape))?);
                }
                Ok(text_keyed(pairs))
            }
            Shape::Pairs(key, value) => {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key_seed(self.plain(key))? {
                    pairs.push((key, map.next_value_seed(self.plain(value))?));
                }
                Ok(value_keyed(pairs))
            }
            _ => Err(A::Error::custom("a map where its shape has none")),
        }
    }
}

/// A map by text; of pairs if a key is not UTF-8.
fn text_keyed(pairs: BTreeMap<GoStr, Value>) -> Value {
    if pairs.keys().all(|key| key.to_str().is_some()) {
        return pairs.into_iter().map(|(key, value)| (key.to_str_lossy().into_owned(), value)).collect();
    }
    pairs.into_iter().map(|(key, value)| Value::Array(vec![text_to_json(&key), value])).collect()
}

/// A map by numbers as Go's JSON has it; by anything else, pairs.
fn value_keyed(pairs: Vec<(Value, Value)>) -> Value {
    if !pairs.is_empty() && pairs.iter().all(|(key, _)| key.is_number()) {
        return pairs.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    }
    pairs.into_iter().map(|(key, value)| Value::Array(vec![key, value])).collect()
}

/// The fields of a structure but for some, as an object.
pub(super) struct Fields<'a, 's> {
    pub(super) seed: Seed<'a>,
    pub(super) of: &'s StructShape,
    pub(super) but: &'s [&'s str],
}

impl Fields<'_, '_> {
    /// What a field holds: the word for one of several structures goes to the fields of a sequence, and no further.
    fn seed(&self, field: &FieldShape) -> Seed<'_> {
        let mut seed = self.seed;
        if !reaches_one_of((field.shape)()) {
            seed.word = None;
        }
        Seed { shape: (field.shape)(), ..seed }
    }

    fn finish(&self, mut read: Map<String, Value>) -> Value {
        for field in self.of.fields.iter().filter(|field| !self.but.contains(&field.key)) {
            let name = shown(self.seed.json.form, self.of, field.key);
            if !read.contains_key(name) {
                read.insert(name.to_owned(), self.seed.zero((field.shape)()));
            }
        }
        Value::Object(read)
    }
}

/// Whether a structure chosen by a word stands here, or in a list here.
fn reaches_one_of(shape: Shape) -> bool {
    match shape {
        Shape::OneOf(_) => true,
        Shape::Optional(inner) | Shape::List(inner) => reaches_one_of(inner()),
        _ => false,
    }
}

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a structure")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(key) = map.next_key::<GoStr>()? {
            let field = key.to_str().and_then(|key| self.of.get(key)).filter(|field| !self.but.contains(&field.key));
            match field {
                Some(field) => {
                    let value = map.next_value_seed(self.seed(field))?;
                    read.insert(shown(self.seed.json.form, self.of, field.key).to_owned(), value);
                }
                // A name is text for people, at the price of one that is not UTF-8.
                None if self.of.keeps_rest => {
                    read.insert(key.to_str_lossy().into_owned(), any::to_json(&map.next_value::<Any>()?));
                }
                None => drop(map.next_value::<serde::de::IgnoredAny>()?),
            }
        }
        Ok(self.finish(read))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        let mut fields: Vec<_> = self.of.fields.iter().filter(|field| !self.but.contains(&field.key)).collect();
        fields.sort_by_key(|field| field.position);
        for field in fields {
            let Some(value) = items.next_element_seed(self.seed(field))? else { break };
            read.insert(shown(self.seed.json.form, self.of, field.key).to_owned(), value);
        }
        Ok(self.finish(read))
    }
}

impl<'de> DeserializeSeed<'de> for Fields<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_struct("", &[], self)
    }
}
