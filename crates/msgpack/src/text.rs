//! The codec's error texts. Go peers see and match them, so they are protocol: this file is their only place.
//!
//! Source: go-msgpack as vendored by consul-net-rpc (`msgpack.go`, `decode.go`), Go's `io` and `time`; recorded ones in
//! golden group `netrpc`.

use std::borrow::Cow;

use crate::error::DecodeError;
use crate::time::TimeError;

/// The connection ended before a value, or between two parts of one.
pub const EOF: &str = "EOF";
/// The connection ended inside a number, a string or a length.
pub const UNEXPECTED_EOF: &str = "unexpected EOF";
/// A time of no bytes.
pub const TIME_NO_DATA: &str = "Time.UnmarshalBinary: no data";
/// A time whose first byte is neither 1 nor 2.
pub const TIME_VERSION: &str = "Time.UnmarshalBinary: unsupported version";
/// A time with too few or too many bytes.
pub const TIME_LENGTH: &str = "Time.UnmarshalBinary: invalid length";

pub(crate) fn of(error: &DecodeError) -> Cow<'_, str> {
    use DecodeError::*;
    Cow::Owned(match error {
        Eof => return EOF.into(),
        UnexpectedEof => return UNEXPECTED_EOF.into(),
        Time(TimeError::NoData) => return TIME_NO_DATA.into(),
        Time(TimeError::Version) => return TIME_VERSION.into(),
        Time(TimeError::Length) => return TIME_LENGTH.into(),
        Custom(text) => return Cow::Borrowed(text),
        NotNumber(byte) => format!(
            "codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: {byte:x}"
        ),
        NotBool(byte) => {
            format!("codec.decoder: Invalid single-byte value for bool: Unrecognized descriptor byte: {byte:x}")
        }
        NotLength(byte) => {
            format!("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: {byte:x}, dec: {byte}")
        }
        NotStruct(kind) => format!(
            "codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: {:x})",
            *kind as u8
        ),
        NotList(kind) => format!(
            "codec.decoder: Only encoded map or array can be decoded into a slice. (valueType: {:x})",
            *kind as u8
        ),
        NoKind(byte) => format!(
            "codec.decoder: currentEncodedType: Undeciphered descriptor: Unrecognized descriptor byte: hex: {byte:x}, dec: {byte}"
        ),
        NoValue(byte) => format!(
            "codec.decoder: Nil-Deciphered DecodeValue: Unrecognized descriptor byte: hex: {byte:x}, dec: {byte}"
        ),
        IntOverflow(value) => format!("codec.decoder: Overflow int value: {value}"),
        UintOverflow(value) => format!("codec.decoder: Overflow uint value: {value}"),
        FloatOverflow(value) => format!("codec.decoder: Overflow float32 value: {}", go_float(*value)),
        Negative(value) => format!("codec.decoder: Assigning negative signed value: {value}, to unsigned type"),
        ArrayFull { len, claimed } => {
            format!("codec.decoder: cannot expand go array from {len} to stream length: {claimed}")
        }
        // Ours alone: Go has no such bound and no such check.
        TooDeep | TooSparse | Trailing(_) | Time(TimeError::Text) => format!("codec.decoder: {error}"),
    })
}

/// A magnitude above the 32 bit range as Go's `%v` writes it: shortest digits, signed exponent.
fn go_float(value: f64) -> String {
    format!("{value:e}").replace('e', "e+")
}
