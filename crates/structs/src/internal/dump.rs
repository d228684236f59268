//! The catalog in larger pieces.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Shared,
    check::HealthCheck,
    gateway::GatewayService,
    health::CheckServiceNode,
    node::Node,
    query::{QueryMeta, QueryOptions, QuerySource},
    rpc::{has_query_meta, rpc_info},
    service::{NodeService, ServiceKind},
};

/// `Internal.ServiceDump`: all instances; and `Internal.ExportedServicesForPeer`: what a peered cluster may see.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceDumpRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Only services of this kind, if that is to count.
    pub service_kind: ServiceKind,
    /// The kind counts.
    pub use_service_kind: bool,
    /// Leave out gateways' services, and what was imported.
    pub nodes_only: bool,
    /// Where the question comes from.
    pub source: QuerySource,
    /// The peered cluster, for `Internal.ExportedServicesForPeer`.
    pub peer_name: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `Internal.PeeredUpstreams`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PartitionSpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// A node with all that is on it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct NodeInfo {
    /// See [`Node::id`].
    #[wire("ID")]
    pub id: GoStr,
    /// See [`Node::node`].
    pub node: GoStr,
    /// See [`Node::partition`].
    pub partition: GoStr,
    /// See [`Node::peer_name`].
    pub peer_name: GoStr,
    /// See [`Node::address`].
    pub address: GoStr,
    /// See [`Node::tagged_addresses`].
    pub tagged_addresses: Map<GoStr>,
    /// See [`Node::meta`].
    pub meta: Map<GoStr>,
    /// The services on it.
    pub services: List<Shared<NodeService>>,
    /// Checks of the node and of the services.
    pub checks: List<Shared<HealthCheck>>,
}

/// Answer of `Internal.NodeInfo` and `Internal.NodeDump`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedNodeDump {
    /// Nodes of peered clusters.
    pub imported_dump: List<Shared<NodeInfo>>,
    /// Nodes of our own.
    pub dump: List<Shared<NodeInfo>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Internal.ServiceDump`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedNodesWithGateways {
    /// Instances in peered clusters.
    pub imported_nodes: List<CheckServiceNode>,
    /// Instances of our own.
    pub nodes: List<CheckServiceNode>,
    /// Which services stand behind which gateways.
    pub gateways: List<Shared<GatewayService>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// An instance of a service behind a gateway; or the gateway's entry alone, when there is no instance.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceInfo {
    /// Its node.
    pub node: Option<Shared<Node>>,
    /// The service.
    pub service: Option<Shared<NodeService>>,
    /// Checks of both.
    pub checks: List<Shared<HealthCheck>>,
    /// How it stands behind the gateway.
    pub gateway_service: Option<Shared<GatewayService>>,
}

/// Answer of `Internal.GatewayServiceDump`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedServiceDump {
    /// The instances.
    pub dump: List<Shared<ServiceInfo>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Internal.CatalogOverview`: how many there are of everything. It is a few seconds old.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CatalogSummary {
    /// Nodes, in one row.
    pub nodes: List<HealthSummary>,
    /// Instances, a row for each service.
    pub services: List<HealthSummary>,
    /// Checks, a row for each name.
    pub checks: List<HealthSummary>,
}

/// How many there are of something, by health.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthSummary {
    /// Of what. Empty for nodes.
    pub name: GoStr,
    /// All of them.
    pub total: i64,
    /// Those whose checks all pass.
    pub passing: i64,
    /// Those of which some warn, and none is critical.
    pub warning: i64,
    /// Those of which some are critical.
    pub critical: i64,
}

rpc_info!(query: ServiceDumpRequest, PartitionSpecificRequest);
has_query_meta!(IndexedNodeDump, IndexedNodesWithGateways, IndexedServiceDump);
