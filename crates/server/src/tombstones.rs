//! When tombstones of deleted keys are reaped. They keep the index of a prefix from going back; nobody waits for that longer
//! than a query may wait, so they need not stay for ever.
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use proconsul_services::{Appended, Log};
use proconsul_state::{Entry, Store};
use proconsul_structs::raft::{TombstoneOp, TombstoneRequest};
use tokio::time::{MissedTickBehavior, interval};

/// How long a tombstone stays, as Consul's `tombstone_ttl`.
const TOMBSTONE_TTL: Duration = Duration::from_secs(15 * 60);

/// How often tombstones are looked at: those of one such time are reaped together.
const TOMBSTONE_GRANULARITY: Duration = Duration::from_secs(30);

/// Remembers which index the newest tombstone had when. Holds at most one mark for each time that it is asked within the
/// life of a tombstone.
#[derive(Debug, Default)]
struct Marks {
    marks: VecDeque<(Instant, u64)>,
    newest: u64,
}

impl Marks {
    /// Notes that tombstones up to `index` exist at `now`; returns up to which index they are old enough to go.
    fn tick(&mut self, now: Instant, index: u64) -> Option<u64> {
        if index > self.newest {
            self.newest = index;
            self.marks.push_back((now, index));
        }
        let mut due = None;
        while let Some((at, index)) = self.marks.front().copied()
            && now.duration_since(at) >= TOMBSTONE_TTL
        {
            self.marks.pop_front();
            due = Some(index);
        }
        due
    }
}

/// Reaps old tombstones until it is dropped.
pub(crate) async fn reap(store: Arc<Store>, log: Arc<dyn Log>) {
    let mut marks = Marks::default();
    let mut ticks = interval(TOMBSTONE_GRANULARITY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = ticks.tick().await.into_std();
        let newest = store.snapshot().indexes.tombstones;
        if let Some(reap_index) = marks.tick(now, newest) {
            let request = TombstoneRequest { op: TombstoneOp::Reap, reap_index, ..TombstoneRequest::default() };
            if let Appended::Pending(reaped) = log.append(Entry::Tombstone(Box::new(request)))
                && let Err(fault) = reaped.await
            {
                tracing::warn!(%fault, "failed to reap tombstones; trying again with the next ones");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_goes_when_its_time_is_over_and_not_before() {
        let start = Instant::now();
        let mut marks = Marks::default();
        assert_eq!(marks.tick(start, 0), None, "there is none");
        assert_eq!(marks.tick(start, 7), None);
        assert_eq!(marks.tick(start + TOMBSTONE_TTL / 2, 9), None);
        assert_eq!(marks.tick(start + TOMBSTONE_TTL, 9), Some(7));
        assert_eq!(marks.tick(start + TOMBSTONE_TTL, 9), None, "once");
        assert_eq!(marks.tick(start + 2 * TOMBSTONE_TTL, 9), Some(9));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let start = Instant::now();
        let mut marks = Marks::default();
        for tick in 0..10_000 {
            marks.tick(start + tick * TOMBSTONE_GRANULARITY, u64::from(tick));
        }
        assert!(marks.marks.len() <= (TOMBSTONE_TTL.as_secs() / TOMBSTONE_GRANULARITY.as_secs()) as usize);
    }
}
