//! Where nodes are on the network.

use super::methods;
use crate::{
    catalog::NodeSpecificRequest,
    coordinate::{CoordinateUpdateRequest, DatacenterMap, IndexedCoordinates},
    query::DcSpecificRequest,
    status::Empty,
};

methods! { "Coordinate" {
    /// Tells where a node is. It is written later, many nodes at once.
    Update(CoordinateUpdateRequest) -> Empty;
    /// Reads where one node is, a coordinate for each of its network segments.
    Node(NodeSpecificRequest) -> IndexedCoordinates;
    /// Lists where all nodes are.
    ListNodes(DcSpecificRequest) -> IndexedCoordinates;
    /// Lists where the servers of all datacenters are.
    ListDatacenters(Empty) -> Vec<DatacenterMap>;
} }
