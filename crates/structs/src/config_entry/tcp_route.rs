//! `tcp-route`: where an API gateway sends connections.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, ResourceReference, Status};
use crate::{List, Map, raft::RaftIndex};

/// `tcp-route`: where API gateways send connections.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TcpRoute {
    /// `tcp-route`.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// The gateways, or listeners of them, that it belongs to.
    pub parents: List<ResourceReference>,
    /// Where they go: one service at most.
    pub services: List<TcpService>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// What has become of it.
    pub status: Status,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// A service that connections go to.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpService {
    /// Its name.
    pub name: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
