//! `Internal.GatewayServiceDump` and `Internal.ServiceGateways`: what is behind gateways, and which are in front of a service.
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, Snapshot, WatchSet};
use proconsul_structs::{
    Shared,
    catalog::ServiceSpecificRequest,
    gateway::GatewayService,
    health::{CheckServiceNode, IndexedCheckServiceNodes},
    internal::{IndexedServiceDump, ServiceInfo},
    methods::internal::{GatewayServiceDump, ServiceGateways},
};
use proconsul_types::WireText;

use crate::{
    Access, View,
    blocking::{Found, Query},
    catalog::{filtered, list},
    visible,
};

/// The instances of all that a gateway serves, with their checks. What has none is there all the same.
pub(super) struct Served;

impl Query for Served {
    type Method = GatewayServiceDump;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedServiceDump>, Fault> {
        vet(view, request)?;
        let peer = Peer::named(&request.peer_name);
        let (mut index, served) = view.at.gateway_services(&request.service_name, watches);
        let mut dump = Vec::new();
        for by in served {
            index = index.max(instances(view.at, peer, by, &mut dump, watches));
        }
        let mut dump = list(dump);
        let hidden = visible::service_infos(view.rights, &mut dump);
        let reply = IndexedServiceDump { dump, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also: Some(view.at.passed_over_index(peer)), reply })
    }
}

/// Adds the instances of what one row stands for, or the row alone. Gives their index.
fn instances(
    at: &Snapshot,
    peer: Peer<'_>,
    by: Shared<GatewayService>,
    dump: &mut Vec<Shared<ServiceInfo>>,
    watches: &mut WatchSet,
) -> u64 {
    let (index, found) = at.check_service_nodes(peer, &by.service.name, watches);
    let alone = found.is_empty().then(CheckServiceNode::default);
    dump.extend(found.into_iter().chain(alone).map(|CheckServiceNode { node, service, checks }| {
        Shared::from(ServiceInfo { node, service, checks, gateway_service: Some(by.clone()) })
    }));
    index
}

/// The gateways of one kind that serve a service, with their checks.
pub(super) struct InFront;

impl Query for InFront {
    type Method = ServiceGateways;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedCheckServiceNodes>, Fault> {
        vet(view, request)?;
        let (index, found) = view.at.service_gateways(&request.service_name, &request.service_kind, watches);
        let mut nodes = list(found);
        let hidden = visible::check_service_nodes(view.rights, &mut nodes);
        let reply = IndexedCheckServiceNodes { nodes, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also: Some(view.at.ingress_index()), reply })
    }
}

/// That the request names what it asks about, gateway or service, and that the caller sees it.
fn vet(View { rights, .. }: View<'_>, request: &ServiceSpecificRequest) -> Result<(), Fault> {
    if request.service_name.is_empty() {
        return Err(WireText::MUST_PROVIDE_GATEWAY_NAME.into());
    }
    rights.demand(Access::ServiceRead(&request.service_name))
}
