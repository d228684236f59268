//! A connection's hold on a parked query.
use std::sync::Arc;

use proconsul_netrpc::Parked;

use super::lot::{Lot, Ticket};

/// Takes the query out of the lot when it is dropped: the client has gone, or has its answer.
pub(super) struct Hold {
    pub(super) lot: Arc<Lot>,
    pub(super) ticket: Ticket,
}

impl Parked for Hold {
    fn done(self: Box<Self>, _ok: bool) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.lot.leave(self.ticket);
    }
}
