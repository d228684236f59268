//! What the servers note for themselves: texts by key, which survive them.

use proconsul_msgpack::{GoStr, Wire};

use crate::{query::WriteRequest, raft::RaftIndex, rpc::rpc_info, text_set::text_set};

text_set! {
    /// What is done to a note.
    pub enum SystemMetadataOp {
        /// Stores it.
        Upsert = "upsert",
        /// Removes it.
        Delete = "delete",
    }
}

/// A note. Also a snapshot record.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SystemMetadataEntry {
    /// What it is about: `intention-format`, `virtual-ips`...
    pub key: GoStr,
    /// The note.
    pub value: GoStr,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// Raft entry: change a note.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SystemMetadataRequest {
    /// The leader's own datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: SystemMetadataOp,
    /// The note; to remove one, its key is enough.
    pub entry: Option<SystemMetadataEntry>,
    /// Who asks; empty, since the leader does.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

rpc_info!(write: SystemMetadataRequest);
