//! Common options and facts of reads and writes.

use proconsul_msgpack::{GoStr, Wire};

use crate::{GoDuration, Map, Token, rpc::rpc_info};

/// What every read may ask for. Embedded in most requests.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct QueryOptions {
    /// Who asks.
    pub token: Token,
    /// Answer only once the index is above this one. Zero: answer at once.
    pub min_query_index: u64,
    /// How long to wait for that. Zero: the server's default; the server also caps it and adds jitter.
    pub max_query_time: GoDuration,
    /// Any server may answer from what it has, however old.
    pub allow_stale: bool,
    /// The leader must make sure that it still leads before it answers. Excludes `allow_stale`.
    pub require_consistent: bool,
    /// For a client agent's cache; servers do not look at it.
    pub use_cache: bool,
    /// With `allow_stale`: how long ago the answering server may have heard of the leader. Zero: any time.
    pub max_stale_duration: GoDuration,
    /// For a client agent's cache: how old its answer may be.
    pub max_age: GoDuration,
    /// For a client agent's cache: ask the servers in any case.
    pub must_revalidate: bool,
    /// For a client agent's cache: how old an answer may be when the servers cannot be asked.
    pub stale_if_error: GoDuration,
    /// Filter expression that entries of the answer must match. Empty: all do.
    pub filter: GoStr,
    /// The caller can do with "not modified" in place of an answer that it has already.
    pub allow_not_modified_response: bool,
}

/// What every read is told about its answer. Embedded in most replies.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct QueryMeta {
    /// Index that the answer belongs to: the `min_query_index` to wait for the next one with. Never zero in an answer.
    pub index: u64,
    /// How long ago the answering server heard of the leader. Zero at the leader itself.
    pub last_contact: GoDuration,
    /// Whether there is a leader as far as the answering server knows.
    pub known_leader: bool,
    /// `leader`, `stale` or `consistent`: how the question was answered. Empty where the method does not tell.
    pub consistency_level: GoStr,
    /// The answer was left out since the caller has it already.
    pub not_modified: bool,
    /// What kept the answer up to date.
    pub backend: QueryBackend,
    /// Something was left out of the answer since the token does not give the right to see it.
    #[wire("ResultsFilteredByACLs")]
    pub results_filtered_by_acls: bool,
}

/// What keeps an answer up to date.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryBackend(pub i64);

impl QueryBackend {
    /// Blocking queries.
    pub const BLOCKING: QueryBackend = QueryBackend(0);
    /// A subscription to events.
    pub const STREAMING: QueryBackend = QueryBackend(1);
}

/// What every write carries. Embedded in requests.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct WriteRequest {
    /// Who asks.
    pub token: Token,
}

/// Where a question comes from, to order answers by distance and to leave the asker out.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct QuerySource {
    /// The asker's datacenter.
    pub datacenter: GoStr,
    /// The asker's network segment.
    pub segment: GoStr,
    /// The node that answers are to be near to. `_agent` and `_ip` are resolved by client agents before they ask.
    pub node: GoStr,
    /// Partition of that node. Empty here always.
    pub node_partition: GoStr,
    /// Do not use the node, even if it is named.
    pub disable_node: bool,
    /// Address of the asker, to find its node.
    pub ip: GoStr,
}

/// A read about a datacenter as a whole.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DcSpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Only nodes with this metadata.
    pub node_meta_filters: Map<GoStr>,
    /// Where the question comes from.
    pub source: QuerySource,
    /// Ask about what was imported from this peered cluster.
    pub peer_name: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

rpc_info!(query: DcSpecificRequest);
