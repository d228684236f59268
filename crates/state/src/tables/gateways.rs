//! Which gateways serve which services, as `ingress-gateway` and `terminating-gateway` entries say.
//!
//! The table follows from these entries and from what the catalog has, see [`derive`]: it is in no snapshot, and made anew when
//! one is restored. Source: `catalog.go`, `gateway-services`.

mod addresses; // virtual addresses of what terminating gateways serve
mod derive; // what a gateway serves, by its entry

use super::Tables;
use super::keys::compose;
use super::services::Instance;
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::Nested;
use proconsul_structs::Shared;
use proconsul_structs::config_entry::{ConfigEntry, ProxyDefaults};
use proconsul_structs::gateway::GatewayService;
use proconsul_structs::service::ServiceKind;
use std::sync::Arc;

/// Associations by gateway, service and port, and by service, gateway and port. Local names only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gateways {
    by_gateway: Radix<Arc<GatewayService>>,
    by_service: Radix<Arc<GatewayService>>,
}

/// What an entry has in place of a service's name, to speak of all.
const WILDCARD: &[u8] = b"*";
/// What a service speaks that nothing is said of.
const DEFAULT_PROTOCOL: GoStr = GoStr::from_static("tcp");

impl Gateways {
    fn is_empty(&self) -> bool {
        self.by_gateway.is_empty()
    }

    fn get(&self, row: &GatewayService) -> Option<&Arc<GatewayService>> {
        self.by_gateway.get(&by_gateway(row))
    }

    /// What a gateway serves, its entry's `*` included.
    fn of(&self, gateway: &[u8]) -> impl Iterator<Item = &Arc<GatewayService>> {
        self.by_gateway.values_below(&compose(&[gateway]))
    }

    /// By which gateways a service is served.
    fn serving(&self, service: &[u8]) -> impl Iterator<Item = &Arc<GatewayService>> {
        self.by_service.values_below(&compose(&[service]))
    }

    fn insert(&mut self, row: GatewayService) {
        let row = Arc::new(row);
        self.by_gateway.insert(&by_gateway(&row), Arc::clone(&row));
        self.by_service.insert(&by_service(&row), row);
    }

    fn remove(&mut self, row: &GatewayService) {
        self.by_gateway.remove(&by_gateway(row));
        self.by_service.remove(&by_service(row));
    }
}

fn by_gateway(row: &GatewayService) -> Vec<u8> {
    with_port(compose(&[&row.gateway.name, &row.service.name]), row.port)
}

fn by_service(row: &GatewayService) -> Vec<u8> {
    with_port(compose(&[&row.service.name, &row.gateway.name]), row.port)
}

/// The key, going on with a port in the order of numbers.
fn with_port(mut key: Vec<u8>, port: i64) -> Vec<u8> {
    key.extend_from_slice(&(port ^ i64::MIN).to_be_bytes());
    key
}

impl Tables {
    /// What one gateway serves, in order of folded services. Watches that. The index is that of all gateways, and at least the
    /// greatest of what its entry comes to.
    pub fn gateway_services(&self, gateway: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<GatewayService>>) {
        watches.add(|| Watch::gateway_services(gateway));
        self.shown(self.gateways.of(gateway), watches)
    }

    /// What every gateway serves, in order of folded gateways and services. Watches that. The index is that of all gateways, as
    /// for one.
    pub fn every_gateway_service(&self, watches: &mut WatchSet) -> (u64, Vec<Shared<GatewayService>>) {
        watches.add(|| Watch::AllGatewayServices);
        self.shown(self.gateways.by_gateway.values(), watches)
    }

    /// Rows as answers have them: without the entries' `*` itself, and of what an ingress gateway serves by that, only what
    /// speaks the protocol of the listener. What that depends on is watched, and then the index is also that of config entries.
    fn shown<'a>(
        &self,
        rows: impl Iterator<Item = &'a Arc<GatewayService>>,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<GatewayService>>) {
        let (mut index, mut shown) = (self.indexes.gateway_services, Vec::new());
        for row in rows {
            index = index.max(row.raft_index.modify_index);
            if *row.service.name == *WILDCARD {
                continue;
            }
            if row.from_wildcard && row.gateway_kind == ServiceKind::IngressGateway {
                let (own, protocol) = self.protocol_of(&row.service.name, watches);
                index = index.max(own);
                if protocol != row.protocol {
                    continue;
                }
            }
            shown.push(Shared(Arc::clone(row)));
        }
        (index, shown)
    }

    /// Index to wait by for the ingress gateways of a service, besides the answer's own: that of the last change of what any
    /// gateway serves, or of any name that its own index does not tell of. The answer's own goes back when a gateway leaves.
    pub fn ingress_index(&self) -> u64 {
        self.indexes.gateway_services.max(self.passed_over_index(Peer::LOCAL))
    }

    /// What a service speaks by its own settings, else by those of all proxies. Watches both. The index is that of config
    /// entries.
    pub fn protocol_of(&self, service: &[u8], watches: &mut WatchSet) -> (u64, GoStr) {
        let (index, own) = self.record::<ConfigEntry>(&[b"service-defaults", service], watches);
        let (_, all) = self.proxy_defaults(watches);
        let own = match own.as_deref() {
            Some(ConfigEntry::ServiceDefaults(own)) => own.protocol.clone(),
            _ => GoStr::EMPTY,
        };
        let all = all.map_or(GoStr::EMPTY, |all| all.protocol.clone());
        let said = [own, all].into_iter().find(|protocol| !protocol.is_empty());
        (index, said.unwrap_or(DEFAULT_PROTOCOL))
    }

    /// The settings of all proxies. Watches them. The index is that of config entries.
    pub fn proxy_defaults(&self, watches: &mut WatchSet) -> (u64, Option<Shared<Nested<ProxyDefaults>>>) {
        let (index, entry) = self.record::<ConfigEntry>(&[b"proxy-defaults", b"global"], watches);
        let found = match entry.as_deref() {
            Some(ConfigEntry::ProxyDefaults(found)) => Some(found.clone()),
            _ => None,
        };
        (index, found)
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
        for row in self.gateways.serving(service).filter(|row| row.gateway_kind == *kind) {
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
