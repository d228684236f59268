//! `Catalog.ListServices` and `Catalog.ServiceNodes`.
use std::{collections::BTreeMap, sync::Arc};

use metrics::Counter;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Encode, Fault};
use proconsul_state::{Peer, Snapshot, WatchSet, satisfies, tags_by_name};
use proconsul_structs::{
    List, Shared,
    catalog::{IndexedServiceList, IndexedServiceNodes, IndexedServices, ServiceName, ServiceSpecificRequest},
    methods::catalog::{ListServices, ServiceList, ServiceNodes},
    query::DcSpecificRequest,
    service::ServiceNode,
};
use proconsul_types::{WireText, metric};

use super::{filtered, is_unmodified, list, meta};
use crate::{
    Rights, View,
    blocking::{Found, Query},
    central,
    filter::RowFilter,
    fragments::{Assembled, Fragments},
    near::sort_near,
    visible,
};

/// Names of services with their tags, of the instances that the nodes' metadata and a filter leave.
pub(super) struct Names;

impl Query for Names {
    type Method = ListServices;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedServices>, Fault> {
        if !request.peer_name.is_empty() {
            return Err(WireText::PEERED_SERVICE_NAMES.into());
        }
        let options = &request.query_options;
        let filter = RowFilter::<ServiceNode>::new(&options.filter)?;
        let (index, rows) = match &request.node_meta_filters {
            Some(pairs) if !pairs.is_empty() => at.services_by_node_meta(Peer::LOCAL, pairs, watches),
            _ if !options.filter.is_empty() => at.services_with_nodes(Peer::LOCAL, watches),
            _ => at.services(Peer::LOCAL, watches),
        };
        let also = (!options.filter.is_empty()).then(|| at.with_nodes_index(Peer::LOCAL));
        if is_unmodified(options, index) {
            let reply = IndexedServices { services: None, query_meta: meta(index, true) };
            return Ok(Found { something: true, also, reply });
        }
        let mut rows = list(rows);
        let hidden = visible::service_nodes(rights, &mut rows);
        let rows = filter.keep(rows, |row| row)?.unwrap_or_default();
        let reply = IndexedServices { services: Some(names(&rows)), query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also, reply })
    }
}

/// No service is without a list of tags, though it may be empty.
fn names(rows: &[Shared<ServiceNode>]) -> BTreeMap<GoStr, List<GoStr>> {
    tags_by_name(rows).into_iter().map(|(name, tags)| (name, Some(tags))).collect()
}

/// Names of services in a list. Never nil, though there may be nothing.
pub(super) struct AllNames;

impl Query for AllNames {
    type Method = ServiceList;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedServiceList>, Fault> {
        let (index, names) = at.service_names(Peer::named(&request.peer_name), watches);
        let mut services: Vec<_> = names.into_iter().map(|name| ServiceName { name }).collect();
        let hidden = visible::service_list(rights, &mut services);
        let reply = IndexedServiceList { services: Some(services), query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also: None, reply })
    }
}

/// Instances of one service, of whatever stands for it in the mesh, or of whatever has an address.
pub(crate) struct Instances {
    asked_service: Counter,
    asked_connect: Counter,
    fragments: Arc<Fragments<Shared<ServiceNode>>>,
}

impl Instances {
    pub(crate) fn new() -> Self {
        Self {
            asked_service: metrics::counter!(metric::CATALOG_SERVICE_QUERY.name),
            asked_connect: metrics::counter!(metric::CATALOG_CONNECT_QUERY.name),
            fragments: Fragments::new(),
        }
    }
}

impl Query for Instances {
    type Method = ServiceNodes;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedServiceNodes>, Fault> {
        if request.service_name.is_empty() && request.service_address.is_empty() {
            return Err(WireText::MUST_PROVIDE_SERVICE_NAME.into());
        }
        let peer = Peer::named(&request.peer_name);
        let filter = RowFilter::new(&request.query_options.filter)?;
        let (mut index, mut rows) = find(request, view.at, watches);
        if request.merge_central_config {
            for row in &mut rows {
                let (own, merged) = central::in_service_node(view.at, row.clone(), watches);
                (index, *row) = (index.max(own), merged);
            }
        }
        if let Some(pairs) = &request.node_meta_filters {
            rows.retain(|row| satisfies(&row.node_meta, pairs));
        }
        let mut rows = list(rows);
        let hidden = visible::service_nodes(view.rights, &mut rows);
        let mut rows = filter.keep(rows, |row| row)?;
        sort_near(view, &request.source, rows.as_deref_mut().unwrap_or_default(), |row| (&row.node, &row.peer_name));
        let also = Some(if request.connect {
            view.at.connect_index(peer, &request.service_name)
        } else {
            view.at.passed_over_index(peer)
        });
        let reply = IndexedServiceNodes { service_nodes: rows, query_meta: filtered(index, hidden) };
        Ok(Found { something: true, also, reply })
    }

    /// Who may not see a service is told of nothing that stands for it.
    fn instead(&self, rights: &Rights, request: &ServiceSpecificRequest) -> Option<IndexedServiceNodes> {
        let named = !request.service_name.is_empty() || !request.service_address.is_empty();
        let hidden = request.connect && !visible::service(rights, &request.peer_name, &request.service_name);
        (named && hidden).then(IndexedServiceNodes::default)
    }

    fn encodable(&self, request: &ServiceSpecificRequest, reply: IndexedServiceNodes) -> Box<dyn Encode + Send> {
        if request.merge_central_config {
            return Box::new(reply); // services that were made for this answer
        }
        Box::new(Assembled { reply, fragments: Arc::clone(&self.fragments) })
    }

    fn index(&self, View { at, .. }: View<'_>, request: &ServiceSpecificRequest) -> Option<u64> {
        let by_name = !request.connect && request.service_address.is_empty() && !request.service_name.is_empty();
        // Nobody is told when nodes move.
        (by_name && request.source.node.is_empty() && !request.merge_central_config)
            .then(|| at.service_nodes_index(Peer::named(&request.peer_name), &request.service_name))
    }

    fn count(&self, request: &ServiceSpecificRequest) {
        let asked = if request.connect { &self.asked_connect } else { &self.asked_service };
        asked.increment(1);
    }
}

/// What is asked for, before metadata and filter.
fn find(request: &ServiceSpecificRequest, at: &Snapshot, watches: &mut WatchSet) -> (u64, Vec<Shared<ServiceNode>>) {
    let (peer, name) = (Peer::named(&request.peer_name), &request.service_name);
    if request.connect {
        at.connect_service_nodes(peer, name, watches)
    } else if !request.service_address.is_empty() {
        at.service_address_nodes(peer, &request.service_address, watches)
    } else if !request.tag_filter {
        at.service_nodes(peer, name, watches)
    } else if request.service_tag.is_empty() {
        at.service_tag_nodes(peer, name, request.service_tags.as_deref().unwrap_or_default(), watches)
    } else {
        // From clients before 1.3, which know one tag.
        at.service_tag_nodes(peer, name, std::slice::from_ref(&request.service_tag), watches)
    }
}
