//! The numbers of one series, recorded from many threads at once.
//!
//! A counter or histogram is some stripes that add up, each on a cache line of its own, and a thread writes to one of them:
//! every call of a server counts in the same series, and its threads must not wait for each other over that. What a reader
//! adds up while others write is off by what they are writing.
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use metrics::{CounterFn, GaugeFn, HistogramFn};

/// How many stripes there are. More threads than this share them.
pub(super) const STRIPES: usize = 8;

/// The upper bounds of a histogram's buckets; a last one takes the rest. In milliseconds, from less than a read takes to what
/// a query waits, close enough together to tell a quantile by: it is off by a third at most, and as a rule by a few percent.
pub(super) const BOUNDS: [f64; 49] = [
    0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, // one microsecond
    0.01, 0.015, 0.02, 0.03, 0.05, 0.07, //
    0.1, 0.15, 0.2, 0.3, 0.5, 0.7, //
    1.0, 1.5, 2.0, 3.0, 5.0, 7.0, // one millisecond
    10.0, 15.0, 20.0, 30.0, 50.0, 70.0, //
    100.0, 150.0, 200.0, 300.0, 500.0, 700.0, //
    1e3, 1.5e3, 2e3, 3e3, 5e3, 7e3, // one second
    1e4, 1.5e4, 3e4, 6e4, 12e4, 3e5, 6e5, // ten minutes
];

/// Those of them that a dump shows, which adds up what is between.
pub(super) const SHOWN: [f64; 7] = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 60_000.0];

/// How many buckets a histogram has.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// Which stripe is this thread's.
fn stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: usize = NEXT.fetch_add(1, Relaxed) % STRIPES;
    }
    MINE.with(|mine| *mine)
}

#[repr(align(64))]
#[derive(Debug, Default)]
struct Line<T>(T);

/// What only grows.
#[derive(Debug, Default)]
pub(super) struct Count {
    stripes: [Line<AtomicU64>; STRIPES],
}

impl Count {
    pub(super) fn value(&self) -> u64 {
        self.stripes.iter().fold(0, |sum, stripe| sum.wrapping_add(stripe.0.load(Relaxed)))
    }
}

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.stripes[stripe()].0.fetch_add(value, Relaxed);
    }

    /// Two who set it at once may add up; nobody here sets a counter.
    fn absolute(&self, value: u64) {
        let more = value.saturating_sub(self.value());
        self.increment(more);
    }
}

/// What is so now: one number, as the last to write it says.
#[derive(Debug, Default)]
pub(super) struct Level {
    bits: AtomicU64,
}

impl Level {
    pub(super) fn value(&self) -> f64 {
        f64::from_bits(self.bits.load(Relaxed))
    }
}

impl GaugeFn for Level {
    fn increment(&self, value: f64) {
        change(&self.bits, |old| old + value);
    }

    fn decrement(&self, value: f64) {
        change(&self.bits, |old| old - value);
    }

    fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Relaxed);
    }
}

/// Samples, added up.
#[derive(Debug, Default)]
pub(super) struct Samples {
    stripes: [Line<Stripe>; STRIPES],
}

#[derive(Debug)]
struct Stripe {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    min: AtomicU64,
    max: AtomicU64,
}

impl Default for Stripe {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::default()),
            sum: AtomicU64::new(0f64.to_bits()),
            min: AtomicU64::new(f64::INFINITY.to_bits()),
            max: AtomicU64::new(f64::NEG_INFINITY.to_bits()),
        }
    }
}

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        // A sum that is once not a number stays so.
        if !value.is_finite() || count == 0 {
            return;
        }
        let stripe = &self.stripes[stripe()].0;
        stripe.buckets[bucket(value)].fetch_add(count as u64, Relaxed);
        change(&stripe.sum, |sum| sum + value * count as f64);
        if value < f64::from_bits(stripe.min.load(Relaxed)) {
            change(&stripe.min, |min| min.min(value));
        }
        if value > f64::from_bits(stripe.max.load(Relaxed)) {
            change(&stripe.max, |max| max.max(value));
        }
    }
}

/// Where a sample is counted: the first bucket whose bound is not below it. A search would cost more than all else of a sample;
/// the exponent tells the place but for a step or three.
pub(super) fn bucket(value: f64) -> usize {
    if value <= BOUNDS[0] {
        return 0;
    }
    // A positive number has no sign, so that all above the fraction is the exponent.
    let octave = (value.to_bits() >> FRACTION_BITS) - LOWEST;
    let mut at = FIRST.get(octave as usize).map_or(BOUNDS.len(), |first| usize::from(*first));
    while BOUNDS.get(at).is_some_and(|bound| *bound < value) {
        at += 1;
    }
    at
}

const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;

/// The exponent of the least bound, as it stands in the bits.
const LOWEST: u64 = BOUNDS[0].to_bits() >> FRACTION_BITS;

/// How many powers of two the bounds are spread over.
const OCTAVES: usize = ((BOUNDS[BOUNDS.len() - 1].to_bits() >> FRACTION_BITS) - LOWEST + 1) as usize;

/// For each of them the first bound that is not below it.
const FIRST: [u8; OCTAVES] = {
    let mut first = [0; OCTAVES];
    let (mut octave, mut at) = (0, 0);
    while octave < OCTAVES {
        let start = f64::from_bits((LOWEST + octave as u64) << FRACTION_BITS);
        while BOUNDS[at] < start {
            at += 1;
        }
        first[octave] = at as u8;
        octave += 1;
    }
    first
};

/// What samples add up to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) buckets: [u64; BUCKETS],
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Default for Summary {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Summary {
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// What came after `then`, which is a part of this. The least and the most are those of all.
    pub(super) fn since(&self, then: &Self) -> Self {
        let mut since = *self;
        for (bucket, then) in since.buckets.iter_mut().zip(&then.buckets) {
            *bucket = bucket.saturating_sub(*then);
        }
        since.sum -= then.sum;
        since
    }

    /// These and those.
    pub(super) fn add(&mut self, other: &Self) {
        for (bucket, other) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += other;
        }
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// What so large a part of the samples is at most, as if each bucket's samples were spread evenly over it; `None` without
    /// samples.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let count = self.count();
        let mut rank = part * count as f64;
        let mut below = self.min.min(BOUNDS[0]);
        for (at, bucket) in self.buckets.iter().enumerate() {
            let bound = BOUNDS.get(at).copied().unwrap_or(f64::INFINITY);
            let samples = *bucket as f64;
            if *bucket > 0 && rank <= samples {
                let (low, high) = (below.max(self.min), bound.min(self.max));
                return Some(low + (high - low).max(0.0) * rank / samples);
            }
            rank -= samples;
            below = bound;
        }
        (count > 0).then_some(self.max)
    }
}

impl Samples {
    pub(super) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for Line(stripe) in &self.stripes {
            for (sum, bucket) in summary.buckets.iter_mut().zip(&stripe.buckets) {
                *sum += bucket.load(Relaxed);
            }
            summary.sum += f64::from_bits(stripe.sum.load(Relaxed));
            summary.min = summary.min.min(f64::from_bits(stripe.min.load(Relaxed)));
            summary.max = summary.max.max(f64::from_bits(stripe.max.load(Relaxed)));
        }
        summary
    }
}

/// Changes a float that is kept as its bits.
fn change(bits: &AtomicU64, how: impl Fn(f64) -> f64) {
    let mut old = bits.load(Relaxed);
    loop {
        let new = how(f64::from_bits(old)).to_bits();
        match bits.compare_exchange_weak(old, new, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(now) => old = now,
        }
    }
}
