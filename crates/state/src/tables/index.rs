//! Modify indexes of tables, services and nodes: what blocking queries compare.
//!
//! Each is the index of the last entry that touched its subject; zero stands for a record that does not exist. Names
//! follow Consul's `index` table, so that a snapshot file can carry them over.

use super::held::Held;
use super::keys::compose;
use crate::radix::Radix;

/// The index records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    /// `kvs`: some key was set or deleted.
    pub kvs: u64,
    /// `tombstones`: some deletion left a tombstone.
    pub tombstones: u64,
    /// `nodes`: some node changed, or a service on one.
    pub nodes: u64,
    /// `services`: some service instance changed, or a check of a node was removed.
    pub services: u64,
    /// `checks`: some check changed, or a service was removed.
    pub checks: u64,
    /// `service-virtual-ips`: some service got or lost its virtual address.
    pub virtual_ips: u64,
    /// `service_last_extinction`: some service lost its last instance. The index of a service that does not exist.
    pub service_extinction: u64,
    /// `node_last_extinction`: some node was removed. The index of a node that does not exist.
    pub node_extinction: u64,
    /// Some name lost an instance, or what stood for it, without its own index telling. Consul has no such record.
    pub passed_over: u64,
    names: Held<NameIndexes>,
}

/// The records of single services and nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct NameIndexes {
    /// `service.<name>`: an instance of the service, its node, or a check of either changed.
    service: Radix<u64>,
    /// The same for instances that are reached as proxies for, or as, a mesh service. Consul has no such record; see
    /// [`Tables::connect_index`](crate::Tables::connect_index).
    connect: Radix<u64>,
    /// `node.<name>`: the node changed, or a service on it.
    node: Radix<u64>,
}

impl Indexes {
    /// Index of one service; zero if it has no instance.
    pub fn service(&self, name: &[u8]) -> u64 {
        self.names.service.get(&compose(&[name])).copied().unwrap_or(0)
    }

    /// Index of one mesh destination; zero if nothing stands for it.
    pub fn connect(&self, name: &[u8]) -> u64 {
        self.names.connect.get(&compose(&[name])).copied().unwrap_or(0)
    }

    /// Index of one node; zero if it does not exist.
    pub fn node(&self, name: &[u8]) -> u64 {
        self.names.node.get(&compose(&[name])).copied().unwrap_or(0)
    }

    pub(super) fn touch_service(&mut self, name: &[u8], index: u64) {
        self.names.service.insert(&compose(&[name]), index);
    }

    pub(super) fn touch_connect(&mut self, name: &[u8], index: u64) {
        self.names.connect.insert(&compose(&[name]), index);
    }

    pub(super) fn touch_node(&mut self, name: &[u8], index: u64) {
        self.names.node.insert(&compose(&[name]), index);
    }

    pub(super) fn forget_service(&mut self, name: &[u8]) {
        self.names.service.remove(&compose(&[name]));
    }

    pub(super) fn forget_connect(&mut self, name: &[u8]) {
        self.names.connect.remove(&compose(&[name]));
    }

    pub(super) fn forget_node(&mut self, name: &[u8]) {
        self.names.node.remove(&compose(&[name]));
    }
}
