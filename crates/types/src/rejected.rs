//! Why a layer said no before or instead of a handler.
use std::fmt;

use crate::{MethodRow, WireText};

/// A call that a layer ended. The edges turn it into what their protocol has for it: net/rpc into a text, gRPC into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The handler panicked. Its call alone is lost.
    Panicked,
    /// The server has had enough of such calls (`limits.request_limits`); another may have room.
    RateLimited,
    /// The server has had enough of such calls, and nobody but the leader, which it is, may answer them.
    RateLimitedAtLeader,
    /// The call's deadline passed first. For a write it is not known whether it took effect.
    Late {
        /// What was called.
        method: &'static MethodRow,
    },
}

impl Rejected {
    /// Whether the stream is closed after the answer: Consul's reads a call's body only once it is let through, so what
    /// follows is lost to it.
    pub const fn closes(self) -> bool {
        matches!(self, Self::RateLimited | Self::RateLimitedAtLeader)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("rpc: panic serving request"),
            Self::RateLimited => f.write_str(WireText::RATE_LIMITED.as_str()),
            Self::RateLimitedAtLeader => f.write_str(WireText::RATE_LIMITED_AT_LEADER.as_str()),
            Self::Late { method } => write!(f, "rpc: {} was not answered before its deadline", method.name),
        }
    }
}

impl std::error::Error for Rejected {}
