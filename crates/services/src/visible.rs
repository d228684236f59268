//! What of the catalog a caller may see.
//!
//! Each list asks what Consul asks of each of its items, and in its order. What was imported from a peered cluster is not for
//! rights on names, which are this cluster's: whoever may change some service, or sees all, sees it. Source: `aclfilter`,
//! `policy_authorizer.go`.
use std::collections::BTreeMap;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_structs::{
    List, Shared, catalog::ServiceName, check::HealthCheck, gateway::GatewayService, health::CheckServiceNode,
    internal::ServiceInfo, node::Node, service::NodeService, service::ServiceNode,
};

use crate::{Access, Rights};

/// Whether a caller sees a node.
pub(crate) fn node(rights: &Rights, peer: &GoStr, name: &GoStr) -> bool {
    if peer.is_empty() {
        rights.allows(Access::NodeRead(name))
    } else {
        rights.allows(Access::ServiceWriteAny) || rights.allows(Access::NodeReadAll)
    }
}

/// Whether a caller sees a service.
pub(crate) fn service(rights: &Rights, peer: &GoStr, name: &GoStr) -> bool {
    if peer.is_empty() {
        rights.allows(Access::ServiceRead(name))
    } else {
        rights.allows(Access::ServiceWriteAny) || rights.allows(Access::ServiceReadAll)
    }
}

/// That a caller sees a service.
///
/// # Errors
/// The caller does not: Consul's text says what is lacking.
pub(crate) fn demand_service(rights: &Rights, peer: &GoStr, name: &GoStr) -> Result<(), Fault> {
    if !peer.is_empty() && service(rights, peer, name) {
        return Ok(());
    }
    rights.demand(Access::ServiceRead(name))
}

/// What belongs to no service is not hidden for a service's sake.
fn service_if_any(rights: &Rights, peer: &GoStr, name: &GoStr) -> bool {
    name.is_empty() || service(rights, peer, name)
}

/// Leaves out of a list what the caller may not see. True if anything was left out.
fn filter<T>(rights: &Rights, list: &mut List<T>, may_see: impl Fn(&Rights, &T) -> bool) -> bool {
    list.as_mut().is_some_and(|list| rights.filter(list, may_see))
}

/// Nodes, by themselves.
pub(crate) fn nodes(rights: &Rights, list: &mut List<Shared<Node>>) -> bool {
    filter(rights, list, |rights, item| node(rights, &item.peer_name, &item.node))
}

/// Instances, by their nodes and services.
pub(crate) fn service_nodes(rights: &Rights, list: &mut List<Shared<ServiceNode>>) -> bool {
    filter(rights, list, |rights, item| {
        node(rights, &item.peer_name, &item.node) && service_if_any(rights, &item.peer_name, &item.service_name)
    })
}

/// Checks, by their nodes and by the services that they are for.
pub(crate) fn health_checks(rights: &Rights, list: &mut List<Shared<HealthCheck>>) -> bool {
    filter(rights, list, |rights, item| {
        node(rights, &item.peer_name, &item.node) && service_if_any(rights, &item.peer_name, &item.service_name)
    })
}

/// Instances with their checks, by their nodes and services.
pub(crate) fn check_service_nodes(rights: &Rights, list: &mut List<CheckServiceNode>) -> bool {
    filter(rights, list, |rights, item| match (&item.node, &item.service) {
        (Some(of), Some(own)) => {
            node(rights, &own.peer_name, &of.node) && service(rights, &own.peer_name, &own.service)
        }
        _ => false,
    })
}

/// A node's services by their ids, where Consul asks for a service that is called as the id is.
pub(crate) fn node_services(rights: &Rights, of: &Node, services: &mut BTreeMap<GoStr, Shared<NodeService>>) -> bool {
    if rights.allows_all() {
        return false;
    }
    let before = services.len();
    services.retain(|id, own| node(rights, &own.peer_name, &of.node) && service_if_any(rights, &own.peer_name, id));
    services.len() != before
}

/// A node's services in a list, by their names.
pub(crate) fn node_service_list(rights: &Rights, list: &mut List<Shared<NodeService>>) -> bool {
    filter(rights, list, |rights, item| service_if_any(rights, &item.peer_name, &item.service))
}

/// A node's services in a dump: with each of them the node is asked for again, as in Consul.
pub(crate) fn services_of(rights: &Rights, of: &GoStr, list: &mut List<Shared<NodeService>>) -> bool {
    filter(rights, list, |rights, item| {
        node(rights, &item.peer_name, of) && service_if_any(rights, &item.peer_name, &item.service)
    })
}

/// Names of services.
pub(crate) fn service_list(rights: &Rights, list: &mut Vec<ServiceName>) -> bool {
    rights.filter(list, |rights, item| rights.allows(Access::ServiceRead(&item.name)))
}

/// What a gateway serves; the gateway itself was asked for before.
pub(crate) fn gateway_services(rights: &Rights, list: &mut Vec<Shared<GatewayService>>) -> bool {
    rights.filter(list, |rights, item| rights.allows(Access::ServiceRead(&item.service.name)))
}

/// What a gateway serves with its instances, by the gateway, the service, and the node if there is one.
pub(crate) fn service_infos(rights: &Rights, list: &mut List<Shared<ServiceInfo>>) -> bool {
    filter(rights, list, |rights, item| {
        let Some(by) = &item.gateway_service else { return false };
        let sees = |name| rights.allows(Access::ServiceRead(name));
        let imported_from = |own: &Shared<NodeService>| own.peer_name.clone();
        let peer = item.service.as_ref().map_or(GoStr::EMPTY, imported_from);
        sees(&by.gateway.name)
            && sees(&by.service.name)
            && item.node.as_ref().is_none_or(|of| node(rights, &peer, &of.node))
    })
}
