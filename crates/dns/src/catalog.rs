//! What is looked up, and by whom.
use std::net::Ipv4Addr;

use proconsul_structs::{Shared, health::CheckServiceNode, node::Node, service::ServiceNode};

/// Instances of a service that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceLookup {
    /// The service's name.
    pub service: String,
    /// A tag that they must have; empty: any.
    pub tag: String,
    /// Where; empty for a peer's.
    pub datacenter: String,
    /// The peer that they were imported from; empty: none.
    pub peer: String,
    /// What the mesh reaches under the name.
    pub connect: bool,
    /// The ingress gateways that serve it.
    pub ingress: bool,
    /// Only those whose checks all pass; otherwise those without a critical one.
    pub only_passing: bool,
}

/// A node that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLookup {
    /// Its name, or the beginning of its id.
    pub node: String,
    /// Where; empty for a peer's.
    pub datacenter: String,
    /// The peer that it was imported from; empty: none.
    pub peer: String,
}

/// Why a lookup has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// The datacenter is not known: there is no such name.
    NoDatacenter,
    /// Anything else: the caller may not, or there is no such token.
    Failed,
}

/// Who knows nodes and services, as the one who asks may see them.
pub trait Catalog {
    /// Healthy instances of a service.
    ///
    /// # Errors
    /// They cannot be looked up.
    fn instances(&self, lookup: &ServiceLookup) -> Result<Vec<CheckServiceNode>, LookupError>;

    /// A node.
    ///
    /// # Errors
    /// It cannot be looked up.
    fn node(&self, lookup: &NodeLookup) -> Result<Option<Shared<Node>>, LookupError>;

    /// The address by which the mesh reaches a service.
    ///
    /// # Errors
    /// It cannot be looked up.
    fn virtual_address(&self, service: &str, peer: &str) -> Result<Option<Ipv4Addr>, LookupError>;

    /// Every node.
    ///
    /// # Errors
    /// They cannot be looked up.
    fn nodes(&self) -> Result<Vec<Shared<Node>>, LookupError>;

    /// Every instance at this address.
    ///
    /// # Errors
    /// They cannot be looked up.
    fn instances_at(&self, address: &str) -> Result<Vec<Shared<ServiceNode>>, LookupError>;
}
