//! What a snapshot file has of the tables, and how it is put back as it was: indexes are what the file says.

mod indexes; // the records of Consul's index table

use super::Tables;
use super::records::RecordTables;
use super::services::{Instance, destination_of};
use super::transaction::Transaction;
use crate::fold::fold;
use crate::peer::Peer;
use proconsul_structs::catalog::RegisterRequest;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::internal::{FreeVirtualIp, ServiceVirtualIp};
use proconsul_structs::node::Node;
use proconsul_structs::raft::ChunkingState;
use proconsul_structs::service::NodeService;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Tables {
    pub(crate) fn saved_records(&self) -> &RecordTables {
        &self.records
    }

    /// Imported services' first, as Consul orders them.
    pub(crate) fn saved_virtual_ips(&self) -> impl Iterator<Item = ServiceVirtualIp> {
        let is_local = |record: &ServiceVirtualIp| record.service.peer.is_empty();
        let imported = self.all_virtual_ips().filter(move |record| !is_local(record));
        imported.chain(self.all_virtual_ips().filter(is_local))
    }

    pub(crate) fn saved_free_virtual_ips(&self) -> impl Iterator<Item = FreeVirtualIp> {
        self.virtual_ips.free()
    }

    /// Each node alone, then with each of its services, then with each of its checks. Imported nodes first, as Consul orders
    /// them.
    pub(crate) fn saved_registrations(&self) -> impl Iterator<Item = RegisterRequest> {
        let imported = self.nodes.all().filter(|node| !node.peer_name.is_empty());
        imported.chain(self.nodes.of(Peer::LOCAL)).flat_map(|node| {
            let peer = Peer::named(&node.peer_name);
            let with_service = |instance: &Instance| {
                let service = Some((*instance.service).clone());
                RegisterRequest { service, ..registration(node) }
            };
            let with_check =
                |check: &Arc<HealthCheck>| RegisterRequest { check: Some((**check).clone()), ..registration(node) };
            let services = self.services.on(peer, &node.node).map(with_service);
            let checks = self.checks.on(peer, &node.node).map(with_check);
            std::iter::once(registration(node)).chain(services).chain(checks)
        })
    }

    pub(crate) fn restore_registration(&mut self, record: RegisterRequest) -> Result<(), &'static str> {
        let node = node_of(&record);
        if node.node.is_empty() {
            return Err("it names no node");
        }
        let RegisterRequest { service, check, checks, .. } = record;
        if service.is_none() && check.is_none() {
            self.restore_node(node);
        } else if let Some(service) = service {
            self.restore_service(&node, service)?;
        }
        check.into_iter().chain(checks.into_iter().flatten()).try_for_each(|check| self.restore_check(check))
    }

    fn restore_node(&mut self, node: Node) {
        let peer = Peer::named(&node.peer_name);
        self.indexes.raise_node(peer, &node.node, node.raft_index.modify_index);
        self.nodes.insert(Arc::new(node));
    }

    fn restore_service(&mut self, node: &Node, service: NodeService) -> Result<(), &'static str> {
        let peer = Peer::named(&node.peer_name);
        let host = self.nodes.by_name(peer, &node.node).cloned().ok_or(NODE_LATER)?;
        if !Peer::named(&service.peer_name).is(peer) {
            return Err("its service is another peer's");
        }
        let index = service.raft_index.modify_index;
        let row = self.services.restore(&host, service);
        self.indexes.raise_service(peer, &row);
        // What is noted for those who wait is for nobody: nobody waits for tables in the making.
        Transaction::new(index, self).add_kind_names(&row);
        Ok(())
    }

    fn restore_check(&mut self, check: HealthCheck) -> Result<(), &'static str> {
        let peer = Peer::named(&check.peer_name);
        if self.nodes.by_name(peer, &check.node).is_none() {
            return Err(NODE_LATER);
        }
        let index = check.raft_index.modify_index;
        self.indexes.touch(peer, |it| it.checks = it.checks.max(index));
        self.checks.insert(Arc::new(check));
        Ok(())
    }

    /// Pieces of large entries that were under way. This program's log has none; what another server saved is kept for the
    /// next.
    pub(crate) fn saved_chunking(&self) -> ChunkingState {
        let chunk_map = self.chunking.chunk_map.clone();
        ChunkingState { chunk_map: Some(chunk_map.unwrap_or_default()) }
    }

    pub(crate) fn restore_chunking(&mut self, state: ChunkingState) {
        let chunk_map = state.chunk_map.filter(|map| !map.is_empty());
        *self.chunking = ChunkingState { chunk_map };
    }

    /// What [`Indexes::connect`](super::Indexes::connect) of each peer's names is when a snapshot does not tell.
    fn connect_as_restored(&self) -> BTreeMap<(Vec<u8>, Vec<u8>), u64> {
        let mut newest = BTreeMap::new();
        for instance in self.services.all() {
            let row = &instance.row;
            if let Some(name) = destination_of(row) {
                let peer = Peer::named(&row.peer_name).name();
                let index = newest.entry((fold(peer).to_vec(), fold(name).to_vec())).or_insert(0);
                *index = row.raft_index.modify_index.max(*index);
            }
        }
        newest
    }
}

const NODE_LATER: &str = "its node is not in front of it";

fn registration(node: &Node) -> RegisterRequest {
    RegisterRequest {
        datacenter: node.datacenter.clone(),
        id: node.id.clone(),
        node: node.node.clone(),
        address: node.address.clone(),
        tagged_addresses: node.tagged_addresses.clone(),
        node_meta: node.meta.clone(),
        locality: node.locality.clone(),
        peer_name: node.peer_name.clone(),
        raft_index: node.raft_index,
        ..RegisterRequest::default()
    }
}

fn node_of(record: &RegisterRequest) -> Node {
    Node {
        id: record.id.clone(),
        node: record.node.clone(),
        address: record.address.clone(),
        datacenter: record.datacenter.clone(),
        tagged_addresses: record.tagged_addresses.clone(),
        meta: record.node_meta.clone(),
        locality: record.locality.clone(),
        peer_name: record.peer_name.clone(),
        raft_index: record.raft_index,
        ..Node::default()
    }
}
