//! Coordinate: where nodes are.
//!
//! Source: `coordinate_endpoint.go`; golden group `coordinate`.
mod updates; // what nodes said, until it is written

use std::sync::Arc;

use proconsul_netrpc::{Answer, Fault, Registry, Reply, answering};
use proconsul_state::WatchSet;
use proconsul_structs::{
    List, Method,
    catalog::NodeSpecificRequest,
    coordinate::{AreaId, Coordinate, CoordinateUpdateRequest, DIMENSIONS, DatacenterMap, IndexedCoordinates, Point},
    methods::coordinate::{ListDatacenters, ListNodes, Node, Update},
    query::{DcSpecificRequest, QueryMeta},
    status::Empty,
};
use proconsul_types::{CallInfo, WireText};

use crate::{
    Access, Caller, Context, View,
    at_once::at_once,
    blocking::{Found, Query, query},
};
pub use updates::{
    COORDINATE_BATCH_SIZE, COORDINATE_BATCHES_MAX, COORDINATE_UPDATE_PERIOD, CoordinateUpdates, PENDING_NAME_BYTES_MAX,
};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(Update::INDEX, at_once::<Update, _>(context, update));
    registry.insert(ListNodes::INDEX, query(context, EveryNode));
    registry.insert(Node::INDEX, query(context, OneNode));
    // It names no datacenter, and nobody is asked whether the caller may.
    let here = Arc::clone(context);
    registry.insert(
        ListDatacenters::INDEX,
        answering(move |_: &CallInfo, _: Empty, _: &[u8]| Ok(Answer::Now(Reply::value(datacenters(&here))))),
    );
}

/// Notes where a node says that it is. Whether the node is registered is seen when it is written.
fn update(Caller { context, rights }: Caller<'_>, request: CoordinateUpdateRequest) -> Result<Empty, Fault> {
    let point = request.coord.filter(Point::is_valid).ok_or(WireText::INVALID_COORDINATE)?;
    if point.vec.as_ref().map_or(0, Vec::len) != DIMENSIONS {
        return Err(WireText::INCOMPATIBLE_COORDINATE.into());
    }
    rights.demand(Access::NodeWrite(&request.node))?;
    context.coordinates.note(&request.node, &request.segment, point);
    Ok(Empty {})
}

/// The servers of every datacenter by the network between these. Without one the server knows itself alone.
fn datacenters(context: &Context) -> Vec<DatacenterMap> {
    let own = Coordinate { node: context.node.clone(), coord: Some(Point::origin()), ..Coordinate::default() };
    vec![DatacenterMap { datacenter: context.datacenter.clone(), area_id: AreaId::Wan, coordinates: Some(vec![own]) }]
}

struct EveryNode;

impl Query for EveryNode {
    type Method = ListNodes;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        _: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedCoordinates>, Fault> {
        let (index, mut stored) = at.coordinates(watches);
        let nothing = stored.is_empty();
        let filtered = rights.filter(&mut stored, |rights, at| rights.allows(Access::NodeRead(&at.node)));
        let coordinates = stored.iter().map(|stored| Coordinate::clone(stored)).collect();
        let mut reply = reply(index, (!nothing).then_some(coordinates));
        reply.query_meta.results_filtered_by_acls = filtered;
        Ok(Found { something: true, also: None, reply })
    }
}

struct OneNode;

impl Query for OneNode {
    type Method = Node;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedCoordinates>, Fault> {
        rights.demand(Access::NodeRead(&request.node))?;
        let (index, stored) = at.node_coordinates(&request.node, watches);
        // The name is the one that was asked for, in its letters.
        let named = |stored: &Coordinate| Coordinate { node: request.node.clone(), ..stored.clone() };
        let coordinates: Vec<_> = stored.iter().map(|stored| named(stored)).collect();
        let reply = reply(index, (!coordinates.is_empty()).then_some(coordinates));
        Ok(Found { something: true, also: None, reply })
    }
}

fn reply(index: u64, coordinates: List<Coordinate>) -> IndexedCoordinates {
    IndexedCoordinates { coordinates, query_meta: QueryMeta { index, ..QueryMeta::default() } }
}
