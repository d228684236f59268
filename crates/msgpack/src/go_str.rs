//! Go's string: any bytes, cheap to clone.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::shared::share;

/// A string as Go has it: usually UTF-8, never checked to be. Compared, ordered and hashed by its bytes, as byte slices are
/// (`HashMap<GoStr, _>` can be asked with `&[u8]`).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoStr(Bytes);

impl GoStr {
    /// The empty string.
    pub const EMPTY: Self = Self(Bytes::new());

    /// A string that lives as long as the program, without allocating.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its text, if it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Its text, with what is not UTF-8 replaced.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Its bytes, shared.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for GoStr {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for GoStr {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for GoStr {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for GoStr {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for GoStr {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&[u8]> for GoStr {
    fn from(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}

impl From<Vec<u8>> for GoStr {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for GoStr {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<GoStr> for Bytes {
    fn from(text: GoStr) -> Self {
        text.0
    }
}

impl PartialEq<str> for GoStr {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for GoStr {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for GoStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

impl fmt::Debug for GoStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

impl Serialize for GoStr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_str_lossy())
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for GoStr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An identifier is a string whose bytes need not be UTF-8; formats that know no such thing give a string.
        deserializer.deserialize_identifier(GoStrVisitor)
    }
}

struct GoStrVisitor;

impl<'de> Visitor<'de> for GoStrVisitor {
    type Value = GoStr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<GoStr, E> {
        Ok(GoStr(share(bytes)))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<GoStr, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<GoStr, E> {
        Ok(bytes.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoStr, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<GoStr, E> {
        Ok(text.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<GoStr, E> {
        Ok(GoStr::EMPTY)
    }
}
