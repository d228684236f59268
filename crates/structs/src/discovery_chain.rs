//! DiscoveryChain: what a service's name stands for once routers, splitters and resolvers have been taken into account.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    GoDuration, List, Map, Shared,
    config_entry::{FailoverPolicy, LoadBalancer, LocalityMode, ServiceResolverSubset, ServiceRoute, ServiceSplit},
    node::Locality,
    proxy::{EnvoyExtension, MeshGatewayConfig, TransparentProxyConfig},
    query::{QueryMeta, QueryOptions},
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

/// `DiscoveryChain.Get`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryChainRequest {
    /// The service.
    pub name: GoStr,
    /// The datacenter that names are taken to be in. Empty: that of the server that answers.
    pub evaluate_in_datacenter: GoStr,
    /// The namespace. Empty here always.
    pub evaluate_in_namespace: GoStr,
    /// The partition. Empty here always.
    pub evaluate_in_partition: GoStr,
    /// How traffic leaves the datacenter, whatever entries say. Empty mode: as they say.
    pub override_mesh_gateway: MeshGatewayConfig,
    /// Protocol of the chain, whatever entries say. Where that is another kind of protocol, routers and splitters are left
    /// out. Empty: as they say.
    pub override_protocol: GoStr,
    /// How long making a connection may take, whatever entries say. Zero: as they say.
    pub override_connect_timeout: GoDuration,
    /// Which datacenter answers.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `DiscoveryChain.Get`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryChainResponse {
    /// The chain.
    pub chain: Option<Shared<CompiledDiscoveryChain>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// What a service's name stands for: a graph of decisions that ends in targets. Names of nodes and targets mean nothing outside
/// of it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CompiledDiscoveryChain {
    /// The service.
    pub service_name: GoStr,
    /// The namespace that names were taken to be in: `default`.
    pub namespace: GoStr,
    /// The partition that names were taken to be in: `default`.
    pub partition: GoStr,
    /// The datacenter that names were taken to be in.
    pub datacenter: GoStr,
    /// A digest of what the request had changed, to tell such chains from others. Empty: nothing.
    pub customization_hash: GoStr,
    /// No router, splitter or resolver is part of it.
    pub default: bool,
    /// Protocol of all that is part of it.
    pub protocol: GoStr,
    /// Metadata of the service's `service-defaults`.
    pub service_meta: Map<GoStr>,
    /// Changes to the generated Envoy configuration, in order.
    pub envoy_extensions: List<EnvoyExtension>,
    /// The first node.
    pub start_node: GoStr,
    /// The nodes, by name.
    pub nodes: Map<DiscoveryGraphNode>,
    /// The targets, by id.
    pub targets: Map<DiscoveryTarget>,
    /// Addresses that stand for the service, chosen by the servers.
    #[wire("AutoVirtualIPs")]
    pub auto_virtual_ips: List<GoStr>,
    /// Addresses that stand for the service, chosen by operators.
    #[wire("ManualVirtualIPs")]
    pub manual_virtual_ips: List<GoStr>,
}

text_set! {
    /// How a node of a chain decides.
    pub enum DiscoveryGraphNodeType {
        /// By the request.
        Router = "router",
        /// By share.
        Splitter = "splitter",
        /// Not at all: it names a target.
        Resolver = "resolver",
    }
}

/// A node of a chain: where to go on.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryGraphNode {
    /// How it decides.
    #[wire("Type")]
    pub node_type: DiscoveryGraphNodeType,
    /// Its name; not that of a service.
    pub name: GoStr,
    /// Of a router: its routes, of which the first that fits counts. The last one always does.
    pub routes: List<DiscoveryRoute>,
    /// Of a splitter: its shares.
    pub splits: List<DiscoverySplit>,
    /// Of a resolver: its target.
    pub resolver: Option<DiscoveryResolver>,
    /// Of a splitter or resolver: how callers choose among instances.
    pub load_balancer: Option<LoadBalancer>,
}

/// A target, with what to do when it fails.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryResolver {
    /// No `service-resolver` is behind it.
    pub default: bool,
    /// How long making a connection may take.
    pub connect_timeout: GoDuration,
    /// How long a request may take. Zero: as long as the proxy lets it.
    pub request_timeout: GoDuration,
    /// Id of the target.
    pub target: GoStr,
    /// Where to go when no instance is healthy.
    pub failover: Option<DiscoveryFailover>,
}

/// Where to go when no instance of a target is healthy.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryFailover {
    /// Ids of targets, to try in turn.
    pub targets: List<GoStr>,
    /// How to choose among them. Only where the edition has it.
    pub policy: Option<FailoverPolicy>,
    /// Regions to choose from, in order.
    pub regions: List<GoStr>,
}

/// A route, with where to go on.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryRoute {
    /// The route as its entry has it.
    pub definition: Option<ServiceRoute>,
    /// Name of the next node.
    pub next_node: GoStr,
}

/// A share, with where to go on.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoverySplit {
    /// The share as its entry has it.
    pub definition: Option<ServiceSplit>,
    /// The share in percent. This one counts: where splitters follow each other it is not the definition's.
    pub weight: f32,
    /// Name of the next node.
    pub next_node: GoStr,
}

/// Instances at the end of a chain.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DiscoveryTarget {
    /// Its id within the chain.
    #[wire("ID")]
    pub id: GoStr,
    /// The service.
    pub service: GoStr,
    /// A subset of it. Empty: all instances.
    pub service_subset: GoStr,
    /// Its namespace: `default`.
    pub namespace: GoStr,
    /// Its partition: `default`.
    pub partition: GoStr,
    /// Its datacenter. Empty in peered clusters.
    pub datacenter: GoStr,
    /// Its peered cluster. Empty: our own.
    pub peer: GoStr,
    /// Where its instances stand, if only those of one place are meant.
    pub locality: Option<Locality>,
    /// How traffic to it leaves the datacenter.
    pub mesh_gateway: MeshGatewayConfig,
    /// Which instances the subset has.
    pub subset: ServiceResolverSubset,
    /// Settings for the transparent mode.
    pub transparent_proxy: TransparentProxyConfig,
    /// How long making a connection may take.
    pub connect_timeout: GoDuration,
    /// It is called by a server name of its own, outside the mesh.
    pub external: bool,
    /// Server name to call it by.
    #[wire("SNI")]
    pub sni: GoStr,
    /// Name for it in a proxy's configuration.
    pub name: GoStr,
    /// Whether near instances go first. Only where the edition has it.
    pub prioritize_by_locality: Option<DiscoveryPrioritizeByLocality>,
}

/// Whether a target's near instances go before others.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryPrioritizeByLocality {
    /// In which way.
    pub mode: LocalityMode,
}

rpc_info!(query: DiscoveryChainRequest);
has_query_meta!(DiscoveryChainResponse);
