//! Protobuf messages where Consul's codec or its raft log carries them: their bytes, with the message's name.
//!
//! Nothing here reads a message: that is for whoever has its definition, by [`ProtoMessage::FULL_NAME`].

use std::fmt;

use bytes::Bytes;
use proconsul_msgpack::{RAW_VALUE, Wire};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// A protobuf message, as its bytes.
pub trait ProtoMessage: From<Bytes> {
    /// The message's full name.
    const FULL_NAME: &'static str;

    /// Its encoding. Whether it is one was not looked at.
    fn message(&self) -> &Bytes;
}

/// Declares messages that are one raw value in msgpack.
macro_rules! proto_messages {
    ($($(#[$doc:meta])* $name:ident = $full_name:literal;)+) => {
        $(
            $(#[$doc])*
            ///
            /// Its bytes do not show in `Debug`.
            #[derive(Clone, Default, PartialEq, Eq)]
            pub struct $name(pub bytes::Bytes);

            impl $crate::protobuf::ProtoMessage for $name {
                const FULL_NAME: &'static str = $full_name;

                fn message(&self) -> &bytes::Bytes {
                    &self.0
                }
            }

            impl From<bytes::Bytes> for $name {
                fn from(message: bytes::Bytes) -> Self {
                    Self(message)
                }
            }

            impl std::fmt::Debug for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    write!(f, "{}({} bytes)", stringify!($name), self.0.len())
                }
            }

            impl proconsul_msgpack::Shaped for $name {
                fn shape() -> proconsul_msgpack::Shape {
                    proconsul_msgpack::Shape::Proto($full_name)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    $crate::protobuf::serialize(&self.0, to)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    $crate::protobuf::deserialize(from).map(Self)
                }
            }
        )+
    };
}
pub(crate) use proto_messages;

/// A byte string, as where people read.
#[derive(Wire, Default)]
struct ByteString(Bytes);

/// Writes a message as one raw value.
pub(crate) fn serialize<S: Serializer>(message: &Bytes, to: S) -> Result<S::Ok, S::Error> {
    ByteString(message.clone()).serialize(to)
}

/// Reads a message from one raw value; nil is an empty one.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    if from.is_human_readable() {
        return ByteString::deserialize(from).map(|message| message.0);
    }
    from.deserialize_newtype_struct(RAW_VALUE, Raw)
}

struct Raw;

impl<'de> Visitor<'de> for Raw {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string with a protobuf message")
    }

    fn visit_none<E: Error>(self) -> Result<Bytes, E> {
        Ok(Bytes::new())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Bytes, D::Error> {
        from.deserialize_bytes(self)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(bytes))
    }
}
