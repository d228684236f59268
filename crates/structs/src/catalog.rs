//! Catalog: registration, lists of nodes and services.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    HasQueryOptions, List, Map, RpcInfo, Shared, Token,
    check::HealthCheck,
    node::{Locality, Node},
    query::{QueryMeta, QueryOptions, QuerySource, WriteRequest},
    raft::RaftIndex,
    rpc::{NO_TEXT, has_query_meta, rpc_info},
    service::{NodeService, ServiceKind, ServiceNode},
};

/// `Catalog.Register`: a node, and what is to be on it. Also a raft log entry, and a record of snapshots.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct RegisterRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The node's id. Empty: it keeps the one it has.
    #[wire("ID")]
    pub id: GoStr,
    /// The node's name.
    pub node: GoStr,
    /// The node's address.
    pub address: GoStr,
    /// The node's further addresses.
    pub tagged_addresses: Map<GoStr>,
    /// The node's metadata.
    pub node_meta: Map<GoStr>,
    /// A service to add or change.
    pub service: Option<NodeService>,
    /// A check to add or change; the server moves it to `checks`.
    pub check: Option<HealthCheck>,
    /// Checks to add or change.
    pub checks: List<HealthCheck>,
    /// Where the node stands.
    pub locality: Option<Locality>,
    /// Leave the node as it is if it exists.
    pub skip_node_update: bool,
    /// The peered cluster that it was imported from. Clients must leave it empty.
    pub peer_name: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
    /// In snapshots: when the node was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// `Catalog.Deregister`: a service, else a check, else the node with all that is on it. Also a raft log entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DeregisterRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The node's name.
    pub node: GoStr,
    /// A service to remove with its checks.
    #[wire("ServiceID")]
    pub service_id: GoStr,
    /// A check to remove; not looked at when a service is named.
    #[wire("CheckID")]
    pub check_id: GoStr,
    /// The peered cluster that it was imported from.
    pub peer_name: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// A read about the instances of one service.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceSpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Ask about what was imported from this peered cluster.
    pub peer_name: GoStr,
    /// Ask the members of this group of clusters in turn.
    pub sameness_group: GoStr,
    /// Only instances on nodes with this metadata.
    pub node_meta_filters: Map<GoStr>,
    /// The service.
    pub service_name: GoStr,
    /// Only instances of this kind, for the methods that ask by kind.
    pub service_kind: ServiceKind,
    /// Only instances with this tag. From old clients; counts only when `service_tags` is empty.
    pub service_tag: GoStr,
    /// Only instances with all of these tags.
    pub service_tags: List<GoStr>,
    /// Only instances whose service address is this one.
    pub service_address: GoStr,
    /// Whether the tags count at all.
    pub tag_filter: bool,
    /// Which health to leave out.
    pub health_filter_type: HealthFilterType,
    /// Where the question comes from.
    pub source: QuerySource,
    /// Ask for what the mesh can reach under this name: proxies and native instances.
    pub connect: bool,
    /// Ask for the ingress gateways in front of it.
    pub ingress: bool,
    /// Merge central settings into the proxies' own.
    pub merge_central_config: bool,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Which health to leave out of an answer.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthFilterType(pub i32);

impl HealthFilterType {
    /// None.
    pub const INCLUDE_ALL: HealthFilterType = HealthFilterType(0);
    /// Critical instances.
    pub const EXCLUDE_CRITICAL: HealthFilterType = HealthFilterType(1);
    /// All but passing instances.
    pub const INCLUDE_ONLY_PASSING: HealthFilterType = HealthFilterType(2);
}

/// `Catalog.ListDatacenters`. It names no datacenter: whoever is asked answers.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DatacentersRequest {
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

impl RpcInfo for DatacentersRequest {
    fn datacenter(&self) -> &GoStr {
        &NO_TEXT
    }

    fn token(&self) -> Option<&Token> {
        Some(&self.query_options.token)
    }

    fn query_options(&self) -> Option<&QueryOptions> {
        Some(&self.query_options)
    }
}

impl HasQueryOptions for DatacentersRequest {
    fn options(&self) -> &QueryOptions {
        &self.query_options
    }

    fn options_mut(&mut self) -> &mut QueryOptions {
        &mut self.query_options
    }
}

/// A read about one node.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct NodeSpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The node's name.
    pub node: GoStr,
    /// Ask about what was imported from this peered cluster.
    pub peer_name: GoStr,
    /// Merge central settings into the proxies' own.
    pub merge_central_config: bool,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `Catalog.ListNodes`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedNodes {
    /// The nodes.
    pub nodes: List<Shared<Node>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Catalog.ListServices`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedServices {
    /// The union of all instances' tags, by service name.
    pub services: Map<List<GoStr>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Catalog.ServiceNodes`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedServiceNodes<Instance = Shared<ServiceNode>> {
    /// The instances. Whoever has them encoded already writes an answer of `Verbatim` values.
    pub service_nodes: List<Instance>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// A node with what is on it, by service id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct NodeServices {
    /// The node.
    pub node: Option<Shared<Node>>,
    /// Its services, by id.
    pub services: Map<Shared<NodeService>>,
}

/// Answer of `Catalog.NodeServices`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedNodeServices {
    /// What is on the node; nil when there is no such node.
    pub node_services: Option<NodeServices>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// A node with what is on it, as a list.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct NodeServiceList {
    /// The node.
    pub node: Option<Shared<Node>>,
    /// Its services.
    pub services: List<Shared<NodeService>>,
}

/// Answer of `Catalog.NodeServiceList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedNodeServiceList {
    /// What is on the node.
    pub node_services: NodeServiceList,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// A service's name on its own.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceName {
    /// The name.
    pub name: GoStr,
}

/// Answer of `Catalog.ServiceList`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedServiceList {
    /// Names of services.
    pub services: List<ServiceName>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: ServiceSpecificRequest, NodeSpecificRequest);
rpc_info!(write: RegisterRequest, DeregisterRequest);
has_query_meta!(
    IndexedNodes,
    IndexedServices,
    IndexedServiceNodes,
    IndexedNodeServices,
    IndexedNodeServiceList,
    IndexedServiceList,
);
