//! What agents ask for people and for the mesh.

use super::methods;
use crate::{
    catalog::{IndexedServiceList, NodeSpecificRequest, ServiceSpecificRequest},
    exported::{IndexedExportedServiceList, IndexedPeeredServiceList},
    health::IndexedCheckServiceNodes,
    intention::{IndexedIntentions, IntentionQueryRequest},
    internal::{
        AssignServiceManualVipsRequest, AssignServiceManualVipsResponse, CatalogSummary, EventFireRequest,
        EventFireResponse, IndexedNodeDump, IndexedNodesWithGateways, IndexedServiceDump, KeyringRequest,
        KeyringResponses, PartitionSpecificRequest, ServiceDumpRequest,
    },
    query::DcSpecificRequest,
    topology::IndexedServiceTopology,
};

methods! { "Internal" {
    /// Reads one node with all that is on it.
    NodeInfo(NodeSpecificRequest) -> IndexedNodeDump;
    /// Lists all nodes with all that is on them.
    NodeDump(DcSpecificRequest) -> IndexedNodeDump;
    /// Lists all instances of all services, or of one kind.
    ServiceDump(ServiceDumpRequest) -> IndexedNodesWithGateways;
    /// Counts nodes, services and checks by health.
    CatalogOverview(DcSpecificRequest) -> CatalogSummary;
    /// Shows what a service calls, and what calls it.
    ServiceTopology(ServiceSpecificRequest) -> IndexedServiceTopology;
    /// Lists the services that one may call by intentions.
    IntentionUpstreams(ServiceSpecificRequest) -> IndexedServiceList;
    /// Lists the destinations outside the mesh that a service may call by intentions.
    IntentionUpstreamsDestination(ServiceSpecificRequest) -> IndexedServiceList;
    /// Lists the services behind a gateway, with their instances.
    GatewayServiceDump(ServiceSpecificRequest) -> IndexedServiceDump;
    /// Lists the terminating gateways in front of a service.
    ServiceGateways(ServiceSpecificRequest) -> IndexedCheckServiceNodes;
    /// Lists the intentions of all services behind a gateway.
    GatewayIntentions(IntentionQueryRequest) -> IndexedIntentions;
    /// Lists what is exported, by peered cluster.
    ExportedPeeredServices(DcSpecificRequest) -> IndexedExportedServiceList;
    /// Lists what one peered cluster may see.
    ExportedServicesForPeer(ServiceDumpRequest) -> IndexedServiceList;
    /// Lists what was imported from peered clusters.
    PeeredUpstreams(PartitionSpecificRequest) -> IndexedPeeredServiceList;
    /// Gives a service virtual addresses by hand.
    AssignManualServiceVIPs(AssignServiceManualVipsRequest) -> AssignServiceManualVipsResponse;
    /// Sends an event to every agent of a datacenter.
    EventFire(EventFireRequest) -> EventFireResponse;
    /// Lists, installs, uses or removes a key that gossip is encrypted with.
    KeyringOperation(KeyringRequest) -> KeyringResponses;
} }
