//! How long a client waits: the header `grpc-timeout`.
use std::time::Duration;

use proconsul_types::GoQuoted;

/// Reads a timeout: up to eight digits and a unit.
///
/// # Errors
/// It is none. The text is that of Go's library.
pub(crate) fn decode(text: &str) -> Result<Duration, String> {
    let malformed = |why: String| Err(format!("malformed grpc-timeout: {why}"));
    if text.len() < 2 {
        return malformed(format!("transport: timeout string is too short: {}", GoQuoted(text)));
    }
    if text.len() > 9 {
        return malformed(format!("transport: timeout string is too long: {}", GoQuoted(text)));
    }
    let unit = match text.as_bytes().last() {
        Some(b'H') => Duration::from_secs(3600),
        Some(b'M') => Duration::from_secs(60),
        Some(b'S') => Duration::from_secs(1),
        Some(b'm') => Duration::from_millis(1),
        Some(b'u') => Duration::from_micros(1),
        Some(b'n') => Duration::from_nanos(1),
        _ => return malformed(format!("transport: timeout unit is not recognized: {}", GoQuoted(text))),
    };
    let digits = &text[..text.len() - 1];
    match digits.parse::<i64>() {
        // Go takes a sign. What is over already is over at once.
        Ok(count) => Ok(unit.saturating_mul(u32::try_from(count.max(0)).unwrap_or(u32::MAX))),
        Err(_) => malformed(format!("strconv.ParseInt: parsing {}: invalid syntax", GoQuoted(digits))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(decode("10S"), Ok(Duration::from_secs(10)));
        assert_eq!(decode("99999999H"), Ok(Duration::from_secs(3600 * 99_999_999)));
        assert_eq!(decode("250m"), Ok(Duration::from_millis(250)));
        assert_eq!(decode("0n"), Ok(Duration::ZERO));
        assert_eq!(decode("-5S"), Ok(Duration::ZERO));
        for (text, why) in [
            ("S", "transport: timeout string is too short: \"S\""),
            ("1234567890S", "transport: timeout string is too long: \"1234567890S\""),
            ("10x", "transport: timeout unit is not recognized: \"10x\""),
            ("1.5S", "strconv.ParseInt: parsing \"1.5\": invalid syntax"),
        ] {
            assert_eq!(decode(text), Err(format!("malformed grpc-timeout: {why}")));
        }
    }
}
