//! The dialect of MessagePack that Consul speaks, as a serde format with its derive.
//!
//! Bytes and values only: no socket, no clock. Start at [`to_vec`] and [`from_slice`]; the error texts that peers see are
//! [`DecodeError::wire_text`]. Not here: the frames of net/rpc, Consul's structures, JSON.
#![doc = include_str!("../README.md")]

pub mod base64; // byte strings where people read
mod byte_fields; // fields that are byte strings, for the derive
mod de; // bytes to values
mod error; // why not
mod fields; // what the derive's code is made of
mod go_str; // Go's string
mod marker; // descriptor bytes
pub mod nested; // a value inside one raw value
mod reader; // bytes to scalars
mod rest; // fields that nobody here knows
mod scan; // where a value ends, while its bytes arrive
mod ser; // values to bytes
mod shape; // what a type looks like on the wire
mod shared; // byte strings that share the buffer they were read from
mod skip; // stepping over values
mod sparse; // structures without what goes without saying
pub mod text; // the error texts that peers see
mod time; // Go's time
mod value; // values whose type only the bytes know

// The derive names the crate; its own tests use the derive.
#[cfg(test)]
extern crate self as proconsul_msgpack;

pub use de::{DEPTH_MAX, Decoder, EXPANSION_BYTES_MAX, EXPANSION_FREE, RAW_VALUE, from_slice};
pub use error::{DecodeError, EncodeError, Kind};
pub use go_str::GoStr;
#[cfg(feature = "derive")]
pub use proconsul_msgpack_derive::Wire;
pub use rest::{Rest, Verbatim};
pub use scan::{Scan, Scanner};
pub use ser::{encode_into, to_vec};
pub use shape::{Arm, FieldShape, Layout, NumberSet, OneOf, Shape, Shaped, StructShape, WordSet};
pub use shared::{SHARED_BYTES_MIN, from_bytes};
pub use skip::SKIP_DEPTH_MAX;
pub use sparse::{without_defaults, without_defaults_and};
pub use time::{Offset, Time, TimeError};
pub use value::Value;

/// For the derive's code only; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    pub use crate::byte_fields::{NilAsDefault, ReadBytes, ReadText, WriteBytes, is_default};
    pub use crate::fields::{Fields, Keys, Order, ReadFields, ReadNext, read_struct, read_struct_in_place};
    pub use crate::rest::{KeepsRest, Rest, read_with_rest, read_with_rest_in_place, write_with_rest};
    pub use crate::shape::{Shape, Shaped, StructShape};
}
