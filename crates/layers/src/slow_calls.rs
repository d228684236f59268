//! The slowest calls of late.
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use proconsul_types::MethodRow;

/// How many calls are kept.
pub const SLOW_CALLS_MAX: usize = 64;

/// How long a call is kept after its end.
pub const SLOW_CALLS_WINDOW: Duration = Duration::from_secs(5 * 60);

/// How often [`SlowCalls::tend`] wants to be called: so long may a call that would belong to the slowest be missed, because
/// those that were slower have just grown old.
pub const SLOW_CALLS_TEND_EVERY: Duration = Duration::from_secs(5);

/// One slow call. Nothing in it was chosen by the peer but where it called from.
#[derive(Clone, Copy, Debug)]
pub struct SlowCall {
    /// The method's row.
    pub method: &'static MethodRow,
    /// Who called.
    pub peer: SocketAddr,
    /// From its first byte to its answer; what a call is parked for is not counted.
    pub took: Duration,
    /// When that was.
    pub ended: Instant,
    /// Whether it was answered with an error. One that was parked had none so far.
    pub errored: bool,
}

/// Keeps the [`SLOW_CALLS_MAX`] slowest calls of the last [`SLOW_CALLS_WINDOW`].
///
/// A call that does not belong to them, which is nearly every call, costs one relaxed load.
#[derive(Debug, Default)]
pub struct SlowCalls {
    /// Calls that took no longer than this are not kept.
    bar_ns: AtomicU64,
    kept: Mutex<Vec<SlowCall>>,
}

impl SlowCalls {
    /// Keeps a call if it belongs to the slowest. `took` and `ended` as in [`SlowCall`].
    #[inline]
    pub fn note(&self, method: &'static MethodRow, peer: SocketAddr, since: Instant, took: Duration, errored: bool) {
        if nanos(took) > self.bar_ns.load(Relaxed) {
            self.keep(SlowCall { method, peer, took, ended: since + took, errored });
        }
    }

    #[cold]
    fn keep(&self, call: SlowCall) {
        let mut kept = self.kept.lock();
        forget(&mut kept, call.ended);
        if kept.len() < SLOW_CALLS_MAX {
            kept.push(call);
        } else if let Some(fastest) = kept.iter_mut().min_by_key(|kept| kept.took)
            && fastest.took < call.took
        {
            *fastest = call;
        }
        self.set_bar(&kept);
    }

    /// Forgets what is too old at `now`, so that slow calls of today are kept though those of yesterday were slower.
    pub fn tend(&self, now: Instant) {
        let mut kept = self.kept.lock();
        forget(&mut kept, now);
        self.set_bar(&kept);
    }

    /// The slowest calls at `now`, the slowest first.
    pub fn list(&self, now: Instant) -> Vec<SlowCall> {
        self.tend(now);
        // Another call may have come meanwhile: it belongs there.
        let mut calls = self.kept.lock().clone();
        calls.sort_unstable_by_key(|call| std::cmp::Reverse(call.took));
        calls
    }

    /// Called with `kept` locked.
    fn set_bar(&self, kept: &[SlowCall]) {
        let full = kept.len() >= SLOW_CALLS_MAX;
        let fastest = kept.iter().map(|call| nanos(call.took)).min().filter(|_| full);
        self.bar_ns.store(fastest.unwrap_or(0), Relaxed);
    }
}

fn forget(kept: &mut Vec<SlowCall>, now: Instant) {
    kept.retain(|call| now.saturating_duration_since(call.ended) < SLOW_CALLS_WINDOW);
}

/// Wraps after 584 years.
fn nanos(took: Duration) -> u64 {
    took.as_secs().wrapping_mul(1_000_000_000).wrapping_add(took.subsec_nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROW: MethodRow = MethodRow::bare("Test.Call");

    fn note(calls: &SlowCalls, ended: Instant, ms: u64) {
        let took = Duration::from_millis(ms);
        calls.note(&ROW, ([127, 0, 0, 1], 1).into(), ended - took, took, false);
    }

    fn listed(calls: &SlowCalls, now: Instant) -> Vec<u64> {
        calls.list(now).iter().map(|call| call.took.as_millis() as u64).collect()
    }

    #[test]
    fn the_slowest_are_kept_and_the_slowest_comes_first() {
        let (calls, start) = (SlowCalls::default(), Instant::now() + Duration::from_secs(3600));
        let many = 10 * SLOW_CALLS_MAX as u64;
        // In an order that is neither rising nor falling; 7 and the count have no common factor.
        for n in 0..many {
            note(&calls, start, 1 + n * 7 % many);
        }
        let expected: Vec<u64> = (1..=many).rev().take(SLOW_CALLS_MAX).collect();
        assert_eq!(listed(&calls, start), expected);
    }

    #[test]
    fn what_is_old_makes_room_for_what_is_slow_now() {
        let (calls, start) = (SlowCalls::default(), Instant::now() + Duration::from_secs(3600));
        for _ in 0..SLOW_CALLS_MAX {
            note(&calls, start, 1000);
        }
        note(&calls, start, 10);
        assert_eq!(listed(&calls, start).last(), Some(&1000), "10 ms are fast beside them");
        let later = start + SLOW_CALLS_WINDOW;
        note(&calls, later, 10);
        assert!(
            calls.kept.lock().iter().all(|call| call.took.as_millis() == 1000),
            "the bar stands until it is tended"
        );
        calls.tend(later);
        note(&calls, later, 10);
        assert_eq!(listed(&calls, later), [10]);
    }

    #[test]
    fn what_is_kept_is_bounded_when_many_call_at_once() {
        let (calls, start) = (SlowCalls::default(), Instant::now() + Duration::from_secs(3600));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..2000).for_each(|ms| note(&calls, start, ms)));
            }
        });
        let listed = listed(&calls, start);
        assert_eq!((listed.len(), listed[..4].to_vec()), (SLOW_CALLS_MAX, vec![1999; 4]));
    }
}
