//! Requests and replies with entries. Those that hold entries are one raw value on the wire: first the kind, so that the reader
//! knows what the entry is, then the message.

mod raw; // what is in that raw value

use proconsul_msgpack::{GoStr, Wire};

use super::{ConfigEntry, ConfigEntryKind};
use crate::{
    List,
    query::{QueryMeta, QueryOptions, WriteRequest},
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

text_set! {
    /// What is done to an entry.
    pub enum ConfigEntryOp {
        /// Stores it.
        Upsert = "upsert",
        /// Stores it if its modify index is still the one given; zero means: if there is no such entry.
        UpsertCas = "upsert-cas",
        /// As [`Self::UpsertCas`], and with its status, which servers only write.
        UpsertWithStatusCas = "upsert-with-status-cas",
        /// Removes it.
        Delete = "delete",
        /// Removes it if its modify index is still the one given.
        DeleteCas = "delete-cas",
    }
}

/// `ConfigEntry.Apply` and `ConfigEntry.Delete`: a change of one entry. Also a raft log entry, and a record of snapshots.
///
/// Without an entry it has no encoding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigEntryRequest {
    /// What to do.
    pub op: ConfigEntryOp,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The entry; to remove it, its kind and name are enough.
    pub entry: ConfigEntry,
    /// Who asks.
    pub write_request: WriteRequest,
}

/// `ConfigEntry.Get` (one entry) and `ConfigEntry.List` (all of a kind).
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ConfigEntryQuery {
    /// The kind.
    pub kind: ConfigEntryKind,
    /// The entry's name.
    pub name: GoStr,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `ConfigEntry.ListAll`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ConfigEntryListAllRequest {
    /// The kinds. Empty, from old servers: those that they know, which are the first seven of [`ConfigEntryKind::KNOWN`].
    pub kinds: List<ConfigEntryKind>,
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `ConfigEntry.Get`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigEntryResponse {
    /// The entry; `None` when there is no such one.
    pub entry: Option<ConfigEntry>,
    /// Facts of the query.
    pub query_meta: QueryMeta,
}

/// Answer of `ConfigEntry.List`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexedConfigEntries {
    /// Their kind.
    pub kind: ConfigEntryKind,
    /// The entries, all of that kind.
    pub entries: List<ConfigEntry>,
    /// Facts of the query.
    pub query_meta: QueryMeta,
}

/// Answer of `ConfigEntry.ListAll`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexedGenericConfigEntries {
    /// The entries, of any kind. Nil and empty are the same on the wire.
    pub entries: Vec<ConfigEntry>,
    /// Facts of the query.
    pub query_meta: QueryMeta,
}

/// Answer of `ConfigEntry.Delete`.
#[derive(Wire, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfigEntryDeleteResponse {
    /// Whether the entry is gone. False only when it had been changed meanwhile.
    pub deleted: bool,
}

rpc_info!(query: ConfigEntryQuery, ConfigEntryListAllRequest);
rpc_info!(write: ConfigEntryRequest);
has_query_meta!(ConfigEntryResponse, IndexedConfigEntries, IndexedGenericConfigEntries);
