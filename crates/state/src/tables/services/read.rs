//! Questions about services.

use super::row::Instance;
use crate::fold::same;
use crate::peer::Peer;
use crate::tables::Tables;
use crate::tables::nodes::{Found, ID_PREFIX_BYTES_MIN, satisfies};
use crate::watch::{Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::node::Node;
use proconsul_structs::service::{NodeService, ServiceKind, ServiceNode};
use std::collections::{BTreeMap, HashSet};

/// A node with what is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeWithServices {
    /// The node.
    pub node: Shared<Node>,
    /// Its services in order of folded ids, nil and empty parts as they were registered.
    pub services: Vec<Shared<NodeService>>,
}

/// What [`Tables::node_services`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeServicesRead {
    /// The node's own; without a node, that of the last removal of any, or zero where what was asked for is too short for an
    /// id, or the beginning of several.
    pub index: u64,
    /// Index to wait by as well where any node may come to be the one: that of all nodes.
    pub also: Option<u64>,
    /// The node with its services.
    pub found: Option<NodeWithServices>,
}

impl Tables {
    /// Every instance, in order of folded nodes and ids. Watches what instances exist and say; for an answer that also
    /// depends on nodes' facts take [`services_with_nodes`](Self::services_with_nodes).
    pub fn services(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<Shared<ServiceNode>>) {
        watches.add(|| Watch::all_services(peer));
        (self.indexes.of(peer).services, self.services.of(peer).map(shared).collect())
    }

    /// Every instance, for an answer that depends on their nodes' facts too: watches these. The index does not move with
    /// them, as it does not in Consul; wait by [`with_nodes_index`](Self::with_nodes_index).
    pub fn services_with_nodes(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<Shared<ServiceNode>>) {
        watches.add(|| Watch::nodes(peer));
        self.services(peer, watches)
    }

    /// Index of the last change of any service or node.
    pub fn with_nodes_index(&self, peer: Peer<'_>) -> u64 {
        let own = self.indexes.of(peer);
        own.services.max(own.nodes)
    }

    /// The instances on nodes whose metadata has all of the pairs given; without any pair, none. Watches as
    /// [`services_with_nodes`](Self::services_with_nodes); the index moves with nodes too.
    pub fn services_by_node_meta(
        &self,
        peer: Peer<'_>,
        pairs: &BTreeMap<GoStr, GoStr>,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<ServiceNode>>) {
        let (_, mut rows) = self.services_with_nodes(peer, watches);
        rows.retain(|row| !pairs.is_empty() && satisfies(&row.node_meta, pairs));
        (self.with_nodes_index(peer), rows)
    }

    /// The instances of one service, in order of folded nodes and ids. Watches the service.
    ///
    /// The index is the service's own; it does not tell of an instance that took another name, so wait by
    /// [`passed_over_index`](Self::passed_over_index) as well. Without an instance it is that of the last extinction of any service; before
    /// the first of those, that of all services and nodes.
    pub fn service_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<ServiceNode>>) {
        watches.add(|| Watch::service(peer, service));
        let rows: Vec<_> = self.services.named(peer, service).map(shared).collect();
        (self.service_index(peer, service, !rows.is_empty()), rows)
    }

    /// The instances of one service that have all of the tags, letter case aside. Otherwise as
    /// [`service_nodes`](Self::service_nodes).
    pub fn service_tag_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        tags: &[GoStr],
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<ServiceNode>>) {
        let (index, mut rows) = self.service_nodes(peer, service, watches);
        rows.retain(|row| has_tags(row, tags));
        (index, rows)
    }

    /// What the mesh reaches under a name: the proxies for it, its native instances, and the terminating gateways that serve
    /// it. Watches the service and these gateways.
    ///
    /// The index is as for [`service_nodes`](Self::service_nodes): that of the service that is called so, as in Consul,
    /// whatever happens to what stands for it; wait by [`connect_index`](Self::connect_index).
    pub fn connect_service_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<ServiceNode>>) {
        watches.add(|| Watch::service(peer, service));
        let mut rows: Vec<_> = self.services.reached(peer, service).map(shared).collect();
        let mut index = 0;
        if peer.is_local() {
            let (own, gateways) = self.gateways_serving(service, &ServiceKind::TerminatingGateway, watches);
            index = own;
            rows.extend(gateways.into_iter().map(shared));
        }
        (index.max(self.service_index(peer, service, !rows.is_empty())), rows)
    }

    /// Index of the last change of what the mesh reaches under a name, or of the service that is called so.
    pub fn connect_index(&self, peer: Peer<'_>, service: &[u8]) -> u64 {
        let exists = self.services.has_way_to(peer, service);
        let own = self.service_index(peer, service, exists).max(self.indexes.connect(peer, service));
        let gateways = if peer.is_local() { self.indexes.gateway_services } else { 0 };
        own.max(gateways).max(self.passed_over_index(peer))
    }

    /// Index to wait by for a service's instances, besides the answer's own: that of the last change of any name's that
    /// the names' own indexes pass over.
    pub fn passed_over_index(&self, peer: Peer<'_>) -> u64 {
        self.indexes.of(peer).passed_over
    }

    /// The instances that have this address, their own or a tagged one. Watches all services and nodes. The index is
    /// zero, as in Consul: this question cannot be waited on.
    pub fn service_address_nodes(
        &self,
        peer: Peer<'_>,
        address: &GoStr,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<ServiceNode>>) {
        let (_, mut rows) = self.services_with_nodes(peer, watches);
        rows.retain(|row| {
            row.service_address == *address
                || row.service_tagged_addresses.iter().flatten().any(|(_, tagged)| tagged.address == *address)
        });
        (0, rows)
    }

    /// One service on one node. Watches the node. The index is that of all services.
    pub fn node_service(
        &self,
        peer: Peer<'_>,
        node: &[u8],
        id: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Option<Shared<NodeService>>) {
        watches.add(|| Watch::node(peer, node));
        (self.indexes.of(peer).services, self.services.get(peer, node, id).map(registered))
    }

    /// A node, by name or by the beginning of its id, with its services. Watches the node, and where an id was given
    /// only in part, or to no avail, all nodes.
    pub fn node_services(&self, peer: Peer<'_>, name_or_id: &[u8], watches: &mut WatchSet) -> NodeServicesRead {
        let own = self.indexes.of(peer);
        let none = |index, also| NodeServicesRead { index, also, found: None };
        match self.find_node(peer, name_or_id, watches) {
            Found::Several => none(0, Some(own.nodes)),
            Found::None { could_be_id: true } => none(own.node_extinction, Some(own.nodes)),
            Found::None { could_be_id: false } if name_or_id.len() < ID_PREFIX_BYTES_MIN => none(0, Some(own.nodes)),
            Found::None { could_be_id: false } => none(own.node_extinction, Some(own.nodes)),
            Found::One { node, by_part } => NodeServicesRead {
                index: self.indexes.node(peer, &node.node),
                also: by_part.then_some(own.nodes),
                found: Some(NodeWithServices {
                    node: Shared(node.clone()),
                    services: self.services.on(peer, &node.node).map(registered).collect(),
                }),
            },
        }
    }

    /// The names of all services, each as its first instance spells it, in order of folded names. Watches what instances
    /// exist and say. The index is that of all services.
    pub fn service_names(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<GoStr>) {
        watches.add(|| Watch::all_services(peer));
        let mut names: Vec<GoStr> = Vec::new();
        for instance in self.services.by_name(peer) {
            // Spellings that differ are names of their own in such a list, as in Consul.
            let from =
                names.iter().rposition(|known| !same(known, &instance.row.service_name)).map_or(0, |last| last + 1);
            if !names[from..].contains(&instance.row.service_name) {
                names.push(instance.row.service_name.clone());
            }
        }
        (self.indexes.of(peer).services, names)
    }

    /// The index of [`service_nodes`](Self::service_nodes), without its answer.
    pub fn service_nodes_index(&self, peer: Peer<'_>, service: &[u8]) -> u64 {
        self.service_index(peer, service, self.services.has_instance_of(peer, service))
    }

    pub(in crate::tables) fn service_index(&self, peer: Peer<'_>, service: &[u8], exists: bool) -> u64 {
        let own = self.indexes.of(peer);
        match (exists, own.service_extinction, self.indexes.service(peer, service)) {
            (false, extinction, _) if extinction != 0 => extinction,
            (_, _, service) if service != 0 => service,
            _ => own.services.max(own.nodes),
        }
    }
}

fn registered(instance: &Instance) -> Shared<NodeService> {
    Shared(instance.service.clone())
}

fn shared(instance: &Instance) -> Shared<ServiceNode> {
    Shared(instance.row.clone())
}

/// Whether an instance has all of the tags, letter case aside.
pub(in crate::tables) fn has_tags(row: &ServiceNode, tags: &[GoStr]) -> bool {
    let has = |tag: &GoStr| row.service_tags.iter().flatten().any(|own| same(own, tag));
    tags.iter().all(has)
}

/// The union of the instances' tags for each service among them, each tag where it first appears.
pub fn tags_by_name(rows: &[Shared<ServiceNode>]) -> BTreeMap<GoStr, Vec<GoStr>> {
    let mut services: BTreeMap<GoStr, (Vec<GoStr>, HashSet<GoStr>)> = BTreeMap::new();
    for row in rows {
        let (tags, seen) = match services.get_mut(&row.service_name) {
            Some(known) => known,
            None => services.entry(row.service_name.clone()).or_default(),
        };
        for tag in row.service_tags.iter().flatten() {
            if !seen.contains(tag) {
                seen.insert(tag.clone());
                tags.push(tag.clone());
            }
        }
    }
    services.into_iter().map(|(name, (tags, _))| (name, tags)).collect()
}
