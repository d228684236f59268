//! Health checks, filed by node and id, and by the service they are for.
//!
//! Source: `catalog.go`; golden cases `catalog/register-check`, `catalog/register-checks-list`,
//! `catalog/deregister-check`.

use super::keys::compose;
use super::transaction::{Transaction, folded};
use super::{Tables, same};
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::check::{CRITICAL, HealthCheck};
use std::sync::Arc;

/// Checks by node and id; the same by service name, node and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CheckTable {
    by_node: Radix<Arc<HealthCheck>>,
    by_service: Radix<Arc<HealthCheck>>,
}

impl CheckTable {
    pub(super) fn get(&self, node: &[u8], id: &[u8]) -> Option<&Arc<HealthCheck>> {
        self.by_node.get(&compose(&[node, id]))
    }

    /// Ids of a node's checks.
    pub(super) fn ids_on(&self, node: &[u8]) -> Vec<GoStr> {
        self.by_node.values_below(&compose(&[node])).map(|check| check.check_id.clone()).collect()
    }

    /// Ids of the checks of one service on a node.
    pub(super) fn ids_of(&self, node: &[u8], service_id: &[u8]) -> Vec<GoStr> {
        let on_node = self.by_node.values_below(&compose(&[node]));
        let of_service = on_node.filter(|check| crate::fold::same(&check.service_id, service_id));
        of_service.map(|check| check.check_id.clone()).collect()
    }

    fn insert(&mut self, check: Arc<HealthCheck>) -> Option<Arc<HealthCheck>> {
        let old = self.by_node.insert(&compose(&[&check.node, &check.check_id]), check.clone());
        if let Some(old) = &old {
            self.unfile(old);
        }
        if !check.service_name.is_empty() {
            self.by_service.insert(&compose(&[&check.service_name, &check.node, &check.check_id]), check);
        }
        old
    }

    fn remove(&mut self, node: &[u8], id: &[u8]) -> Option<Arc<HealthCheck>> {
        let old = self.by_node.remove(&compose(&[node, id]))?;
        self.unfile(&old);
        Some(old)
    }

    fn unfile(&mut self, old: &HealthCheck) {
        self.by_service.remove(&compose(&[&old.service_name, &old.node, &old.check_id]));
    }
}

impl Tables {
    /// The checks of one node, those of its services included, in order of folded ids. Watches them.
    /// The index is that of all checks.
    pub fn node_checks(&self, node: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::node_checks(node));
        (self.indexes.checks, self.checks.by_node.values_below(&compose(&[node])).cloned().map(Shared).collect())
    }

    /// The checks of one service's instances, in order of folded nodes and ids. Watches them.
    /// The index is that of all checks.
    pub fn service_checks(&self, service: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::service_checks(service));
        (self.indexes.checks, self.checks.by_service.values_below(&compose(&[service])).cloned().map(Shared).collect())
    }

    /// Every check, in order of folded nodes and ids. Watches all of them.
    pub fn checks(&self, watches: &mut WatchSet) -> (u64, Vec<Shared<HealthCheck>>) {
        watches.add(|| Watch::Checks);
        (self.indexes.checks, self.checks.by_node.values().cloned().map(Shared).collect())
    }

    /// One check. Watches the checks of its node.
    pub fn node_check(&self, node: &[u8], id: &[u8], watches: &mut WatchSet) -> (u64, Option<Shared<HealthCheck>>) {
        watches.add(|| Watch::node_checks(node));
        (self.indexes.checks, self.checks.get(node, id).cloned().map(Shared))
    }
}

impl Transaction<'_> {
    /// Adds a check or changes it. The error says why not, without the words in front that name the step.
    pub(super) fn ensure_check(&mut self, mut check: HealthCheck) -> Result<(), String> {
        if check.node.is_empty() || check.check_id.is_empty() {
            return Err("failed health check lookup: index error: object is missing a value for this index".into());
        }
        if check.status.is_empty() {
            check.status = GoStr::from_static(CRITICAL);
        }
        if !self.tables.has_node(&check.node) {
            return Err("Missing node registration".into());
        }
        if !check.service_id.is_empty() {
            let service = self.tables.services.get(&check.node, &check.service_id);
            let service = service.ok_or("Missing service registration")?;
            check.service_name = service.row.service_name.clone();
            check.service_tags = service.registered_tags();
        }
        let existing = self.tables.checks.get(&check.node, &check.check_id);
        if existing.is_some_and(|existing| same::check(existing, &check)) {
            return Ok(());
        }
        check.raft_index.create_index = existing.map_or(self.index, |existing| existing.raft_index.create_index);
        check.raft_index.modify_index = self.index;
        let check = Arc::new(check);
        let old = self.tables.checks.insert(check.clone());
        self.tables.indexes.checks = self.index;
        self.check_changed(&check);
        if let Some(old) = old {
            self.note_service_checks(&old);
        }
        Ok(())
    }

    /// Removes a check. Nothing happens if there is none.
    pub(super) fn delete_check(&mut self, node: &[u8], id: &[u8]) {
        let Some(old) = self.tables.checks.remove(node, id) else { return };
        self.tables.indexes.checks = self.index;
        if old.service_id.is_empty() {
            self.tables.indexes.services = self.index;
            self.touch_services_on(&old.node);
        } else {
            // The name that the service had when the check was last changed; it may go by another one now.
            self.touch_service(&old.service_name);
        }
        self.note_check(&old);
    }

    /// A check counts for its service, or for every service on its node.
    fn check_changed(&mut self, check: &HealthCheck) {
        if check.service_id.is_empty() {
            self.touch_services_on(&check.node);
        } else {
            self.touch_service_of_check(check);
        }
        self.note_check(check);
    }

    fn note_check(&mut self, check: &HealthCheck) {
        self.changes.note(Change::Checks);
        self.changes.note(Change::NodeChecks(folded(&check.node)));
        self.note_service_checks(check);
    }

    fn note_service_checks(&mut self, check: &HealthCheck) {
        if !check.service_name.is_empty() {
            self.changes.note(Change::ServiceChecks(folded(&check.service_name)));
        }
    }
}
