//! Service instances, filed by node and id, by service, and by what the mesh reaches through them.
//!
//! An instance is stored as the row that answers show, its node's facts joined in: reads copy nothing, and a change of
//! a node rewrites the rows of its instances. Source: `catalog.go`, `structs.go`; golden group `catalog`.

mod read;
mod row;

use super::keys::of_peer;
use super::kinds::index_word;
use super::transaction::Transaction;
use super::usage::Counts;
use super::virtual_ip::TAGGED_ADDRESS_VIRTUAL_IP;
use super::{metadata, same};
use crate::fold;
use crate::peer::{Peer, PeeredName};
use crate::radix::Radix;
use crate::watch::Change;
use proconsul_msgpack::GoStr;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::{NodeService, ServiceAddress, ServiceKind, ServiceNode};
pub(super) use read::has_tags;
pub use read::{NodeServicesRead, NodeWithServices, tags_by_name};
pub(super) use row::Instance;
use std::sync::Arc;

/// Instances by node and id; by service, node and id; and by mesh destination, node and id; each below their peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServiceTable {
    by_node: Radix<Instance>,
    by_service: Radix<Instance>,
    by_destination: Radix<Instance>,
    counts: Counts,
}

impl ServiceTable {
    pub(super) fn get(&self, peer: Peer<'_>, node: &[u8], id: &[u8]) -> Option<&Instance> {
        self.by_node.get(&of_peer(peer, [node, id]))
    }

    /// Ids of a node's services.
    pub(super) fn ids_on(&self, peer: Peer<'_>, node: &[u8]) -> Vec<GoStr> {
        self.on(peer, node).map(|instance| instance.row.service_id.clone()).collect()
    }

    /// A node's services, in order of folded ids.
    pub(super) fn on(&self, peer: Peer<'_>, node: &[u8]) -> impl Iterator<Item = &Instance> {
        self.by_node.values_below(&of_peer(peer, [node]))
    }

    /// Every instance of a peer, in order of folded nodes and ids.
    pub(super) fn of(&self, peer: Peer<'_>) -> impl Iterator<Item = &Instance> {
        self.by_node.values_below(&of_peer(peer, []))
    }

    /// Every instance, peer by peer.
    pub(super) fn all(&self) -> impl Iterator<Item = &Instance> {
        self.by_node.values()
    }

    /// The instances of one service, in order of folded nodes and ids.
    pub(super) fn named(&self, peer: Peer<'_>, service: &[u8]) -> impl Iterator<Item = &Instance> {
        self.by_service.values_below(&of_peer(peer, [service]))
    }

    /// Every instance of a peer, in order of folded services, nodes and ids.
    pub(super) fn by_name(&self, peer: Peer<'_>) -> impl Iterator<Item = &Instance> {
        self.by_service.values_below(&of_peer(peer, []))
    }

    /// What the mesh reaches under a name, in order of folded nodes and ids.
    pub(super) fn reached(&self, peer: Peer<'_>, destination: &[u8]) -> impl Iterator<Item = &Instance> {
        self.by_destination.values_below(&of_peer(peer, [destination]))
    }

    /// How many there are.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Files a service as a snapshot has it.
    pub(super) fn restore(&mut self, host: &Arc<Node>, service: NodeService) -> Arc<ServiceNode> {
        let instance = Instance::new(&host.node, service, host);
        let row = instance.row.clone();
        self.remove(peer_of(&row), &row.node, &row.service_id);
        self.insert(instance);
        row
    }

    fn insert(&mut self, instance: Instance) {
        let row = instance.row.clone();
        let peer = peer_of(&row);
        if peer.is_local() && !self.has_instance_of(peer, &row.service_name) {
            self.counts.names += 1;
        }
        self.counts.count(&row, 1);
        self.by_service.insert(&of_peer(peer, [&row.service_name, &row.node, &row.service_id]), instance.clone());
        if let Some(destination) = destination_of(&row) {
            self.by_destination.insert(&of_peer(peer, [destination, &row.node, &row.service_id]), instance.clone());
        }
        if let Some(old) = self.by_node.insert(&of_peer(peer, [&row.node, &row.service_id]), instance) {
            self.counts.count(&old.row, -1);
        }
    }

    fn remove(&mut self, peer: Peer<'_>, node: &[u8], id: &[u8]) -> Option<Instance> {
        let instance = self.by_node.remove(&of_peer(peer, [node, id]))?;
        let row = &instance.row;
        self.by_service.remove(&of_peer(peer, [&row.service_name, &row.node, &row.service_id]));
        if let Some(destination) = destination_of(row) {
            self.by_destination.remove(&of_peer(peer, [destination, &row.node, &row.service_id]));
        }
        self.counts.count(row, -1);
        if peer.is_local() && !self.has_instance_of(peer, &row.service_name) {
            self.counts.names -= 1;
        }
        Some(instance)
    }

    pub(super) fn has_instance_of(&self, peer: Peer<'_>, service: &[u8]) -> bool {
        self.by_service.any_below(&of_peer(peer, [service]))
    }

    pub(super) fn has_way_to(&self, peer: Peer<'_>, destination: &[u8]) -> bool {
        self.by_destination.any_below(&of_peer(peer, [destination]))
    }
}

fn peer_of(row: &ServiceNode) -> Peer<'_> {
    Peer::named(&row.peer_name)
}

/// What the mesh reaches through an instance: a proxy's destination, or the service itself where it is native.
pub(super) fn destination_of(row: &ServiceNode) -> Option<&GoStr> {
    let name = match row.service_kind {
        ServiceKind::ConnectProxy => &row.service_proxy.destination_service_name,
        _ if row.service_connect.native => &row.service_name,
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

impl Transaction<'_> {
    /// Adds an instance or changes it. The error says why not, without the words in front that name the step.
    ///
    /// It is one of the peer that its record names.
    pub(super) fn ensure_service(&mut self, node: &GoStr, service: &NodeService) -> Result<(), String> {
        if let Some(meta) = &service.meta {
            metadata::validate(&service.kind, meta).map_err(|fault| {
                format!("Invalid Service Meta for node {node} and serviceID {}: {fault}", service.id)
            })?;
        }
        let peer = Peer::named(&service.peer_name);
        let host = self.tables.nodes.by_name(peer, node).cloned().ok_or("Missing node registration")?;
        let mut instance = Instance::new(node, service.clone(), &host);
        self.add_virtual_ip(&mut instance)?;
        self.add_addresses_behind(&mut instance)?;
        let existing = self.tables.services.get(peer, node, &service.id);
        if existing.is_some_and(|existing| same::service(&existing.service, &instance.service)) {
            return Ok(());
        }
        let create_index = existing.map_or(self.index, |existing| existing.row.raft_index.create_index);
        instance.set_indexes(RaftIndex { create_index, modify_index: self.index });
        let old = self.tables.services.remove(peer, node, &service.id);
        self.tables.services.insert(instance.clone());
        self.add_kind_names(&instance.row);
        self.instance_changed(&instance.row);
        if let Some(old) = &old {
            self.names_left(&old.row, Some(&instance.row));
        }
        self.gateways_meet(old.iter().chain([&instance]));
        Ok(())
    }

    /// Removes an instance with its checks. Nothing happens if there is none.
    pub(super) fn delete_service(&mut self, peer: Peer<'_>, node: &[u8], id: &[u8]) {
        if self.tables.services.get(peer, node, id).is_none() {
            return;
        }
        for check in self.tables.checks.ids_of(peer, node, id) {
            self.delete_check(peer, node, &check);
        }
        self.touch_checks(peer);
        let Some(old) = self.tables.services.remove(peer, node, id) else { return };
        self.instance_changed(&old.row);
        self.names_left(&old.row, None);
        self.gateways_meet([&old]);
    }

    /// A node's facts changed: they are part of its instances' rows.
    pub(super) fn node_of_services_changed(&mut self, node: &Arc<Node>) {
        let peer = Peer::named(&node.peer_name);
        let instances: Vec<Instance> = self.tables.services.on(peer, &node.node).cloned().collect();
        for mut instance in instances {
            instance.join(node);
            self.tables.services.insert(instance.clone());
            self.touch_names_of(&instance.row);
            self.note_names_of(&instance.row);
        }
    }

    /// Something that counts for every service on a node changed, and no row did.
    pub(super) fn touch_services_on(&mut self, peer: Peer<'_>, node: &[u8]) {
        let rows: Vec<_> = self.tables.services.on(peer, node).map(|instance| instance.row.clone()).collect();
        rows.iter().for_each(|row| self.touch_names_of(row));
    }

    /// A check of an instance changed, and no row did.
    pub(super) fn touch_service_of_check(&mut self, check: &HealthCheck) {
        let peer = Peer::named(&check.peer_name);
        if let Some(instance) = self.tables.services.get(peer, &check.node, &check.service_id) {
            let row = instance.row.clone();
            self.touch_names_of(&row);
        }
    }

    fn add_virtual_ip(&mut self, instance: &mut Instance) -> Result<(), String> {
        let row = instance.row.clone();
        let Some(destination) = destination_of(&row) else { return Ok(()) };
        let address = self
            .assign_virtual_ip(peer_of(&row), destination)
            .map_err(|cause| format!("failed updating virtual IP: failed updating virtual IP: {cause}"))?;
        let address = ServiceAddress { address: GoStr::from(address.to_string()), port: row.service_port };
        instance.add_tagged_address(GoStr::from_static(TAGGED_ADDRESS_VIRTUAL_IP), address);
        Ok(())
    }

    pub(super) fn add_kind_names(&mut self, row: &ServiceNode) {
        if peer_of(row).is_local() {
            self.add_kind_name(&row.service_kind, &row.service_name);
            if let Some(destination) = destination_of(row) {
                self.add_kind_name(&ServiceKind::ConnectEnabled, destination);
            }
        }
    }

    /// An instance was added, changed or removed.
    fn instance_changed(&mut self, row: &ServiceNode) {
        let peer = peer_of(row);
        if peer.is_local() {
            self.tables.indexes.instances = self.index;
        }
        self.touch_services(peer);
        self.changes.note(Change::AllServices(peer.folded()));
        self.touch_node(peer, &row.node);
        self.touch_names_of(row);
        self.note_names_of(row);
    }

    fn touch_names_of(&mut self, row: &ServiceNode) {
        let peer = peer_of(row);
        self.touch_service(peer, &row.service_name);
        if let Some(destination) = destination_of(row) {
            self.touch_connect(peer, destination);
        }
        self.touch_kind(row);
    }

    fn touch_kind(&mut self, row: &ServiceNode) {
        let (peer, word) = (peer_of(row), index_word(&row.service_kind));
        self.tables.indexes.touch_service_kind(peer, &word, self.index);
        self.changes.note(Change::ServiceKind(PeeredName::new(peer, &GoStr::from(&row.service_kind))));
    }

    fn note_names_of(&mut self, row: &ServiceNode) {
        let peer = peer_of(row);
        self.changes.note(Change::Service(PeeredName::new(peer, &row.service_name)));
        if let Some(destination) = destination_of(row) {
            self.changes.note(Change::Service(PeeredName::new(peer, destination)));
        }
    }

    /// An instance no longer goes by the names it had. What is left of a name that lost its last instance is the index
    /// of its extinction. Consul counts only what is removed: an instance that takes another name leaves the indexes of
    /// its old one as they are, and so does the last proxy for a name. Who waits is told by `passed_over`.
    fn names_left(&mut self, old: &ServiceNode, new: Option<&ServiceNode>) {
        let peer = peer_of(old);
        if !new.is_some_and(|new| fold::same(&old.service_name, &new.service_name)) {
            self.left_name(old, new.is_some());
        }
        if !new.is_some_and(|new| old.service_kind == new.service_kind) {
            self.touch_kind(old);
        }
        self.left_kind(old);
        let Some(destination) = destination_of(old) else { return };
        let kept = new.and_then(destination_of).is_some_and(|new| fold::same(destination, new));
        if kept {
            return;
        }
        self.changes.note(Change::Service(PeeredName::new(peer, destination)));
        if self.tables.services.has_way_to(peer, destination) {
            self.touch_connect(peer, destination);
            return;
        }
        self.changes.note(Change::Connect(PeeredName::new(peer, destination)));
        self.tables.indexes.forget_connect(peer, destination);
        self.pass_over(peer);
        self.free_virtual_ip_of_nothing(peer, destination);
        if peer.is_local() {
            self.remove_kind_name(&ServiceKind::ConnectEnabled, destination);
        }
    }

    /// An instance does not have its name any longer; it may have another.
    fn left_name(&mut self, old: &ServiceNode, renamed: bool) {
        let (peer, name) = (peer_of(old), &old.service_name);
        self.changes.note(Change::Service(PeeredName::new(peer, name)));
        self.changes.note(Change::Health(PeeredName::new(peer, name)));
        let is_left = self.tables.services.has_instance_of(peer, name);
        if renamed {
            self.pass_over(peer);
        } else if is_left {
            self.touch_service(peer, name);
        } else {
            self.tables.indexes.forget_service(peer, name);
            let index = self.index;
            self.tables.indexes.touch(peer, |own| own.service_extinction = index);
        }
        if !is_left {
            self.free_virtual_ip_of_nothing(peer, name);
        }
    }

    /// Strikes a name off its kind when no instance has both any longer.
    fn left_kind(&mut self, old: &ServiceNode) {
        let (peer, kind) = (peer_of(old), &old.service_kind);
        let mut same_name = self.tables.services.named(peer, &old.service_name);
        let is_left = same_name.any(|instance| instance.row.service_kind == *kind);
        drop(same_name);
        let is_destination = *kind == ServiceKind::Destination && self.tables.is_destination(&old.service_name);
        if peer.is_local() && !is_left && !is_destination {
            self.remove_kind_name(kind, &old.service_name);
        }
    }

    /// Gives a name's virtual address back once neither an instance or config entry has the name, nor a proxy stands for it, nor
    /// a terminating gateway's entry names it.
    pub(super) fn free_virtual_ip_of_nothing(&mut self, peer: Peer<'_>, name: &GoStr) {
        let services = &self.tables.services;
        let tables = &self.tables;
        let configured =
            peer.is_local() && (tables.has_virtual_ip_by_config(name) || tables.is_behind_terminating_gateway(name));
        if !configured && !services.has_instance_of(peer, name) && !services.has_way_to(peer, name) {
            self.free_virtual_ip(peer, name);
        }
    }
}
