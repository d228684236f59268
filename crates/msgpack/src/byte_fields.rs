//! How the derive writes and reads fields whose type serde would take for a list of numbers, or would copy.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::base64::{self, Base64};
use crate::shared::share;

/// Writes a byte string; base64 where people read, as Go's JSON does.
#[derive(Debug)]
pub struct WriteBytes<'a, T: ?Sized>(pub &'a T);

/// What can be written as a byte string; `None` is nil.
pub trait AsByteString {
    /// The bytes.
    fn byte_string(&self) -> Option<&[u8]>;
}

impl AsByteString for Bytes {
    fn byte_string(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl AsByteString for Vec<u8> {
    fn byte_string(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl AsByteString for &[u8] {
    fn byte_string(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl AsByteString for Cow<'_, [u8]> {
    fn byte_string(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl<T: AsByteString> AsByteString for Option<T> {
    fn byte_string(&self) -> Option<&[u8]> {
        self.as_ref().and_then(T::byte_string)
    }
}

impl<T: AsByteString + ?Sized> Serialize for WriteBytes<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.byte_string() {
            Some(bytes) if serializer.is_human_readable() => serializer.collect_str(&Base64(bytes)),
            Some(bytes) => serializer.serialize_bytes(bytes),
            None => serializer.serialize_none(),
        }
    }
}

/// Reads a byte string, sharing or borrowing it where the type can.
#[derive(Debug)]
pub struct ReadBytes<T>(pub T);

/// What can be made of a byte string.
pub trait FromByteString<'de>: Sized {
    /// From bytes that outlive the reading.
    fn from_borrowed<E: de::Error>(bytes: &'de [u8]) -> Result<Self, E>;
    /// From bytes made while reading.
    fn from_owned<E: de::Error>(bytes: Vec<u8>) -> Result<Self, E>;
    /// From nil.
    fn from_nil<E: de::Error>() -> Result<Self, E> {
        Self::from_borrowed(&[])
    }
}

impl FromByteString<'_> for Bytes {
    fn from_borrowed<E>(bytes: &[u8]) -> Result<Self, E> {
        Ok(share(bytes))
    }

    fn from_owned<E>(bytes: Vec<u8>) -> Result<Self, E> {
        Ok(bytes.into())
    }
}

impl FromByteString<'_> for Vec<u8> {
    fn from_borrowed<E>(bytes: &[u8]) -> Result<Self, E> {
        Ok(bytes.to_vec())
    }

    fn from_owned<E>(bytes: Vec<u8>) -> Result<Self, E> {
        Ok(bytes)
    }
}

impl<'de: 'a, 'a> FromByteString<'de> for &'a [u8] {
    fn from_borrowed<E>(bytes: &'de [u8]) -> Result<Self, E> {
        Ok(bytes)
    }

    fn from_owned<E: de::Error>(_: Vec<u8>) -> Result<Self, E> {
        Err(E::invalid_type(de::Unexpected::Seq, &"bytes that can be borrowed"))
    }
}

impl<'de: 'a, 'a> FromByteString<'de> for Cow<'a, [u8]> {
    fn from_borrowed<E>(bytes: &'de [u8]) -> Result<Self, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn from_owned<E>(bytes: Vec<u8>) -> Result<Self, E> {
        Ok(Cow::Owned(bytes))
    }
}

impl<'de, T: FromByteString<'de>> FromByteString<'de> for Option<T> {
    fn from_borrowed<E: de::Error>(bytes: &'de [u8]) -> Result<Self, E> {
        T::from_borrowed(bytes).map(Some)
    }

    fn from_owned<E: de::Error>(bytes: Vec<u8>) -> Result<Self, E> {
        T::from_owned(bytes).map(Some)
    }

    fn from_nil<E>() -> Result<Self, E> {
        Ok(None)
    }
}

impl<'de, T: FromByteString<'de>> Deserialize<'de> for ReadBytes<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let in_base64 = deserializer.is_human_readable();
        deserializer.deserialize_option(BytesVisitor { in_base64, out: PhantomData }).map(ReadBytes)
    }
}

struct BytesVisitor<T> {
    in_base64: bool,
    out: PhantomData<T>,
}

impl<'de, T: FromByteString<'de>> Visitor<'de> for BytesVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        T::from_nil()
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        T::from_nil()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        if self.in_base64 { deserializer.deserialize_any(self) } else { deserializer.deserialize_byte_buf(self) }
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<T, E> {
        T::from_borrowed(bytes)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::from_owned(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<T, E> {
        T::from_owned(bytes)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if !self.in_base64 {
            return T::from_owned(text.as_bytes().to_vec());
        }
        T::from_owned(base64::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &"base64"))?)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        T::from_owned(bytes)
    }
}

/// Reads nil as the type's default, in formats where a list or map does not do so itself.
#[derive(Debug)]
pub struct NilAsDefault<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for NilAsDefault<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

/// Reads text that borrows where it can, which serde's own `Cow` does not.
#[derive(Debug)]
pub struct ReadText<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for ReadText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text))
    }
}

/// Whether a field is what its type begins as, and so left out where it may be.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
