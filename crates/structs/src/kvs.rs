//! KVS: keys, values and what is done to them.

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

/// A key with its value, as it is stored, sent and saved.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DirEntry {
    /// How often the key has been locked.
    pub lock_index: u64,
    /// The key: any bytes, `/` by custom between levels.
    pub key: GoStr,
    /// A number that clients may keep with the key; it means nothing here.
    pub flags: u64,
    /// The value. None is nil on the wire, which is kept apart from an empty one.
    pub value: Option<Bytes>,
    /// The session that holds the lock, empty when nobody does.
    pub session: GoStr,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

text_set! {
    /// What a write, or one step of a transaction, does to keys.
    pub enum KvOp {
        /// Stores the entry.
        Set = "set",
        /// Removes the key.
        Delete = "delete",
        /// Removes the key if its modify index is still the one given.
        DeleteCas = "delete-cas",
        /// Removes every key that begins with this one.
        DeleteTree = "delete-tree",
        /// Stores the entry if its modify index is still the one given; zero means: if there is no such key.
        Cas = "cas",
        /// Stores the entry and takes the lock for its session.
        Lock = "lock",
        /// Stores the entry and gives the lock back.
        Unlock = "unlock",
        /// Transactions only: reads the key, which must exist.
        Get = "get",
        /// Transactions only: reads the key, or an empty entry.
        GetOrEmpty = "get-or-empty",
        /// Transactions only: reads every key that begins with this one.
        GetTree = "get-tree",
        /// Transactions only: fails unless the session holds the lock.
        CheckSession = "check-session",
        /// Transactions only: fails unless the modify index is the one given.
        CheckIndex = "check-index",
        /// Transactions only: fails if the key exists.
        CheckNotExists = "check-not-exists",
    }
}

/// `KVS.Apply`: a change of one key, or of all below a prefix. Also a raft log entry.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KvsRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// What to do.
    pub op: KvOp,
    /// The key it is about, with what the operation needs of the rest.
    pub dir_ent: DirEntry,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// `KVS.Get` (one key) and `KVS.List` (all keys that begin with it).
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KeyRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The key, or the prefix.
    pub key: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// `KVS.ListKeys`: names of keys below a prefix.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct KeyListRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// Only keys that begin with this.
    pub prefix: GoStr,
    /// Cut each name after the first of these that follows the prefix. Empty: whole names. The wire has it misspelt.
    #[wire("Seperator")]
    pub separator: GoStr,
    /// Common options.
    #[wire(embed)]
    pub query_options: QueryOptions,
}

/// Answer of `KVS.Get` and `KVS.List`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedDirEntries {
    /// What was found, in order of key bytes; nil when nothing was.
    pub entries: List<DirEntry>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

/// Answer of `KVS.ListKeys`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedKeyList {
    /// Names, in order of their bytes.
    pub keys: List<GoStr>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

rpc_info!(query: KeyRequest, KeyListRequest);
rpc_info!(write: KvsRequest);
has_query_meta!(IndexedDirEntries, IndexedKeyList);
