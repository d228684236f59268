//! The store behind a server: tables, indexes, watches, and one pure [`Tables::apply`].
//!
//! Start at [`Store`]: it holds the newest [`Snapshot`], which readers take without waiting and keep as long as they
//! like, and applies one log [`Entry`] after another.
//!
//! * **Tables** ([`Tables`]) are immutable values on persistent radix trees ([`radix`]): KV entries with the tombstones
//!   of deleted ones, nodes, service instances, checks, sessions, virtual addresses, resources. `apply` depends on nothing but the tables,
//!   the entry and its index, and has no clock: every server with the same log has the same tables.
//! * **Indexes** ([`Indexes`]) are what blocking queries compare. A read returns the one that its answer goes by: the
//!   entry's own, the service's, the table's. Where an answer changes, its index grows; where Consul's does not, so
//!   that a waiter there misses a change, the read's documentation says so.
//! * **Watches** ([`Watch`]) are what an answer depends on, as fine as one key, prefix, service or node. A read notes
//!   them in a [`WatchSet`]; an apply returns what it touched as [`Changes`]; a [`WatchIndex`] finds who is concerned
//!   without looking at anybody else. When an answer changes, its watches are among those concerned. The converse does
//!   not hold in every corner: someone may be woken to find that nothing that he sees has changed.
//!
//! An index that only follows a whole table (of a key that does not exist, of a list of nothing) may grow while the
//! answer stays the same. That concerns nobody, and wakes nobody.
//!
//! ```
//! use proconsul_msgpack::GoStr;
//! use proconsul_state::{Entry, Store, WatchIndex, WatchSet};
//! use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
//!
//! let set = |key: &str| {
//!     let dir_ent = DirEntry { key: GoStr::from(key), ..DirEntry::default() };
//!     Entry::Kvs(Box::new(KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() }))
//! };
//! let store = Store::new();
//! store.apply(1, &set("config/a"));
//!
//! // A query lists a folder, has seen index 1, and waits.
//! let mut watches = WatchSet::new();
//! let (index, entries) = store.snapshot().kv_list(&GoStr::from("config/"), &mut watches);
//! assert_eq!((index, entries.len()), (1, 1));
//! let mut waiting = WatchIndex::new();
//! for watch in watches.watches() {
//!     waiting.insert(watch, "the query");
//! }
//!
//! // A write elsewhere concerns nobody; one in the folder does.
//! let mut found = Vec::new();
//! waiting.affected(&store.apply(2, &set("elsewhere")).changes, &mut found);
//! assert!(found.is_empty());
//! waiting.affected(&store.apply(3, &set("config/b")).changes, &mut found);
//! assert_eq!(found, ["the query"]);
//! ```
//!
//! Not here: the log and who may write to it, time (of sessions and lock delays), ACLs, filters, anything that waits.
//!
//! Facts about Consul's tables and indexes: Consul 1.21.4, `agent/consul/state`; golden groups `kv`, `catalog`,
//! `blocking`.

mod entry; // a log entry, from bytes and to bytes
mod fold; // names that differ only in case
mod outcome; // what became of an entry
mod peer; // whose data is meant
pub mod radix; // the persistent tree under the tables
pub mod snapshot; // the tables as a file
mod store; // the newest snapshot
mod tables; // the tables, and what is done to them
mod watch; // who waits for what

pub use entry::{Entry, EntryError};
pub use outcome::{Applied, LockDelay, Outcome, ResourceChange, ResourceEvent};
pub use peer::{Peer, PeeredName};
pub use radix::Radix;
pub use store::{Follower, Snapshot, Store};
pub use tables::{
    BadKey, EmptyKey, Indexes, KindName, KvRead, NodeServicesRead, NodeWithAll, NodeWithServices, PeerIndexes, Record,
    ResourceMissing, ResourceQuery, Tables, WILDCARD, limits, satisfies, tags_by_name,
};
pub use watch::{Change, Changes, RecordTable, Watch, WatchIndex, WatchKey, WatchSet};
