//! What is in the raw value that such a message is on the wire: several values one after another.

use std::{fmt, marker::PhantomData};

use proconsul_msgpack::{
    DecodeError, Decoder, EncodeError, GoStr, Layout, RAW_VALUE, Shape, Shaped, StructShape, Wire, encode_into,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, Visitor},
    ser,
};

use super::{
    ConfigEntryOp, ConfigEntryRequest, ConfigEntryResponse, IndexedConfigEntries, IndexedGenericConfigEntries,
};
use crate::{
    List,
    config_entry::{
        ConfigEntry, ConfigEntryKind,
        kinds::{ReadAs, read_as},
    },
    json,
    query::{QueryMeta, WriteRequest},
};

/// A message that is one raw on the wire, with several values in it.
trait Sequence: Sized + Default {
    /// Writes the values.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads the values. What follows them does not count, as in Go.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// A [`ConfigEntryRequest`]'s own fields, with an entry whose kind is known.
#[derive(Wire, Default)]
struct RequestFields<E> {
    op: ConfigEntryOp,
    datacenter: GoStr,
    entry: E,
    #[wire(embed)]
    write_request: WriteRequest,
}

/// [`IndexedConfigEntries`]' own fields, with entries whose kind is known.
#[derive(Wire, Default)]
struct IndexedFields<E> {
    kind: GoStr,
    entries: List<E>,
    #[wire(embed)]
    query_meta: QueryMeta,
}

/// Reads the next value as what [`ReadAs`] makes of the kind.
struct Next<'a, 'de, T>(&'a mut Decoder<'de>, PhantomData<T>);

impl<'a, 'de, T> Next<'a, 'de, T> {
    fn of(from: &'a mut Decoder<'de>) -> Self {
        Self(from, PhantomData)
    }
}

impl ReadAs for Next<'_, '_, ConfigEntry> {
    type Output = Result<ConfigEntry, DecodeError>;

    fn read_as<E>(self, entry: impl Fn(E) -> ConfigEntry) -> Self::Output
    where
        E: Serialize + DeserializeOwned + Default,
    {
        self.0.decode().map(entry)
    }
}

impl ReadAs for Next<'_, '_, ConfigEntryRequest> {
    type Output = Result<ConfigEntryRequest, DecodeError>;

    fn read_as<E>(self, entry: impl Fn(E) -> ConfigEntry) -> Self::Output
    where
        E: Serialize + DeserializeOwned + Default,
    {
        let own: RequestFields<E> = self.0.decode()?;
        let RequestFields { op, datacenter, entry: content, write_request } = own;
        Ok(ConfigEntryRequest { op, datacenter, entry: entry(content), write_request })
    }
}

impl ReadAs for Next<'_, '_, IndexedConfigEntries> {
    type Output = Result<IndexedConfigEntries, DecodeError>;

    fn read_as<E>(self, entry: impl Fn(E) -> ConfigEntry) -> Self::Output
    where
        E: Serialize + DeserializeOwned + Default,
    {
        let own: IndexedFields<E> = self.0.decode()?;
        let entries = own.entries.map(|entries| entries.into_iter().map(entry).collect());
        Ok(IndexedConfigEntries { kind: own.kind.into(), entries, query_meta: own.query_meta })
    }
}

/// The next value as a kind. An empty one stands for no entry.
fn kind(from: &mut Decoder<'_>) -> Result<Option<ConfigEntryKind>, DecodeError> {
    let word: GoStr = from.decode()?;
    Ok((!word.is_empty()).then(|| word.into()))
}

/// The text that Go gives for a kind that it cannot make an entry of.
fn no_kind() -> DecodeError {
    de::Error::custom("invalid config entry kind: ")
}

/// Writes an entry after its kind.
fn write_entry(entry: &ConfigEntry, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write_kind(entry, out)?;
    encode_into(out, entry)
}

fn write_kind(entry: &ConfigEntry, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match entry.kind() {
        kind if kind == ConfigEntryKind::default() => {
            Err(ser::Error::custom("a config entry without a kind has no encoding"))
        }
        kind => encode_into(out, &kind),
    }
}

impl Sequence for ConfigEntryRequest {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_kind(&self.entry, out)?;
        let Self { op, datacenter, entry, write_request } = self.clone();
        encode_into(out, &RequestFields { op, datacenter, entry, write_request })
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let kind = kind(from)?.ok_or_else(no_kind)?;
        read_as(kind, Next::<Self>::of(from))
    }
}

impl Sequence for ConfigEntryResponse {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &self.entry {
            Some(entry) => write_entry(entry, out)?,
            None => encode_into(out, "")?,
        }
        encode_into(out, &self.query_meta)
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let entry = match kind(from)? {
            Some(kind) => Some(read_as(kind, Next::<ConfigEntry>::of(from))?),
            None => None,
        };
        Ok(Self { entry, query_meta: from.decode()? })
    }
}

impl Sequence for IndexedConfigEntries {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(out, &self.entries.as_ref().map_or(0, Vec::len))?;
        encode_into(out, &self.kind)?;
        let Self { kind, entries, query_meta } = self.clone();
        encode_into(out, &IndexedFields { kind: GoStr::from(&kind), entries, query_meta })
    }

    /// How many entries there are is not looked at: the list says it again.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let _count: i64 = from.decode()?;
        let kind = kind(from)?.unwrap_or_default();
        read_as(kind, Next::<Self>::of(from))
    }
}

impl Sequence for IndexedGenericConfigEntries {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(out, &self.entries.len())?;
        self.entries.iter().try_for_each(|entry| write_entry(entry, out))?;
        encode_into(out, &self.query_meta)
    }

    /// Nothing is made room for before it has come: how many entries there are is only a claim.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count: i64 = from.decode()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let kind = kind(from)?.ok_or_else(no_kind)?;
            entries.push(read_as(kind, Next::<ConfigEntry>::of(from))?);
        }
        Ok(Self { entries, query_meta: from.decode()? })
    }
}

/// Hands the content of a raw to [`Sequence::read`]; nil is the default.
struct RawVisitor<T>(PhantomData<T>);

impl<'de, T: Sequence> Visitor<'de> for RawVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a raw that holds config entries")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::read(&mut Decoder::new(bytes)).map_err(|error| E::custom(error.wire_text()))
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_bytes(self)
    }
}

macro_rules! sequences {
    ($($ty:ty: $layout:ident, $fields:expr;)*) => {$(
        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if to.is_human_readable() {
                    return json::serialize(self, to);
                }
                let mut content = Vec::new();
                self.write(&mut content).map_err(ser::Error::custom)?;
                to.serialize_bytes(&content)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    return json::deserialize(from);
                }
                from.deserialize_newtype_struct(RAW_VALUE, RawVisitor(PhantomData))
            }
        }

        impl Shaped for $ty {
            fn shape() -> Shape {
                Shape::Sequence(Layout::$layout, || $fields.finish())
            }
        }
    )*};
}

sequences! {
    ConfigEntryRequest: WordThenFields,
        StructShape::new("ConfigEntryRequest", "A change of one entry.")
            .field("Op", "What to do.", ConfigEntryOp::shape)
            .field("Datacenter", "Which datacenter.", GoStr::shape)
            .field("Entry", "The entry; to remove it, its kind and name are enough.", ConfigEntry::shape)
            .embed(WriteRequest::shape);
    ConfigEntryResponse: WordEntryFields,
        StructShape::new("ConfigEntryResponse", "Answer of `ConfigEntry.Get`.")
            .field("Entry", "The entry; nil when there is no such one.", Option::<ConfigEntry>::shape)
            .embed(QueryMeta::shape);
    IndexedConfigEntries: CountWordFields,
        StructShape::new("IndexedConfigEntries", "Answer of `ConfigEntry.List`.")
            .field("Kind", "Their kind.", ConfigEntryKind::shape)
            .field("Entries", "The entries, all of that kind.", List::<ConfigEntry>::shape)
            .embed(QueryMeta::shape);
    IndexedGenericConfigEntries: CountEntriesFields,
        StructShape::new("IndexedGenericConfigEntries", "Answer of `ConfigEntry.ListAll`.")
            .field("Entries", "The entries, of any kind.", Vec::<ConfigEntry>::shape)
            .embed(QueryMeta::shape);
}
