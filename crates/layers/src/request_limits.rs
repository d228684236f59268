//! Whether a call keeps within `limits.request_limits`: one bucket for reads and one for writes, shared by all who call.
//!
//! The bucket is `governor`'s: a call a period and a burst is what Go's `x/time/rate` counts as tokens, in one atomic number. A
//! rate of nothing and no limit at all, which Go's limiter knows and governor's quota does not, are states beside it.
use std::{
    fmt,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use parking_lot::Mutex;
use proconsul_types::{Operation, Rejected};

/// So many seconds' worth of calls may come at once after a time of rest.
pub const REQUEST_BURST_SECONDS: u32 = 10;

/// The longest time between two calls that is told from never: a rate may be any number.
const PERIOD_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// What happens to calls beyond a rate: `limits.request_limits.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitMode {
    /// Nothing: none is counted.
    #[default]
    Disabled,
    /// They are counted and logged, and answered.
    Permissive,
    /// They are counted, logged and refused.
    Enforcing,
}

impl LimitMode {
    /// Every mode, the mildest first.
    pub const ALL: [Self; 3] = [Self::Disabled, Self::Permissive, Self::Enforcing];

    /// Consul's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Permissive => "permissive",
            Self::Enforcing => "enforcing",
        }
    }
}

/// `limits.request_limits`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestRates {
    /// What happens to calls beyond the rates.
    pub mode: LimitMode,
    /// Reads a second, of all clients together; below zero: any number.
    pub read_rate: f64,
    /// Writes a second, as `read_rate`.
    pub write_rate: f64,
}

impl RequestRates {
    /// The rate that stands for any number.
    pub const ANY: f64 = -1.0;
}

impl Default for RequestRates {
    fn default() -> Self {
        Self { mode: LimitMode::Disabled, read_rate: Self::ANY, write_rate: Self::ANY }
    }
}

/// Which of the rates a call went beyond, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) operation: Operation,
    pub(crate) mode: LimitMode,
}

impl Exceeded {
    /// Consul's name of the limit.
    pub(crate) const fn limit_type(self) -> &'static str {
        match self.operation {
            Operation::Read => "global/read",
            Operation::Write | Operation::Exempt => "global/write",
        }
    }

    pub(crate) fn is_enforced(self) -> bool {
        self.mode == LimitMode::Enforcing
    }
}

/// The rates of a server, for every stack of layers in it. May be given others while calls come.
///
/// Where they are disabled, a call costs one relaxed load.
pub struct RequestLimits<C: Clock = MonotonicClock> {
    enabled: AtomicBool,
    now: ArcSwap<Buckets<C>>,
    changing: Mutex<()>,
    leads: Box<dyn Fn() -> bool + Send + Sync>,
    clock: C,
}

impl RequestLimits {
    /// With these rates. `leads` is asked when a write is refused: another server may take what this one does not, unless this
    /// one is the leader.
    pub fn new(rates: RequestRates, leads: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self::with_clock(rates, leads, MonotonicClock)
    }
}

impl Default for RequestLimits {
    /// None.
    fn default() -> Self {
        Self::new(RequestRates::default(), || false)
    }
}

impl<C: Clock + Clone> RequestLimits<C> {
    pub(crate) fn with_clock(rates: RequestRates, leads: impl Fn() -> bool + Send + Sync + 'static, clock: C) -> Self {
        let buckets = Buckets {
            rates,
            read: Arc::new(Bucket::new(rates.read_rate, &clock)),
            write: Arc::new(Bucket::new(rates.write_rate, &clock)),
        };
        Self {
            enabled: AtomicBool::new(buckets.counts()),
            now: ArcSwap::from_pointee(buckets),
            changing: Mutex::new(()),
            leads: Box::new(leads),
            clock,
        }
    }

    /// What is in effect.
    pub fn rates(&self) -> RequestRates {
        self.now.load().rates
    }

    /// From now on these. A rate that stays as it was keeps what was taken of it; another begins with its whole burst.
    pub fn set(&self, rates: RequestRates) {
        let _alone = self.changing.lock();
        let before = self.now.load();
        let after = Buckets {
            rates,
            read: before.read.kept_or_new(before.rates.read_rate, rates.read_rate, &self.clock),
            write: before.write.kept_or_new(before.rates.write_rate, rates.write_rate, &self.clock),
        };
        let counts = after.counts();
        self.now.store(Arc::new(after));
        self.enabled.store(counts, Relaxed);
    }

    /// Counts a call, and tells if it is one too many.
    #[inline]
    pub(crate) fn count(&self, operation: Operation) -> Option<Exceeded> {
        if self.enabled.load(Relaxed) { self.take(operation) } else { None }
    }

    fn take(&self, operation: Operation) -> Option<Exceeded> {
        let now = self.now.load();
        let bucket = match operation {
            Operation::Read => &now.read,
            Operation::Write => &now.write,
            Operation::Exempt => return None,
        };
        (!bucket.take()).then_some(Exceeded { operation, mode: now.rates.mode })
    }

    /// What a call is refused with, if it is.
    pub(crate) fn refusal(&self, exceeded: Exceeded) -> Option<Rejected> {
        if !exceeded.is_enforced() {
            return None;
        }
        let nobody_else_may = exceeded.operation == Operation::Write && (self.leads)();
        Some(if nobody_else_may { Rejected::RateLimitedAtLeader } else { Rejected::RateLimited })
    }
}

impl<C: Clock> fmt::Debug for RequestLimits<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestLimits").field(&self.now.load().rates).finish()
    }
}

struct Buckets<C: Clock> {
    rates: RequestRates,
    read: Arc<Bucket<C>>,
    write: Arc<Bucket<C>>,
}

impl<C: Clock> Buckets<C> {
    /// Whether any call can be one too many.
    fn counts(&self) -> bool {
        let is_any = |bucket: &Bucket<C>| matches!(bucket, Bucket::Any);
        self.rates.mode != LimitMode::Disabled && !(is_any(&self.read) && is_any(&self.write))
    }
}

enum Bucket<C: Clock> {
    /// All pass.
    Any,
    /// None pass.
    Shut,
    Counted(RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>),
}

impl<C: Clock + Clone> Bucket<C> {
    fn new(rate: f64, clock: &C) -> Self {
        if rate.is_nan() || rate < 0.0 {
            return Self::Any;
        }
        if rate == 0.0 {
            return Self::Shut;
        }
        let period = Duration::try_from_secs_f64(rate.recip()).unwrap_or(PERIOD_MAX).min(PERIOD_MAX);
        // Faster than the clock ticks is as fast as one likes.
        let Some(quota) = Quota::with_period(period) else { return Self::Any };
        Self::Counted(RateLimiter::direct_with_clock(quota.allow_burst(burst(rate)), clock.clone()))
    }

    fn kept_or_new(self: &Arc<Self>, before: f64, after: f64, clock: &C) -> Arc<Self> {
        if before == after { Arc::clone(self) } else { Arc::new(Self::new(after, clock)) }
    }

    fn take(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Shut => false,
            Self::Counted(limiter) => limiter.check().is_ok(),
        }
    }
}

/// Ten seconds' worth of whole calls, as Consul counts them; but one where that would be none, with which Consul refuses all.
fn burst(rate: f64) -> NonZeroU32 {
    let a_second = rate.trunc() as u32; // the largest there is, where it is larger
    NonZeroU32::new(a_second.saturating_mul(REQUEST_BURST_SECONDS)).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests;
