//! The log of a server that is alone: an entry is committed when it is applied. It is kept in memory only, as `--dev` says.
use std::sync::Arc;

use parking_lot::Mutex;
use proconsul_msgpack::GoStr;
use proconsul_services::{Appended, Leadership, LeadershipFacts, Log, SessionClock, blocking::Lot};
use proconsul_state::{Entry, Snapshot, Store};

/// The entries that a new cluster begins with, before anybody writes: its configuration, and its leader's first.
const FIRST_ENTRIES: u64 = 2;

/// The term of a cluster's first leader: it was elected once, after the cluster's configuration was written in term 1.
const FIRST_TERM: u64 = 2;

/// A log with one member.
pub(crate) struct SoleLog {
    store: Arc<Store>,
    lot: Arc<Lot>,
    session_clock: Arc<SessionClock>,
    address: GoStr,
    last_index: Mutex<u64>,
}

impl SoleLog {
    /// The log of the server at `address`.
    pub(crate) fn new(store: Arc<Store>, lot: Arc<Lot>, session_clock: Arc<SessionClock>, address: GoStr) -> Self {
        Self { store, lot, session_clock, address, last_index: Mutex::new(FIRST_ENTRIES) }
    }

    /// What times the sessions of this log.
    pub(crate) fn session_clock(&self) -> &Arc<SessionClock> {
        &self.session_clock
    }

    /// Puts a restored store in the place of what there is, all at once. The log goes on above both: an index is never given out
    /// twice, nor is one that the restored store knows.
    pub(crate) fn restore(&self, restored: Snapshot) {
        {
            let mut last = self.last_index.lock();
            *last = restored.index.max(*last) + 1;
            self.store.replace(Snapshot { index: *last, ..restored });
        }
        self.session_clock.reload();
        self.lot.changed_entirely();
    }
}

impl Log for SoleLog {
    fn append(&self, entry: Entry) -> Appended {
        let applied = {
            // The lock is the order of the log: the store sees indexes grow.
            let mut last = self.last_index.lock();
            *last += 1;
            self.store.apply(*last, &entry)
        };
        self.session_clock.applied(&applied);
        self.lot.changed(&applied.changes);
        Appended::Done(Ok(applied.outcome))
    }
}

impl Leadership for SoleLog {
    fn facts(&self) -> LeadershipFacts {
        LeadershipFacts {
            leader: self.address.clone(),
            peers: vec![self.address.clone()],
            last_term: FIRST_TERM,
            last_index: *self.last_index.lock(),
        }
    }

    /// A server without peers leads.
    fn leads(&self) -> bool {
        true
    }
}
