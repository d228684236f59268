//! `Catalog.ListNodes`.
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, WatchSet};
use proconsul_structs::{catalog::IndexedNodes, methods::catalog::ListNodes, node::Node, query::DcSpecificRequest};

use super::{is_unmodified, meta};
use crate::{
    View,
    blocking::{Found, Query},
    filter::RowFilter,
};

/// Nodes, by metadata and by a filter, of this cluster or of a peered one.
pub(super) struct Nodes;

impl Query for Nodes {
    type Method = ListNodes;

    fn evaluate(
        &self,
        View { at, .. }: View<'_>,
        request: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodes>, Fault> {
        let peer = Peer::named(&request.peer_name);
        let filter = RowFilter::<Node>::new(&request.query_options.filter)?;
        let (index, nodes) = match &request.node_meta_filters {
            Some(pairs) if !pairs.is_empty() => at.nodes_by_meta(peer, pairs, watches),
            _ => at.nodes(peer, watches),
        };
        let not_modified = is_unmodified(&request.query_options, index);
        let nodes = if not_modified { None } else { filter.keep(nodes)? };
        Ok(Found { something: true, also: None, reply: IndexedNodes { nodes, query_meta: meta(index, not_modified) } })
    }
}
