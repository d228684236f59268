//! Go's durations.

use std::{fmt, str::FromStr, time::Duration};

use proconsul_msgpack::{Shape, Shaped};
use serde::{Deserialize, Serialize};

/// A span of time as Go has it: whole nanoseconds, possibly negative. What zero means is the field's own affair, mostly
/// "not set".
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct GoDuration(pub i64);

impl Shaped for GoDuration {
    fn shape() -> Shape {
        Shape::Duration
    }
}

impl GoDuration {
    /// No time at all.
    pub const ZERO: GoDuration = GoDuration(0);

    /// The span, when it is longer than nothing.
    pub fn positive(self) -> Option<Duration> {
        u64::try_from(self.0).ok().filter(|nanos| *nanos > 0).map(Duration::from_nanos)
    }
}

impl From<Duration> for GoDuration {
    /// Spans of more than 292 years, which Go cannot hold, become the longest it can.
    fn from(span: Duration) -> Self {
        Self(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// A text that is no duration, or one that Go cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not of the form.
    #[error(
        "is not a duration: write numbers with units (ns, us, ms, s, m, h), for example \"2s\", \"1m30s\", \"500ms\""
    )]
    Form,
    /// A number without its unit.
    #[error("has a number without a unit (ns, us, ms, s, m, h): write for example \"2s\", \"1m30s\", \"500ms\"")]
    NoUnit,
    /// More than 2^63 nanoseconds.
    #[error("is longer than a duration can be (292 years)")]
    Range,
}

/// Units and their length in nanoseconds. Both Unicode signs for micro are taken.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The magnitude of Go's shortest duration, which is one more than that of its longest.
const NANOS_MAX: u64 = 1 << 63;

/// Reads a duration as Go's `time.ParseDuration` does: an optional sign, then decimal numbers with units, or a bare `0`.
impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(DurationError::Form);
        }
        let mut sum = 0;
        while !rest.is_empty() {
            let (nanos, after) = part(rest)?;
            sum = u64::checked_add(sum, nanos).filter(|sum| *sum <= NANOS_MAX).ok_or(DurationError::Range)?;
            rest = after;
        }
        let nanos = if negative { 0i64.checked_sub_unsigned(sum) } else { i64::try_from(sum).ok() };
        nanos.map(Self).ok_or(DurationError::Range)
    }
}

impl GoDuration {
    /// Reads a duration; what is wrong is said in the words of Go's `time.ParseDuration`, for those who are used to them.
    ///
    /// # Errors
    /// Go's text.
    pub fn parse_as_go(text: &[u8]) -> Result<Self, String> {
        let readable = std::str::from_utf8(text).map_err(|_| DurationError::Form);
        readable.and_then(str::parse).map_err(|error| {
            let unit = std::str::from_utf8(text).ok().and_then(unknown_unit);
            let what = match (error, unit) {
                (DurationError::NoUnit, _) => "missing unit in".to_owned(),
                (DurationError::Form, Some(unit)) => format!("unknown unit {} in", go_quoted(unit.as_bytes())),
                (DurationError::Form | DurationError::Range, _) => "invalid".to_owned(),
            };
            format!("time: {what} duration {}", go_quoted(text))
        })
    }
}

/// The first unit in a text that is none.
fn unknown_unit(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    loop {
        match part(rest) {
            Ok((_, "")) => return None,
            Ok((_, after)) => rest = after,
            Err(_) => break,
        }
    }
    let (whole, after) = digits(rest);
    let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
    let counts = whole.is_empty() || whole.parse::<u64>().is_ok_and(|whole| whole <= NANOS_MAX);
    let unit = &after[..after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len())];
    (counts && !(whole.is_empty() && fraction.is_empty()) && !unit.is_empty()).then_some(unit)
}

/// Quotes as Go's package `time` does: byte by byte where a text is more than plain letters.
fn go_quoted(text: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=0x7f => quoted.push(char::from(*byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

/// As Go's `Duration.String`: `0s`, `1.5ms`, `1m30s`, `2h0m0s`. Read again it is the same.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}\u{b5}s", Decimal { nanos, unit: 1_000 }),
            1_000_000..1_000_000_000 => write!(f, "{}ms", Decimal { nanos, unit: 1_000_000 }),
            _ => {
                let minutes = nanos / 60_000_000_000;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", Decimal { nanos: nanos % 60_000_000_000, unit: 1_000_000_000 })
            }
        }
    }
}

/// Nanoseconds counted in a unit, with as many decimals as needed.
struct Decimal {
    nanos: u64,
    unit: u64,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.nanos / self.unit)?;
        let rest = self.nanos % self.unit;
        if rest > 0 {
            let digits = format!("{:0width$}", rest, width = self.unit.ilog10() as usize);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// One number with its unit, and what follows.
fn part(text: &str) -> Result<(u64, &str), DurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Form);
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(DurationError::Form)?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| DurationError::Range)? };
    let nanos = whole.checked_mul(*unit).ok_or(DurationError::Range)?;
    Ok((nanos.checked_add(fraction_of(*unit, fraction)).ok_or(DurationError::Range)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `unit` times `0.fraction`, rounded down. No unit divides beyond 18 digits: what follows is below a nanosecond.
fn fraction_of(unit: u64, fraction: &str) -> u64 {
    let (mut nanos, mut scale) = (0u128, 1u128);
    for digit in fraction.bytes().take(18) {
        nanos = nanos * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    u64::try_from(nanos * u128::from(unit) / scale).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_reads_them() {
        // From Go's documentation and tests of time.ParseDuration.
        let cases: &[(&str, i64)] = &[
            ("0", 0),
            ("-0", 0),
            ("+0", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000),
            (".5s", 500_000_000),
            ("1.004s", 1_004_000_000),
            ("100.00100s", 100_001_000_000),
            ("10ns", 10),
            ("11us", 11_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("13ms", 13_000_000),
            ("14s", 14_000_000_000),
            ("15m", 900_000_000_000),
            ("16h", 57_600_000_000_000),
            ("3h30m", 12_600_000_000_000),
            ("10.5s4m", 250_500_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("39h9m14.425s", 140_954_425_000_000),
            ("52763797000ns", 52_763_797_000),
            ("0.3333333333333333333h", 1_199_999_999_999),
            ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775807ns", 9_223_372_036_854_775_807),
            ("9223372036.854775807s", 9_223_372_036_854_775_807),
            ("0.100000000000000000000h", 360_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("-0s", 0),
            ("-2s", -2_000_000_000),
            ("-9223372036854775808ns", i64::MIN),
        ];
        for (text, nanos) in cases {
            assert_eq!(text.parse(), Ok(GoDuration(*nanos)), "{text}");
        }
    }

    /// Texts as Go 1.24 gives them.
    #[test]
    fn what_is_wrong_can_be_said_in_gos_words() {
        let check = |text: &[u8], said: &str| {
            assert_eq!(GoDuration::parse_as_go(text), Err(format!("time: {said}")));
        };
        check(b"bogus", "invalid duration \"bogus\"");
        check(b"", "invalid duration \"\"");
        check(b"10", "missing unit in duration \"10\"");
        check(b"1h10", "missing unit in duration \"1h10\"");
        check(b"10d", "unknown unit \"d\" in duration \"10d\"");
        check(b"-1h2 s3", "unknown unit \" s\" in duration \"-1h2 s3\"");
        check(b"99999999999999999999d", "invalid duration \"99999999999999999999d\"");
        check(b"3000000h", "invalid duration \"3000000h\"");
        check(b".s", "invalid duration \".s\"");
        check("1\u{3bc}".as_bytes(), "unknown unit \"\\xce\\xbc\" in duration \"1\\xce\\xbc\"");
        check(b"a\"\\\n\xff", "invalid duration \"a\\\"\\\\\\x0a\\xff\"");
        assert_eq!(GoDuration::parse_as_go(b"1m30s"), Ok(GoDuration(90_000_000_000)));
    }

    #[test]
    fn what_go_refuses_is_refused_with_its_reason() {
        use DurationError::*;
        let cases: &[(&str, DurationError)] = &[
            ("", Form),
            ("3", NoUnit),
            ("3.5", NoUnit),
            ("1m30", NoUnit),
            ("-", Form),
            ("s", Form),
            (".", Form),
            ("-.", Form),
            (".s", Form),
            ("+.s", Form),
            ("1d", Form),
            ("1 s", Form),
            ("2S", Form),
            ("\u{85}\u{85}", Form),
            ("hello \u{ffff} world", Form),
            ("9223372036854775810ns", Range),
            ("9223372036854775808ns", Range),
            ("9223372036854.775808s", Range),
            ("99999999999999999999h", Range),
            ("3000000h", Range),
            ("-9223372036854775809ns", Range),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<GoDuration>(), Err(*error), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_go_writes_them_and_read_back() {
        // From Go's tests of Duration.String.
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (480_000_000_001, "8m0.000000001s"),
            (7_200_000_000_000, "2h0m0s"),
            (-250_000_000, "-250ms"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(GoDuration(nanos).to_string(), text);
            assert_eq!(text.parse(), Ok(GoDuration(nanos)));
        }
    }
}
