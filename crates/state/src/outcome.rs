//! What became of an entry.

use crate::watch::Changes;
use proconsul_msgpack::GoStr;
use proconsul_proto_public::pbresource::Resource;
use proconsul_structs::internal::AssignServiceManualVipsResponse;
use proconsul_structs::txn::TxnResponse;
use proconsul_types::WireText;
use std::sync::Arc;
use std::time::Duration;

/// What an apply answers to whoever proposed the entry. All servers get the same from the same log.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done, and there is nothing to tell.
    Nothing,
    /// Whether a conditional change took place.
    Bool(bool),
    /// Done; this is the id of what was made.
    Id(GoStr),
    /// Whether a service has a virtual address, and who lost one that it was given by hand.
    VirtualIps(Box<AssignServiceManualVipsResponse>),
    /// Done; this is the number that it gave out.
    Number(u64),
    /// Done; this is the resource as it is stored now.
    Resource(Arc<Resource>),
    /// What the steps of a transaction gave, or why it did not take place.
    Txn(Box<TxnResponse>),
    /// Refused: nothing changed. The text is Consul's own, without the words that an endpoint puts in front.
    Error(WireText),
}

/// A key that nobody may lock for a while, since the session that held it ended without giving it back. Time is the
/// leader's affair, so it is told here and not kept in the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockDelay {
    /// The key.
    pub key: GoStr,
    /// For how long from now.
    pub delay: Duration,
}

/// What happened to one resource, for those who follow a list of them.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceEvent {
    /// The index of the entry that did it.
    pub index: u64,
    /// What.
    pub what: ResourceChange,
    /// The resource as it was written, or as it was when it was removed.
    pub resource: Arc<Resource>,
}

/// Whether a resource was written or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceChange {
    /// It is new, or has new contents.
    Written,
    /// It is gone.
    Removed,
}

/// Everything that one apply yields beside the new tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The answer to whoever proposed the entry.
    pub outcome: Outcome,
    /// What changed, for those who wait. Empty when nothing did.
    pub changes: Changes,
    /// Keys that were taken from ended sessions, for the leader to keep locked for a while.
    pub lock_delays: Vec<LockDelay>,
    /// What happened to a resource, if anything did: an entry is about one at most.
    pub resource: Option<ResourceEvent>,
}
