//! The tables and what is done to them.

mod catalog; // a registration or deregistration as a whole
mod checks; // health checks
mod index; // modify indexes
mod keys; // keys of secondary indexes
mod kv; // keys and values, and the tombstones of deleted ones
mod metadata; // what metadata may look like
mod nodes; // nodes
mod same; // whether a new record says anything new
mod services; // service instances
mod transaction; // one entry being applied
mod virtual_ip; // virtual addresses of mesh services

#[cfg(test)]
mod tests;

pub use index::Indexes;
pub use kv::{EmptyKey, KvRead};
pub use nodes::satisfies;
pub use services::{NodeWithServices, tags_by_name};

/// Bounds of the tables, and addresses that have a meaning.
pub mod limits {
    pub use super::metadata::{META_KEY_BYTES_MAX, META_PAIRS_MAX, META_VALUE_BYTES_MAX};
    pub use super::virtual_ip::{TAGGED_ADDRESS_VIRTUAL_IP, VIRTUAL_IP_OFFSET_END, VIRTUAL_IP_START};
}

use crate::watch::Changes;
use crate::{Applied, Entry, Outcome};
use transaction::Transaction;

/// All tables at one moment: an immutable value, cheap to clone.
///
/// Reads are methods; each takes a [`WatchSet`](crate::WatchSet) in which it notes what its answer depends on, and
/// those that serve blocking queries return the index that the query's next round brings along.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    kv: kv::KvTable,
    nodes: nodes::NodeTable,
    services: services::ServiceTable,
    checks: checks::CheckTable,
    virtual_ips: virtual_ip::VirtualIps,
    /// Modify indexes of tables, services and nodes.
    pub indexes: Indexes,
}

impl Tables {
    /// Empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables after an entry, and what became of it. Depends on nothing but its arguments: every server that
    /// applies the same log has the same tables. An entry that is refused changes nothing.
    #[must_use]
    pub fn apply(&self, index: u64, entry: &Entry) -> (Tables, Applied) {
        let mut transaction = Transaction { index, tables: self.clone(), changes: Changes::default() };
        let outcome = match entry {
            Entry::Kvs(request) => transaction.apply_kvs(request),
            Entry::Register(request) => transaction.register(request).map(|()| Outcome::Nothing),
            Entry::Deregister(request) => {
                transaction.deregister(request);
                Ok(Outcome::Nothing)
            }
            Entry::Tombstone(request) => transaction.reap(request).map(|()| Outcome::Nothing),
            Entry::Ignored(_) => Ok(Outcome::Nothing),
        };
        match outcome {
            Ok(outcome) => {
                transaction.changes.settle();
                (transaction.tables, Applied { outcome, changes: transaction.changes })
            }
            Err(text) => (self.clone(), Applied { outcome: Outcome::Error(text), changes: Changes::default() }),
        }
    }
}
