//! Operator: consensus, the autopilot that looks after it, and how much the cluster holds.

mod autopilot; // who is healthy, and what is done with who is not
mod usage; // how much there is

use proconsul_msgpack::{GoStr, Wire};

use crate::{List, query::WriteRequest, rpc::rpc_info};

pub use autopilot::{
    AutopilotConfig, AutopilotHealthReply, AutopilotServer, AutopilotServerHealth, AutopilotServerState,
    AutopilotSetConfigRequest, AutopilotState, NodeStatus, NodeType, RaftRole, SerfStatus, ServerHealth, ServerStats,
};
pub use usage::{OperatorUsageRequest, ServiceUsage, Usage};

/// A server that takes part in consensus.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftServer {
    /// Its id: a UUID that stays when its address changes.
    #[wire("ID")]
    pub id: GoStr,
    /// Its node's name; `(unknown)` when gossip knows no such server.
    pub node: GoStr,
    /// Address of its server port.
    pub address: GoStr,
    /// It leads.
    pub leader: bool,
    /// Version of the raft protocol it speaks, or `unknown`.
    pub protocol_version: GoStr,
    /// It has a vote.
    pub voter: bool,
    /// Index of the last entry in its log. Zero when that is not known.
    pub last_index: u64,
}

/// Answer of `Operator.RaftGetConfiguration`.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftConfigurationResponse {
    /// The servers that take part in consensus.
    pub servers: List<RaftServer>,
    /// Index of the log entry that made it so.
    pub index: u64,
}

/// `Operator.RaftRemovePeerByAddress` and `Operator.RaftRemovePeerByID`: takes a server out of consensus.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct RaftRemovePeerRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Address of the server's port, for the first of them.
    pub address: GoStr,
    /// The server's id, for the second.
    #[wire("ID")]
    pub id: GoStr,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

rpc_info!(write: RaftRemovePeerRequest);
