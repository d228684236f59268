use governor::clock::FakeRelativeClock;

use super::*;

const READ: Operation = Operation::Read;
const WRITE: Operation = Operation::Write;

fn rates(mode: LimitMode, read_rate: f64, write_rate: f64) -> RequestRates {
    RequestRates { mode, read_rate, write_rate }
}

fn limits(rates: RequestRates) -> (RequestLimits<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (RequestLimits::with_clock(rates, || true, clock.clone()), clock)
}

/// How many of `calls` calls at once keep within the limit.
fn within(limits: &RequestLimits<FakeRelativeClock>, operation: Operation, calls: usize) -> usize {
    (0..calls).filter(|_| limits.count(operation).is_none()).count()
}

#[test]
fn a_burst_passes_and_then_the_rate() {
    // Rate, burst, and how many of many calls pass after each time of rest.
    type Row = (f64, usize, &'static [(u64, usize)]);
    let table: &[Row] = &[
        (4.0, 40, &[(0, 0), (249, 0), (1, 1), (1000, 4), (5000, 20), (60_000, 40)]),
        (2.0, 20, &[(500, 1), (2000, 4), (60_000, 20)]),
        (2.9, 20, &[(2000, 5), (60_000, 20)]),
        (1.0, 10, &[(999, 0), (1, 1)]),
        (0.5, 1, &[(1999, 0), (1, 1), (60_000, 1)]),
        (1e-300, 1, &[(60_000, 0)]),
        (0.0, 0, &[(60_000, 0)]),
        (-1.0, 1000, &[(0, 1000)]),
        (f64::INFINITY, 1000, &[(0, 1000)]),
        (f64::NAN, 1000, &[(0, 1000)]),
        (1e12, 1000, &[(0, 1000)]),
    ];
    for operation in [READ, WRITE] {
        for (rate, burst, rests) in table {
            let (limits, clock) = limits(rates(LimitMode::Enforcing, *rate, *rate));
            assert_eq!(within(&limits, operation, 1000), *burst, "{rate} a second");
            for (rest, passed) in *rests {
                clock.advance(Duration::from_millis(*rest));
                assert_eq!(within(&limits, operation, 1000), *passed, "{rate} a second, {rest} ms later");
            }
        }
    }
}

#[test]
fn reads_and_writes_have_a_bucket_each_and_what_is_exempt_has_none() {
    let (limits, _clock) = limits(rates(LimitMode::Enforcing, 1.0, 1.0));
    assert_eq!(within(&limits, READ, 100), 10);
    assert_eq!(within(&limits, Operation::Exempt, 100), 100);
    assert_eq!(within(&limits, WRITE, 100), 10);
}

#[test]
fn a_mode_says_what_follows_and_the_leader_sends_nobody_elsewhere() {
    let (none, here, leader) = (None, Some(Rejected::RateLimited), Some(Rejected::RateLimitedAtLeader));
    for (mode, leads, operation, expected) in [
        (LimitMode::Permissive, true, READ, none),
        (LimitMode::Permissive, true, WRITE, none),
        (LimitMode::Enforcing, true, READ, here),
        (LimitMode::Enforcing, true, WRITE, leader),
        (LimitMode::Enforcing, false, READ, here),
        (LimitMode::Enforcing, false, WRITE, here),
    ] {
        let limits = RequestLimits::new(rates(mode, 0.0, 0.0), move || leads);
        let exceeded = limits.count(operation).expect("no call passes");
        assert_eq!(exceeded, Exceeded { operation, mode });
        assert_eq!(limits.refusal(exceeded), expected, "{mode:?} {leads} {operation:?}");
    }
    let disabled = RequestLimits::new(rates(LimitMode::Disabled, 0.0, 0.0), || true);
    assert_eq!(disabled.count(WRITE), None);
}

#[test]
fn other_rates_are_for_the_next_call_and_the_same_rate_keeps_its_count() {
    let (limits, clock) = limits(rates(LimitMode::Disabled, 1.0, 2.0));
    assert_eq!(within(&limits, READ, 100), 100, "nothing is counted");
    limits.set(rates(LimitMode::Enforcing, 1.0, 2.0));
    assert_eq!((within(&limits, READ, 100), within(&limits, WRITE, 100)), (10, 20));
    limits.set(rates(LimitMode::Enforcing, 3.0, 2.0));
    assert_eq!((within(&limits, READ, 100), within(&limits, WRITE, 100)), (30, 0), "only reads have another rate");
    limits.set(rates(LimitMode::Permissive, 3.0, 2.0));
    assert_eq!(limits.count(READ).map(|exceeded| exceeded.mode), Some(LimitMode::Permissive));
    limits.set(RequestRates::default());
    assert_eq!(within(&limits, READ, 100), 100);
    limits.set(rates(LimitMode::Enforcing, 3.0, 2.0));
    clock.advance(Duration::from_secs(1));
    assert_eq!(within(&limits, READ, 100), 30, "a new bucket");
    assert_eq!(limits.rates(), rates(LimitMode::Enforcing, 3.0, 2.0));
}
