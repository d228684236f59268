//! One entry being applied: tables in the making, and what was touched.

use super::Tables;
use crate::fold::fold;
use crate::peer::{Peer, PeeredName};
use crate::watch::{Change, Changes};
use crate::{LockDelay, ResourceEvent};
use proconsul_msgpack::GoStr;

/// The tables that one entry is turning into the next ones.
pub(super) struct Transaction<'a> {
    /// The entry's index in the log.
    pub(super) index: u64,
    pub(super) tables: &'a mut Tables,
    pub(super) changes: Changes,
    pub(super) lock_delays: Vec<LockDelay>,
    pub(super) resource: Option<ResourceEvent>,
}

impl<'a> Transaction<'a> {
    /// One that has touched nothing yet.
    pub(super) fn new(index: u64, tables: &'a mut Tables) -> Self {
        Transaction { index, tables, changes: Changes::default(), lock_delays: Vec::new(), resource: None }
    }
}

impl Transaction<'_> {
    /// A service's instance, a node of one, or a check of either changed: its index moves.
    pub(super) fn touch_service(&mut self, peer: Peer<'_>, name: &[u8]) {
        self.tables.indexes.touch_service(peer, name, self.index);
        self.changes.note(Change::Health(PeeredName::new(peer, name)));
    }

    /// The same for what the mesh reaches under a name.
    pub(super) fn touch_connect(&mut self, peer: Peer<'_>, name: &[u8]) {
        self.tables.indexes.touch_connect(peer, name, self.index);
        self.changes.note(Change::Connect(PeeredName::new(peer, name)));
    }

    /// A node's record, or a service on it, changed.
    pub(super) fn touch_node(&mut self, peer: Peer<'_>, name: &[u8]) {
        let index = self.index;
        self.tables.indexes.touch(peer, |own| own.nodes = index);
        self.tables.indexes.touch_node(peer, name, index);
        self.changes.note(Change::Node(PeeredName::new(peer, name)));
    }

    /// Some service instance changed.
    pub(super) fn touch_services(&mut self, peer: Peer<'_>) {
        let index = self.index;
        self.tables.indexes.touch(peer, |own| own.services = index);
    }

    /// Some check changed.
    pub(super) fn touch_checks(&mut self, peer: Peer<'_>) {
        let index = self.index;
        self.tables.indexes.touch(peer, |own| own.checks = index);
    }

    /// Some name's own index does not tell what changed under the name.
    pub(super) fn pass_over(&mut self, peer: Peer<'_>) {
        let index = self.index;
        self.tables.indexes.touch(peer, |own| own.passed_over = index);
    }
}

pub(super) fn folded(name: &[u8]) -> GoStr {
    GoStr::from(fold(name).as_ref())
}
