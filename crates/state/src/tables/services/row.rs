//! One instance as it is stored.

use proconsul_msgpack::GoStr;
use proconsul_structs::node::Node;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::{NodeService, ServiceAddress, ServiceNode, Weights};
use std::sync::Arc;

/// The weights of a service that says nothing about them, or what makes no sense.
const DEFAULT_WEIGHTS: Weights = Weights { passing: 1, warning: 1 };
/// The largest weight, which is what DNS can carry.
const WEIGHT_MAX: i64 = 65_535;

/// An instance, in each of the forms in which answers show it, so that none has to be made for an answer. What the forms
/// have in common is mostly text, which they share.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tables) struct Instance {
    /// As `Catalog.ServiceNodes` shows it: with its node's facts, and no list or map of the service's own is nil, but for
    /// empty tagged addresses, which are always nil.
    pub(in crate::tables) row: Arc<ServiceNode>,
    /// As it is shown on its node: as it was registered, with what the store filled in.
    pub(in crate::tables) service: Arc<NodeService>,
    /// Its node.
    pub(in crate::tables) node: Arc<Node>,
}

impl Instance {
    /// `node` is the host's name as the registration spelled it.
    pub(super) fn new(node: &GoStr, service: NodeService, host: &Arc<Node>) -> Self {
        let service = NodeService {
            weights: Some(service.weights.filter(makes_sense).unwrap_or(DEFAULT_WEIGHTS)),
            locally_registered_as_sidecar: false,
            ..service
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
            service_weights: service.weights.unwrap_or(DEFAULT_WEIGHTS),
            service_meta: Some(service.meta.clone().unwrap_or_default()),
            service_port: service.port,
            service_socket_path: service.socket_path.clone(),
            service_enable_tag_override: service.enable_tag_override,
            service_proxy: service.proxy.clone(),
            service_connect: service.connect.clone(),
            service_locality: service.locality.clone(),
            peer_name: service.peer_name.clone(),
            raft_index: service.raft_index,
        };
        Instance { row: Arc::new(row), service: Arc::new(service), node: Arc::clone(host) }
    }

    pub(in crate::tables) fn add_tagged_address(&mut self, name: GoStr, address: ServiceAddress) {
        let row = Arc::make_mut(&mut self.row);
        row.service_tagged_addresses.get_or_insert_default().insert(name.clone(), address.clone());
        let service = Arc::make_mut(&mut self.service);
        service.tagged_addresses.get_or_insert_default().insert(name, address);
    }

    pub(super) fn set_indexes(&mut self, raft_index: RaftIndex) {
        Arc::make_mut(&mut self.row).raft_index = raft_index;
        Arc::make_mut(&mut self.service).raft_index = raft_index;
    }

    /// Takes a node's facts into the row.
    pub(super) fn join(&mut self, node: &Arc<Node>) {
        let row = Arc::make_mut(&mut self.row);
        row.id = node.id.clone();
        row.address = node.address.clone();
        row.datacenter = node.datacenter.clone();
        row.tagged_addresses = node.tagged_addresses.clone();
        row.node_meta = node.meta.clone();
        self.node = Arc::clone(node);
    }
}

fn makes_sense(weights: &Weights) -> bool {
    (1..=WEIGHT_MAX).contains(&weights.passing) && (0..=WEIGHT_MAX).contains(&weights.warning)
}
