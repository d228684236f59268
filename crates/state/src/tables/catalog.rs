//! A registration or deregistration as a whole.

use super::transaction::Transaction;
use crate::fold;
use crate::peer::Peer;
use proconsul_msgpack::GoStr;
use proconsul_structs::catalog::{DeregisterRequest, RegisterRequest};
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::service::NodeService;
use proconsul_types::{GoQuoted, WireText};

impl Transaction<'_> {
    /// Node, service and checks of one request, all or nothing. What it is imported from, if anything, is the request's peer
    /// name, which its service and checks may leave out.
    pub(super) fn register(&mut self, request: &RegisterRequest) -> Result<(), WireText> {
        let peer = Peer::named(&request.peer_name);
        one_peer(request)?;
        if !(request.skip_node_update && self.tables.has_node(peer, &request.node)) {
            self.ensure_node(node_of(request)).map_err(|cause| WireText::failed_inserting_node(&cause))?;
        }
        if let Some(service) = &request.service {
            let imported = imported_service(service, &request.peer_name);
            let service = imported.as_ref().unwrap_or(service);
            self.ensure_service(&request.node, service).map_err(|cause| WireText::failed_inserting_service(&cause))?;
        }
        let mut checks = request.check.iter().chain(request.checks.iter().flatten());
        checks.try_for_each(|check| self.register_check(request, check))
    }

    fn register_check(&mut self, request: &RegisterRequest, check: &HealthCheck) -> Result<(), WireText> {
        if !fold::same(&check.node, &request.node) {
            let (own, other) = (check.node.to_str_lossy(), request.node.to_str_lossy());
            let text = format!("check node {} does not match node {}", GoQuoted(&own), GoQuoted(&other));
            return Err(WireText::other(text));
        }
        let check = HealthCheck { peer_name: request.peer_name.clone(), ..check.clone() };
        let node = check.node.clone();
        self.ensure_check(check).map_err(|cause| WireText::failed_inserting_check(&node.to_str_lossy(), &cause))
    }

    /// A service if one is named, else a check, else the node with all that is on it. What is not there is not an error.
    pub(super) fn deregister(&mut self, request: &DeregisterRequest) {
        let peer = Peer::named(&request.peer_name);
        if !request.service_id.is_empty() {
            self.delete_service(peer, &request.node, &request.service_id);
        } else if !request.check_id.is_empty() {
            self.delete_check(peer, &request.node, &request.check_id);
        } else {
            self.delete_node(peer, &request.node);
        }
    }
}

/// That everything in a request is of one peer. Letter case counts here, as in Consul.
fn one_peer(request: &RegisterRequest) -> Result<(), WireText> {
    let service = request.service.iter().map(|service| &service.peer_name);
    let checks = request.check.iter().chain(request.checks.iter().flatten()).map(|check| &check.peer_name);
    if service.chain(checks).all(|peer| peer.is_empty() || *peer == request.peer_name) {
        Ok(())
    } else {
        Err(WireText::SEVERAL_PEERS_IN_REGISTRATION)
    }
}

/// The service with its registration's peer, where it does not name one itself.
fn imported_service(service: &NodeService, peer: &GoStr) -> Option<NodeService> {
    (service.peer_name != *peer).then(|| NodeService { peer_name: peer.clone(), ..service.clone() })
}

fn node_of(request: &RegisterRequest) -> Node {
    Node {
        id: request.id.clone(),
        node: request.node.clone(),
        address: request.address.clone(),
        datacenter: request.datacenter.clone(),
        tagged_addresses: request.tagged_addresses.clone(),
        meta: request.node_meta.clone(),
        peer_name: request.peer_name.clone(),
        locality: request.locality.clone(),
        ..Node::default()
    }
}
