//! What a parked query waits for, and who waits for what just changed.
//!
//! A read says what its answer depends on as a few [`Watch`]es; a write says what it touched as [`Changes`]; a
//! [`WatchIndex`] brings the two together without looking at any watch that is not concerned.

mod changes;
mod hash;
mod index;
#[cfg(test)]
mod tests;

pub use changes::{Change, Changes};
pub use index::WatchIndex;

use crate::fold::fold;
use proconsul_msgpack::GoStr;

/// One thing that an answer can depend on.
///
/// Names of nodes and services are looked up without regard to case, as Consul does; the constructors fold them, so
/// make a watch with [`Watch::node`], [`Watch::service`] and their like. Keys are bytes and are taken as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Watch {
    /// One key of the KV store.
    Key(GoStr),
    /// Every key of the KV store that begins so.
    Prefix(GoStr),
    /// The instances of one service, connect proxies for it included, with their nodes' facts.
    Service(GoStr),
    /// The checks that count for one service: those of its instances.
    ServiceChecks(GoStr),
    /// Which service instances exist, and what each says.
    AllServices,
    /// One node's record and the services on it.
    Node(GoStr),
    /// The checks of one node, those of its services included.
    NodeChecks(GoStr),
    /// Every node's record.
    Nodes,
    /// Every check.
    Checks,
}

impl Watch {
    /// One service by name.
    pub fn service(name: &[u8]) -> Watch {
        Watch::Service(GoStr::from(fold(name).as_ref()))
    }

    /// The checks of one service by name.
    pub fn service_checks(name: &[u8]) -> Watch {
        Watch::ServiceChecks(GoStr::from(fold(name).as_ref()))
    }

    /// One node by name.
    pub fn node(name: &[u8]) -> Watch {
        Watch::Node(GoStr::from(fold(name).as_ref()))
    }

    /// The checks of one node by name.
    pub fn node_checks(name: &[u8]) -> Watch {
        Watch::NodeChecks(GoStr::from(fold(name).as_ref()))
    }
}

/// Where a read writes down what its answer depends on. [`WatchSet::off`] keeps nothing and costs nothing, for reads
/// that will not wait.
#[derive(Clone, Debug, Default)]
pub struct WatchSet {
    on: bool,
    watches: Vec<Watch>,
}

impl WatchSet {
    /// A set that collects.
    pub fn new() -> Self {
        WatchSet { on: true, watches: Vec::new() }
    }

    /// A set that ignores what it is told.
    pub fn off() -> Self {
        WatchSet::default()
    }

    /// Adds a watch; it is not even made when the set is off.
    pub fn add(&mut self, watch: impl FnOnce() -> Watch) {
        if self.on {
            let watch = watch();
            if !self.watches.contains(&watch) {
                self.watches.push(watch);
            }
        }
    }

    /// What was collected.
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Whether any of the changes concerns this set: what a [`WatchIndex`] finds, for one set alone.
    pub fn is_affected(&self, changes: &Changes) -> bool {
        self.watches.iter().any(|watch| changes.touch(watch))
    }
}
