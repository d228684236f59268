//! Go's `strconv`: what literals mean for fields that are not strings, and how the errors read.

use crate::gotext;
use crate::schema::Kind;

/// A value from an expression, as its field holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Vec<u8>),
}

/// What is wrong with a number, as `strconv` words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    Syntax,
    Range,
}

/// Reads `raw` as a literal for a field of `kind`.
///
/// # Errors
/// The text of Go's `strconv.NumError`.
pub(crate) fn coerce(raw: &[u8], kind: &Kind) -> Result<Literal, String> {
    let (function, result) = match kind {
        Kind::Bool => ("ParseBool", parse_bool(raw).map(Literal::Bool)),
        Kind::Int(bits) => ("ParseInt", parse_int(raw, *bits).map(Literal::Int)),
        Kind::Uint(bits) => ("ParseUint", parse_uint(raw, *bits).map(Literal::Uint)),
        Kind::Float(bits) => ("ParseFloat", parse_float(raw, *bits).map(Literal::Float)),
        Kind::Str | Kind::Map(_) | Kind::List(_) | Kind::Struct(_) => return Ok(Literal::Str(raw.to_vec())),
    };
    result.map_err(|bad| said(function, raw, bad))
}

/// An unsigned number of 64 bits, as Go's `strconv.ParseUint` reads it in base 0: `10`, `0x0a`, `0b1010`, `0o12`, `1_0`.
///
/// # Errors
/// The text of Go's `strconv.NumError`.
pub fn go_uint(raw: &[u8]) -> Result<u64, String> {
    parse_uint(raw, 64).map_err(|bad| said("ParseUint", raw, bad))
}

/// A truth value as Go's `strconv.ParseBool` reads it.
///
/// # Errors
/// The text of Go's `strconv.NumError`.
pub fn go_bool(raw: &[u8]) -> Result<bool, String> {
    parse_bool(raw).map_err(|bad| said("ParseBool", raw, bad))
}

/// What Go's `strconv` says.
fn said(function: &str, raw: &[u8], bad: Bad) -> String {
    let why = match bad {
        Bad::Syntax => "invalid syntax",
        Bad::Range => "value out of range",
    };
    format!("strconv.{function}: parsing {}: {why}", gotext::quote(raw))
}

fn parse_bool(raw: &[u8]) -> Result<bool, Bad> {
    match raw {
        b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => Ok(true),
        b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => Ok(false),
        _ => Err(Bad::Syntax),
    }
}

fn parse_int(raw: &[u8], bits: u8) -> Result<i64, Bad> {
    let (negative, digits) = match raw {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, raw),
    };
    let magnitude = i128::from(parse_uint(digits, bits)?);
    let value = if negative { -magnitude } else { magnitude };
    let limit = 1i128 << (bits - 1);
    i64::try_from(value).ok().filter(|_| (-limit..limit).contains(&value)).ok_or(Bad::Range)
}

fn parse_uint(raw: &[u8], bits: u8) -> Result<u64, Bad> {
    let (radix, digits) = match raw {
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        [] => return Err(Bad::Syntax),
        _ => (10, raw),
    };
    let largest = u64::MAX >> (64 - u32::from(bits));
    let mut value = 0u64;
    // Go reports what it meets first: a bad digit behind an overflow is an overflow.
    for byte in digits.iter().filter(|byte| **byte != b'_') {
        let digit = char::from(*byte).to_digit(radix).ok_or(Bad::Syntax)?;
        value = value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .filter(|value| *value <= largest)
            .ok_or(Bad::Range)?;
    }
    if digits.contains(&b'_') && !underscores_are_well_placed(raw) { Err(Bad::Syntax) } else { Ok(value) }
}

/// Underscores must separate digits; the prefix of a radix counts as a digit.
fn underscores_are_well_placed(raw: &[u8]) -> bool {
    let unsigned = match raw {
        [b'-' | b'+', rest @ ..] => rest,
        _ => raw,
    };
    let (hex, mut last, digits) = match unsigned {
        [b'0', prefix @ (b'b' | b'B' | b'o' | b'O' | b'x' | b'X'), rest @ ..] => {
            (prefix.eq_ignore_ascii_case(&b'x'), b'0', rest)
        }
        _ => (false, b'^', unsigned),
    };
    for byte in digits {
        last = match byte {
            b'0'..=b'9' => b'0',
            b'a'..=b'f' | b'A'..=b'F' if hex => b'0',
            b'_' if last == b'0' => b'_',
            _ if *byte == b'_' || last == b'_' => return false,
            _ => b'!',
        };
    }
    last != b'_'
}

fn parse_float(raw: &[u8], bits: u8) -> Result<f64, Bad> {
    let text = std::str::from_utf8(raw).map_err(|_| Bad::Syntax)?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    if text.contains('_') && !underscores_are_well_placed(raw) {
        return Err(Bad::Syntax);
    }
    let digits = unsigned.replace('_', "");
    let value = match digits.get(..2) {
        Some("0x" | "0X") => parse_hex_float(&digits[2..], bits)?,
        // What is left of Rust's own grammar is Go's.
        _ if !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) => {
            return Err(Bad::Syntax);
        }
        _ if digits.starts_with(['+', '-']) => return Err(Bad::Syntax),
        _ if bits == 32 => digits.parse::<f32>().map_err(|_| Bad::Syntax)?.into(),
        _ => digits.parse::<f64>().map_err(|_| Bad::Syntax)?,
    };
    if value.is_infinite() { Err(Bad::Range) } else { Ok(sign * value) }
}

/// `mantissa p exponent`, both parts required, rounded to nearest even once.
fn parse_hex_float(text: &str, bits: u8) -> Result<f64, Bad> {
    let (mantissa, exponent) = text.split_once(['p', 'P']).ok_or(Bad::Syntax)?;
    let exponent = parse_exponent(exponent)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(Bad::Syntax);
    }
    let mut significand = 0u64;
    let mut scale = exponent;
    for (place, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = char::from(byte).to_digit(16).ok_or(Bad::Syntax)?;
        let in_fraction = place >= whole.len();
        if significand >> 60 == 0 {
            significand = significand << 4 | u64::from(digit);
            scale -= i64::from(in_fraction) * 4;
        } else {
            // Beyond what can matter, except that something was there: it decides ties.
            significand |= u64::from(digit != 0);
            scale += i64::from(!in_fraction) * 4;
        }
    }
    Ok(scaled(significand, scale, bits))
}

fn parse_exponent(text: &str) -> Result<i64, Bad> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Bad::Syntax);
    }
    let size = digits.iter().fold(0i64, |size, digit| (size * 10 + i64::from(digit - b'0')).min(1_000_000));
    Ok(sign * size)
}

/// `significand * 2^scale`, rounded to nearest even in a float of `bits` bits; infinite if too large.
fn scaled(significand: u64, scale: i64, bits: u8) -> f64 {
    if significand == 0 {
        return 0.0;
    }
    let (precision, lowest, largest) = if bits == 32 { (24, -149, f64::from(f32::MAX)) } else { (53, -1074, f64::MAX) };
    let length = 64 - i64::from(significand.leading_zeros());
    // The unit of the last place that the float can hold.
    let unit = (scale + length - precision).max(lowest);
    let drop = unit - scale;
    let (mut kept, lost) = match drop {
        ..=0 => (significand, 0.0),
        1..=63 => {
            let half = 1u64 << (drop - 1);
            let tail = significand & (half * 2 - 1);
            (significand >> drop, if tail == half { 0.5 } else { f64::from(u8::from(tail > half)) })
        }
        64 => (0, if significand > 1 << 63 { 1.0 } else { 0.5 * f64::from(u8::from(significand == 1 << 63)) }),
        _ => (0, 0.0),
    };
    if lost > 0.5 || (lost == 0.5 && kept & 1 == 1) {
        kept += 1;
    }
    let mut exponent = if drop <= 0 { scale } else { unit };
    // At most 2^53 here, or short enough to be exact: only powers of two are left to multiply by.
    #[allow(clippy::cast_precision_loss)]
    let mut value = kept as f64;
    while exponent > 0 && value.is_finite() {
        let step = exponent.min(1000);
        value *= 2f64.powi(i32::try_from(step).unwrap_or(1000));
        exponent -= step;
    }
    while exponent < 0 && value != 0.0 {
        let step = (-exponent).min(500);
        value /= 2f64.powi(i32::try_from(step).unwrap_or(500));
        exponent += step;
    }
    if value > largest { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests {
    use super::{Bad, parse_float, parse_int, parse_uint};

    #[test]
    fn integers_are_read_as_go_reads_them() {
        for (text, bits, expected) in [
            ("0", 64, Ok(0)),
            ("-0x10", 64, Ok(-16)),
            ("+0b101", 64, Ok(5)),
            ("0o17", 64, Ok(15)),
            ("017", 64, Ok(15)),
            ("08", 64, Err(Bad::Syntax)),
            ("1_000", 64, Ok(1000)),
            ("0x_1", 64, Ok(1)),
            ("1__0", 64, Err(Bad::Syntax)),
            ("_1", 64, Err(Bad::Syntax)),
            ("", 64, Err(Bad::Syntax)),
            ("-", 64, Err(Bad::Syntax)),
            ("0x", 64, Err(Bad::Syntax)),
            ("1.5", 64, Err(Bad::Syntax)),
            ("127", 8, Ok(127)),
            ("128", 8, Err(Bad::Range)),
            ("-128", 8, Ok(-128)),
            ("-129", 8, Err(Bad::Range)),
            ("9223372036854775807", 64, Ok(i64::MAX)),
            ("-9223372036854775808", 64, Ok(i64::MIN)),
            ("9223372036854775808", 64, Err(Bad::Range)),
            ("99999999999999999999x", 64, Err(Bad::Range)),
            ("99x", 64, Err(Bad::Syntax)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), bits), expected, "{text}");
        }
        assert_eq!(parse_uint(b"18446744073709551615", 64), Ok(u64::MAX));
        assert_eq!(parse_uint(b"256", 8), Err(Bad::Range));
        assert_eq!(parse_uint(b"-1", 64), Err(Bad::Syntax));
    }

    #[test]
    fn floats_are_read_as_go_reads_them() {
        for (text, bits, expected) in [
            ("1.5", 64, Ok(1.5)),
            (".5", 64, Ok(0.5)),
            ("5.", 64, Ok(5.0)),
            ("1e3", 64, Ok(1000.0)),
            ("1_0.5", 64, Ok(10.5)),
            ("0x1p4", 64, Ok(16.0)),
            ("-0x1.8p1", 64, Ok(-3.0)),
            ("0x1p-1074", 64, Ok(5e-324)),
            ("0x1p-1075", 64, Ok(0.0)),
            ("0x1.8p-1075", 64, Ok(5e-324)),
            ("0x1.fffffffffffffp1023", 64, Ok(f64::MAX)),
            ("0x1.fffffffffffff8p1023", 64, Err(Bad::Range)),
            ("0x1.000001p0", 32, Ok(1.0)),
            ("0x1.000003p0", 32, Ok(f64::from(1.0 + 2.0 * f32::EPSILON))),
            ("0x10", 64, Err(Bad::Syntax)),
            ("1e400", 64, Err(Bad::Range)),
            ("1e39", 32, Err(Bad::Range)),
            ("+Infinity", 64, Ok(f64::INFINITY)),
            ("-inf", 64, Ok(f64::NEG_INFINITY)),
            ("-nan", 64, Err(Bad::Syntax)),
            ("infin", 64, Err(Bad::Syntax)),
            ("", 64, Err(Bad::Syntax)),
            ("+-1", 64, Err(Bad::Syntax)),
            (".", 64, Err(Bad::Syntax)),
            ("1x", 64, Err(Bad::Syntax)),
        ] {
            assert_eq!(parse_float(text.as_bytes(), bits), expected, "{text}");
        }
    }
}
