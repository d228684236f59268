//! How often a peer may ask for a sign of life.
//!
//! Go's library counts pings that come too soon, and sends a peer away that goes on with them. It sets the count back whenever
//! it sends some of a call, so that clients may measure a busy connection as often as they like. The same rule here.
//! Source: grpc-go, server transport; the minimum is Consul's.
use std::time::{Duration, Instant};

/// With calls under way, pings may follow each other so closely: Consul's minimum, half of its clients' interval.
pub const CLIENT_PING_MIN: Duration = Duration::from_secs(15);
/// Without, a client has no reason to ping at all, and this is how often it may: Go's library.
pub const CLIENT_PING_MIN_AT_REST: Duration = Duration::from_secs(2 * 60 * 60);
/// So many pings too soon are let pass: Go's library.
pub const CLIENT_PING_STRIKES_MAX: u8 = 2;

/// What is remembered of a peer's pings.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    last: Option<Instant>,
    strikes: u8,
    /// Some of a call has been sent since the last ping.
    forgiven: bool,
}

impl Pings {
    /// Some of a call is sent.
    pub(crate) fn answered(&mut self) {
        self.forgiven = true;
    }

    /// The peer pings. True when that was once too often.
    pub(crate) fn came(&mut self, now: Instant, calls: bool) -> bool {
        let last = self.last.replace(now);
        if std::mem::take(&mut self.forgiven) {
            self.strikes = 0;
            return false;
        }
        let least = if calls { CLIENT_PING_MIN } else { CLIENT_PING_MIN_AT_REST };
        if last.is_some_and(|last| now.saturating_duration_since(last) < least) {
            self.strikes = self.strikes.saturating_add(1);
        }
        self.strikes > CLIENT_PING_STRIKES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        *BEGIN + Duration::from_secs(seconds)
    }

    #[test]
    fn the_third_ping_too_soon_is_too_many() {
        let mut pings = Pings::default();
        assert!(!pings.came(at(0), true), "the first is never too soon");
        assert!(!pings.came(at(14), true));
        assert!(!pings.came(at(28), true));
        assert!(pings.came(at(42), true));
    }

    #[test]
    fn pings_at_consuls_interval_are_never_too_many() {
        let mut pings = Pings::default();
        assert!((0..1000).all(|n| !pings.came(at(15 * n), true)));
    }

    #[test]
    fn a_connection_at_rest_is_not_to_be_pinged() {
        let mut pings = Pings::default();
        assert!((0..3).all(|n| !pings.came(at(30 * n), false)));
        assert!(pings.came(at(90), false));
        let mut pings = Pings::default();
        assert!((0..10).all(|n| !pings.came(at(7200 * n), false)));
    }

    #[test]
    fn what_is_sent_of_a_call_forgives() {
        let mut pings = Pings::default();
        for n in 0..1000 {
            pings.answered();
            assert!(!pings.came(at(n / 10), true));
        }
        assert!((0..2).all(|_| !pings.came(at(100), true)));
        assert!(pings.came(at(100), true));
    }
}
