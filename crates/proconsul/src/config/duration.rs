//! Durations as Go writes them.
use std::time::Duration;

/// A text that is no duration, or that is longer than Go's longest (about 292 years).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
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
    /// Below zero.
    #[error("is negative")]
    Negative,
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
///
/// # Errors
/// Another form, a sum beyond Go's range, or less than zero.
/// Source: Go's `time.ParseDuration`.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
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
    match (negative, sum) {
        (_, 0) => Ok(Duration::ZERO),
        (true, _) => Err(DurationError::Negative),
        (false, NANOS_MAX) => Err(DurationError::Range),
        (false, _) => Ok(Duration::from_nanos(sum)),
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
        let cases: &[(&str, u64)] = &[
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
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), Ok(Duration::from_nanos(*nanos)), "{text}");
        }
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
            ("-9223372036854775808ns", Negative),
            ("-2s", Negative),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(*error), "{text}");
        }
    }
}
