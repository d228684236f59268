//! Health checks, filed by node and id, and by the service they are for.
//!
//! Source: `catalog.go`; golden cases `catalog/register-check`, `catalog/register-checks-list`,
//! `catalog/deregister-check`.

use super::keys::of_peer;
use super::nodes::satisfies;
use super::transaction::Transaction;
use super::{Tables, same};
use crate::fold;
use crate::peer::{Peer, PeeredName};
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::check::{ANY, CRITICAL, HealthCheck};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A list of checks that depends on more nodes than these waits for all nodes.
const NODE_WATCHES_MAX: usize = 64;

/// Checks by node and id; by node, the id of the service that they are for, and id; by service name, node and id; and
/// by state, node and id; each below their peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CheckTable {
    by_node: Radix<Arc<HealthCheck>>,
    by_instance: Radix<Arc<HealthCheck>>,
    by_service: Radix<Arc<HealthCheck>>,
    by_state: Radix<Arc<HealthCheck>>,
}

impl CheckTable {
    pub(super) fn get(&self, peer: Peer<'_>, node: &[u8], id: &[u8]) -> Option<&Arc<HealthCheck>> {
        self.by_node.get(&of_peer(peer, [node, id]))
    }

    /// A node's checks, in order of folded ids.
    pub(super) fn on(&self, peer: Peer<'_>, node: &[u8]) -> impl Iterator<Item = &Arc<HealthCheck>> {
        self.by_node.values_below(&of_peer(peer, [node]))
    }

    /// The checks of one service on a node; of the node itself where the service's id is empty.
    pub(super) fn of_instance(
        &self,
        peer: Peer<'_>,
        node: &[u8],
        service_id: &[u8],
    ) -> impl Iterator<Item = &Arc<HealthCheck>> {
        self.by_instance.values_below(&of_peer(peer, [node, service_id]))
    }

    /// Every check, peer by peer.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<HealthCheck>> {
        self.by_node.values()
    }

    /// Ids of a node's checks.
    pub(super) fn ids_on(&self, peer: Peer<'_>, node: &[u8]) -> Vec<GoStr> {
        self.on(peer, node).map(|check| check.check_id.clone()).collect()
    }

    /// Ids of the checks of one service on a node.
    pub(super) fn ids_of(&self, peer: Peer<'_>, node: &[u8], service_id: &[u8]) -> Vec<GoStr> {
        self.of_instance(peer, node, service_id).map(|check| check.check_id.clone()).collect()
    }

    pub(super) fn insert(&mut self, check: Arc<HealthCheck>) -> Option<Arc<HealthCheck>> {
        let peer = peer_of(&check);
        let old = self.by_node.insert(&of_peer(peer, [&check.node, &check.check_id]), check.clone());
        if let Some(old) = &old {
            self.unfile(old);
        }
        let HealthCheck { node, check_id, service_id, status, service_name, .. } = &*check;
        self.by_instance.insert(&of_peer(peer, [node, service_id, check_id]), check.clone());
        self.by_state.insert(&of_peer(peer, [status, node, check_id]), check.clone());
        if !service_name.is_empty() {
            self.by_service.insert(&of_peer(peer, [service_name, node, check_id]), check.clone());
        }
        old
    }

    fn remove(&mut self, peer: Peer<'_>, node: &[u8], id: &[u8]) -> Option<Arc<HealthCheck>> {
        let old = self.by_node.remove(&of_peer(peer, [node, id]))?;
        self.unfile(&old);
        Some(old)
    }

    fn unfile(&mut self, old: &HealthCheck) {
        let peer = peer_of(old);
        let HealthCheck { node, check_id, service_id, status, service_name, .. } = old;
        self.by_instance.remove(&of_peer(peer, [node, service_id, check_id]));
        self.by_state.remove(&of_peer(peer, [status, node, check_id]));
        self.by_service.remove(&of_peer(peer, [service_name, node, check_id]));
    }
}

fn peer_of(check: &HealthCheck) -> Peer<'_> {
    Peer::named(&check.peer_name)
}

impl Tables {
    /// The checks of one node, those of its services included, in order of folded ids. Watches them.
    /// The index is that of all checks.
    pub fn node_checks(&self, peer: Peer<'_>, node: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::node_checks(peer, node));
        (self.indexes.of(peer).checks, shared(self.checks.on(peer, node)))
    }

    /// The checks that name one service as theirs, in order of folded nodes and ids. Watches them.
    /// The index is that of all checks.
    pub fn service_checks(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::service_checks(peer, service));
        (self.indexes.of(peer).checks, shared(self.checks.by_service.values_below(&of_peer(peer, [service]))))
    }

    /// As [`service_checks`](Self::service_checks), of nodes whose metadata has all of the pairs. Watches the nodes too.
    ///
    /// The index is the service's own, as if it had an instance; that does not move with what the checks of an instance
    /// with another name say: wait by [`checks_with_nodes_index`](Self::checks_with_nodes_index) as well.
    pub fn service_checks_by_node_meta(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        pairs: &BTreeMap<GoStr, GoStr>,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<HealthCheck>>) {
        let (_, mut checks) = self.service_checks(peer, service, watches);
        self.keep_on_nodes(&mut checks, pairs, watches);
        let own = match self.indexes.service(peer, service) {
            0 => self.checks_with_nodes_index(peer).max(self.indexes.of(peer).services),
            own => own,
        };
        (own, checks)
    }

    /// The checks in one state, letter case aside, in order of folded nodes and ids; all of them if it is [`ANY`]. Watches
    /// them. The index is that of all checks.
    pub fn checks_in_state(
        &self,
        peer: Peer<'_>,
        state: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<HealthCheck>>) {
        if state == ANY.as_bytes() {
            return self.checks(peer, watches);
        }
        watches.add(|| Watch::checks_in_state(peer, state));
        (self.indexes.of(peer).checks, shared(self.checks.by_state.values_below(&of_peer(peer, [state]))))
    }

    /// As [`checks_in_state`](Self::checks_in_state), of nodes whose metadata has all of the pairs. Watches the nodes too.
    /// The index does not move with them: wait by [`checks_with_nodes_index`](Self::checks_with_nodes_index) as well.
    pub fn checks_in_state_by_node_meta(
        &self,
        peer: Peer<'_>,
        state: &[u8],
        pairs: &BTreeMap<GoStr, GoStr>,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<HealthCheck>>) {
        let (index, mut checks) = self.checks_in_state(peer, state, watches);
        self.keep_on_nodes(&mut checks, pairs, watches);
        (index, checks)
    }

    /// Index of the last change of any check or node.
    pub fn checks_with_nodes_index(&self, peer: Peer<'_>) -> u64 {
        let own = self.indexes.of(peer);
        own.checks.max(own.nodes)
    }

    /// Every check, in order of folded nodes and ids. Watches all of them. The index is theirs.
    pub fn checks(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::checks(peer));
        (self.indexes.of(peer).checks, shared(self.checks.by_node.values_below(&of_peer(peer, []))))
    }

    /// One check. Watches the checks of its node. The index is that of all checks.
    pub fn node_check(
        &self,
        peer: Peer<'_>,
        node: &[u8],
        id: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Option<Shared<HealthCheck>>) {
        watches.add(|| Watch::node_checks(peer, node));
        (self.indexes.of(peer).checks, self.checks.get(peer, node, id).cloned().map(Shared))
    }

    /// Fills in what a check of a service says of it.
    pub(super) fn join_service(&self, check: &mut HealthCheck) -> Result<(), &'static str> {
        if !check.service_id.is_empty() {
            let service = self.services.get(peer_of(check), &check.node, &check.service_id);
            let service = service.ok_or("Missing service registration")?;
            check.service_name = service.row.service_name.clone();
            check.service_tags = service.service.tags.clone();
        }
        Ok(())
    }

    /// Leaves the checks on nodes with the metadata, and watches every node that was asked for.
    fn keep_on_nodes(
        &self,
        checks: &mut Vec<Shared<HealthCheck>>,
        pairs: &BTreeMap<GoStr, GoStr>,
        watches: &mut WatchSet,
    ) {
        let mut nodes = 0;
        let mut last: Option<(GoStr, bool)> = None;
        checks.retain(|check| {
            if let Some((node, fits)) = &last
                && *node == check.node
            {
                return *fits;
            }
            let peer = peer_of(check);
            nodes += 1;
            watches.add(|| if nodes < NODE_WATCHES_MAX { Watch::node(peer, &check.node) } else { Watch::nodes(peer) });
            let node = self.nodes.by_name(peer, &check.node);
            let fits = node.is_some_and(|node| satisfies(&node.meta, pairs));
            last = Some((check.node.clone(), fits));
            fits
        });
    }
}

/// Clones by counting.
pub(super) fn shared<'a>(checks: impl Iterator<Item = &'a Arc<HealthCheck>>) -> Vec<Shared<HealthCheck>> {
    checks.cloned().map(Shared).collect()
}

impl Transaction<'_> {
    /// Adds a check or changes it. The error says why not, without the words in front that name the step.
    ///
    /// It is one of the peer that its record names.
    pub(super) fn ensure_check(&mut self, mut check: HealthCheck) -> Result<(), String> {
        if check.node.is_empty() || check.check_id.is_empty() {
            return Err("failed health check lookup: index error: object is missing a value for this index".into());
        }
        if check.status.is_empty() {
            check.status = GoStr::from_static(CRITICAL);
        }
        let peer_name = check.peer_name.clone();
        let peer = Peer::named(&peer_name);
        if !self.tables.has_node(peer, &check.node) {
            return Err("Missing node registration".into());
        }
        self.tables.join_service(&mut check)?;
        let existing = self.tables.checks.get(peer, &check.node, &check.check_id);
        let is_news = existing.is_none_or(|existing| !same::check(existing, &check));
        check.raft_index.create_index = existing.map_or(self.index, |existing| existing.raft_index.create_index);
        check.raft_index.modify_index = self.index;
        if check.status == CRITICAL && peer.is_local() {
            self.end_sessions_of_check(&check.node, &check.check_id);
        }
        if is_news {
            self.put_check(check);
        }
        Ok(())
    }

    /// Stores a check as it is.
    pub(super) fn put_check(&mut self, check: HealthCheck) {
        let check = Arc::new(check);
        let old = self.tables.checks.insert(check.clone());
        self.touch_checks(peer_of(&check));
        if let Some(old) = old {
            self.left(&old, &check);
        }
        self.touch_what_it_counts_for(&check);
        self.note_check(&check);
    }

    /// Removes a check. Nothing happens if there is none.
    pub(super) fn delete_check(&mut self, peer: Peer<'_>, node: &[u8], id: &[u8]) {
        let Some(old) = self.tables.checks.remove(peer, node, id) else { return };
        self.touch_checks(peer);
        if old.service_id.is_empty() {
            self.touch_services(peer);
        } else {
            // The name that the service had when the check was last changed; it may go by another one now.
            self.touch_service(peer, &old.service_name);
        }
        self.touch_what_it_counts_for(&old);
        self.note_check(&old);
        if peer.is_local() {
            self.end_sessions_of_check(node, id);
        }
    }

    /// A check that counted for one service, or for a whole node, now counts for another: what it is gone from moves too.
    fn left(&mut self, old: &HealthCheck, new: &HealthCheck) {
        self.note_check(old);
        if !fold::same(&old.service_id, &new.service_id) {
            self.touch_what_it_counts_for(old);
        }
    }

    /// A check counts for its service, or for every service on its node.
    fn touch_what_it_counts_for(&mut self, check: &HealthCheck) {
        if check.service_id.is_empty() {
            self.touch_services_on(peer_of(check), &check.node);
        } else {
            self.touch_service_of_check(check);
        }
    }

    fn note_check(&mut self, check: &HealthCheck) {
        let peer = peer_of(check);
        self.changes.note(Change::Checks(peer.folded()));
        self.changes.note(Change::NodeChecks(PeeredName::new(peer, &check.node)));
        self.changes.note(Change::ChecksInState(PeeredName::new(peer, &check.status)));
        if !check.service_name.is_empty() {
            self.changes.note(Change::ServiceChecks(PeeredName::new(peer, &check.service_name)));
        }
    }
}
