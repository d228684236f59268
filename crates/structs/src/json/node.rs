//! A value ready to be written.

use proconsul_msgpack::{EncodeError, to_vec};
use serde::{Serialize, Serializer};

/// A value that has been checked: its encoding is settled but for the lengths.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Nil,
    Bool(bool),
    /// Below zero.
    Int(i64),
    Uint(u64),
    F32(f32),
    F64(f64),
    Raw(Vec<u8>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// A string.
    pub(super) fn text(text: &str) -> Self {
        Self::Raw(text.as_bytes().to_vec())
    }

    /// An integer: its sign decides, as on the wire.
    pub(super) fn int(number: i64) -> Self {
        u64::try_from(number).map_or(Self::Int(number), Self::Uint)
    }

    /// Whether it is a list, map or raw with nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Raw(bytes) => bytes.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(pairs) => pairs.is_empty(),
            _ => false,
        }
    }

    /// Its encoding. Only what is longer than 4 GiB has none, and such a value has been cut before it gets here.
    pub(super) fn to_vec(&self) -> Vec<u8> {
        to_vec(self).unwrap_or_else(|_: EncodeError| Vec::new())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => to.serialize_none(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Int(value) => to.serialize_i64(*value),
            Self::Uint(value) => to.serialize_u64(*value),
            Self::F32(value) => to.serialize_f32(*value),
            Self::F64(value) => to.serialize_f64(*value),
            Self::Raw(bytes) => to.serialize_bytes(bytes),
            Self::List(items) => to.collect_seq(items),
            Self::Map(pairs) => to.collect_map(pairs.iter().map(|(key, value)| (key, value))),
        }
    }
}
