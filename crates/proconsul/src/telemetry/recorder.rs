//! Who is asked for handles.
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::{
    recent::Marks,
    series::{Count, Level, Samples},
};

/// How many series are kept. One more records nothing, and a dump says how often that was asked for.
pub(super) const SERIES_MAX: usize = 2048;

/// Every series of the process. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Locked to find a series, never to record: a handle holds its numbers.
    series: RwLock<HashMap<Key, Series>>,
    turned_away: AtomicU64,
    /// Only readers lock it.
    marks: Mutex<Marks>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            series: RwLock::default(),
            turned_away: AtomicU64::default(),
            marks: Mutex::new(Marks::new(Instant::now())),
        }
    }
}

/// The numbers of a series, whatever its kind.
#[derive(Clone, Debug)]
pub(super) enum Series {
    Counter(Arc<Count>),
    Gauge(Arc<Level>),
    Histogram(Arc<Samples>),
}

impl Memory {
    /// The series called `key`; `None` if there are too many to keep it.
    fn series(&self, key: &Key, new: fn() -> Series) -> Option<Series> {
        if let Some(series) = self.inner.series.read().get(key) {
            return Some(series.clone());
        }
        let mut all = self.inner.series.write();
        if all.len() >= SERIES_MAX && !all.contains_key(key) {
            self.inner.turned_away.fetch_add(1, Relaxed);
            return None;
        }
        Some(all.entry(key.clone()).or_insert_with(new).clone())
    }

    /// Every series, in no order.
    pub(super) fn all(&self) -> Vec<(Key, Series)> {
        self.inner.series.read().iter().map(|(key, series)| (key.clone(), series.clone())).collect()
    }

    /// What was read before, by which the next reading tells what is recent.
    pub(super) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.inner.marks.lock()
    }

    /// How often a series was asked for that could not be kept.
    pub(super) fn turned_away(&self) -> u64 {
        self.inner.turned_away.load(Relaxed)
    }
}

/// A name that is asked for as another kind than before gets a handle that records nothing: a row of the table has one kind.
impl Recorder for Memory {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.series(key, || Series::Counter(Arc::default())) {
            Some(Series::Counter(count)) => Counter::from_arc(count),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.series(key, || Series::Gauge(Arc::default())) {
            Some(Series::Gauge(level)) => Gauge::from_arc(level),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.series(key, || Series::Histogram(Arc::default())) {
            Some(Series::Histogram(samples)) => Histogram::from_arc(samples),
            _ => Histogram::noop(),
        }
    }
}
