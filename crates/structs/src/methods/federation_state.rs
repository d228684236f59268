//! How datacenters reach each other by mesh gateways.

use super::methods;
use crate::{
    federation::{
        DatacenterIndexedCheckServiceNodes, FederationStateQuery, FederationStateRequest, FederationStateResponse,
        IndexedFederationStates,
    },
    query::DcSpecificRequest,
};

methods! { "FederationState" {
    /// Stores what is known of one datacenter, or removes it.
    Apply(FederationStateRequest) -> bool;
    /// Reads what is known of one datacenter.
    Get(FederationStateQuery) -> FederationStateResponse;
    /// Lists what is known of all datacenters.
    List(DcSpecificRequest) -> IndexedFederationStates;
    /// Lists the mesh gateways of all datacenters.
    ListMeshGateways(DcSpecificRequest) -> DatacenterIndexedCheckServiceNodes;
} }
