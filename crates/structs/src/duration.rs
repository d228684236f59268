//! Go's durations.

use std::time::Duration;

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
