//! Health: checks, and services with their checks.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Shared,
    check::HealthCheck,
    node::Node,
    query::{QueryMeta, QueryOptions, QuerySource},
    rpc::{has_query_meta, rpc_info},
    service::NodeService,
};

/// `Health.ChecksInState`: checks by their status.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ChecksInStateRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Only checks on nodes with this metadata.
    pub node_meta_filters: Map<GoStr>,
    /// A status, or [`crate::check::ANY`].
    pub state: GoStr,
    /// Where the question comes from.
    pub source: QuerySource,
    /// Ask about what was imported from this peered cluster.
    pub peer_name: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// An instance of a service, with its node and the checks of both.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CheckServiceNode {
    /// The node.
    pub node: Option<Shared<Node>>,
    /// The service on it.
    pub service: Option<Shared<NodeService>>,
    /// Checks of the node and of the service.
    pub checks: List<Shared<HealthCheck>>,
}

/// Answer of `Health.ServiceNodes`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedCheckServiceNodes<Instance = CheckServiceNode> {
    /// The instances. Whoever has them encoded already writes an answer of `Verbatim` values.
    pub nodes: List<Instance>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of the `Health` methods that list checks.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedHealthChecks {
    /// The checks.
    pub health_checks: List<Shared<HealthCheck>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: ChecksInStateRequest);
has_query_meta!(IndexedCheckServiceNodes, IndexedHealthChecks);
