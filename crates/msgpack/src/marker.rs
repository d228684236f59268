//! Descriptor bytes: the first byte of every value.

pub(crate) const NIL: u8 = 0xc0;
pub(crate) const FALSE: u8 = 0xc2;
pub(crate) const TRUE: u8 = 0xc3;
pub(crate) const BIN8: u8 = 0xc4;
pub(crate) const BIN16: u8 = 0xc5;
pub(crate) const BIN32: u8 = 0xc6;
pub(crate) const EXT8: u8 = 0xc7;
pub(crate) const EXT16: u8 = 0xc8;
pub(crate) const EXT32: u8 = 0xc9;
pub(crate) const F32: u8 = 0xca;
pub(crate) const F64: u8 = 0xcb;
pub(crate) const U8: u8 = 0xcc;
pub(crate) const U16: u8 = 0xcd;
pub(crate) const U32: u8 = 0xce;
pub(crate) const U64: u8 = 0xcf;
pub(crate) const I8: u8 = 0xd0;
pub(crate) const I16: u8 = 0xd1;
pub(crate) const I32: u8 = 0xd2;
pub(crate) const I64: u8 = 0xd3;
pub(crate) const FIXEXT1: u8 = 0xd4;
pub(crate) const FIXEXT16: u8 = 0xd8;
pub(crate) const STR8: u8 = 0xd9;
pub(crate) const STR16: u8 = 0xda;
pub(crate) const STR32: u8 = 0xdb;
pub(crate) const LIST16: u8 = 0xdc;
pub(crate) const LIST32: u8 = 0xdd;
pub(crate) const MAP16: u8 = 0xde;
pub(crate) const MAP32: u8 = 0xdf;

pub(crate) const FIXMAP: u8 = 0x80;
pub(crate) const FIXLIST: u8 = 0x90;
pub(crate) const FIXRAW: u8 = 0xa0;

/// Longest raw whose length fits the descriptor.
pub(crate) const FIXRAW_BYTES_MAX: usize = 31;
/// Longest list or map whose length fits the descriptor.
pub(crate) const FIXLEN_MAX: usize = 15;
/// Smallest integer that fits the descriptor.
pub(crate) const FIXINT_MIN: i64 = -32;
/// Largest integer that fits the descriptor.
pub(crate) const FIXINT_MAX: u64 = 0x7f;
