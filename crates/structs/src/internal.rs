//! Internal: what agents ask for people and for the mesh; dumps of the catalog, events, and the keys of gossip.

mod dump; // the catalog in larger pieces
mod event; // events
mod keyring; // keys that gossip is encrypted with
mod virtual_ip; // addresses by which the mesh reaches services

pub use dump::{
    CatalogSummary, HealthSummary, IndexedNodeDump, IndexedNodesWithGateways, IndexedServiceDump, NodeInfo,
    PartitionSpecificRequest, ServiceDumpRequest, ServiceInfo,
};
pub use event::{EventFireRequest, EventFireResponse};
pub use keyring::{KeyringOp, KeyringRequest, KeyringResponse, KeyringResponses};
pub use virtual_ip::{
    AssignServiceManualVipsRequest, AssignServiceManualVipsResponse, FreeVirtualIp, IpBytes, ServiceVirtualIp,
};
