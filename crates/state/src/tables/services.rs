//! Service instances, filed by node and id, by service, and by what the mesh reaches through them.
//!
//! An instance is stored as the row that answers show, its node's facts joined in: reads copy nothing, and a change of
//! a node rewrites the rows of its instances. Source: `catalog.go`, `structs.go`; golden group `catalog`.

mod read;
mod row;

use super::keys::compose;
use super::metadata;
use super::transaction::{Transaction, folded};
use super::virtual_ip::TAGGED_ADDRESS_VIRTUAL_IP;
use crate::fold;
use crate::radix::Radix;
use crate::watch::Change;
use proconsul_msgpack::GoStr;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::service::{NodeService, ServiceAddress, ServiceKind, ServiceNode};
pub use read::{NodeWithServices, tags_by_name};
pub(super) use row::Instance;

/// Instances by node and id; by service, node and id; and by mesh destination, node and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServiceTable {
    by_node: Radix<Instance>,
    by_service: Radix<Instance>,
    by_destination: Radix<Instance>,
}

impl ServiceTable {
    pub(super) fn get(&self, node: &[u8], id: &[u8]) -> Option<&Instance> {
        self.by_node.get(&compose(&[node, id]))
    }

    /// Ids of a node's services.
    pub(super) fn ids_on(&self, node: &[u8]) -> Vec<GoStr> {
        self.on(node).map(|instance| instance.row.service_id.clone()).collect()
    }

    fn on(&self, node: &[u8]) -> impl Iterator<Item = &Instance> {
        self.by_node.values_below(&compose(&[node]))
    }

    fn insert(&mut self, instance: Instance) {
        let row = instance.row.clone();
        self.by_service.insert(&compose(&[&row.service_name, &row.node, &row.service_id]), instance.clone());
        if let Some(destination) = destination_of(&row) {
            self.by_destination.insert(&compose(&[destination, &row.node, &row.service_id]), instance.clone());
        }
        self.by_node.insert(&compose(&[&row.node, &row.service_id]), instance);
    }

    fn remove(&mut self, node: &[u8], id: &[u8]) -> Option<Instance> {
        let instance = self.by_node.remove(&compose(&[node, id]))?;
        let row = &instance.row;
        self.by_service.remove(&compose(&[&row.service_name, &row.node, &row.service_id]));
        if let Some(destination) = destination_of(row) {
            self.by_destination.remove(&compose(&[destination, &row.node, &row.service_id]));
        }
        Some(instance)
    }

    fn has_instance_of(&self, service: &[u8]) -> bool {
        self.by_service.any_below(&compose(&[service]))
    }

    fn has_way_to(&self, destination: &[u8]) -> bool {
        self.by_destination.any_below(&compose(&[destination]))
    }
}

/// What the mesh reaches through an instance: a proxy's destination, or the service itself where it is native.
fn destination_of(row: &ServiceNode) -> Option<&GoStr> {
    let name = match row.service_kind {
        ServiceKind::ConnectProxy => &row.service_proxy.destination_service_name,
        _ if row.service_connect.native => &row.service_name,
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

impl Transaction<'_> {
    /// Adds an instance or changes it. The error says why not, without the words in front that name the step.
    pub(super) fn ensure_service(&mut self, node: &GoStr, service: &NodeService) -> Result<(), String> {
        if let Some(meta) = &service.meta {
            metadata::validate(&service.kind, meta).map_err(|fault| {
                format!("Invalid Service Meta for node {node} and serviceID {}: {fault}", service.id)
            })?;
        }
        let host = self.tables.nodes.by_name(node).cloned().ok_or("Missing node registration")?;
        let mut instance = Instance::new(node, service, &host);
        self.add_virtual_ip(&mut instance)?;
        let index = self.index;
        let existing = self.tables.services.get(node, &service.id);
        if existing.is_some_and(|existing| existing.says_the_same(&instance)) {
            return Ok(());
        }
        instance.set_indexes(existing.map_or(index, |existing| existing.row.raft_index.create_index), index);
        let old = self.tables.services.remove(node, &service.id);
        self.tables.services.insert(instance.clone());
        self.instance_changed(&instance.row);
        if let Some(old) = old {
            self.names_left(&old.row, Some(&instance.row));
        }
        Ok(())
    }

    /// Removes an instance with its checks. Nothing happens if there is none.
    pub(super) fn delete_service(&mut self, node: &[u8], id: &[u8]) {
        if self.tables.services.get(node, id).is_none() {
            return;
        }
        for check in self.tables.checks.ids_of(node, id) {
            self.delete_check(node, &check);
        }
        self.tables.indexes.checks = self.index;
        let Some(old) = self.tables.services.remove(node, id) else { return };
        self.instance_changed(&old.row);
        self.names_left(&old.row, None);
    }

    /// A node's facts changed: they are part of its instances' rows.
    pub(super) fn node_of_services_changed(&mut self, node: &Node) {
        let instances: Vec<Instance> = self.tables.services.on(&node.node).cloned().collect();
        for mut instance in instances {
            instance.join(node);
            self.tables.services.insert(instance.clone());
            self.touch_names_of(&instance.row);
            self.note_names_of(&instance.row);
        }
    }

    /// Something that counts for every service on a node changed, and no row did.
    pub(super) fn touch_services_on(&mut self, node: &[u8]) {
        let instances: Vec<Instance> = self.tables.services.on(node).cloned().collect();
        for instance in instances {
            self.touch_names_of(&instance.row);
        }
    }

    /// A check of an instance changed, and no row did.
    pub(super) fn touch_service_of_check(&mut self, check: &HealthCheck) {
        if let Some(instance) = self.tables.services.get(&check.node, &check.service_id).cloned() {
            self.touch_names_of(&instance.row);
        }
    }

    fn add_virtual_ip(&mut self, instance: &mut Instance) -> Result<(), String> {
        let Some(destination) = destination_of(&instance.row).cloned() else { return Ok(()) };
        let address = self
            .assign_virtual_ip(&destination)
            .map_err(|cause| format!("failed updating virtual IP: failed updating virtual IP: {cause}"))?;
        let address = ServiceAddress { address: GoStr::from(address.to_string()), port: instance.row.service_port };
        instance.add_tagged_address(GoStr::from_static(TAGGED_ADDRESS_VIRTUAL_IP), address);
        Ok(())
    }

    /// An instance was added, changed or removed.
    fn instance_changed(&mut self, row: &ServiceNode) {
        self.tables.indexes.services = self.index;
        self.changes.note(Change::AllServices);
        self.touch_node(&row.node);
        self.touch_names_of(row);
        self.note_names_of(row);
    }

    fn touch_names_of(&mut self, row: &ServiceNode) {
        self.touch_service(&row.service_name);
        if let Some(destination) = destination_of(row) {
            self.tables.indexes.touch_connect(destination, self.index);
        }
    }

    fn note_names_of(&mut self, row: &ServiceNode) {
        self.changes.note(Change::Service(folded(&row.service_name)));
        if let Some(destination) = destination_of(row) {
            self.changes.note(Change::Service(folded(destination)));
        }
    }

    /// An instance no longer goes by the names it had. What is left of a name that lost its last instance is the index
    /// of its extinction. Consul counts only what is removed: an instance that takes another name leaves the indexes of
    /// its old one as they are, and so does the last proxy for a name. Who waits is told by `passed_over`.
    fn names_left(&mut self, old: &ServiceNode, new: Option<&ServiceNode>) {
        let kept = |name: &GoStr, new: Option<&GoStr>| new.is_some_and(|new| fold::same(name, new));
        if !kept(&old.service_name, new.map(|new| &new.service_name)) {
            self.changes.note(Change::Service(folded(&old.service_name)));
            let is_left = self.tables.services.has_instance_of(&old.service_name);
            match (new, is_left) {
                (None, true) => self.touch_service(&old.service_name),
                (None, false) => {
                    self.tables.indexes.forget_service(&old.service_name);
                    self.tables.indexes.service_extinction = self.index;
                }
                (Some(_), _) => self.tables.indexes.passed_over = self.index,
            }
            if !is_left {
                self.free_virtual_ip_of_nothing(&old.service_name);
            }
        }
        let Some(destination) = destination_of(old) else { return };
        if !kept(destination, new.and_then(destination_of)) {
            self.changes.note(Change::Service(folded(destination)));
            if self.tables.services.has_way_to(destination) {
                self.tables.indexes.touch_connect(destination, self.index);
            } else {
                self.tables.indexes.forget_connect(destination);
                self.tables.indexes.passed_over = self.index;
                self.free_virtual_ip_of_nothing(destination);
            }
        }
    }

    /// Gives a name's virtual address back once neither an instance has the name nor a proxy stands for it.
    fn free_virtual_ip_of_nothing(&mut self, name: &GoStr) {
        if !self.tables.services.has_instance_of(name) && !self.tables.services.has_way_to(name) {
            self.free_virtual_ip(name);
        }
    }
}
