//! Session: claims on keys that end with the health of their holder.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    GoDuration, List, Shared,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What is done to a session.
    pub enum SessionOp {
        /// Makes one.
        Create = "create",
        /// Ends one.
        Destroy = "destroy",
    }
}

text_set! {
    /// What becomes of the keys that a session holds when it ends.
    pub enum SessionBehavior {
        /// They are given back.
        Release = "release",
        /// They are deleted.
        Delete = "delete",
    }
}

/// A claim on keys, which ends with its time to live, its node, or one of its checks.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Its id, a UUID. The server chooses it.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name, for people.
    pub name: GoStr,
    /// The node it lives on.
    pub node: GoStr,
    /// How long keys cannot be locked again after it ended. Zero: not at all.
    pub lock_delay: GoDuration,
    /// What becomes of its keys. Empty in a request: release.
    pub behavior: SessionBehavior,
    /// How long it lives without being renewed, in Go's notation. Empty: for ever.
    #[wire("TTL")]
    pub ttl: GoStr,
    /// Ids of checks of its node that it ends with.
    pub node_checks: List<GoStr>,
    /// Checks of services that it ends with.
    pub service_checks: List<ServiceCheck>,
    /// Older form of `node_checks`, which old peers send and read.
    pub checks: List<GoStr>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// A check of a service that a session ends with.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceCheck {
    /// Id of the check.
    #[wire("ID")]
    pub id: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
}

/// `Session.Apply`: makes or ends a session. Also a raft log entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SessionRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: SessionOp,
    /// The session; to end one, its id is enough.
    pub session: Session,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `Session.Get` and `Session.Renew`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct SessionSpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The session's id.
    #[wire("SessionID")]
    pub session_id: GoStr,
    /// The session's id, from old clients; counts when the other is empty.
    pub session: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of the `Session` methods that read.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedSessions {
    /// The sessions.
    pub sessions: List<Shared<Session>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: SessionSpecificRequest);
rpc_info!(write: SessionRequest);
has_query_meta!(IndexedSessions);
