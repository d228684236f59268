//! `Catalog.ListServices` and `Catalog.ServiceNodes`.
use std::collections::BTreeMap;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, Snapshot, WatchSet, satisfies, tags_by_name};
use proconsul_structs::{
    List, Shared,
    catalog::{IndexedServiceNodes, IndexedServices, ServiceSpecificRequest},
    methods::catalog::{ListServices, ServiceNodes},
    query::DcSpecificRequest,
    service::{ServiceKind, ServiceNode},
};
use proconsul_types::WireText;

use super::{is_unmodified, meta};
use crate::{
    View,
    blocking::{Found, Query},
    filter::RowFilter,
};

/// Names of services with their tags, of the instances that the nodes' metadata and a filter leave.
pub(super) struct Names;

impl Query for Names {
    type Method = ListServices;

    fn evaluate(
        &self,
        View { at, .. }: View<'_>,
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
        let not_modified = is_unmodified(options, index);
        let services = if not_modified { None } else { Some(names(&filter.keep(rows)?.unwrap_or_default())) };
        let also = (!options.filter.is_empty()).then(|| at.with_nodes_index(Peer::LOCAL));
        Ok(Found { something: true, also, reply: IndexedServices { services, query_meta: meta(index, not_modified) } })
    }
}

/// No service is without a list of tags, though it may be empty.
fn names(rows: &[Shared<ServiceNode>]) -> BTreeMap<GoStr, List<GoStr>> {
    tags_by_name(rows).into_iter().map(|(name, tags)| (name, Some(tags))).collect()
}

/// Instances of one service, of whatever stands for it in the mesh, or of whatever has an address.
///
/// Central settings (`MergeCentralConfig`) are config entries, and there are none yet: nothing to merge, see [`merged`].
pub(super) struct Instances;

impl Query for Instances {
    type Method = ServiceNodes;

    fn evaluate(
        &self,
        View { at, .. }: View<'_>,
        request: &ServiceSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedServiceNodes>, Fault> {
        if request.service_name.is_empty() && request.service_address.is_empty() {
            return Err(WireText::MUST_PROVIDE_SERVICE_NAME.into());
        }
        let peer = Peer::named(&request.peer_name);
        let filter = RowFilter::new(&request.query_options.filter)?;
        let (index, mut rows) = find(request, at, watches);
        if request.merge_central_config {
            rows = rows.into_iter().map(merged).collect();
        }
        if let Some(pairs) = &request.node_meta_filters {
            rows.retain(|row| satisfies(&row.node_meta, pairs));
        }
        let service_nodes = filter.keep(rows)?;
        let also = Some(if request.connect {
            at.connect_index(peer, &request.service_name)
        } else {
            at.passed_over_index(peer)
        });
        Ok(Found {
            something: true,
            also,
            reply: IndexedServiceNodes { service_nodes, query_meta: meta(index, false) },
        })
    }
}

/// A row as merging with central settings leaves it where there are none. What the mesh runs itself loses its node's facts in
/// that, as in Consul, and extensions, which are only ever set centrally.
fn merged(row: Shared<ServiceNode>) -> Shared<ServiceNode> {
    if row.service_kind != ServiceKind::ConnectProxy && !row.service_kind.is_gateway() {
        return row;
    }
    let mut row = ServiceNode::clone(&row);
    (row.id, row.address, row.datacenter) = <_>::default();
    (row.tagged_addresses, row.node_meta) = <_>::default();
    row.service_proxy.envoy_extensions = None;
    Shared::from(row)
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
