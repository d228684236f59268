//! Structures as JSON, checked against their shape, for types that are known only when the program runs.
//!
//! Two forms. [`Form::Wire`] is Go's names and numbers: durations are nanoseconds. [`Form::Cli`] is what Consul's HTTP
//! interface and its command line show: durations have units, numbers that stand for something are its name, and every config entry
//! has its `Kind`. Common to both:
//!
//! | on the wire | in JSON |
//! |---|---|
//! | bytes | base64; `null` is nil, `""` is empty |
//! | a string | a string; one that is not UTF-8 is `{"$bytes": "base64"}` |
//! | a time | RFC 3339; what that cannot say (a zone with seconds, a year of five digits) is `{"$bytes": "base64"}` of its binary form |
//! | nil | `null`; a nil list is not `[]`, a nil map not `{}` |
//! | a map with keys that are not all UTF-8 | a list of `[key, value]`, as are maps by structures |
//! | NaN and the infinities | `"NaN"`, `"Infinity"`, `"-Infinity"`; where there is no type `{"$float": "NaN"}` |
//! | a map without a type that has several values for a key, or looks like one of these signs | `{"$map": [[key, value]]}` |
//!
//! Written to the wire: what is left out, or `null` where nil cannot be, is the zero value. What the wire had as a byte string
//! or an extension where there is no type becomes a raw, as in [`proconsul_msgpack::Value`].

mod any; // values without a type
mod describe; // what a type looks like, as data for people
mod error; // what is wrong with JSON, and where
mod example; // JSON to edit
mod forms; // names and scalars by form
mod node; // a value ready to be written
mod parts; // config entries and what carries them
mod read; // JSON to the wire
mod write; // the wire to JSON
mod zero; // the value of what is left out

use proconsul_msgpack::{DecodeError, Decoder, Shape, Shaped, from_slice, to_vec};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser,
};
use serde_json::Value;

pub use describe::{Described, Field, describe};
pub use error::{JsonError, Problem};
pub use example::example;

/// How values are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As Go's structures have them: durations as nanoseconds.
    Wire,
    /// As Consul's HTTP interface and command line show them: durations with units, names for numbers that have one.
    Cli,
}

/// Who knows protobuf messages, which some raws hold. Without one they are base64.
pub trait Protobuf {
    /// A message as JSON; `None` when it is unknown or the bytes are none.
    fn to_json(&self, message: &str, bytes: &[u8]) -> Option<Value>;

    /// A message from JSON; `None` when it is unknown.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    fn to_bytes(&self, message: &str, json: &Value) -> Option<Result<Vec<u8>, String>>;
}

/// How deep JSON may nest.
pub const JSON_DEPTH_MAX: usize = 128;

/// Reads and writes JSON in one form.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    /// How values are spelt.
    pub form: Form,
    /// Who knows protobuf.
    pub protobuf: Option<&'a dyn Protobuf>,
    /// Take fields that are unknown, in structures that keep such; otherwise they are refused.
    pub keep_unknown: bool,
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let protobuf = self.protobuf.is_some();
        f.debug_struct("Json").field("form", &self.form).field("protobuf", &protobuf).finish_non_exhaustive()
    }
}

impl Json<'_> {
    /// One form, strict, without protobuf.
    pub const fn new(form: Form) -> Self {
        Self { form, protobuf: None, keep_unknown: false }
    }

    /// The encoding of JSON that has this shape.
    ///
    /// # Errors
    /// [`JsonError`], which says where and, for a name, what was probably meant.
    pub fn to_wire(&self, shape: Shape, value: &Value) -> Result<Vec<u8>, JsonError> {
        let node = read::Reader::new(self).node(shape, value, None)?;
        Ok(node.to_vec())
    }

    /// JSON of the one value that bytes hold, read as leniently as Go reads it.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_wire(&self, shape: Shape, bytes: &[u8]) -> Result<Value, DecodeError> {
        let mut decoder = Decoder::new(bytes);
        let value = self.from_next(shape, &mut decoder)?;
        match decoder.remaining().len() {
            0 => Ok(value),
            more => Err(DecodeError::Trailing(more)),
        }
    }

    /// As [`Json::from_wire`], of the next of several values.
    ///
    /// # Errors
    /// As [`Json::from_wire`].
    pub fn from_next(&self, shape: Shape, decoder: &mut Decoder<'_>) -> Result<Value, DecodeError> {
        decoder.decode_seed(write::Seed { json: self, shape, word: None })
    }
}

/// The encoding of JSON that has this shape; see [`Json::to_wire`].
///
/// ```
/// use proconsul_msgpack::Shaped;
/// use proconsul_structs::{json::{self, Form}, kvs::KeyRequest};
/// use serde_json::json;
///
/// let error = json::to_wire(KeyRequest::shape(), Form::Cli, &json!({"Kye": "a"})).unwrap_err();
/// assert_eq!(error.to_string(), "Kye: KeyRequest has no such field; did you mean Key?");
/// let bytes = json::to_wire(KeyRequest::shape(), Form::Cli, &json!({"Key": "a", "MaxQueryTime": "10s"}))?;
/// let back = json::from_wire(KeyRequest::shape(), Form::Cli, &bytes)?;
/// assert_eq!(back["MaxQueryTime"], "10s");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Json::to_wire`].
pub fn to_wire(shape: Shape, form: Form, value: &Value) -> Result<Vec<u8>, JsonError> {
    Json::new(form).to_wire(shape, value)
}

/// JSON of the one value that bytes hold; see [`Json::from_wire`].
///
/// # Errors
/// As [`Json::from_wire`].
pub fn from_wire(shape: Shape, form: Form, bytes: &[u8]) -> Result<Value, DecodeError> {
    Json::new(form).from_wire(shape, bytes)
}

/// Serde's own way to JSON, for types that serde cannot look into: [`Form::Wire`], by shape. What binary form they have is their
/// affair, and `to` is a format for people.
///
/// # Errors
/// What `value` or `to` gives.
pub(crate) fn serialize<T: Shaped + Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    let bytes = to_vec(value).map_err(ser::Error::custom)?;
    from_wire(T::shape(), Form::Wire, &bytes).map_err(ser::Error::custom)?.serialize(to)
}

/// The way back from [`serialize`].
///
/// # Errors
/// What `from` gives, and [`JsonError`].
pub(crate) fn deserialize<'de, T: Shaped + DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let bytes = to_wire(T::shape(), Form::Wire, &Value::deserialize(from)?).map_err(de::Error::custom)?;
    from_slice(&bytes).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests;
