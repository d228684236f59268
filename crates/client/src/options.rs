//! What there is to set.
use std::time::Duration;

use crate::{Backoff, random::random};

/// How long a call may take that does not wait for news, all attempts together. Consul's `limits.rpc_client_timeout`.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a call is made again after its first failure, and what a blocking query gets on top of its wait. Consul's
/// `rpc_hold_timeout`.
pub const HOLD: Duration = Duration::from_secs(7);
/// How long a query waits that does not say so. Consul's `default_query_time`.
pub const DEFAULT_QUERY_TIME: Duration = Duration::from_secs(300);
/// How long any query waits. Consul's `max_query_time`.
pub const MAX_QUERY_TIME: Duration = Duration::from_secs(600);
/// How long connecting to one server may take, its TLS handshake included.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How many calls of a client are in hand at once; each has a stream.
pub const CALLS_MAX: usize = 4096;
/// How many calls of a client wait for one of those to end. One more is refused at once.
pub const WAITING_MAX: usize = 16_384;
/// How many streams without a call are kept open for the next ones.
pub const IDLE_STREAMS_MAX: usize = 64;
/// Pauses between attempts of one call.
pub(crate) const CALL_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), most: Duration::from_secs(2) };

/// What a client is told when it is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// See [`CALL_TIMEOUT`]. Zero: no limit.
    pub call_timeout: Duration,
    /// See [`DIAL_TIMEOUT`].
    pub dial_timeout: Duration,
    /// See [`HOLD`]. Zero: no call is made again.
    pub hold: Duration,
    /// See [`DEFAULT_QUERY_TIME`]: what the servers are configured with.
    pub default_query_time: Duration,
    /// See [`MAX_QUERY_TIME`]: what the servers are configured with.
    pub max_query_time: Duration,
    /// Pauses between attempts of one call.
    pub backoff: Backoff,
    /// See [`CALLS_MAX`]; at least one.
    pub calls_max: usize,
    /// See [`WAITING_MAX`].
    pub waiting_max: usize,
    /// See [`IDLE_STREAMS_MAX`].
    pub idle_streams_max: usize,
    /// Numbers that spread pauses: a test gives its own.
    pub random: fn() -> u64,
    /// The connection itself: keepalive, windows.
    pub yamux: proconsul_yamux::Config,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            call_timeout: CALL_TIMEOUT,
            dial_timeout: DIAL_TIMEOUT,
            hold: HOLD,
            default_query_time: DEFAULT_QUERY_TIME,
            max_query_time: MAX_QUERY_TIME,
            backoff: CALL_BACKOFF,
            calls_max: CALLS_MAX,
            waiting_max: WAITING_MAX,
            idle_streams_max: IDLE_STREAMS_MAX,
            random,
            yamux: proconsul_yamux::Config::default(),
        }
    }
}

/// What is different for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// How long it may take, all attempts together; a server of ours is told and stops, too. `None`: what
    /// [`lifetime`](crate::lifetime) says. Zero: for ever.
    pub timeout: Option<Duration>,
    /// Make it once, whatever comes of it.
    pub once: bool,
}

impl CallOptions {
    /// With this limit; zero: none.
    pub fn within(timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..Self::default() }
    }
}
