//! What a structure does not know and yet keeps: fields that a newer peer added.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::fields::{Fields, FromMap, FromSeq, ReadFields};
use crate::shape::{Shape, Shaped};
use crate::{GoStr, Value};

/// Name under which a newtype holds a value's bytes as they are.
pub(crate) const VERBATIM: &str = "proconsul_msgpack::Verbatim";

/// Fields that a structure has no place for, by key: the type of a field marked `#[wire(rest)]`.
///
/// ```
/// use proconsul_msgpack::{Rest, Wire, from_slice, to_vec};
///
/// #[derive(Default, Wire)]
/// struct Known {
///     name: String,
///     #[wire(rest)]
///     rest: Rest,
/// }
/// let newer = b"\x83\xa3Age\x07\xa4Name\xa1x\xa3Zip\x92\xc3\xc0";
/// let known: Known = from_slice(newer)?;
/// assert_eq!(known.rest.len(), 2);
/// assert_eq!(to_vec(&known)?, newer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Rest = BTreeMap<GoStr, Verbatim>;

/// A value kept as the bytes it came in, never looked into: written again it is the same to the byte.
///
/// In formats for people it is what the bytes mean.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Verbatim(Bytes);

impl Verbatim {
    /// The value that has this encoding. The bytes are not looked at: they must be one value and no more.
    pub fn from_encoding(encoding: Bytes) -> Self {
        Self(encoding)
    }

    /// The value's encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the bytes mean.
    ///
    /// # Errors
    /// When it nests deeper than values that are built may.
    pub fn value(&self) -> Result<Value, crate::DecodeError> {
        crate::from_slice(&self.0)
    }
}

impl Default for Verbatim {
    /// Nil.
    fn default() -> Self {
        Self(Bytes::from_static(&[crate::marker::NIL]))
    }
}

impl TryFrom<&Value> for Verbatim {
    type Error = crate::EncodeError;

    fn try_from(value: &Value) -> Result<Self, Self::Error> {
        crate::to_vec(value).map(|bytes| Self(bytes.into()))
    }
}

impl fmt::Debug for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Ok(value) => fmt::Debug::fmt(&value, f),
            Err(_) => write!(f, "{} bytes", self.0.len()),
        }
    }
}

impl Shaped for Verbatim {
    fn shape() -> Shape {
        Shape::Any
    }
}

impl Serialize for Verbatim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.value().map_err(serde::ser::Error::custom)?.serialize(serializer);
        }
        serializer.serialize_newtype_struct(VERBATIM, &ByteString(&self.0))
    }
}

struct ByteString<'a>(&'a [u8]);

impl Serialize for ByteString<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Verbatim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Self::try_from(&Value::deserialize(deserializer)?).map_err(de::Error::custom);
        }
        deserializer.deserialize_newtype_struct(VERBATIM, VerbatimVisitor)
    }
}

struct VerbatimVisitor;

impl<'de> Visitor<'de> for VerbatimVisitor {
    type Value = Verbatim;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Verbatim, E> {
        Ok(Verbatim(crate::shared::share(bytes)))
    }
}

/// A structure that keeps what it does not know.
pub trait KeepsRest: Fields {
    /// What was kept.
    fn rest(&self) -> &Rest;

    /// What was kept, to add to.
    fn rest_mut(&mut self) -> &mut Rest;
}

/// Writes a structure with all that it keeps, sorted by key.
///
/// # Errors
/// What a field's value or `serializer` gives.
pub fn write_with_rest<T: KeepsRest, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let rest = value.rest();
    let keys = T::KEYS.as_slice();
    let mut out = Entries(serializer.serialize_map(Some(value.fields_present() + rest.len()))?);
    let mut rest = rest.iter().peekable();
    for &number in T::ORDER.as_slice() {
        let number = usize::from(number);
        while let Some((key, kept)) = rest.next_if(|(key, _)| key.as_bytes() < keys[number].as_bytes()) {
            out.0.serialize_entry(key, kept)?;
        }
        value.write_field(number, &mut out)?;
    }
    for (key, kept) in rest {
        out.0.serialize_entry(key, kept)?;
    }
    out.0.end()
}

/// A map under way, written to as a structure is.
struct Entries<M>(M);

impl<M: SerializeMap> SerializeStruct for Entries<M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), M::Error> {
        self.0.serialize_entry(key, value)
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }
}

/// As [`crate::fields::read_struct`], keeping what has no field. What a list has beyond its fields is lost, as it has no key.
///
/// # Errors
/// What a field's type or the format gives.
pub fn read_with_rest<'de, T: ReadFields<'de> + KeepsRest, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_struct(name, T::KEYS.as_slice(), RestVisitor(PhantomData))
}

/// As [`read_with_rest`], where the structure stays. What was there is lost.
///
/// # Errors
/// As [`read_with_rest`].
pub fn read_with_rest_in_place<'de, T: ReadFields<'de> + KeepsRest, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
    place: &mut T,
) -> Result<(), D::Error> {
    *place = read_with_rest(name, deserializer)?;
    Ok(())
}

struct RestVisitor<T>(PhantomData<T>);

impl<'de, T: ReadFields<'de> + KeepsRest> Visitor<'de> for RestVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a structure")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut out = T::default();
        while let Some(key) = map.next_key_seed(Key::<T>(PhantomData))? {
            match key {
                Ok(number) => {
                    out.read_field(number, &mut FromMap(&mut map))?;
                }
                Err(key) => {
                    let value = map.next_value()?;
                    out.rest_mut().insert(key, value);
                }
            }
        }
        Ok(out)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        let mut out = T::default();
        for number in 0..T::KEYS.len() {
            if !out.read_field(number, &mut FromSeq(&mut seq))? {
                break;
            }
        }
        Ok(out)
    }
}

/// Reads a key as the number of its field, or as it is.
struct Key<T>(PhantomData<T>);

impl<'de, T: Fields> DeserializeSeed<'de> for Key<T> {
    type Value = Result<usize, GoStr>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<T: Fields> Visitor<'_> for Key<T> {
    type Value = Result<usize, GoStr>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(T::field_number(key).ok_or_else(|| key.into()))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        self.visit_bytes(key.as_bytes())
    }
}
