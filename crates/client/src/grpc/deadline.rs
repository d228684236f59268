//! How long a call may take: the header `grpc-timeout`.
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

pub(super) const TIMEOUT_KEY: &str = "grpc-timeout";

/// The most digits that the header has.
const DIGITS_MAX: u64 = 99_999_999;

/// What the header says; `None` where there is none, or it makes no sense.
pub(super) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT_KEY)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count = u32::try_from(digits.parse::<u64>().ok().filter(|count| *count <= DIGITS_MAX)?).ok()?;
    let unit = match unit {
        "H" => Duration::from_secs(3600),
        "M" => Duration::from_secs(60),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    Some(unit.saturating_mul(count))
}

/// A time as the header says it, in the finest unit in which it has room.
pub(super) fn written(limit: Duration) -> HeaderValue {
    let units =
        [(limit.as_nanos(), 'n'), (limit.as_micros(), 'u'), (limit.as_millis(), 'm'), (limit.as_secs().into(), 'S')];
    let fits = units.into_iter().find(|(count, _)| *count <= u128::from(DIGITS_MAX));
    let (count, unit) = fits.unwrap_or((u128::from(DIGITS_MAX), 'S'));
    // Digits and a letter are a header's value.
    HeaderValue::from_str(&format!("{count}{unit}")).unwrap_or_else(|_| HeaderValue::from_static("0n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(TIMEOUT_KEY, HeaderValue::from_str(text).expect("a value"));
        read(&headers)
    }

    #[test]
    fn what_is_written_is_read() {
        for limit in [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(30), Duration::from_secs(86_400)]
        {
            let text = written(limit);
            assert_eq!(given(text.to_str().expect("text")), Some(limit), "{text:?}");
        }
        assert_eq!(given(written(Duration::MAX).to_str().expect("text")), Some(Duration::from_secs(DIGITS_MAX)));
    }

    #[test]
    fn what_makes_no_sense_is_no_timeout() {
        for text in ["", "S", "1", "1x", "-1S", "1.5S", "123456789S", "\u{e9}"] {
            assert_eq!(given(text), None, "{text}");
        }
    }
}
