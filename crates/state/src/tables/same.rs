//! Whether a new record says anything that the stored one does not.
//!
//! Agents register what they have again and again; indexes must stay where they are then. Indexes are never compared,
//! and a node's name only without regard to case. Some fields are passed over as well, so that a registration that
//! changes only these changes nothing: a locality, a service's socket path, a check's type, interval, timeout and exposed
//! port. Source: `Node.IsSame`, `ServiceNode.IsSameService` and `HealthCheck.IsSame` in `structs.go`.

use crate::fold;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::node::Node;
use proconsul_structs::service::NodeService;

pub(super) fn node(old: &Node, new: &Node) -> bool {
    let as_old = Node {
        node: old.node.clone(),
        partition: old.partition.clone(),
        locality: old.locality.clone(),
        raft_index: old.raft_index,
        ..new.clone()
    };
    fold::same(&old.node, &new.node) && as_old == *old
}

pub(super) fn service(old: &NodeService, new: &NodeService) -> bool {
    let as_old = NodeService {
        socket_path: old.socket_path.clone(),
        locality: old.locality.clone(),
        raft_index: old.raft_index,
        ..new.clone()
    };
    as_old == *old
}

pub(super) fn check(old: &HealthCheck, new: &HealthCheck) -> bool {
    let as_old = HealthCheck {
        node: old.node.clone(),
        check_type: old.check_type.clone(),
        interval: old.interval.clone(),
        timeout: old.timeout.clone(),
        exposed_port: old.exposed_port,
        raft_index: old.raft_index,
        ..new.clone()
    };
    fold::same(&old.node, &new.node) && as_old == *old
}
