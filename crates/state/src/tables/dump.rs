//! Nodes with all that is on them.

use super::Tables;
use super::checks::shared;
use crate::peer::Peer;
use crate::watch::{Watch, WatchSet};
use proconsul_structs::Shared;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::service::NodeService;
use std::sync::Arc;

/// A node with all that is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeWithAll {
    /// The node.
    pub node: Shared<Node>,
    /// Its services, in order of folded ids.
    pub services: Vec<Shared<NodeService>>,
    /// Its checks and those of its services, in order of folded ids.
    pub checks: Vec<Shared<HealthCheck>>,
}

impl Tables {
    /// One node by name, with its services and checks. Watches these. The index is that of all nodes, services and checks.
    pub fn node_with_all(&self, peer: Peer<'_>, name: &[u8], watches: &mut WatchSet) -> (u64, Option<NodeWithAll>) {
        watches.add(|| Watch::node(peer, name));
        watches.add(|| Watch::node_checks(peer, name));
        (self.catalog_index(peer), self.nodes.by_name(peer, name).map(|node| self.with_all(peer, node)))
    }

    /// Every node with its services and checks, in order of folded names. Watches all of them; the index is theirs.
    pub fn nodes_with_all(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<NodeWithAll>) {
        watches.add(|| Watch::nodes(peer));
        watches.add(|| Watch::all_services(peer));
        watches.add(|| Watch::checks(peer));
        (self.catalog_index(peer), self.nodes.of(peer).map(|node| self.with_all(peer, node)).collect())
    }

    fn with_all(&self, peer: Peer<'_>, node: &Arc<Node>) -> NodeWithAll {
        let services = self.services.on(peer, &node.node).map(|instance| Shared(instance.service.clone())).collect();
        NodeWithAll { node: Shared(node.clone()), services, checks: shared(self.checks.on(peer, &node.node)) }
    }
}
