//! FederationState: how datacenters reach each other by mesh gateways.

use proconsul_msgpack::{GoStr, Time, Wire};

use crate::{
    List, Map, Shared,
    health::CheckServiceNode,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What is done to a federation state.
    pub enum FederationStateOp {
        /// Stores it.
        Upsert = "upsert",
        /// Removes it.
        Delete = "delete",
    }
}

/// What other datacenters are to know of one: it tells the primary, which tells all others.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FederationState {
    /// The datacenter that it is about.
    pub datacenter: GoStr,
    /// Its mesh gateways.
    pub mesh_gateways: List<CheckServiceNode>,
    /// When the datacenter last told about itself.
    pub updated_at: Time,
    /// Modify index that it has in the primary datacenter, to replicate by.
    pub primary_modify_index: u64,
    /// When it was created and last changed here.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// `FederationState.Apply`: a change, in the primary datacenter. Also a raft entry and a snapshot record. The reply is true.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FederationStateRequest {
    /// Which datacenter is to do it: the primary one, or that of the leader itself.
    pub datacenter: GoStr,
    /// What to do.
    pub op: FederationStateOp,
    /// The state; to remove one, its datacenter is enough. Nil is an error.
    pub state: Option<Shared<FederationState>>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `FederationState.Get`: what is known of one datacenter.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FederationStateQuery {
    /// Which datacenter is to answer.
    pub datacenter: GoStr,
    /// Which datacenter the question is about.
    pub target_datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `FederationState.Get`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FederationStateResponse {
    /// The state; nil when there is none.
    pub state: Option<Shared<FederationState>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `FederationState.List`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedFederationStates {
    /// The states.
    pub states: List<Shared<FederationState>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `FederationState.ListMeshGateways`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DatacenterIndexedCheckServiceNodes {
    /// Healthy mesh gateways by datacenter.
    pub datacenter_nodes: Map<List<CheckServiceNode>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: FederationStateQuery);
rpc_info!(write: FederationStateRequest);
has_query_meta!(FederationStateResponse, IndexedFederationStates, DatacenterIndexedCheckServiceNodes);
