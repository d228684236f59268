//! Coordinate: where nodes are on the network.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List,
    query::{QueryMeta, WriteRequest},
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

/// A point in the space in which distances are round-trip times, in seconds.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The Euclidean part.
    pub vec: List<f64>,
    /// How far off it may be; no unit.
    pub error: f64,
    /// Correction for what the model cannot say.
    pub adjustment: f64,
    /// The part that every way from this node begins with.
    pub height: f64,
}

/// Where a node is.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Coordinate {
    /// The node.
    pub node: GoStr,
    /// Its network segment.
    pub segment: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// The point. Nil is not a coordinate, and must be refused.
    pub coord: Option<Point>,
}

/// `Coordinate.Update`: a node says where it is.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CoordinateUpdateRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The node.
    pub node: GoStr,
    /// Its network segment.
    pub segment: GoStr,
    /// The point. Nil must be refused.
    pub coord: Option<Point>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// Answer of the `Coordinate` methods that list nodes.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedCoordinates {
    /// The nodes with their points.
    pub coordinates: List<Coordinate>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

text_set! {
    /// A network that servers gossip over.
    pub enum AreaId {
        /// Between datacenters.
        Wan = "wan",
        /// Within one.
        Lan = "lan",
    }
}

/// Servers of one datacenter, as seen over the wide area: an entry of the answer of `Coordinate.ListDatacenters`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DatacenterMap {
    /// The datacenter.
    pub datacenter: GoStr,
    /// The area it was seen over.
    #[wire("AreaID")]
    pub area_id: AreaId,
    /// Its servers.
    pub coordinates: List<Coordinate>,
}

rpc_info!(write: CoordinateUpdateRequest);
has_query_meta!(IndexedCoordinates);
