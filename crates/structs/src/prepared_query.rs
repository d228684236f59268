//! PreparedQuery: questions about services, stored under a name with what to do when no instance is healthy.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Map, Shared, Token,
    health::CheckServiceNode,
    query::{QueryMeta, QueryOptions, QuerySource, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What is done to a prepared query.
    pub enum PreparedQueryOp {
        /// Makes a new one; the reply is its id.
        Create = "create",
        /// Replaces the one with the same id.
        Update = "update",
        /// Removes the one with the same id.
        Delete = "delete",
    }
}

text_set! {
    /// How a query matches names other than its own.
    pub enum QueryTemplateType {
        /// Not at all.
        None = "",
        /// By their beginning; of several queries the longest counts.
        NamePrefixMatch = "name_prefix_match",
    }
}

/// A question about a service, stored under a name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQuery {
    /// Its id, a UUID. The server chooses it.
    #[wire("ID")]
    pub id: GoStr,
    /// Its name; for templates the prefix. Empty: by id only.
    pub name: GoStr,
    /// A session that it ends with. Empty: none.
    pub session: GoStr,
    /// Token that answers it, in place of that of whoever asks. Empty: the asker's. Hidden as `<hidden>` in replies to those who
    /// may not see it.
    pub token: Token,
    /// It is a template.
    pub template: QueryTemplateOptions,
    /// Which service, and which instances of it.
    pub service: ServiceQuery,
    /// What DNS answers say.
    #[wire("DNS")]
    pub dns: QueryDnsOptions,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// How a query makes others out of itself.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryTemplateOptions {
    /// How it matches names.
    #[wire("Type")]
    pub template_type: QueryTemplateType,
    /// A regular expression for the name; what it captures can be used in the query's other fields.
    pub regexp: GoStr,
    /// Tags that came out empty are left out.
    pub remove_empty_tags: bool,
}

/// Which service, and which instances of it.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceQuery {
    /// Its name.
    pub service: GoStr,
    /// A group of clusters to look in, one after the other. Excludes failover.
    pub sameness_group: GoStr,
    /// Where else to look when no instance is healthy.
    pub failover: QueryFailoverOptions,
    /// Critical instances too.
    pub include_all: bool,
    /// Only instances whose checks all pass. Otherwise warnings are let through.
    pub only_passing: bool,
    /// Checks that do not count.
    #[wire("IgnoreCheckIDs")]
    pub ignore_check_ids: List<GoStr>,
    /// The node that answers are to be near to; `_agent` is the asker's own, `_ip` the one of the asker's address.
    pub near: GoStr,
    /// Tags that instances must have; with `!` in front: must not have.
    pub tags: List<GoStr>,
    /// Metadata that the instance's node must have.
    pub node_meta: Map<GoStr>,
    /// Metadata that the instance must have.
    pub service_meta: Map<GoStr>,
    /// Ask for what the mesh can reach under the name: proxies and native instances.
    pub connect: bool,
    /// A peered cluster to ask about. Empty: our own.
    pub peer: GoStr,
}

/// Where else to look when no instance is healthy.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryFailoverOptions {
    /// Do not look here at all, but in other datacenters only.
    pub skip_local_datacenter: bool,
    /// How many of the nearest other datacenters to ask. Zero: none.
    pub nearest_n: i64,
    /// Datacenters to ask after those, in this order.
    pub datacenters: List<GoStr>,
    /// Clusters to ask, in this order. Excludes the other two.
    pub targets: List<QueryFailoverTarget>,
}

/// A cluster to ask: one of the two.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryFailoverTarget {
    /// A peered cluster.
    pub peer: GoStr,
    /// A datacenter.
    pub datacenter: GoStr,
}

/// What DNS answers of a query say.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryDnsOptions {
    /// How long they hold, in Go's notation (`10s`). Empty: as for other answers.
    #[wire("TTL")]
    pub ttl: GoStr,
}

/// `PreparedQuery.Apply`: a change. Also a raft entry. The reply is the query's id.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQueryRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: PreparedQueryOp,
    /// The query; to remove one, its id is enough. Nil is an error.
    pub query: Option<Shared<PreparedQuery>>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `PreparedQuery.Get`: one query.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQuerySpecificRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The query's id.
    #[wire("QueryID")]
    pub query_id: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `PreparedQuery.Get` and `PreparedQuery.List`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedPreparedQueries {
    /// The queries.
    pub queries: List<Shared<PreparedQuery>>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// `PreparedQuery.Execute`: asks a query; and `PreparedQuery.Explain`: tells what would be asked.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQueryExecuteRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The query's id or name.
    #[wire("QueryIDOrName")]
    pub query_id_or_name: GoStr,
    /// How many instances are enough. Zero: all.
    pub limit: i64,
    /// Ask for what the mesh can reach, whatever the query says.
    pub connect: bool,
    /// Where the question comes from, to order answers by distance.
    pub source: QuerySource,
    /// The agent that passes the question on: what `_agent` means.
    pub agent: QuerySource,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `PreparedQuery.ExecuteRemote`: asks in another datacenter. Servers use it among themselves.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQueryExecuteRemoteRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The query itself, with everything filled in: the other datacenter does not know it.
    pub query: PreparedQuery,
    /// How many instances are enough. Zero: all.
    pub limit: i64,
    /// Ask for what the mesh can reach, whatever the query says.
    pub connect: bool,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `PreparedQuery.Execute` and `PreparedQuery.ExecuteRemote`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQueryExecuteResponse {
    /// The service that was asked for.
    pub service: GoStr,
    /// Its instances, near ones first.
    pub nodes: List<CheckServiceNode>,
    /// What DNS answers say.
    #[wire("DNS")]
    pub dns: QueryDnsOptions,
    /// The datacenter that they are in.
    pub datacenter: GoStr,
    /// The peered cluster that they are in. Empty: our own.
    pub peer_name: GoStr,
    /// How many other clusters were asked.
    pub failovers: i64,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `PreparedQuery.Explain`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct PreparedQueryExplainResponse {
    /// The query, with everything filled in.
    pub query: PreparedQuery,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: PreparedQuerySpecificRequest, PreparedQueryExecuteRequest, PreparedQueryExecuteRemoteRequest);
rpc_info!(write: PreparedQueryRequest);
has_query_meta!(IndexedPreparedQueries, PreparedQueryExecuteResponse, PreparedQueryExplainResponse);
