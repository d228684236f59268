//! One call: which method, whose, since when, until when.

use std::{net::SocketAddr, time::Instant};

use crate::MethodRow;

/// Facts about one call, known once its header is read and before its body is.
///
/// What the layers in front of a handler decide by (metrics, limits, deadline); it is small and copied freely.
#[derive(Clone, Copy, Debug)]
pub struct CallInfo {
    /// The row of the method that is called.
    pub method: &'static MethodRow,
    /// That row's position in its table, for arrays with one entry per method (handlers, metric handles).
    pub method_index: u16,
    /// Who called. For a forwarded call, the server that passed it on.
    pub peer: SocketAddr,
    /// When the first byte of the request arrived.
    pub received: Instant,
    /// When the caller stops waiting, if it said so or the server has a limit for such calls.
    pub deadline: Option<Instant>,
}

impl CallInfo {
    /// Whether the deadline, if any, is over at `now`.
    pub fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// A request of either RPC system, as the layers in front of a handler see it.
pub trait Call {
    /// The facts of this call.
    fn info(&self) -> &CallInfo;
}

impl Call for CallInfo {
    fn info(&self) -> &CallInfo {
        self
    }
}
