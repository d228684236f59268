//! A service's neighbours in the mesh: what it calls, and what calls it.

use proconsul_msgpack::{GoStr, Wire};

use crate::{List, Map, health::CheckServiceNode, query::QueryMeta, rpc::has_query_meta};

/// A service's neighbours. Names in the maps are as in addresses: `web`, or `web.dc2` for other datacenters.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceTopology {
    /// Instances of what it calls.
    pub upstreams: List<CheckServiceNode>,
    /// Instances of what calls it.
    pub downstreams: List<CheckServiceNode>,
    /// Whether it may call them, by name.
    pub upstream_decisions: Map<IntentionDecisionSummary>,
    /// Whether they may call it, by name.
    pub downstream_decisions: Map<IntentionDecisionSummary>,
    /// Protocol that it speaks.
    pub metrics_protocol: GoStr,
    /// Traffic of all its instances is led to their proxies without the service knowing.
    pub transparent_proxy: bool,
    /// Why each upstream is listed, by name: `proxy-registration`, `specific-intention`, `wildcard-intention`,
    /// `default-allow`, `routing-config`.
    pub upstream_sources: Map<GoStr>,
    /// Why each downstream is listed, likewise.
    pub downstream_sources: Map<GoStr>,
}

/// What intentions say about one pair of services.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntentionDecisionSummary {
    /// Calls are let through. With permissions: false, as it depends on the request.
    pub allowed: bool,
    /// Permissions decide on each request.
    pub has_permissions: bool,
    /// What else keeps the intention: `nomad`, `kubernetes`. Empty: nothing.
    pub external_source: GoStr,
    /// An intention names both, without `*`.
    pub has_exact: bool,
    /// What holds where no intention says anything is to allow.
    pub default_allow: bool,
}

/// Answer of `Internal.ServiceTopology`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedServiceTopology {
    /// The neighbours; nil when the service does not exist.
    pub service_topology: Option<ServiceTopology>,
    /// The token does not give the right to see all of them.
    #[wire("FilteredByACLs")]
    pub filtered_by_acls: bool,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

has_query_meta!(IndexedServiceTopology);
