//! How long to pause.
use std::time::Duration;

/// Pauses that grow: each is twice the one before, up to a longest one, and a random part of up to half of it is left off, so
/// that many who fail together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Backoff {
    /// The pause after so many failures; none after none. `random` is any number.
    pub fn pause(&self, failures: u32, random: u64) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 1u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(factor).min(self.most);
        let half = u64::try_from(whole.as_nanos() / 2).unwrap_or(u64::MAX);
        whole - Duration::from_nanos(if half == 0 { 0 } else { random % half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(2) };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..8).map(|failures| BACKOFF.pause(failures, 0).as_millis()).collect();
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(BACKOFF.pause(u32::MAX, 0), BACKOFF.most);
    }

    #[test]
    fn at_most_half_of_a_pause_is_left_off() {
        for random in [0, 1, 77, u64::MAX / 3, u64::MAX] {
            for failures in 1..40 {
                let (whole, left) = (BACKOFF.pause(failures, 0), BACKOFF.pause(failures, random));
                assert!(left <= whole && left >= whole / 2, "{failures} failures, {random}: {left:?} of {whole:?}");
            }
        }
    }

    #[test]
    fn no_pause_is_no_pause() {
        let none = Backoff { first: Duration::ZERO, most: Duration::ZERO };
        assert_eq!(none.pause(7, u64::MAX), Duration::ZERO);
    }
}
