//! A log entry: Consul's raft message type byte, then one MessagePack value.

use proconsul_msgpack::{DecodeError, EncodeError};
use proconsul_structs::catalog::{DeregisterRequest, RegisterRequest};
use proconsul_structs::kvs::KvsRequest;
use proconsul_structs::raft::{IGNORE_UNKNOWN_TYPE_FLAG, MessageType, TombstoneRequest};

/// What a server writes to its log, and [`Tables::apply`](crate::Tables::apply) applies.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Adds or changes a node, and services and checks on it.
    Register(Box<RegisterRequest>),
    /// Removes a service, a check, or a node with all that is on it.
    Deregister(Box<DeregisterRequest>),
    /// Changes keys.
    Kvs(Box<KvsRequest>),
    /// Forgets the tombstones of keys deleted up to an index.
    Tombstone(Box<TombstoneRequest>),
    /// A type that this program does not know, marked as one that may be passed over. Applying it changes nothing.
    Ignored(u8),
}

/// Why bytes are no entry that could be applied. A server must stop at such an entry: to pass over it would give it
/// other contents than its peers have.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// No bytes at all, so not even a type.
    #[error("a log entry is empty")]
    Empty,
    /// A type whose tables are not built here.
    #[error("a log entry of type {} ({}) cannot be applied: this version has no table for it", .0.name(), u8::from(*.0))]
    NotBuilt(MessageType),
    /// A type that is no one's.
    #[error("a log entry of unknown type {0} cannot be applied")]
    Unknown(u8),
    /// The value after the type byte is not one of that type.
    #[error("a log entry of type {} does not decode", .kind.name())]
    Malformed {
        /// The type.
        kind: MessageType,
        /// What the decoder said.
        #[source]
        cause: DecodeError,
    },
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`EntryError`] names the type, also where there is nothing here that could apply it.
    pub fn decode(bytes: &[u8]) -> Result<Entry, EntryError> {
        let (&byte, body) = bytes.split_first().ok_or(EntryError::Empty)?;
        let may_ignore = byte & IGNORE_UNKNOWN_TYPE_FLAG != 0;
        let kind = match MessageType::try_from(byte) {
            Ok(kind) => kind,
            Err(unknown) if may_ignore => return Ok(Entry::Ignored(unknown.byte)),
            Err(_) => return Err(EntryError::Unknown(byte)),
        };
        let malformed = |cause| EntryError::Malformed { kind, cause };
        match kind {
            MessageType::Register => proconsul_msgpack::from_slice(body).map(Entry::Register).map_err(malformed),
            MessageType::Deregister => proconsul_msgpack::from_slice(body).map(Entry::Deregister).map_err(malformed),
            MessageType::Kvs => proconsul_msgpack::from_slice(body).map(Entry::Kvs).map_err(malformed),
            MessageType::Tombstone => proconsul_msgpack::from_slice(body).map(Entry::Tombstone).map_err(malformed),
            _ => Err(EntryError::NotBuilt(kind)),
        }
    }

    /// Writes an entry as Consul writes it.
    ///
    /// # Errors
    /// A string or list is longer than MessagePack can tell.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Entry::Register(request) => with_type(MessageType::Register, request),
            Entry::Deregister(request) => with_type(MessageType::Deregister, request),
            Entry::Kvs(request) => with_type(MessageType::Kvs, request),
            Entry::Tombstone(request) => with_type(MessageType::Tombstone, request),
            // What it held was not read; nil stands for it, for whoever passes over it too.
            Entry::Ignored(byte) => Ok(vec![byte | IGNORE_UNKNOWN_TYPE_FLAG, 0xc0]),
        }
    }
}

fn with_type<T: serde::Serialize>(kind: MessageType, request: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = vec![u8::from(kind)];
    proconsul_msgpack::encode_into(&mut bytes, request)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
