//! Values whose type only the bytes know: Go's `interface{}`.

use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::de::{ANY_VALUE, ODD_EXT};
use crate::go_str::GoStr;
use crate::shared::share;

/// Any value, as Go reads it when it has no type to go by: the small integer forms and the signed ones are [`Value::Int`],
/// the unsigned ones [`Value::Uint`], all floats [`Value::F64`], raws strings, and map keys are strings.
///
/// Written again it is as Go would write it: a byte string as a raw, an extension as a raw of its bytes (nil if it has none).
/// [`Value::F32`] is never read, it is there to be written.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)] // the names say it
pub enum Value {
    #[default]
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    F32(f32),
    F64(f64),
    Str(GoStr),
    Bytes(Bytes),
    List(Vec<Value>),
    /// In the order read or built; a key that comes twice is there twice.
    Map(Vec<(GoStr, Value)>),
    Ext {
        tag: u8,
        data: Bytes,
    },
}

impl Value {
    /// What a map holds under `key`; the last of several, as Go keeps it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Self::Map(entries) = self else { return None };
        entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a string, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { text.to_str() } else { None }
    }

    /// Whether it is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Uint(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Bool(v) => serializer.serialize_bool(*v),
            Self::Int(v) => serializer.serialize_i64(*v),
            Self::Uint(v) => serializer.serialize_u64(*v),
            Self::F32(v) => serializer.serialize_f32(*v),
            Self::F64(v) => serializer.serialize_f64(*v),
            Self::Str(v) => v.serialize(serializer),
            Self::Bytes(v) => serializer.serialize_bytes(v),
            Self::List(v) => serializer.collect_seq(v),
            Self::Map(v) => serializer.collect_map(v.iter().map(|(key, value)| (key, value))),
            Self::Ext { data, .. } if data.is_empty() => serializer.serialize_unit(),
            Self::Ext { data, .. } => serializer.serialize_bytes(data),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(ValueVisitor)
        } else {
            deserializer.deserialize_newtype_struct(ANY_VALUE, ValueVisitor)
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E: de::Error>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Uint(v))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Value, E> {
        Ok(Value::F64(v))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Str(v.into()))
    }

    fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Value, E> {
        Ok(Value::Str(share(v.as_bytes()).into()))
    }

    fn visit_string<E: de::Error>(self, v: String) -> Result<Value, E> {
        Ok(Value::Str(v.into()))
    }

    fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(Bytes::copy_from_slice(v)))
    }

    fn visit_borrowed_bytes<E: de::Error>(self, v: &'de [u8]) -> Result<Value, E> {
        Ok(Value::Bytes(share(v)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }

    /// What serde has no word for; only this crate's deserializer comes here.
    fn visit_enum<A: EnumAccess<'de>>(self, odd: A) -> Result<Value, A::Error> {
        match odd.variant()? {
            (ODD_EXT, parts) => {
                let (tag, data): (u8, Bytes) = parts.newtype_variant()?;
                Ok(Value::Ext { tag, data })
            }
            (_, text) => Ok(Value::Str(text.newtype_variant()?)),
        }
    }

    /// Another format that does not take the name for a sign.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }
}
