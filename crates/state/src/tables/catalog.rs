//! A registration or deregistration as a whole.

use super::transaction::Transaction;
use crate::fold;
use proconsul_msgpack::GoStr;
use proconsul_structs::catalog::{DeregisterRequest, RegisterRequest};
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_types::{GoQuoted, WireText};

impl Transaction<'_> {
    /// Node, service and checks of one request, all or nothing.
    ///
    /// What is imported from a peered cluster is refused: there are no tables for it.
    pub(super) fn register(&mut self, request: &RegisterRequest) -> Result<(), WireText> {
        let checks = || request.check.iter().chain(request.checks.iter().flatten());
        let peers = [&request.peer_name].into_iter();
        let peers = peers.chain(request.service.as_ref().map(|service| &service.peer_name));
        if peers.chain(checks().map(|check| &check.peer_name)).any(|peer| !peer.is_empty()) {
            return Err(WireText::PEER_NAME_IN_REGISTRATION);
        }
        if !(request.skip_node_update && self.tables.has_node(&request.node)) {
            self.ensure_node(node_of(request)).map_err(|cause| WireText::failed_inserting_node(&cause))?;
        }
        if let Some(service) = &request.service {
            self.ensure_service(&request.node, service).map_err(|cause| WireText::failed_inserting_service(&cause))?;
        }
        checks().try_for_each(|check| self.register_check(&request.node, check))
    }

    fn register_check(&mut self, node: &GoStr, check: &HealthCheck) -> Result<(), WireText> {
        if !fold::same(&check.node, node) {
            let (own, other) = (check.node.to_str_lossy(), node.to_str_lossy());
            let text = format!("check node {} does not match node {}", GoQuoted(&own), GoQuoted(&other));
            return Err(WireText::other(text));
        }
        self.ensure_check(check.clone())
            .map_err(|cause| WireText::failed_inserting_check(&check.node.to_str_lossy(), &cause))
    }

    /// A service if one is named, else a check, else the node with all that is on it. What is not there is not an error.
    pub(super) fn deregister(&mut self, request: &DeregisterRequest) {
        if !request.peer_name.is_empty() {
            return;
        }
        if !request.service_id.is_empty() {
            self.delete_service(&request.node, &request.service_id);
        } else if !request.check_id.is_empty() {
            self.delete_check(&request.node, &request.check_id);
        } else {
            self.delete_node(&request.node);
        }
    }
}

fn node_of(request: &RegisterRequest) -> Node {
    Node {
        id: request.id.clone(),
        node: request.node.clone(),
        address: request.address.clone(),
        datacenter: request.datacenter.clone(),
        tagged_addresses: request.tagged_addresses.clone(),
        meta: request.node_meta.clone(),
        locality: request.locality.clone(),
        ..Node::default()
    }
}
