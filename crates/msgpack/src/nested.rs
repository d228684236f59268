//! A value inside one raw value: for types that have a binary form of their own in Go. Use with `#[wire(with = "...")]`.
//!
//! ```
//! use proconsul_msgpack::{Wire, nested, to_vec};
//!
//! #[derive(Default, Wire)]
//! struct Outer {
//!     #[wire(with = "nested")]
//!     inner: Vec<u64>,
//! }
//! assert_eq!(to_vec(&Outer { inner: vec![7] })?, b"\x81\xa5Inner\xa2\x91\x07");
//! # Ok::<(), proconsul_msgpack::EncodeError>(())
//! ```

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Error, Serialize, Serializer};

use crate::shape::{Shape, Shaped};

/// Writes `value` as one raw that holds its encoding.
///
/// # Errors
/// What `value` or `serializer` gives.
pub fn serialize<T: Serialize + ?Sized, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return value.serialize(serializer);
    }
    serializer.serialize_bytes(&crate::to_vec(value).map_err(S::Error::custom)?)
}

/// Reads a value from the one raw that holds it; nil is the default.
///
/// # Errors
/// What the raw or its content gives.
pub fn deserialize<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        return T::deserialize(deserializer);
    }
    deserializer.deserialize_newtype_struct(crate::de::RAW_VALUE, Nested(PhantomData))
}

/// The shape of such a field, for the derive.
pub fn shape<T: Shaped>() -> Shape {
    Shape::Nested(T::shape)
}

struct Nested<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned + Default> Visitor<'de> for Nested<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a raw that holds a value")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        crate::Decoder::new(bytes).decode().map_err(|e| E::custom(e.wire_text()))
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}
