//! What registering and deregistering ask of the caller.
//!
//! Who keeps a service's registration up to date need not be allowed to change its node, as long as the node stays as it is. Source:
//! `vetRegisterWithACL`, `vetDeregisterWithACL`.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, Snapshot, WatchSet};
use proconsul_structs::{
    Shared,
    catalog::{DeregisterRequest, RegisterRequest},
    check::HealthCheck,
    node::Node,
    service::{NodeService, ServiceKind},
};
use proconsul_types::WireText;

use super::register::same_name;
use crate::{Access, Rights, echo::repeating};

/// The service that Consul's servers register themselves.
const CONSUL: &str = "consul";

/// What is asked about the service alone, before its checks are looked at.
pub(crate) fn service(rights: &Rights, service: &NodeService) -> Result<(), Fault> {
    if service.service != CONSUL {
        rights.demand(Access::ServiceWrite(&service.service))?;
    }
    if service.kind == ServiceKind::ConnectProxy {
        rights.demand(Access::ServiceWrite(&service.proxy.destination_service_name))?;
    }
    Ok(())
}

/// What is asked about the whole. Checks must be of the registration's node, and of a service that is in the registration or there
/// already, whatever the rights.
pub(super) fn registration(rights: &Rights, request: &RegisterRequest, now: &Snapshot) -> Result<(), Fault> {
    let peer = Peer::named(&request.peer_name);
    let held = now.node_by_name_or_id(peer, &request.node);
    let has = |id: &GoStr| of_id(now, peer, held.as_deref(), id);
    if held.as_ref().is_none_or(|held| changes_node(request, held)) {
        rights.demand(Access::NodeWrite(&request.node))?;
    }
    if let Some(service) = &request.service {
        rights.demand(Access::ServiceWrite(&service.service))?;
        if let Some(other) = has(&service.id)
            && !rights.allows(Access::ServiceWrite(&other.service))
        {
            return Err(WireText::PERMISSION_DENIED.into());
        }
    }
    request.checks.iter().flatten().try_for_each(|check| vet_check(rights, request, check, has))
}

fn vet_check(
    rights: &Rights,
    request: &RegisterRequest,
    check: &HealthCheck,
    has: impl Fn(&GoStr) -> Option<Shared<NodeService>>,
) -> Result<(), Fault> {
    let name = || request.service.as_ref().map(|service| service.service.clone()).unwrap_or_default();
    if !same_name(&check.node, &request.node) {
        let (own, id, node) = (check.node.to_str_lossy(), check.check_id.to_str_lossy(), request.node.to_str_lossy());
        return Err(repeating(&WireText::check_of_other_node(&own, &id, &node), &name()));
    }
    let id = &check.service_id;
    if id.is_empty() {
        return rights.demand(Access::NodeWrite(&request.node));
    }
    if request.service.as_ref().is_some_and(|registered| registered.id == *id) {
        return Ok(());
    }
    match has(id) {
        Some(other) => rights.demand(Access::ServiceWrite(&other.service)),
        None => {
            let text = WireText::unknown_service_of_check(&id.to_str_lossy(), &check.check_id.to_str_lossy());
            Err(repeating(&text, &name()))
        }
    }
}

/// A node's service with this id, letter case included.
fn of_id(now: &Snapshot, peer: Peer<'_>, node: Option<&Node>, id: &GoStr) -> Option<Shared<NodeService>> {
    let (_, service) = now.node_service(peer, &node?.node, id, &mut WatchSet::off());
    service.filter(|service| service.id == *id)
}

fn changes_node(request: &RegisterRequest, held: &Node) -> bool {
    let same = request.id == held.id
        && same_name(&request.node, &held.node)
        && request.peer_name == held.peer_name
        && request.address == held.address
        && request.datacenter == held.datacenter
        && request.tagged_addresses == held.tagged_addresses
        && request.node_meta == held.meta
        && request.locality == held.locality;
    !request.skip_node_update && !same
}

/// Who may change the node may take anything off it; others need what goes to be theirs, and to be there.
pub(super) fn deregistration(rights: &Rights, request: &DeregisterRequest, now: &Snapshot) -> Result<(), Fault> {
    let Err(denied) = rights.demand(Access::NodeWrite(&request.node)) else { return Ok(()) };
    let (peer, watches) = (Peer::named(&request.peer_name), &mut WatchSet::off());
    if !request.service_id.is_empty() {
        let (_, service) = now.node_service(peer, &request.node, &request.service_id, watches);
        let id = &request.service_id;
        let unknown = || repeating(&WireText::unknown_service_id(&id.to_str_lossy()), id);
        return rights.demand(Access::ServiceWrite(&service.ok_or_else(unknown)?.service));
    }
    if !request.check_id.is_empty() {
        let (_, check) = now.node_check(peer, &request.node, &request.check_id, watches);
        let id = &request.check_id;
        let check = check.ok_or_else(|| repeating(&WireText::unknown_check_id(&id.to_str_lossy()), id))?;
        if !check.service_id.is_empty() {
            return rights.demand(Access::ServiceWrite(&check.service_name));
        }
    }
    Err(denied)
}
