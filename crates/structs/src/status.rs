//! Status: who leads, who is there.

use proconsul_msgpack::{GoStr, Wire};

use crate::{RpcInfo, Token, rpc::NO_TEXT};

/// A request without anything in it.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyReadRequest {}

impl RpcInfo for EmptyReadRequest {
    fn datacenter(&self) -> &GoStr {
        &NO_TEXT
    }

    fn token(&self) -> Option<&Token> {
        None
    }
}

/// A reply without anything in it, and the request of `Coordinate.ListDatacenters`: the empty map.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty {}

impl RpcInfo for Empty {
    fn datacenter(&self) -> &GoStr {
        &NO_TEXT
    }

    fn token(&self) -> Option<&Token> {
        None
    }
}

/// How far a server's log has come; the leader asks for it to judge its followers.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftStats {
    /// How long ago this server heard of the leader, in Go's notation (`71ms`); `0` at the leader, `never` if it never did.
    pub last_contact: GoStr,
    /// Term of the last entry in its log.
    pub last_term: u64,
    /// Index of the last entry in its log.
    pub last_index: u64,
}
