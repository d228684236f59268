//! One entry being applied: tables in the making, and what was touched.

use super::Tables;
use crate::LockDelay;
use crate::fold::fold;
use crate::watch::{Change, Changes};
use proconsul_msgpack::GoStr;

/// The tables that one entry is turning into the next ones.
pub(super) struct Transaction<'a> {
    /// The entry's index in the log.
    pub(super) index: u64,
    pub(super) tables: &'a mut Tables,
    pub(super) changes: Changes,
    pub(super) lock_delays: Vec<LockDelay>,
}

impl Transaction<'_> {
    /// A service's instance, a node of one, or a check of either changed: its index moves.
    pub(super) fn touch_service(&mut self, name: &[u8]) {
        self.tables.indexes.touch_service(name, self.index);
    }

    /// A node's record, or a service on it, changed.
    pub(super) fn touch_node(&mut self, name: &[u8]) {
        self.tables.indexes.nodes = self.index;
        self.tables.indexes.touch_node(name, self.index);
        self.changes.note(Change::Node(folded(name)));
    }
}

pub(super) fn folded(name: &[u8]) -> GoStr {
    GoStr::from(fold(name).as_ref())
}
