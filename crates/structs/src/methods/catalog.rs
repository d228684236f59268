//! Nodes and services.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::{
    catalog::{
        DatacentersRequest, DeregisterRequest, IndexedNodeServiceList, IndexedNodeServices, IndexedNodes,
        IndexedServiceList, IndexedServiceNodes, IndexedServices, NodeSpecificRequest, RegisterRequest,
        ServiceSpecificRequest,
    },
    gateway::IndexedGatewayServices,
    query::DcSpecificRequest,
    status::Empty,
};

methods! { "Catalog" {
    /// Adds or changes a node, and services and checks on it.
    Register(RegisterRequest) -> Empty;
    /// Removes a service, a check, or a node with all that is on it.
    Deregister(DeregisterRequest) -> Empty;
    /// Lists nodes.
    ListNodes(DcSpecificRequest) -> IndexedNodes;
    /// Lists services' names with their tags.
    ListServices(DcSpecificRequest) -> IndexedServices;
    /// Lists services' names alone.
    ServiceList(DcSpecificRequest) -> IndexedServiceList;
    /// Lists the instances of one service.
    ServiceNodes(ServiceSpecificRequest) -> IndexedServiceNodes;
    /// Reads one node with the services on it, by id.
    NodeServices(NodeSpecificRequest) -> IndexedNodeServices;
    /// Reads one node with the services on it, as a list.
    NodeServiceList(NodeSpecificRequest) -> IndexedNodeServiceList;
    /// Lists the services behind a gateway.
    GatewayServices(ServiceSpecificRequest) -> IndexedGatewayServices;
    /// Tells the address by which the mesh reaches a service; empty when it has none.
    VirtualIPForService(ServiceSpecificRequest) -> GoStr;
    /// Lists known datacenters, nearest first.
    ListDatacenters(DatacentersRequest) -> Vec<GoStr>;
} }
