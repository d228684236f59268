//! Why a value could not be read or written.

use std::borrow::Cow;
use std::fmt::Display;

use crate::text;

/// What a descriptor byte announces, in the codec's own numbering (peers see the number in two of its texts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum Kind {
    Nil = 1,
    Int = 2,
    Uint = 3,
    Float = 4,
    Bool = 5,
    Raw = 6,
    Bin = 8,
    Map = 9,
    List = 10,
    Ext = 12,
}

/// Why bytes are not a value of the wanted type.
///
/// `Display` is for operators and may change; what Go peers see is [`DecodeError::wire_text`], which may not.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end where the next one was due: before the value, or between two parts of it.
    #[error("the bytes end where a value or a part of one was due")]
    Eof,
    /// The bytes end inside a number, a string or a length.
    #[error("the bytes end inside a number, a string or a length")]
    UnexpectedEof,
    /// Neither an integer nor, where one is wanted, a float.
    #[error("{0:#04x} does not begin a number of the wanted kind")]
    NotNumber(u8),
    /// Neither a bool nor the integers 0 and 1.
    #[error("{0:#04x} does not begin a bool")]
    NotBool(u8),
    /// Not the beginning of a string, a byte string or a map, where one of these is wanted; map keys included.
    #[error("{0:#04x} does not begin a string, a byte string or a map")]
    NotLength(u8),
    /// A structure is read from a map or a list only.
    #[error("a structure cannot be read from {0:?}")]
    NotStruct(Kind),
    /// A list is read from a list or a map only.
    #[error("a list cannot be read from {0:?}")]
    NotList(Kind),
    /// A byte that begins nothing, where a structure or a list is wanted.
    #[error("{0:#04x} begins no value, a structure or list was wanted")]
    NoKind(u8),
    /// A byte that begins nothing, where any value would do.
    #[error("{0:#04x} begins no value")]
    NoValue(u8),
    /// Does not fit the wanted width.
    #[error("{0} does not fit the integer's width")]
    IntOverflow(i64),
    /// Does not fit the wanted width.
    #[error("{0} does not fit the unsigned integer's width")]
    UintOverflow(u64),
    /// Does not fit 32 bits. The number is the magnitude.
    #[error("{0} does not fit a 32 bit float")]
    FloatOverflow(f64),
    /// A negative integer where an unsigned one is wanted. For the one-byte forms this is the byte, as in Go's text.
    #[error("a negative integer ({0}) for an unsigned one")]
    Negative(i64),
    /// More elements than the fixed array holds.
    #[error("{claimed} elements for an array of {len}")]
    ArrayFull {
        /// Elements the array holds.
        len: u64,
        /// Elements announced.
        claimed: u64,
    },
    /// The bytes of a time are not one.
    #[error("not a time: {0}")]
    Time(crate::time::TimeError),
    /// Nested deeper than [`crate::DEPTH_MAX`] (typed) or [`crate::SKIP_DEPTH_MAX`] (skipped).
    #[error("nested deeper than the bound")]
    TooDeep,
    /// Elements of few bytes each that would take more than [`crate::EXPANSION_BYTES_MAX`] of memory.
    #[error("too many elements with next to nothing in them: they would take more than EXPANSION_BYTES_MAX bytes")]
    TooSparse,
    /// Bytes follow the value where none may.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// What a `Deserialize` implementation had to say.
    #[error("{0}")]
    Custom(Box<str>),
}

impl DecodeError {
    /// The text that Go's codec would give for this, byte for byte. The table is in `text.rs`.
    pub fn wire_text(&self) -> Cow<'_, str> {
        text::of(self)
    }

    /// True when the bytes so far are fine and only more of them are missing.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Eof | Self::UnexpectedEof)
    }
}

impl serde::de::Error for DecodeError {
    fn custom<T: Display>(msg: T) -> Self {
        Self::Custom(msg.to_string().into())
    }
}

/// Why a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Longer than a length on the wire can say (2^32 - 1).
    #[error("{0} bytes or elements are more than a length can say")]
    TooLong(usize),
    /// A 128 bit integer that does not fit 64 bits.
    #[error("a 128 bit integer does not fit the wire's 64 bits")]
    TooWide,
    /// What a `Serialize` implementation had to say.
    #[error("{0}")]
    Custom(Box<str>),
}

impl serde::ser::Error for EncodeError {
    fn custom<T: Display>(msg: T) -> Self {
        Self::Custom(msg.to_string().into())
    }
}
