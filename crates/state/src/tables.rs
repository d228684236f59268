//! The tables and what is done to them.

mod catalog; // a registration or deregistration as a whole
mod checks; // health checks
mod coordinates; // where nodes are in the network
mod dump; // nodes with all that is on them
mod gateways; // which gateways serve which services
mod health; // services with all checks that count for them
mod held; // a part that most entries leave as it is
mod index; // modify indexes
mod keys; // keys of secondary indexes
mod kinds; // which names services of each kind have
mod kv; // keys and values, and the tombstones of deleted ones
mod metadata; // what metadata may look like
mod nodes; // nodes
mod records; // what is stored as it comes, until its service is built
mod resources; // resources of the second generation
mod same; // whether a new record says anything new
mod saved; // what a snapshot file has of them
mod services; // service instances
mod sessions; // claims on keys
mod transaction; // one entry being applied
mod txn; // several steps at once
mod usage; // how much there is
mod virtual_ip; // virtual addresses of mesh services
mod whole; // whole tables, for snapshots and counts

#[cfg(test)]
mod tests;

pub use dump::NodeWithAll;
pub use index::{Indexes, PeerIndexes};
pub use kinds::KindName;
pub use kv::{EmptyKey, KvRead};
pub use nodes::satisfies;
pub use records::{BadKey, Record};
pub use resources::{ResourceMissing, ResourceQuery, WILDCARD};
pub use services::{NodeServicesRead, NodeWithServices, tags_by_name};

/// Bounds of the tables, and addresses that have a meaning.
pub mod limits {
    pub use super::metadata::{META_KEY_BYTES_MAX, META_PAIRS_MAX, META_VALUE_BYTES_MAX};
    pub use super::sessions::LOCK_DELAY_MAX;
    pub use super::txn::{TXN_RESULT_BYTES_MAX, TXN_RESULTS_MAX};
    pub use super::virtual_ip::{TAGGED_ADDRESS_VIRTUAL_IP, VIRTUAL_IP_OFFSET_END, VIRTUAL_IP_START};
}

use crate::watch::{self, Changes};
use crate::{Applied, Entry, Outcome};
use held::Held;
use proconsul_structs::raft::ChunkingState;
use proconsul_types::WireText;
use transaction::Transaction;

/// All tables at one moment: an immutable value, cheap to clone.
///
/// Reads are methods; each takes a [`WatchSet`](crate::WatchSet) in which it notes what its answer depends on, and
/// those that serve blocking queries return the index that the query's next round brings along.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    kv: kv::KvTable,
    nodes: Held<nodes::NodeTable>,
    services: Held<services::ServiceTable>,
    checks: Held<checks::CheckTable>,
    sessions: Held<sessions::SessionTable>,
    virtual_ips: Held<virtual_ip::VirtualIps>,
    kind_names: Held<kinds::KindNames>,
    gateways: Held<gateways::Gateways>,
    coordinates: Held<coordinates::CoordinateTable>,
    records: Held<records::RecordTables>,
    resources: Held<resources::ResourceTable>,
    chunking: Held<ChunkingState>,
    /// Modify indexes of tables, services and nodes.
    pub indexes: Indexes,
}

/// What Consul answers to entries of its first ACL system.
const DEPRECATED_ACL: &str = "legacy ACL command has been removed with the legacy ACL system";

impl Tables {
    /// Empty tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables after an entry, and what became of it. Depends on nothing but its arguments: every server that
    /// applies the same log has the same tables. An entry that is refused changes nothing.
    #[must_use]
    pub fn apply(&self, index: u64, entry: &Entry) -> (Tables, Applied) {
        let mut next = self.clone();
        let applied = next.advance(index, entry);
        (next, applied)
    }

    /// [`apply`](Self::apply) in place: what no clone shares is changed without being copied, so that one clone and many
    /// entries cost less than many clones.
    pub fn advance(&mut self, index: u64, entry: &Entry) -> Applied {
        // These are refused before their first change; every other kind can fail half way.
        let whole = matches!(
            entry,
            Entry::Kvs(_)
                | Entry::Deregister(_)
                | Entry::Tombstone(_)
                | Entry::Session(_)
                | Entry::Coordinates(_)
                | Entry::Resource(_)
        );
        let undo = (!whole).then(|| self.clone());
        let counted = self.counted();
        let mut transaction = Transaction::new(index, self);
        let outcome = match entry {
            Entry::Kvs(request) => transaction.apply_kvs(request),
            Entry::Register(request) => transaction.register(request).map(|()| Outcome::Nothing),
            Entry::Deregister(request) => {
                transaction.deregister(request);
                Ok(Outcome::Nothing)
            }
            Entry::Tombstone(request) => transaction.reap(request).map(|()| Outcome::Nothing),
            Entry::Session(request) => transaction.apply_session(request),
            Entry::Coordinates(updates) => transaction.move_nodes(updates.as_deref().unwrap_or_default()),
            Entry::Txn(request) => transaction.apply_txn(request),
            Entry::UpdateVirtualIp(request) => Ok(Outcome::VirtualIps(Box::new(transaction.assign_by_hand(request)))),
            Entry::Resource(log) => transaction.apply_resource(log),
            Entry::Checkpoint | Entry::Ignored(_) => Ok(Outcome::Nothing),
            Entry::DeprecatedAcl => Err(WireText::other(DEPRECATED_ACL)),
            record => transaction.apply_record(record),
        };
        let Transaction { mut changes, lock_delays, resource, .. } = transaction;
        // A transaction whose step fails says so in its response, and takes no effect.
        let failed = match &outcome {
            Ok(Outcome::Txn(response)) => response.errors.as_ref().is_some_and(|errors| !errors.is_empty()),
            Ok(_) => false,
            Err(_) => true,
        };
        if failed {
            if let Some(before) = undo {
                *self = before;
            }
            let outcome = outcome.unwrap_or_else(Outcome::Error);
            return Applied { outcome, changes: Changes::default(), lock_delays: Vec::new(), resource: None };
        }
        if counted != self.counted() {
            self.indexes.usage = index;
            changes.note(watch::Change::Usage);
        }
        changes.settle();
        Applied { outcome: outcome.unwrap_or_else(Outcome::Error), changes, lock_delays, resource }
    }
}
