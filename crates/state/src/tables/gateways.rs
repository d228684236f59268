//! Which gateways serve which services, as `ingress-gateway` and `terminating-gateway` entries say.
//!
//! Nothing fills the table yet: it follows from config entries, and none are applied. Its reads are those that other answers
//! depend on already. Source: `catalog.go`, `gateway-services`.

use super::Tables;
use super::keys::compose;
use super::services::Instance;
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Watch, WatchSet};
use proconsul_structs::Shared;
use proconsul_structs::gateway::GatewayService;
use proconsul_structs::service::ServiceKind;
use std::sync::Arc;

/// Associations by gateway, service and port, and by service, gateway and port. Local names only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gateways {
    by_gateway: Radix<Arc<GatewayService>>,
    by_service: Radix<Arc<GatewayService>>,
}

impl Tables {
    /// What one gateway serves, in order of folded services. Watches that. The index is that of all gateways, and at least the
    /// greatest of what is listed.
    pub fn gateway_services(&self, gateway: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<GatewayService>>) {
        watches.add(|| Watch::gateway_services(gateway));
        let rows = self.gateways.by_gateway.values_below(&compose(&[gateway]));
        let rows: Vec<_> = rows.cloned().map(Shared).collect();
        let greatest = rows.iter().map(|row| row.raft_index.modify_index).max().unwrap_or(0);
        (self.indexes.gateway_services.max(greatest), rows)
    }

    /// What every gateway serves, in order of folded gateways and services. The index is that of all gateways. Nobody is woken
    /// by it: no answer that asks this waits for anything finer than all services, and nothing fills the table yet.
    pub fn every_gateway_service(&self) -> (u64, Vec<Shared<GatewayService>>) {
        (self.indexes.gateway_services, self.gateways.by_gateway.values().cloned().map(Shared).collect())
    }

    /// The instances of gateways of one kind that serve a service, in order of folded names, nodes and ids. Watches which
    /// gateways these are, and their instances with their checks. The index is the greatest of the associations and the
    /// gateways; zero without any.
    pub(super) fn gateways_serving(
        &self,
        service: &[u8],
        kind: &ServiceKind,
        watches: &mut WatchSet,
    ) -> (u64, Vec<&Instance>) {
        watches.add(|| Watch::gateway_services(service));
        let (mut index, mut found) = (0, Vec::new());
        let rows = self.gateways.by_service.values_below(&compose(&[service]));
        for row in rows.filter(|row| row.gateway_kind == *kind) {
            let gateway = &row.gateway.name;
            watches.add(|| Watch::health(Peer::LOCAL, gateway));
            let before = found.len();
            found.extend(self.services.named(Peer::LOCAL, gateway));
            let own = self.service_index(Peer::LOCAL, gateway, found.len() > before);
            index = index.max(row.raft_index.modify_index).max(own);
        }
        (index, found)
    }
}
