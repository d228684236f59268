//! Nodes.

use proconsul_msgpack::{GoStr, Wire};

use crate::{Map, raft::RaftIndex};

/// A machine, or whatever stands for one, in the catalog.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// A UUID that stays when the node is renamed. May be empty for nodes that no agent registered.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name, by which everything else refers to it. Compared without regard to case.
    pub node: GoStr,
    /// Its address on the network of its datacenter.
    pub address: GoStr,
    /// Its datacenter.
    pub datacenter: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// The peered cluster it was imported from. Empty: our own.
    pub peer_name: GoStr,
    /// Further addresses by name: `lan`, `wan`, `lan_ipv4`...
    pub tagged_addresses: Map<GoStr>,
    /// Metadata to filter by.
    pub meta: Map<GoStr>,
    /// Where it stands.
    pub locality: Option<Locality>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// Where something stands, in a cloud provider's words.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct Locality {
    /// Region.
    pub region: GoStr,
    /// Zone within the region; needs a region.
    pub zone: GoStr,
}
