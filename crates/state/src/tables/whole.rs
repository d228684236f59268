//! Whole tables of the catalog, peer by peer: what snapshots and counts go through. Nothing is watched.

use super::Tables;
use super::kinds::KindName;
use super::virtual_ip::as_saved;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::internal::ServiceVirtualIp;
use proconsul_structs::node::Node;
use proconsul_structs::service::{NodeService, ServiceNode};
use std::sync::Arc;

impl Tables {
    /// Every node, in order of peers and folded names.
    pub fn all_nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.all()
    }

    /// Every service instance, in order of peers, folded nodes and ids: as a row of its own, and as on its node.
    pub fn all_services(&self) -> impl Iterator<Item = (&Arc<ServiceNode>, &Arc<NodeService>)> {
        self.services.all().map(|instance| (&instance.row, &instance.service))
    }

    /// Every check, in order of peers, folded nodes and ids.
    pub fn all_checks(&self) -> impl Iterator<Item = &Arc<HealthCheck>> {
        self.checks.all()
    }

    /// Every service's virtual addresses, as snapshots hold them, in order of peers and folded names.
    pub fn all_virtual_ips(&self) -> impl Iterator<Item = ServiceVirtualIp> {
        self.virtual_ips.all().map(|row| ServiceVirtualIp {
            service: row.service.clone(),
            ip: as_saved(row.offset),
            manual_ips: row.by_hand.clone(),
            raft_index: row.raft_index,
        })
    }

    /// Every name of every kind, in order of kinds and folded names.
    pub fn all_kind_names(&self) -> impl Iterator<Item = &Arc<KindName>> {
        self.kind_names.all()
    }
}
