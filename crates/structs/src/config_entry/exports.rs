//! `exported-services` and `sameness-group`: what other clusters may see, and which clusters stand for each other.

use proconsul_msgpack::{GoStr, Rest, Wire};

use crate::{List, Map, raft::RaftIndex};

/// `exported-services`: what other clusters may see. There is one for each partition; its kind is not on the wire.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ExportedServices {
    /// The partition: `default`.
    pub name: GoStr,
    /// What is exported.
    pub services: List<ExportedService>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service that is exported.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportedService {
    /// Its name, or `*` for all.
    pub name: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Who may see it.
    pub consumers: List<ServiceConsumer>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Who may see an exported service: one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceConsumer {
    /// A partition. Empty here always.
    pub partition: GoStr,
    /// A peered cluster.
    pub peer: GoStr,
    /// A group of clusters. Only where the edition has it.
    pub sameness_group: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// `sameness-group`: clusters that stand for each other, so that a service of one is a service of all. Only where the edition
/// has it; its kind is not on the wire.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SamenessGroup {
    /// Its name.
    pub name: GoStr,
    /// Services fail over to its members, and DNS asks them, unless something else is said.
    pub default_for_failover: bool,
    /// Our own partition is the first member even if it is not listed.
    pub include_local: bool,
    /// Its members, in the order in which they are asked.
    pub members: List<SamenessGroupMember>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A member of a group of clusters: one of these.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct SamenessGroupMember {
    /// A partition of our own cluster.
    pub partition: GoStr,
    /// A peered cluster.
    pub peer: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
