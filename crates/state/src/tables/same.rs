//! Whether a new record says anything that the stored one does not.
//!
//! Agents register what they have again and again; indexes must stay where they are then. Indexes are never compared,
//! and a node's name only without regard to case. Consul also passes over some fields (a service's socket path and
//! locality, a check's type, interval and timeout), so that a registration that changes only these is lost there; here
//! it counts.

use crate::fold;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::ServiceNode;

pub(super) fn node(old: &Node, new: &Node) -> bool {
    let as_old = Node { node: old.node.clone(), raft_index: old.raft_index, ..new.clone() };
    fold::same(&old.node, &new.node) && Node { partition: old.partition.clone(), ..as_old } == *old
}

/// Compares what the registration said, not what was joined from the node: both come with the same node's facts.
pub(super) fn service(old: &ServiceNode, new: &ServiceNode) -> bool {
    let unindexed = |service: &ServiceNode| ServiceNode { raft_index: RaftIndex::default(), ..service.clone() };
    fold::same(&old.node, &new.node) && ServiceNode { node: old.node.clone(), ..unindexed(new) } == unindexed(old)
}

pub(super) fn check(old: &HealthCheck, new: &HealthCheck) -> bool {
    fold::same(&old.node, &new.node)
        && HealthCheck { node: old.node.clone(), raft_index: old.raft_index, ..new.clone() } == *old
}
