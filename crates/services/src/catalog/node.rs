//! `Catalog.NodeServices` and `Catalog.NodeServiceList`.
use std::collections::BTreeMap;

use proconsul_netrpc::Fault;
use proconsul_state::{NodeServicesRead, Peer, WatchSet};
use proconsul_structs::{
    Shared,
    catalog::{IndexedNodeServiceList, IndexedNodeServices, NodeServiceList, NodeServices, NodeSpecificRequest},
    methods::catalog,
    service::NodeService,
};
use proconsul_types::WireText;

use super::{filtered, list};
use crate::{
    View,
    blocking::{Found, Query},
    central,
    filter::RowFilter,
    visible,
};

/// A node, by name or by the beginning of its id, with its services by their ids.
pub(crate) struct Services;

impl Query for Services {
    type Method = catalog::NodeServices;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodeServices>, Fault> {
        let (filter, NodeServicesRead { index, also, found }) = read(at, request, watches)?;
        let mut hidden = false;
        let mut shown = None;
        if let Some(found) = found {
            if visible::node(rights, &found.node.peer_name, &found.node.node) {
                let by_id = found.services.into_iter().map(|service| (service.id.clone(), service));
                let mut services: BTreeMap<_, _> = by_id.collect();
                hidden = visible::node_services(rights, &found.node, &mut services);
                shown = Some(NodeServices { node: Some(found.node), services: Some(keep(&filter, services)?) });
            } else {
                hidden = true;
            }
        }
        let reply = IndexedNodeServices { node_services: shown, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also, reply })
    }
}

/// The same with the services in a list.
pub(super) struct ServiceList;

impl Query for ServiceList {
    type Method = catalog::NodeServiceList;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodeServiceList>, Fault> {
        let (filter, NodeServicesRead { mut index, also, found }) = read(at, request, watches)?;
        let mut hidden = false;
        let mut shown = NodeServiceList::default();
        if let Some(found) = found {
            if visible::node(rights, &found.node.peer_name, &found.node.node) {
                let mut services = found.services;
                if request.merge_central_config {
                    for service in &mut services {
                        let (own, merged) = central::in_service(at, service.clone(), watches);
                        (index, *service) = (index.max(own), merged);
                    }
                }
                let mut services = list(services);
                hidden = visible::node_service_list(rights, &mut services);
                shown = NodeServiceList { node: Some(found.node), services };
            } else {
                hidden = true;
            }
        }
        shown.services = filter.keep(shown.services, |service| service)?;
        let reply = IndexedNodeServiceList { node_services: shown, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also, reply })
    }
}

/// What both ask for.
fn read(
    at: &proconsul_state::Snapshot,
    request: &NodeSpecificRequest,
    watches: &mut WatchSet,
) -> Result<(RowFilter<NodeService>, NodeServicesRead), Fault> {
    if request.node.is_empty() {
        return Err(WireText::MUST_PROVIDE_NODE.into());
    }
    let filter = RowFilter::new(&request.query_options.filter)?;
    Ok((filter, at.node_services(Peer::named(&request.peer_name), &request.node, watches)))
}

type ById = BTreeMap<proconsul_msgpack::GoStr, Shared<NodeService>>;

/// The services that match.
fn keep(filter: &RowFilter<NodeService>, services: ById) -> Result<ById, Fault> {
    let mut kept = BTreeMap::new();
    for (id, service) in services {
        if filter.matches(&service)? {
            kept.insert(id, service);
        }
    }
    Ok(kept)
}
