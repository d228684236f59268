//! Modify indexes of tables, services and nodes: what blocking queries compare.
//!
//! Each is the index of the last entry that touched its subject; zero stands for a record that does not exist. Names
//! follow Consul's `index` table, so that a snapshot file can carry them over. What is of the catalog has its own indexes
//! for each peer, and some that span all of them.

use super::held::Held;
use super::keys::{compose, decompose, of_peer};
use super::kinds::index_word;
use super::services::destination_of;
use crate::peer::Peer;
use crate::radix::Radix;
use proconsul_structs::service::ServiceNode;

/// The index records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    /// `kvs`: some key was set or deleted.
    pub kvs: u64,
    /// `tombstones`: some deletion left a tombstone.
    pub tombstones: u64,
    /// `sessions`: some session was made or ended.
    pub sessions: u64,
    /// `coordinates`: some node moved, or one that had a coordinate is gone.
    pub coordinates: u64,
    /// Some instance of this cluster's own changed: `services` in Consul's table of usage.
    pub instances: u64,
    /// Something that is counted changed in number. Consul has no such record.
    pub usage: u64,
    /// `service-virtual-ips`: some service got or lost its virtual address.
    pub virtual_ips: u64,
    /// `service-virtual-ips.imported`: the same for services of peers.
    pub imported_virtual_ips: u64,
    /// `gateway-services`: some gateway came to serve something else.
    pub gateway_services: u64,
    /// `nodes`, `services` and `checks` of all peers together.
    pub all: PeerIndexes,
    local: PeerIndexes,
    names: Held<NameIndexes>,
    /// All others, by the name that Consul gives them: those of tables of records, and what a snapshot file had beside.
    named: Held<Radix<u64>>,
}

/// Indexes of the catalog's tables, for one peer: `peer.<peer>:<name>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerIndexes {
    /// `nodes`: some node changed, or a service on one.
    pub nodes: u64,
    /// `services`: some service instance changed, or a check of a node was removed.
    pub services: u64,
    /// `checks`: some check changed, or a service was removed.
    pub checks: u64,
    /// `service_last_extinction`: some service lost its last instance. The index of a service that does not exist.
    pub service_extinction: u64,
    /// `node_last_extinction`: some node was removed. The index of a node that does not exist.
    pub node_extinction: u64,
    /// Some name lost an instance, or what stood for it, without its own index telling. Consul has no such record.
    pub passed_over: u64,
}

/// The records of single services, nodes, kinds and peers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct NameIndexes {
    /// Peers' own, by name.
    peers: Radix<PeerIndexes>,
    /// `service.<name>`: an instance of the service, its node, or a check of either changed.
    service: Radix<u64>,
    /// The same for instances that are reached as proxies for, or as, a mesh service. Consul has no such record; see
    /// [`Tables::connect_index`](crate::Tables::connect_index).
    connect: Radix<u64>,
    /// `node.<name>`: the node changed, or a service on it.
    node: Radix<u64>,
    /// `service_kind.<kind>`: a service of the kind changed, or a check that counts for one.
    service_kind: Radix<u64>,
    /// `kind_service_names.<kind>`: the kind got or lost a name.
    kind_names: Radix<u64>,
}

impl Indexes {
    /// An index by the name that Consul gives it; zero if there is none. Not for those that have a field here.
    pub fn named(&self, name: &str) -> u64 {
        self.named.get(name.as_bytes()).copied().unwrap_or(0)
    }

    /// Moves an index up, and never down.
    pub(super) fn raise(&mut self, name: &str, index: u64) {
        if index > self.named(name) {
            self.set(name.as_bytes(), index);
        }
    }

    pub(super) fn take_named(&mut self, name: &str) -> Option<u64> {
        self.named.contains(name.as_bytes()).then(|| self.named.remove(name.as_bytes()))?
    }

    pub(super) fn set(&mut self, name: &[u8], index: u64) {
        self.named.insert(name, index);
    }

    /// The indexes of one peer's tables.
    pub fn of(&self, peer: Peer<'_>) -> PeerIndexes {
        if peer.is_local() {
            return self.local;
        }
        self.names.peers.get(&compose(&[peer.name()])).copied().unwrap_or_default()
    }

    /// Index of one service; zero if it has no instance.
    pub fn service(&self, peer: Peer<'_>, name: &[u8]) -> u64 {
        self.names.service.get(&of_peer(peer, [name])).copied().unwrap_or(0)
    }

    /// Index of one mesh destination; zero if nothing stands for it.
    pub fn connect(&self, peer: Peer<'_>, name: &[u8]) -> u64 {
        self.names.connect.get(&of_peer(peer, [name])).copied().unwrap_or(0)
    }

    /// Index of one node; zero if it does not exist.
    pub fn node(&self, peer: Peer<'_>, name: &[u8]) -> u64 {
        self.names.node.get(&of_peer(peer, [name])).copied().unwrap_or(0)
    }

    /// Index of the services of one kind, `typical` for those without.
    pub fn service_kind(&self, peer: Peer<'_>, kind: &[u8]) -> u64 {
        self.names.service_kind.get(&of_peer(peer, [kind])).copied().unwrap_or(0)
    }

    /// Index of the names of one kind, `typical` for services without one. Local names only.
    pub fn kind_names(&self, kind: &[u8]) -> u64 {
        self.names.kind_names.get(&compose(&[kind])).copied().unwrap_or(0)
    }

    /// Changes the indexes of one peer's tables; those that span all peers follow.
    pub(super) fn touch(&mut self, peer: Peer<'_>, change: impl Fn(&mut PeerIndexes)) {
        change(&mut self.all);
        if peer.is_local() {
            change(&mut self.local);
        } else {
            self.names.peers.upsert(&compose(&[peer.name()]), PeerIndexes::default, change);
        }
    }

    pub(super) fn touch_service(&mut self, peer: Peer<'_>, name: &[u8], index: u64) {
        self.names.service.insert(&of_peer(peer, [name]), index);
    }

    pub(super) fn touch_connect(&mut self, peer: Peer<'_>, name: &[u8], index: u64) {
        self.names.connect.insert(&of_peer(peer, [name]), index);
    }

    pub(super) fn touch_node(&mut self, peer: Peer<'_>, name: &[u8], index: u64) {
        self.names.node.insert(&of_peer(peer, [name]), index);
    }

    pub(super) fn touch_service_kind(&mut self, peer: Peer<'_>, kind: &[u8], index: u64) {
        self.names.service_kind.insert(&of_peer(peer, [kind]), index);
    }

    pub(super) fn touch_kind_names(&mut self, kind: &[u8], index: u64) {
        self.names.kind_names.insert(&compose(&[kind]), index);
    }

    pub(super) fn forget_service(&mut self, peer: Peer<'_>, name: &[u8]) {
        self.names.service.remove(&of_peer(peer, [name]));
    }

    pub(super) fn forget_connect(&mut self, peer: Peer<'_>, name: &[u8]) {
        self.names.connect.remove(&of_peer(peer, [name]));
    }

    pub(super) fn forget_node(&mut self, peer: Peer<'_>, name: &[u8]) {
        self.names.node.remove(&of_peer(peer, [name]));
    }
}

/// What snapshots go through.
impl Indexes {
    /// Moves what a service that a snapshot has tells of its indexes up; records of the indexes themselves come later.
    pub(super) fn raise_service(&mut self, peer: Peer<'_>, row: &ServiceNode) {
        let index = row.raft_index.modify_index;
        self.touch(peer, |it| it.services = it.services.max(index));
        if index > self.service(peer, &row.service_name) {
            self.touch_service(peer, &row.service_name, index);
        }
        if let Some(name) = destination_of(row)
            && index > self.connect(peer, name)
        {
            self.touch_connect(peer, name, index);
        }
        let kind = index_word(&row.service_kind);
        if index > self.service_kind(peer, &kind) {
            self.touch_service_kind(peer, &kind, index);
        }
    }

    /// The same of a node.
    pub(super) fn raise_node(&mut self, peer: Peer<'_>, name: &[u8], index: u64) {
        self.touch(peer, |it| it.nodes = it.nodes.max(index));
        if index > self.node(peer, name) {
            self.touch_node(peer, name, index);
        }
    }

    /// Those of each peer's tables, with the peer's name.
    pub(super) fn each_peer(&self, mut visit: impl FnMut(&[u8], PeerIndexes)) {
        visit(b"", self.local);
        let mut cursor = self.names.peers.below(&[]);
        while let Some((key, indexes)) = cursor.advance() {
            if let [peer] = &decompose(key)[..] {
                visit(peer, *indexes);
            }
        }
    }

    /// Changes one peer's, and nobody else's.
    pub(super) fn of_mut(&mut self, peer: Peer<'_>, change: impl FnOnce(&mut PeerIndexes)) {
        if peer.is_local() {
            change(&mut self.local);
        } else {
            self.names.peers.upsert(&compose(&[peer.name()]), PeerIndexes::default, change);
        }
    }

    /// Those of single services, with peer and name.
    pub(super) fn each_service(&self, visit: impl FnMut(&[u8], &[u8], u64)) {
        each(&self.names.service, visit);
    }

    pub(super) fn each_connect(&self, visit: impl FnMut(&[u8], &[u8], u64)) {
        each(&self.names.connect, visit);
    }

    pub(super) fn each_node(&self, visit: impl FnMut(&[u8], &[u8], u64)) {
        each(&self.names.node, visit);
    }

    pub(super) fn each_service_kind(&self, visit: impl FnMut(&[u8], &[u8], u64)) {
        each(&self.names.service_kind, visit);
    }

    pub(super) fn each_kind_names(&self, mut visit: impl FnMut(&[u8], u64)) {
        let mut cursor = self.names.kind_names.below(&[]);
        while let Some((key, index)) = cursor.advance() {
            if let [kind] = &decompose(key)[..] {
                visit(kind, *index);
            }
        }
    }

    /// Indexes without a field, by Consul's names.
    pub(super) fn each_named(&self, mut visit: impl FnMut(&[u8], u64)) {
        let mut cursor = self.named.below(&[]);
        while let Some((name, index)) = cursor.advance() {
            visit(name, *index);
        }
    }
}

/// Visits a tree by peer and name.
fn each(tree: &Radix<u64>, mut visit: impl FnMut(&[u8], &[u8], u64)) {
    let mut cursor = tree.below(&[]);
    while let Some((key, index)) = cursor.advance() {
        if let [peer, name] = &decompose(key)[..] {
            visit(peer, name, *index);
        }
    }
}
