//! How long a query waits.
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use proconsul_structs::GoDuration;

/// Default of `default_query_time`: how long a query waits that does not say.
pub const DEFAULT_QUERY_TIME: Duration = Duration::from_secs(300);

/// Default of `max_query_time`: how long a query may wait at most.
pub const MAX_QUERY_TIME: Duration = Duration::from_secs(600);

/// A random part of the wait, up to one in this many, is added to it, so that queries that began together end apart.
pub const JITTER_FRACTION: u32 = 16;

/// How long queries wait, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryTimes {
    /// `default_query_time`.
    pub default: Duration,
    /// `max_query_time`.
    pub max: Duration,
}

impl Default for QueryTimes {
    fn default() -> Self {
        Self { default: DEFAULT_QUERY_TIME, max: MAX_QUERY_TIME }
    }
}

impl QueryTimes {
    /// The wait for a query that asks for `asked`: zero or less is none. `random` is any number.
    pub fn wait(&self, asked: GoDuration, random: u64) -> Duration {
        let wait = asked.positive().map_or(self.default, |asked| asked.min(self.max));
        let most = u64::try_from((wait / JITTER_FRACTION).as_nanos()).unwrap_or(u64::MAX);
        wait + Duration::from_nanos(if most == 0 { 0 } else { random % most })
    }

    /// The same, by a number of its own.
    pub fn wait_for(&self, asked: GoDuration) -> Duration {
        self.wait(asked, random())
    }
}

/// Any number.
fn random() -> u64 {
    // The standard library's own source of randomness for hash maps: enough to spread waits.
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_has_a_default_a_cap_and_jitter() {
        let times = QueryTimes::default();
        let wait = |nanos, random| times.wait(GoDuration(nanos), random).as_secs_f64();
        assert_eq!(wait(0, 0), 300.0);
        assert_eq!(wait(-5, 0), 300.0);
        assert_eq!(wait(2_000_000_000, 0), 2.0);
        assert_eq!(wait(i64::MAX, 0), 600.0);
        for random in [1, 77, u64::MAX / 3, u64::MAX] {
            let jittered = wait(16_000_000_000, random);
            assert!((16.0..17.0).contains(&jittered), "{jittered}");
        }
        assert_eq!(times.wait(GoDuration(1), 7), Duration::from_nanos(1), "too short to add to");
    }
}
