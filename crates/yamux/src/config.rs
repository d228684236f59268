//! Named bounds and timeouts. Defaults are HashiCorp's where it has such a setting.

use crate::window::INITIAL_WINDOW_BYTES;
use std::fmt;
use std::time::Duration;

/// How many streams started by us may wait for the peer's acknowledgement. A HashiCorp peer resets what is beyond.
pub const ACCEPT_BACKLOG: u32 = 256;
/// How many streams a session holds, whoever started them. A stream over it is reset alone.
pub const STREAMS_MAX: u32 = 16_384;
/// How many bytes a session keeps for streams that wrote beyond their windows. See [`Config::backlog_bytes_max`].
pub const BACKLOG_BYTES_MAX: usize = 64 << 20;
/// How many of our own pings may be unanswered; when one more is sent, the oldest is forgotten.
pub const PINGS_PENDING_MAX: usize = 64;
/// Time without input after which the peer is pinged.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long the connection may refuse our bytes, and how long a keepalive ping may stay unanswered.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stream started by us may stay unacknowledged before the session is given up.
pub const STREAM_OPEN_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a stream may stay half-closed after we finished it before it is reset.
pub const STREAM_CLOSE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Which end of the connection this is: it decides the parity of the ids of streams that we start, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that dialled: ids 1, 3, 5, …
    Client,
    /// The end that accepted: ids 2, 4, 6, …
    Server,
}

/// Why a session is being ended: the value of a go-away frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// 0: no new streams please; those in flight go on.
    Normal,
    /// 1: the other end broke the protocol.
    ProtocolError,
    /// 2: this end has a problem.
    InternalError,
    /// Anything else. It ends the session like an error.
    Other(u32),
}

impl Code {
    /// The code that a go-away frame carries as `value`.
    pub fn from_wire(value: u32) -> Self {
        match value {
            0 => Self::Normal,
            1 => Self::ProtocolError,
            2 => Self::InternalError,
            other => Self::Other(other),
        }
    }

    /// The value of the go-away frame that carries this code.
    pub fn to_wire(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::ProtocolError => 1,
            Self::InternalError => 2,
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal termination"),
            Self::ProtocolError => f.write_str("protocol error"),
            Self::InternalError => f.write_str("internal error"),
            Self::Other(code) => write!(f, "unknown code {code}"),
        }
    }
}

/// What a session may hold and how long it waits. Share one among many sessions with an `Arc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Receive window of each stream in bytes. At least 256 KiB, which is what a peer assumes at first: less counts as that.
    pub window_bytes: u32,
    /// See [`ACCEPT_BACKLOG`].
    pub accept_backlog: u32,
    /// See [`STREAMS_MAX`].
    pub streams_max: u32,
    /// Bytes kept, over all streams, of what was written beyond send windows. It is looked at before a write, so that one
    /// write of any size succeeds on a session that keeps little; a stream that writes when the bound is reached is reset.
    pub backlog_bytes_max: usize,
    /// See [`KEEPALIVE_INTERVAL`]; `None` sends no keepalive pings.
    pub keepalive_interval: Option<Duration>,
    /// See [`WRITE_TIMEOUT`].
    pub write_timeout: Duration,
    /// See [`STREAM_OPEN_TIMEOUT`]; `None` waits for ever.
    pub stream_open_timeout: Option<Duration>,
    /// See [`STREAM_CLOSE_TIMEOUT`]; `None` waits for ever.
    pub stream_close_timeout: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window_bytes: INITIAL_WINDOW_BYTES,
            accept_backlog: ACCEPT_BACKLOG,
            streams_max: STREAMS_MAX,
            backlog_bytes_max: BACKLOG_BYTES_MAX,
            keepalive_interval: Some(KEEPALIVE_INTERVAL),
            write_timeout: WRITE_TIMEOUT,
            stream_open_timeout: Some(STREAM_OPEN_TIMEOUT),
            stream_close_timeout: Some(STREAM_CLOSE_TIMEOUT),
        }
    }
}

impl Config {
    /// The receive window in effect.
    pub(crate) fn window(&self) -> u32 {
        self.window_bytes.max(INITIAL_WINDOW_BYTES)
    }
}
