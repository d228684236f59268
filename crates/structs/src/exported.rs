//! Services across clusters: what is exported to peered ones, and what is imported from them.

use proconsul_msgpack::{GoStr, Wire};

use crate::{List, Map, catalog::ServiceName, query::QueryMeta, rpc::has_query_meta};

/// A service's name with the cluster that it is in.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct PeeredServiceName {
    /// The name.
    pub service_name: ServiceName,
    /// The peered cluster. Empty: our own.
    pub peer: GoStr,
}

/// Answer of `Internal.ExportedPeeredServices`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedExportedServiceList {
    /// What is exported, by the name of the peered cluster that may see it.
    pub services: Map<List<ServiceName>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `Internal.PeeredUpstreams`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedPeeredServiceList {
    /// What is imported, and may be called.
    pub services: List<PeeredServiceName>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

has_query_meta!(IndexedExportedServiceList, IndexedPeeredServiceList);
