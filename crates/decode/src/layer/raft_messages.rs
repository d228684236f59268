//! Messages of hashicorp/raft's network transport, protocol version 3, as far as they are shown: their shapes.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Shape, Shaped, Time, Wire};

use crate::RaftCall;

/// Who sends a message. Ids and addresses are byte strings there, and text all the same.
#[derive(Clone, Debug, Default, Wire)]
struct RpcHeader {
    /// Version of the protocol.
    protocol_version: i64,
    /// The sender's id.
    #[wire("ID")]
    id: GoStr,
    /// The sender's address.
    addr: GoStr,
}

/// Entries for the log; none: a heartbeat.
#[derive(Clone, Debug, Default, Wire)]
pub(crate) struct AppendEntriesRequest {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    leader: GoStr,
    prev_log_entry: u64,
    prev_log_term: u64,
    /// The entries.
    pub(crate) entries: Option<Vec<Log>>,
    leader_commit_index: u64,
}

/// An entry of the log.
#[derive(Clone, Debug, Default, Wire)]
pub(crate) struct Log {
    /// Position in the log.
    pub(crate) index: u64,
    /// The term it was made in.
    pub(crate) term: u64,
    /// Raft's own type.
    #[wire("Type")]
    pub(crate) kind: u64,
    /// The content.
    pub(crate) data: Bytes,
    /// What else there is to a piece of a large message.
    pub(crate) extensions: Bytes,
    appended_at: Time,
}

#[derive(Clone, Debug, Default, Wire)]
struct AppendEntriesResponse {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    last_log: u64,
    success: bool,
    no_retry_backoff: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct RequestVoteRequest {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    candidate: GoStr,
    last_log_index: u64,
    last_log_term: u64,
    leadership_transfer: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct RequestVoteResponse {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    peers: Bytes,
    granted: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct RequestPreVoteRequest {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    last_log_index: u64,
    last_log_term: u64,
}

#[derive(Clone, Debug, Default, Wire)]
struct RequestPreVoteResponse {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    granted: bool,
}

/// What comes before a snapshot.
#[derive(Clone, Debug, Default, Wire)]
pub(crate) struct InstallSnapshotRequest {
    #[wire(embed)]
    header: RpcHeader,
    snapshot_version: i64,
    term: u64,
    leader: GoStr,
    last_log_index: u64,
    last_log_term: u64,
    peers: Bytes,
    configuration: Bytes,
    configuration_index: u64,
    /// How many bytes the snapshot has.
    pub(crate) size: i64,
}

#[derive(Clone, Debug, Default, Wire)]
struct InstallSnapshotResponse {
    #[wire(embed)]
    header: RpcHeader,
    term: u64,
    success: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct TimeoutNow {
    #[wire(embed)]
    header: RpcHeader,
}

/// A message: its call, whether it is the reply, its name and its shape.
type Row = (RaftCall, bool, &'static str, fn() -> Shape);

/// Every message. The names are hashicorp/raft's.
const MESSAGES: &[Row] = &[
    (RaftCall::AppendEntries, false, "raft.AppendEntriesRequest", AppendEntriesRequest::shape),
    (RaftCall::AppendEntries, true, "raft.AppendEntriesResponse", AppendEntriesResponse::shape),
    (RaftCall::RequestVote, false, "raft.RequestVoteRequest", RequestVoteRequest::shape),
    (RaftCall::RequestVote, true, "raft.RequestVoteResponse", RequestVoteResponse::shape),
    (RaftCall::InstallSnapshot, false, "raft.InstallSnapshotRequest", InstallSnapshotRequest::shape),
    (RaftCall::InstallSnapshot, true, "raft.InstallSnapshotResponse", InstallSnapshotResponse::shape),
    (RaftCall::TimeoutNow, false, "raft.TimeoutNowRequest", TimeoutNow::shape),
    (RaftCall::TimeoutNow, true, "raft.TimeoutNowResponse", TimeoutNow::shape),
    (RaftCall::RequestPreVote, false, "raft.RequestPreVoteRequest", RequestPreVoteRequest::shape),
    (RaftCall::RequestPreVote, true, "raft.RequestPreVoteResponse", RequestPreVoteResponse::shape),
];

/// The name of what a call carries.
pub(crate) fn name(call: RaftCall, reply: bool) -> &'static str {
    MESSAGES.iter().find(|row| (row.0, row.1) == (call, reply)).map_or("", |row| row.2)
}

/// The shape of one of raft's own messages, by its name: `raft.AppendEntriesRequest`.
pub fn raft_shape(name: &str) -> Option<Shape> {
    MESSAGES.iter().find(|row| row.2 == name).map(|row| (row.3)())
}
