//! A query on its way into the lot.
use std::sync::Arc;

use proconsul_msgpack::without_defaults_and;
use proconsul_netrpc::{Park, Parked, ReplyTo};
use proconsul_state::WatchSet;
use tokio::time::Instant;

use super::{Lot, Question};

/// A query on its way into the lot.
pub(in crate::blocking) struct Parking {
    pub(super) lot: Arc<Lot>,
    pub(super) question: Arc<dyn Question>,
    pub(super) method: u16,
    /// The request, without what goes without saying.
    pub(super) body: Box<[u8]>,
    pub(super) past: u64,
    pub(super) until: Instant,
    /// Which snapshot was looked at, and what is watched; `None`: none, it joins others who looked.
    pub(super) looked: Option<(u64, WatchSet)>,
    pub(super) nothing: bool,
    pub(super) also: u64,
}

impl Parking {
    /// A query that was looked at in the snapshot with index `looked.0`, found nothing there if `looked.1`, also goes
    /// by the index `looked.2`, and watches `looked.3`.
    pub(in crate::blocking) fn new(
        lot: Arc<Lot>,
        question: Arc<dyn Question>,
        (method, body): (u16, &[u8]),
        past: u64,
        until: Instant,
        looked: (u64, bool, u64, WatchSet),
    ) -> Self {
        let body = sparse(body).map_or_else(|| Box::from(body), Vec::into_boxed_slice);
        let (at, nothing, also, watches) = looked;
        Self { lot, question, method, body, past, until, looked: Some((at, watches)), nothing, also }
    }
}

/// A request without its fields at their defaults and the time that it waits, which the waiter has: those who ask the same ask the
/// same however long they wait. `None` where nothing can be left out.
pub(super) fn sparse(body: &[u8]) -> Option<Vec<u8>> {
    without_defaults_and(&[b"MaxQueryTime"], body)
}

impl Park for Parking {
    fn park(self: Box<Self>, to: ReplyTo) -> Box<dyn Parked> {
        let lot = Arc::clone(&self.lot);
        lot.park(*self, to)
    }
}

/// The hold on a query that was answered instead of parked.
pub(super) struct Gone;

impl Parked for Gone {
    fn done(self: Box<Self>, _ok: bool) {}
}
