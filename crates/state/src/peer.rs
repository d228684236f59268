//! Whose data is meant.

use crate::fold::{fold, same};
use proconsul_msgpack::GoStr;

/// Whose data is meant: this cluster's own, or what was imported from a peered one. A part of every key of the catalog,
/// so that two clusters may have nodes and services of one name. Letter case does not count, as for other names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer<'a>(&'a [u8]);

/// Consul's name for this cluster in its keys. No peering can be called so.
const FILED_LOCAL: &[u8] = b"~";

impl<'a> Peer<'a> {
    /// This cluster.
    pub const LOCAL: Peer<'static> = Peer(b"");

    /// A peered cluster, by the name that it has here. The empty name stands for this cluster, and so does the one by which
    /// Consul files what is local.
    pub fn named(name: &'a [u8]) -> Self {
        if name == FILED_LOCAL { Peer::LOCAL } else { Peer(name) }
    }

    /// The name; empty for this cluster.
    pub fn name(self) -> &'a [u8] {
        self.0
    }

    /// Whether it is this cluster.
    pub fn is_local(self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are one.
    pub fn is(self, other: Peer<'_>) -> bool {
        same(self.0, other.0)
    }

    /// The name as it is filed.
    pub(crate) fn folded(self) -> GoStr {
        folded(self.0)
    }
}

/// A name of a node or service, and whose it is; both folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeeredName {
    /// The cluster that it was imported from; empty for this one.
    pub peer: GoStr,
    /// The name itself.
    pub name: GoStr,
}

impl PeeredName {
    /// Folds both.
    pub fn new(peer: Peer<'_>, name: &[u8]) -> Self {
        PeeredName { peer: peer.folded(), name: folded(name) }
    }
}

/// The empty text, the usual case for peers, costs nothing.
fn folded(name: &[u8]) -> GoStr {
    if name.is_empty() { GoStr::EMPTY } else { GoStr::from(fold(name).as_ref()) }
}
