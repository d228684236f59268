//! Why a layer said no before or instead of a handler.
use std::fmt;

use crate::MethodRow;

/// A call that a layer ended. The edges turn it into what their protocol has for it: net/rpc into a text, gRPC into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The handler panicked. Its call alone is lost.
    Panicked,
    /// The call's deadline passed first. For a write it is not known whether it took effect.
    Late {
        /// What was called.
        method: &'static MethodRow,
    },
}

impl Rejected {
    /// Whether the stream is closed after the answer, because what follows on it cannot be trusted.
    pub const fn closes(self) -> bool {
        false
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("rpc: panic serving request"),
            Self::Late { method } => write!(f, "rpc: {} was not answered before its deadline", method.name),
        }
    }
}

impl std::error::Error for Rejected {}
