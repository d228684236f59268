//! What was recorded lately: the difference between now and a mark that was set some time ago.
//!
//! Marks are set by those who read, so that a server at which nobody looks does nothing for it. Whoever reads for the first
//! time, or after a long time, sees all since the last mark.
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use metrics::Key;

use super::{
    Memory,
    recorder::Series,
    series::{Samples, Summary},
};

/// How old the newer mark becomes. What is read as recent is between one and two times that old, while somebody reads.
pub(super) const MARK_EVERY: Duration = Duration::from_secs(30);

/// How old the newer mark becomes where the older one is of a time that nobody calls recent.
pub(super) const MARK_SOON: Duration = Duration::from_secs(10);

/// Two moments, and the samples that there were then.
#[derive(Debug)]
pub(super) struct Marks {
    older: Mark,
    newer: Mark,
}

#[derive(Debug)]
struct Mark {
    at: Instant,
    summaries: HashMap<Key, Summary>,
}

/// Everything as it is now, and what of it is recent.
pub(super) struct Reading {
    /// How long recent is.
    pub(super) recent: Duration,
    /// Every series, in no order.
    pub(super) series: Vec<(Key, Read)>,
}

/// What one series comes to.
#[derive(Clone, Debug)]
pub(super) enum Read {
    Counter(u64),
    Gauge(f64),
    Histogram { all: Box<Summary>, recent: Box<Summary> },
}

impl Marks {
    /// Nothing was recorded before `start`.
    pub(super) fn new(start: Instant) -> Self {
        let mark = || Mark { at: start, summaries: HashMap::new() };
        Self { older: mark(), newer: mark() }
    }

    /// Moves the marks on, if it is time; `now` are all samples at `at`.
    fn pass(&mut self, at: Instant, now: &HashMap<Key, Summary>) {
        let since = |mark: &Mark| at.saturating_duration_since(mark.at);
        let due = if since(&self.older) > 2 * MARK_EVERY { MARK_SOON } else { MARK_EVERY };
        if since(&self.newer) >= due {
            let mark = Mark { at, summaries: now.clone() };
            self.older = std::mem::replace(&mut self.newer, mark);
        }
    }
}

impl Memory {
    /// Reads everything, at the time `at`, which is not before that of any reading before.
    pub(super) fn read(&self, at: Instant) -> Reading {
        let all = self.all();
        let samples = |series: &Series| match series {
            Series::Histogram(samples) => Some(Samples::summary(samples)),
            _ => None,
        };
        let now: HashMap<Key, Summary> =
            all.iter().filter_map(|(key, series)| Some((key.clone(), samples(series)?))).collect();
        let mut marks = self.marks();
        marks.pass(at, &now);
        let older = &marks.older;
        let read = |key: &Key, series: &Series| match series {
            Series::Counter(count) => Read::Counter(count.value()),
            Series::Gauge(level) => Read::Gauge(level.value()),
            Series::Histogram(_) => {
                let all = Box::new(now.get(key).copied().unwrap_or_default());
                let recent = older.summaries.get(key).map_or_else(|| all.clone(), |then| Box::new(all.since(then)));
                Read::Histogram { all, recent }
            }
        };
        let series = all.iter().map(|(key, series)| (key.clone(), read(key, series))).collect();
        Reading { recent: at.saturating_duration_since(older.at), series }
    }
}
