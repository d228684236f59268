//! `Catalog.ListNodes`.
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, WatchSet};
use proconsul_structs::{catalog::IndexedNodes, methods::catalog::ListNodes, node::Node, query::DcSpecificRequest};

use super::{filtered, is_unmodified, list, meta};
use crate::{
    View,
    blocking::{Found, Query},
    filter::RowFilter,
    near::sort_near,
    visible,
};

/// Nodes, by metadata and by a filter, of this cluster or of a peered one.
pub(crate) struct Nodes;

impl Query for Nodes {
    type Method = ListNodes;

    fn evaluate(
        &self,
        view: View<'_>,
        request: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodes>, Fault> {
        let peer = Peer::named(&request.peer_name);
        let filter = RowFilter::<Node>::new(&request.query_options.filter)?;
        let (index, nodes) = match &request.node_meta_filters {
            Some(pairs) if !pairs.is_empty() => view.at.nodes_by_meta(peer, pairs, watches),
            _ => view.at.nodes(peer, watches),
        };
        if is_unmodified(&request.query_options, index) {
            let reply = IndexedNodes { nodes: None, query_meta: meta(index, true) };
            return Ok(Found { something: true, also: None, reply });
        }
        let mut nodes = list(nodes);
        let hidden = visible::nodes(view.rights, &mut nodes);
        let mut nodes = filter.keep(nodes, |node| node)?;
        sort_near(view, &request.source, nodes.as_deref_mut().unwrap_or_default(), |node| {
            (&node.node, &node.peer_name)
        });
        Ok(Found { something: true, also: None, reply: IndexedNodes { nodes, query_meta: filtered(index, hidden) } })
    }
}
