//! Durations as Go writes them.
use std::time::Duration;

use proconsul_structs::{DurationError as GoError, GoDuration};

/// A text that is no duration, or that is below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// No duration, or too long.
    #[error(transparent)]
    Go(#[from] GoError),
    /// Below zero.
    #[error("is negative")]
    Negative,
}

/// Reads a duration as Go's `time.ParseDuration` does; less than nothing is refused.
///
/// # Errors
/// Another form, a sum beyond Go's range, or less than zero.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let GoDuration(nanos) = text.parse()?;
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| DurationError::Negative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos_and_not_below_zero() {
        for (text, expected) in [
            ("1m30s", Ok(Duration::from_secs(90))),
            ("-0s", Ok(Duration::ZERO)),
            ("3", Err(DurationError::Go(GoError::NoUnit))),
            ("9223372036854775808ns", Err(DurationError::Go(GoError::Range))),
            ("-2s", Err(DurationError::Negative)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
