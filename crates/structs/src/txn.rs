//! Txn: several operations that take place together or not at all.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List, Shared,
    check::HealthCheck,
    intention::{Intention, IntentionMutation, IntentionOp},
    kvs::{DirEntry, KvOp},
    node::Node,
    query::{QueryMeta, QueryOptions, WriteRequest},
    rpc::{has_query_meta, rpc_info},
    service::NodeService,
    session::Session,
    text_set::text_set,
};

mod ops; // the steps of a request

/// How many steps a transaction may have. Consul's HTTP API takes no more than 128, and its RPC system any number; a step of one
/// byte is a few dozen in memory, so that some bound is needed where they are read.
pub const OPS_MAX: usize = 16_384;

text_set! {
    /// What a step does to a node, service, check or session. Sessions can only be deleted.
    pub enum RecordOp {
        /// Reads it; it must exist.
        Get = "get",
        /// Stores it.
        Set = "set",
        /// Stores it if its modify index is still the one given.
        Cas = "cas",
        /// Removes it.
        Delete = "delete",
        /// Removes it if its modify index is still the one given.
        DeleteCas = "delete-cas",
    }
}

/// One step. Exactly one member is set.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnOp {
    /// Keys.
    #[wire("KV")]
    pub kv: Option<Box<TxnKvOp>>,
    /// A node.
    pub node: Option<Box<TxnNodeOp>>,
    /// A service.
    pub service: Option<Box<TxnServiceOp>>,
    /// A check.
    pub check: Option<Box<TxnCheckOp>>,
    /// A session.
    pub session: Option<Box<TxnSessionOp>>,
    /// An intention of the older form; only replication uses it.
    pub intention: Option<Box<TxnIntentionOp>>,
}

/// A step on keys.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnKvOp {
    /// What to do.
    pub verb: KvOp,
    /// The key, with what the verb needs of the rest.
    pub dir_ent: DirEntry,
}

/// A step on a node.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnNodeOp {
    /// What to do.
    pub verb: RecordOp,
    /// The node, by name or id.
    pub node: Node,
}

/// A step on a service.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnServiceOp {
    /// What to do.
    pub verb: RecordOp,
    /// The node it is on.
    pub node: GoStr,
    /// The service.
    pub service: NodeService,
}

/// A step on a check.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnCheckOp {
    /// What to do.
    pub verb: RecordOp,
    /// The check.
    pub check: HealthCheck,
}

/// A step on a session.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnSessionOp {
    /// What to do.
    pub verb: RecordOp,
    /// The session.
    pub session: Session,
}

/// A step on an intention of the older form: a whole request of its kind.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnIntentionOp {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: IntentionOp,
    /// The intention.
    pub intention: Option<Intention>,
    /// The change, in the newer form.
    pub mutation: Option<IntentionMutation>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `Txn.Apply`: steps of which some write. Also a raft log entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The steps, in order. Of more than [`OPS_MAX`], one more is read.
    #[wire(with = "ops")]
    pub ops: List<TxnOp>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `Txn.Read`: steps that only read.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnReadRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The steps, in order. Of more than [`OPS_MAX`], one more is read.
    #[wire(with = "ops")]
    pub ops: List<TxnOp>,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// What a step gave. Exactly one member is set.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnResult {
    /// A key. A write gives it without its value.
    #[wire("KV")]
    pub kv: Option<DirEntry>,
    /// A node.
    pub node: Option<Shared<Node>>,
    /// A service.
    pub service: Option<Shared<NodeService>>,
    /// A check.
    pub check: Option<Shared<HealthCheck>>,
}

/// Why a step failed, and with it all of them.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct TxnError {
    /// Position of the step, from zero.
    pub op_index: i64,
    /// What happened, for people.
    pub what: GoStr,
}

/// Answer of `Txn.Apply`: results, or errors.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnResponse {
    /// What the steps gave; a step may give several results, or none.
    pub results: List<TxnResult>,
    /// Why nothing took place.
    pub errors: List<TxnError>,
}

/// Answer of `Txn.Read`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct TxnReadResponse {
    /// Results, or errors.
    #[wire(embed)]
    pub response: TxnResponse,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: TxnReadRequest);
rpc_info!(write: TxnRequest);
has_query_meta!(TxnReadResponse);
