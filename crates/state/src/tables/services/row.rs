//! One instance as it is stored.

use crate::tables::same;
use proconsul_msgpack::GoStr;
use proconsul_structs::node::Node;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::{NodeService, ServiceAddress, ServiceNode, Weights};
use proconsul_structs::{List, Map};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The weights of a service that says nothing about them, or what makes no sense.
const DEFAULT_WEIGHTS: Weights = Weights { passing: 1, warning: 1 };
/// The largest weight, which is what DNS can carry.
const WEIGHT_MAX: i64 = 65_535;

/// An instance: the row that answers show, and what the row no longer tells about the registration.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tables) struct Instance {
    /// As `Catalog.ServiceNodes` shows it: no list or map of the service's own is nil, but for empty tagged addresses,
    /// which are always nil. Reads that show the service on its node give the registration's nil and empty back.
    pub(in crate::tables) row: Arc<ServiceNode>,
    nil: Nil,
}

/// Which parts of a registration were nil, or in the last case empty, where the row says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Nil {
    tags: bool,
    meta: bool,
    /// The tagged addresses were an empty map.
    no_tagged_addresses: bool,
}

impl Instance {
    pub(super) fn new(node: &GoStr, service: &NodeService, host: &Node) -> Self {
        let nil = Nil {
            tags: service.tags.is_none(),
            meta: service.meta.is_none(),
            no_tagged_addresses: service.tagged_addresses.as_ref().is_some_and(BTreeMap::is_empty),
        };
        let row = ServiceNode {
            id: host.id.clone(),
            node: node.clone(),
            address: host.address.clone(),
            datacenter: host.datacenter.clone(),
            tagged_addresses: host.tagged_addresses.clone(),
            node_meta: host.meta.clone(),
            service_kind: service.kind.clone(),
            service_id: service.id.clone(),
            service_name: service.service.clone(),
            service_tags: Some(service.tags.clone().unwrap_or_default()),
            service_address: service.address.clone(),
            service_tagged_addresses: service.tagged_addresses.clone().filter(|addresses| !addresses.is_empty()),
            service_weights: service.weights.filter(makes_sense).unwrap_or(DEFAULT_WEIGHTS),
            service_meta: Some(service.meta.clone().unwrap_or_default()),
            service_port: service.port,
            service_socket_path: service.socket_path.clone(),
            service_enable_tag_override: service.enable_tag_override,
            service_proxy: service.proxy.clone(),
            service_connect: service.connect.clone(),
            service_locality: service.locality.clone(),
            peer_name: service.peer_name.clone(),
            raft_index: RaftIndex::default(),
        };
        Instance { row: Arc::new(row), nil }
    }

    pub(super) fn add_tagged_address(&mut self, name: GoStr, address: ServiceAddress) {
        self.nil.no_tagged_addresses = false;
        Arc::make_mut(&mut self.row).service_tagged_addresses.get_or_insert_default().insert(name, address);
    }

    pub(super) fn set_indexes(&mut self, create_index: u64, modify_index: u64) {
        Arc::make_mut(&mut self.row).raft_index = RaftIndex { create_index, modify_index };
    }

    /// Takes a node's facts into the row.
    pub(super) fn join(&mut self, node: &Node) {
        let row = Arc::make_mut(&mut self.row);
        row.id = node.id.clone();
        row.address = node.address.clone();
        row.datacenter = node.datacenter.clone();
        row.tagged_addresses = node.tagged_addresses.clone();
        row.node_meta = node.meta.clone();
    }

    pub(super) fn says_the_same(&self, new: &Instance) -> bool {
        self.nil == new.nil && same::service(&self.row, &new.row)
    }

    /// The tags as they were registered.
    pub(in crate::tables) fn registered_tags(&self) -> List<GoStr> {
        if self.nil.tags { None } else { self.row.service_tags.clone() }
    }

    /// The service as it was registered, with what the store filled in.
    pub(super) fn registered(&self) -> NodeService {
        let row = &*self.row;
        let tagged_addresses: Map<ServiceAddress> = match &row.service_tagged_addresses {
            None if self.nil.no_tagged_addresses => Some(BTreeMap::new()),
            addresses => addresses.clone(),
        };
        NodeService {
            kind: row.service_kind.clone(),
            id: row.service_id.clone(),
            service: row.service_name.clone(),
            tags: self.registered_tags(),
            address: row.service_address.clone(),
            tagged_addresses,
            meta: if self.nil.meta { None } else { row.service_meta.clone() },
            port: row.service_port,
            socket_path: row.service_socket_path.clone(),
            weights: Some(row.service_weights),
            enable_tag_override: row.service_enable_tag_override,
            locality: row.service_locality.clone(),
            proxy: row.service_proxy.clone(),
            connect: row.service_connect.clone(),
            locally_registered_as_sidecar: false,
            peer_name: row.peer_name.clone(),
            raft_index: row.raft_index,
        }
    }
}

fn makes_sense(weights: &Weights) -> bool {
    (1..=WEIGHT_MAX).contains(&weights.passing) && (0..=WEIGHT_MAX).contains(&weights.warning)
}
