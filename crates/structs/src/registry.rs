//! Every structure by the name that Consul has for it: for tools and tests that know a type only when they run.
//!
//! Names are those of [`crate::METHODS`] (`arg` and `reply`) and of the raft log's payloads. One file per part of the crate.

mod acl; // tokens, policies, roles and how to log in
mod config; // config entries and what carries them
mod core; // what is needed without a mesh
mod frame; // what stands before requests and replies
mod rest; // everything else

use proconsul_msgpack::{Shape, Shaped, from_slice, to_vec};
use serde::{Serialize, de::DeserializeOwned};

/// A structure, known by its name.
#[derive(Clone, Copy, Debug)]
pub struct TypeRow {
    /// Consul's name: `structs.KVSRequest`.
    pub name: &'static str,
    /// What it looks like on the wire.
    pub shape: fn() -> Shape,
    /// Reads the one value that bytes hold and writes it again, through the structure itself.
    pub recode: fn(&[u8]) -> Result<Vec<u8>, RecodeError>,
    /// Reads JSON of [`crate::json::Form::Wire`] and writes its encoding, through the structure itself: what it does not know is
    /// passed over. [`crate::json::to_wire`] is for people.
    pub from_json: fn(&serde_json::Value) -> Result<Vec<u8>, RecodeError>,
}

/// Why bytes could not be read as a type, or not be written again.
#[derive(Debug, thiserror::Error)]
pub enum RecodeError {
    /// They are not of this type. The text is Consul's.
    #[error("{}", .0.wire_text())]
    Decode(#[from] proconsul_msgpack::DecodeError),
    /// What they hold has no encoding.
    #[error(transparent)]
    Encode(#[from] proconsul_msgpack::EncodeError),
    /// The JSON is not of this type.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// One row of the registry.
const fn row<T: Shaped + Serialize + DeserializeOwned>(name: &'static str) -> TypeRow {
    TypeRow { name, shape: T::shape, recode: recode::<T>, from_json: from_json::<T> }
}

fn recode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<Vec<u8>, RecodeError> {
    Ok(to_vec(&from_slice::<T>(bytes)?)?)
}

fn from_json<T: Serialize + DeserializeOwned>(value: &serde_json::Value) -> Result<Vec<u8>, RecodeError> {
    // A reply that is a list is never nil on the wire, though Go shows it so.
    if value.is_null() {
        return recode::<T>(&[NIL]);
    }
    Ok(to_vec(&T::deserialize(value)?)?)
}

/// Nil on the wire.
const NIL: u8 = 0xc0;

const PARTS: [&[TypeRow]; 5] = [frame::TYPES, core::TYPES, acl::TYPES, config::TYPES, rest::TYPES];

/// Every structure that there is a name for, part by part.
pub fn types() -> impl Iterator<Item = &'static TypeRow> {
    PARTS.into_iter().flatten()
}

/// The structure with this name.
pub fn find(name: &str) -> Option<&'static TypeRow> {
    types().find(|row| row.name == name)
}

#[cfg(test)]
mod tests;
