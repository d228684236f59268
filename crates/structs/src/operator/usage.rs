//! How much the cluster holds.

use proconsul_msgpack::Wire;

use crate::{
    Map,
    query::{DcSpecificRequest, QueryMeta},
    rpc::{has_query_meta, rpc_info},
};

/// `Operator.Usage`: how many services and nodes there are.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct OperatorUsageRequest {
    /// Which datacenter, with common options.
    #[wire(embed)]
    pub dc_specific: DcSpecificRequest,
    /// Of all datacenters, not only of that one.
    pub global: bool,
}

/// Answer of `Operator.Usage`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// How much there is, by datacenter.
    pub usage: Map<ServiceUsage>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// How much there is in a datacenter.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceUsage {
    /// Services: names.
    pub services: i64,
    /// Instances of services.
    pub service_instances: i64,
    /// Instances in the mesh, by kind; `connect-native` for services that speak its protocol themselves.
    pub connect_service_instances: Map<i64>,
    /// Instances that count where instances are paid for: without those in the mesh's service, and without the servers.
    pub billable_service_instances: i64,
    /// Nodes.
    pub nodes: i64,
}

rpc_info!(dc: OperatorUsageRequest);
has_query_meta!(Usage);
