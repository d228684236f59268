//! The autopilot: it watches the servers, and takes care of those that are dead.

use proconsul_msgpack::{GoStr, Time, Value, Wire};

use crate::{
    GoDuration, List, Map, Shared, number_set::number_set, query::WriteRequest, raft::RaftIndex, rpc::rpc_info,
    text_set::text_set,
};

/// What the autopilot goes by. Also a snapshot record.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotConfig {
    /// Take dead servers out of consensus once a new one has come.
    pub cleanup_dead_servers: bool,
    /// How long ago a healthy server may have heard of the leader.
    pub last_contact_threshold: GoDuration,
    /// How many entries a healthy server's log may be behind the leader's.
    pub max_trailing_logs: u64,
    /// Never leave fewer servers than this. Zero: no such bound.
    pub min_quorum: u64,
    /// How long a new server must be healthy before it gets a vote.
    pub server_stabilization_time: GoDuration,
    /// Metadata key of servers' zones. Enterprise only.
    pub redundancy_zone_tag: GoStr,
    /// Do not wait for enough servers of a newer version before they get votes. Enterprise only.
    pub disable_upgrade_migration: bool,
    /// Metadata key of servers' versions. Empty: Consul's own version. Enterprise only.
    pub upgrade_version_tag: GoStr,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// `Operator.AutopilotSetConfiguration`. Also a raft entry. The reply tells whether it took place.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotSetConfigRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The configuration.
    pub config: AutopilotConfig,
    /// Store it only if its modify index is still the one given.
    #[wire("CAS")]
    pub cas: bool,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

number_set! {
    /// What gossip says of a server.
    pub struct SerfStatus(i64) {
        /// Nothing.
        NONE = 0 "none",
        /// It is there.
        ALIVE = 1 "alive",
        /// It is about to leave.
        LEAVING = 2 "leaving",
        /// It has left.
        LEFT = 3 "left",
        /// It does not answer.
        FAILED = 4 "failed",
    }
}

/// Answer of `Operator.ServerHealth`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotHealthReply {
    /// All servers are healthy.
    pub healthy: bool,
    /// How many servers may fail before there is no majority.
    pub failure_tolerance: i64,
    /// The servers.
    pub servers: List<AutopilotServerHealth>,
}

/// How a server is.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotServerHealth {
    /// Its id in consensus.
    #[wire("ID")]
    pub id: GoStr,
    /// Its node's name.
    pub name: GoStr,
    /// Address of its server port.
    pub address: GoStr,
    /// What gossip says of it.
    pub serf_status: SerfStatus,
    /// Its version of Consul.
    pub version: GoStr,
    /// It leads.
    pub leader: bool,
    /// How long ago it heard of the leader. Zero at the leader itself.
    pub last_contact: GoDuration,
    /// Term of the last entry in its log.
    pub last_term: u64,
    /// Index of the last entry in its log.
    pub last_index: u64,
    /// It is healthy.
    pub healthy: bool,
    /// It has a vote.
    pub voter: bool,
    /// Since when it has been as healthy, or as unhealthy, as it is.
    pub stable_since: Time,
}

/// Answer of `Operator.AutopilotState`: all that the autopilot knows.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotState {
    /// All servers are healthy.
    pub healthy: bool,
    /// How many servers may fail before there is no majority.
    pub failure_tolerance: i64,
    /// The servers, by their id in consensus.
    pub servers: Map<Shared<AutopilotServerState>>,
    /// Id of the leader.
    pub leader: GoStr,
    /// Ids of those that have a vote, sorted.
    pub voters: List<GoStr>,
    /// More, in Enterprise. Nil here.
    pub ext: Value,
}

/// A server as the autopilot knows it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotServerState {
    /// Which one.
    pub server: AutopilotServer,
    /// Its part in consensus.
    pub state: RaftRole,
    /// How far its log has come.
    pub stats: ServerStats,
    /// Whether it is healthy.
    pub health: ServerHealth,
}

text_set! {
    /// A server's part in consensus.
    pub enum RaftRole {
        /// None.
        None = "none",
        /// It leads.
        Leader = "leader",
        /// It has a vote.
        Voter = "voter",
        /// It has no vote, but follows.
        NonVoter = "non-voter",
        /// It is to have a vote.
        Staging = "staging",
    }
}

text_set! {
    /// What gossip says of a node.
    pub enum NodeStatus {
        /// Nothing.
        NotKnown = "unknown",
        /// It is there.
        Alive = "alive",
        /// It does not answer.
        Failed = "failed",
        /// It has left.
        Left = "left",
    }
}

text_set! {
    /// What a server is meant to be.
    pub enum NodeType {
        /// One that has a vote.
        Voter = "voter",
    }
}

/// A server, as gossip tells of it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AutopilotServer {
    /// Its id in consensus.
    #[wire("ID")]
    pub id: GoStr,
    /// Its node's name.
    pub name: GoStr,
    /// Address of its server port.
    pub address: GoStr,
    /// What gossip says of it.
    pub node_status: NodeStatus,
    /// Its version of Consul.
    pub version: GoStr,
    /// Its metadata.
    pub meta: Map<GoStr>,
    /// Version of the raft protocol it speaks.
    pub raft_version: i64,
    /// It leads.
    pub is_leader: bool,
    /// What it is meant to be.
    pub node_type: NodeType,
    /// More, in Enterprise. Nil here.
    pub ext: Value,
}

/// How far a server's log has come.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// How long ago it heard of the leader.
    pub last_contact: GoDuration,
    /// Term of the last entry in its log.
    pub last_term: u64,
    /// Index of the last entry in its log.
    pub last_index: u64,
}

/// Whether a server is healthy.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHealth {
    /// It is.
    pub healthy: bool,
    /// Since when that has been so.
    pub stable_since: Time,
}

rpc_info!(write: AutopilotSetConfigRequest);
