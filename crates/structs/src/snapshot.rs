//! Snapshots over byte 5: one request, one answer, each followed by a stream.

use proconsul_msgpack::{GoStr, Wire};

use crate::{HasCaller, RpcInfo, Token, number_set::number_set, query::QueryMeta, rpc::has_query_meta};

number_set! {
    /// What is to be done.
    pub struct SnapshotOp(i64) {
        /// The server sends a snapshot behind its answer.
        SAVE = 0 "save",
        /// The client sends a snapshot behind its request.
        RESTORE = 1 "restore",
    }
}

/// What a client of byte 5 asks.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SnapshotRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Who asks.
    pub token: Token,
    /// Any server may answer from what it has, however old. Only to save.
    pub allow_stale: bool,
    /// What to do.
    pub op: SnapshotOp,
}

impl RpcInfo for SnapshotRequest {
    fn datacenter(&self) -> &GoStr {
        &self.datacenter
    }

    fn token(&self) -> Option<&Token> {
        Some(&self.token)
    }
}

impl HasCaller for SnapshotRequest {
    fn datacenter_mut(&mut self) -> &mut GoStr {
        &mut self.datacenter
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// What it is answered.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SnapshotResponse {
    /// Why it failed. Empty: it did not.
    pub error: GoStr,
    /// Facts of the query; of them the index is that of the snapshot.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

has_query_meta!(SnapshotResponse);
