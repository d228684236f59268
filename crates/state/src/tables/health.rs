//! Services with all checks that count for them: their own, and those of their nodes.
//!
//! Nothing is copied or scanned for an answer: an instance holds its node and the form in which it is shown, and its checks
//! are filed by it. Source: `catalog.go`; golden group `health`.

use super::Tables;
use super::checks::shared;
use super::kinds::index_word;
use super::services::{Instance, has_tags};
use crate::peer::Peer;
use crate::watch::{Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::health::CheckServiceNode;
use proconsul_structs::service::ServiceKind;
use std::collections::{BTreeMap, BTreeSet};

impl Tables {
    /// The instances of one service with their checks, in order of folded nodes and ids. Watches them.
    ///
    /// The index is as for [`service_nodes`](Self::service_nodes), and moves with the checks; where neither the service nor
    /// an extinction has one, it is that of all checks, services and nodes. Wait by
    /// [`passed_over_index`](Self::passed_over_index) as well.
    pub fn check_service_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<CheckServiceNode>) {
        watches.add(|| Watch::health(peer, service));
        let found: Vec<_> = self.services.named(peer, service).map(|instance| self.with_checks(instance)).collect();
        (self.health_index(peer, service, !found.is_empty()), found)
    }

    /// The instances of one service that have all of the tags, letter case aside. Otherwise as
    /// [`check_service_nodes`](Self::check_service_nodes): that the service has none with the tags does not count as its
    /// absence.
    pub fn check_service_tag_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        tags: &[GoStr],
        watches: &mut WatchSet,
    ) -> (u64, Vec<CheckServiceNode>) {
        watches.add(|| Watch::health(peer, service));
        let exists = self.services.has_instance_of(peer, service);
        let tagged = self.services.named(peer, service).filter(|instance| has_tags(&instance.row, tags));
        let found = tagged.map(|instance| self.with_checks(instance)).collect();
        (self.health_index(peer, service, exists), found)
    }

    /// The index of [`check_service_nodes`](Self::check_service_nodes), with tags or without, without its answer.
    pub fn check_service_nodes_index(&self, peer: Peer<'_>, service: &[u8]) -> u64 {
        self.health_index(peer, service, self.services.has_instance_of(peer, service))
    }

    /// What the mesh reaches under a name: the proxies for it, its native instances, and the terminating gateways that serve
    /// it; with their checks. Watches them.
    ///
    /// The index is the greatest of the services that are among them, so that it may go back when one of these leaves; wait
    /// by [`connect_index`](Self::connect_index) as well. Without any it is that of the last extinction of any service.
    pub fn check_connect_service_nodes(
        &self,
        peer: Peer<'_>,
        service: &[u8],
        watches: &mut WatchSet,
    ) -> (u64, Vec<CheckServiceNode>) {
        watches.add(|| Watch::connect(peer, service));
        let mut reached: Vec<&Instance> = self.services.reached(peer, service).collect();
        let mut index = 0;
        if peer.is_local() {
            let (own, gateways) = self.gateways_serving(service, &ServiceKind::TerminatingGateway, watches);
            index = own;
            reached.extend(gateways);
        }
        let names: BTreeSet<&GoStr> = reached.iter().map(|instance| &instance.row.service_name).collect();
        let indexes = names.iter().map(|name| self.health_index(peer, name, true));
        let own = indexes.max().unwrap_or_else(|| self.health_index(peer, service, false));
        (index.max(own), reached.into_iter().map(|instance| self.with_checks(instance)).collect())
    }

    /// The ingress gateways that serve a service, with their checks. Watches them. The index is the greatest of theirs; zero
    /// where there are none.
    pub fn check_ingress_service_nodes(&self, service: &[u8], watches: &mut WatchSet) -> (u64, Vec<CheckServiceNode>) {
        let (mut index, gateways) = self.gateways_serving(service, &ServiceKind::IngressGateway, watches);
        // Letter case aside, a service is one and listed once.
        let names: BTreeMap<GoStr, &GoStr> =
            gateways.iter().map(|gateway| (folded(&gateway.row.service_name), &gateway.row.service_name)).collect();
        let mut found = Vec::new();
        for name in names.values() {
            let (own, nodes) = self.check_service_nodes(Peer::LOCAL, name, watches);
            index = index.max(own);
            found.extend(nodes);
        }
        (index, found)
    }

    /// The gateways of one kind that serve a service, with their checks, once for each port on which they do. Watches them. The
    /// index is the greatest of theirs; zero without any. Wait by [`ingress_index`](Self::ingress_index) as well.
    pub fn service_gateways(
        &self,
        service: &[u8],
        kind: &ServiceKind,
        watches: &mut WatchSet,
    ) -> (u64, Vec<CheckServiceNode>) {
        let (index, gateways) = self.gateways_serving(service, kind, watches);
        (index, gateways.into_iter().map(|instance| self.with_checks(instance)).collect())
    }

    /// Every service instance with its checks, in order of folded nodes and ids. Watches all nodes, services and checks. The
    /// index is theirs.
    pub fn service_dump(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<CheckServiceNode>) {
        watches.add(|| Watch::all_services(peer));
        watches.add(|| Watch::nodes(peer));
        watches.add(|| Watch::checks(peer));
        let found = self.services.of(peer).map(|instance| self.with_checks(instance)).collect();
        (self.catalog_index(peer), found)
    }

    /// Every instance of one kind with its checks, in order of folded nodes and ids. Watches them. The index is the kind's.
    pub fn service_dump_of_kind(
        &self,
        peer: Peer<'_>,
        kind: &ServiceKind,
        watches: &mut WatchSet,
    ) -> (u64, Vec<CheckServiceNode>) {
        watches.add(|| Watch::service_kind(peer, &GoStr::from(kind)));
        let of_kind = self.services.of(peer).filter(|instance| instance.row.service_kind == *kind);
        let found = of_kind.map(|instance| self.with_checks(instance)).collect();
        (self.indexes.service_kind(peer, &index_word(kind)), found)
    }

    /// Index of the last change of any node, service or check.
    pub fn catalog_index(&self, peer: Peer<'_>) -> u64 {
        let own = self.indexes.of(peer);
        own.services.max(own.nodes).max(own.checks)
    }

    /// An instance with its node's checks and then its own.
    pub(super) fn with_checks(&self, instance: &Instance) -> CheckServiceNode {
        let row = &instance.row;
        let peer = Peer::named(&row.peer_name);
        let mut checks = shared(self.checks.of_instance(peer, &row.node, b""));
        if !row.service_id.is_empty() {
            checks.extend(self.checks.of_instance(peer, &row.node, &row.service_id).cloned().map(Shared));
        }
        CheckServiceNode {
            node: Some(Shared(instance.node.clone())),
            service: Some(Shared(instance.service.clone())),
            checks: (!checks.is_empty()).then_some(checks),
        }
    }

    fn health_index(&self, peer: Peer<'_>, service: &[u8], exists: bool) -> u64 {
        let extinction = self.indexes.of(peer).service_extinction;
        if !exists && extinction != 0 {
            return extinction;
        }
        match self.indexes.service(peer, service) {
            0 => self.catalog_index(peer),
            own => own,
        }
    }
}

fn folded(name: &[u8]) -> GoStr {
    GoStr::from(crate::fold::fold(name).as_ref())
}
