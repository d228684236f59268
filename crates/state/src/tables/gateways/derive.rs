//! What a gateway serves, by its entry and by what the catalog has.
//!
//! A row is a function of the entry and of the catalog, whatever happened in which order, so that a server that restored a
//! snapshot has the rows of one that was there all the time; only when rows were made and changed is not told by a snapshot.
//! (In Consul they depend on the order: whether a service that is named beside `*` keeps its own settings, and which of its rows
//! say what the service is.)

use super::{Gateways, WILDCARD, by_gateway};
use crate::fold;
use crate::peer::Peer;
use crate::tables::Tables;
use crate::tables::records::Record;
use crate::tables::services::{Instance, destination_of};
use crate::tables::transaction::{Transaction, folded};
use crate::watch::{Change, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::catalog::ServiceName;
use proconsul_structs::config_entry::{
    ConfigEntry, IngressGateway, IngressListener, IngressService, LinkedService, ServiceDefaults, TerminatingGateway,
};
use proconsul_structs::gateway::{GatewayService, GatewayServiceKind};
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::ServiceKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What servers run under. No gateway serves them by `*`.
const CONSUL: &[u8] = b"consul";

/// The rows of an entry as it says, `*` included; nothing where it is no gateway's.
fn said(entry: &ConfigEntry) -> Vec<GatewayService> {
    match entry {
        ConfigEntry::IngressGateway(entry) => said_by_ingress(entry),
        ConfigEntry::TerminatingGateway(entry) => said_by_terminating(entry),
        _ => Vec::new(),
    }
}

fn said_by_ingress(entry: &IngressGateway) -> Vec<GatewayService> {
    let listeners = entry.listeners.iter().flatten();
    let services = listeners.flat_map(|at| at.services.iter().flatten().map(move |service| (at, service)));
    let row = |(listener, service): (&IngressListener, &IngressService)| GatewayService {
        gateway: ServiceName { name: entry.name.clone() },
        service: ServiceName { name: service.name.clone() },
        gateway_kind: ServiceKind::IngressGateway,
        port: listener.port,
        protocol: listener.protocol.clone(),
        hosts: service.hosts.clone(),
        ..GatewayService::default()
    };
    services.map(row).collect()
}

fn said_by_terminating(entry: &TerminatingGateway) -> Vec<GatewayService> {
    let row = |service: &LinkedService| GatewayService {
        gateway: ServiceName { name: entry.name.clone() },
        service: ServiceName { name: service.name.clone() },
        gateway_kind: ServiceKind::TerminatingGateway,
        ca_file: service.ca_file.clone(),
        cert_file: service.cert_file.clone(),
        key_file: service.key_file.clone(),
        sni: service.sni.clone(),
        auto_host_rewrite: !service.disable_auto_host_rewrite,
        ..GatewayService::default()
    };
    entry.services.iter().flatten().map(row).collect()
}

/// Whether two entries of one gateway serve the same in the same way: then nothing is done, as in Consul.
fn says_the_same(old: &ConfigEntry, new: &ConfigEntry) -> bool {
    match (old, new) {
        (ConfigEntry::IngressGateway(old), ConfigEntry::IngressGateway(new)) => old.listeners == new.listeners,
        (ConfigEntry::TerminatingGateway(old), ConfigEntry::TerminatingGateway(new)) => old.services == new.services,
        _ => false,
    }
}

/// Whose entry it is, if it is a gateway's of those that have rows.
fn gateway_of(entry: &ConfigEntry) -> Option<(&GoStr, ServiceKind)> {
    match entry {
        ConfigEntry::IngressGateway(entry) => Some((&entry.name, ServiceKind::IngressGateway)),
        ConfigEntry::TerminatingGateway(entry) => Some((&entry.name, ServiceKind::TerminatingGateway)),
        _ => None,
    }
}

/// Questions that rows are answers to.
impl Tables {
    /// The rows of an entry, by their place in the table; they say nothing of when they were made. A service that the entry names
    /// is served as it says there, and by `*` only otherwise.
    fn served_by(&self, entry: &ConfigEntry) -> BTreeMap<Vec<u8>, GatewayService> {
        let said = said(entry);
        let mut rows = BTreeMap::new();
        for row in &said {
            let service_kind = self.kind_behind(&row.service.name);
            rows.insert(by_gateway(row), GatewayService { service_kind, ..row.clone() });
        }
        for wild in said.iter().filter(|row| *row.service.name == *WILDCARD) {
            for name in self.served_by_wildcards(&wild.gateway_kind) {
                let row = self.by_wildcard(wild, name);
                rows.entry(by_gateway(&row)).or_insert(row);
            }
        }
        rows
    }

    /// The row of a service that `*` stands for.
    fn by_wildcard(&self, wild: &GatewayService, name: GoStr) -> GatewayService {
        let service_kind = self.kind_behind(&name);
        GatewayService { service: ServiceName { name }, from_wildcard: true, service_kind, ..wild.clone() }
    }

    /// All that `*` stands for, in the entry of a gateway of this kind.
    fn served_by_wildcards(&self, gateway: &ServiceKind) -> Vec<GoStr> {
        let kinds: &[ServiceKind] = match gateway {
            ServiceKind::IngressGateway => &[ServiceKind::ConnectEnabled],
            _ => &[ServiceKind::Typical, ServiceKind::Destination],
        };
        let names = kinds.iter().flat_map(|kind| self.names_of_kind(kind, &mut WatchSet::off()).1);
        names.filter_map(|name| self.served_by_wildcard(gateway, &name.name)).collect()
    }

    /// Whether `*` stands for a service, and as what it is listed then. An ingress gateway leads to what the mesh can reach; a
    /// terminating one to what does without it, and to destinations outside.
    fn served_by_wildcard(&self, gateway: &ServiceKind, name: &[u8]) -> Option<GoStr> {
        if *name == *WILDCARD {
            return None;
        }
        let own = (*name != *CONSUL).then_some(name);
        if *gateway == ServiceKind::IngressGateway {
            return self.spelled(&ServiceKind::ConnectEnabled, own?);
        }
        let without_mesh =
            |name: &&[u8]| self.services.named(Peer::LOCAL, name).any(|it| !it.row.service_connect.native);
        let plain = own.filter(without_mesh).and_then(|name| self.spelled(&ServiceKind::Typical, name));
        plain.or_else(|| self.spelled(&ServiceKind::Destination, name))
    }

    /// What is behind a name.
    fn kind_behind(&self, name: &[u8]) -> GatewayServiceKind {
        if self.services.has_instance_of(Peer::LOCAL, name) {
            GatewayServiceKind::Service
        } else if self.is_destination(name) {
            GatewayServiceKind::Destination
        } else {
            GatewayServiceKind::Unregistered
        }
    }

    /// Whether a service is a destination outside the mesh, by its settings.
    pub(in crate::tables) fn is_destination(&self, name: &[u8]) -> bool {
        self.service_defaults_of(name).is_some_and(|entry| entry.destination.is_some())
    }

    fn service_defaults_of(&self, name: &[u8]) -> Option<&ServiceDefaults> {
        let key = ConfigEntry::key_of(&[b"service-defaults", name]).ok()?;
        match &**self.records.get::<ConfigEntry>(&key)? {
            ConfigEntry::ServiceDefaults(entry) => Some(entry),
            _ => None,
        }
    }

    /// Makes the table anew of what a snapshot had. Rows were made and changed when their entries were, as in Consul.
    pub(crate) fn derive_gateways(&mut self) {
        let (mut table, mut newest) = (Gateways::default(), 0);
        for entry in self.records.in_order::<ConfigEntry>() {
            let index = Record::raft_index(&**entry).modify_index;
            let raft_index = RaftIndex { create_index: index, modify_index: index };
            for row in self.served_by(entry).into_values() {
                table.insert(GatewayService { raft_index, ..row });
                newest = newest.max(index);
            }
        }
        *self.gateways = table;
        if self.indexes.gateway_services == 0 {
            self.indexes.gateway_services = newest;
        }
    }
}

#[cfg(test)]
impl Tables {
    /// The same, as if rows had always been there.
    pub(crate) fn without_gateway_indexes(&self) -> Tables {
        let mut tables = self.clone();
        let mut table = Gateways::default();
        for row in self.gateways.by_gateway.values() {
            table.insert(GatewayService { raft_index: RaftIndex::default(), ..GatewayService::clone(row) });
        }
        *tables.gateways = table;
        tables
    }

    /// The same with the table made anew.
    pub(crate) fn with_gateways_derived(&self) -> Tables {
        let mut tables = self.clone();
        tables.derive_gateways();
        tables.indexes.gateway_services = self.indexes.gateway_services;
        tables
    }
}

impl Transaction<'_> {
    /// A config entry took the place of another; either may be missing. It is in its table, or gone from there.
    pub(in crate::tables) fn entry_of_gateway_changed(
        &mut self,
        old: Option<&ConfigEntry>,
        new: Option<&ConfigEntry>,
    ) -> Result<(), String> {
        let Some((gateway, kind)) = new.or(old).and_then(gateway_of) else { return Ok(()) };
        if old.zip(new).is_some_and(|(old, new)| says_the_same(old, new)) {
            return Ok(());
        }
        let of_kind = |row: &&Arc<GatewayService>| row.gateway_kind == kind;
        let before: Vec<_> = self.tables.gateways.of(gateway).filter(of_kind).cloned().collect();
        for row in &before {
            self.remove_gateway_row(row);
        }
        let rows = new.map(|entry| self.tables.served_by(entry)).unwrap_or_default();
        for row in rows.into_values() {
            self.put_gateway_row(row);
        }
        // Also where nothing is served, before or now.
        self.touch_gateway(gateway);
        self.addresses_behind_changed(old, new)
    }

    /// The settings of a service changed: it may have come to be a destination outside the mesh, or not be one any longer.
    pub(in crate::tables) fn settings_of_service_changed(&mut self, old: Option<&ConfigEntry>, name: &GoStr) {
        let was = matches!(old, Some(ConfigEntry::ServiceDefaults(old)) if old.destination.is_some());
        match (was, self.tables.is_destination(name)) {
            (false, false) => return,
            (_, true) => self.add_kind_name(&ServiceKind::Destination, name),
            (true, false) => self.destination_left(name),
        }
        self.behind_gateways_changed(name);
    }

    fn destination_left(&mut self, name: &GoStr) {
        let mut instances = self.tables.services.named(Peer::LOCAL, name);
        let is_left = instances.any(|instance| instance.row.service_kind == ServiceKind::Destination);
        drop(instances);
        if !is_left {
            self.remove_kind_name(&ServiceKind::Destination, name);
        }
    }

    /// An instance was one of these, or is now: gateways may come to serve it, or not to any longer.
    pub(in crate::tables) fn gateways_meet<'a>(&mut self, instances: impl IntoIterator<Item = &'a Instance>) {
        let rows = instances.into_iter().map(|instance| &*instance.row).filter(|row| row.peer_name.is_empty());
        let names: Vec<&GoStr> =
            rows.flat_map(|row| [Some(&row.service_name), destination_of(row)]).flatten().collect();
        for (at, name) in names.iter().enumerate() {
            if !names[..at].iter().any(|done| fold::same(done, name)) {
                self.behind_gateways_changed(name);
            }
        }
    }

    /// Instances of a service came, changed or went, or it came to be a destination, or none any longer.
    fn behind_gateways_changed(&mut self, name: &GoStr) {
        if self.tables.gateways.is_empty() || **name == *WILDCARD {
            return;
        }
        let service_kind = self.tables.kind_behind(name);
        let own: Vec<_> = self.tables.gateways.serving(name).cloned().collect();
        for row in own.iter().filter(|row| !row.from_wildcard) {
            self.put_gateway_row(GatewayService { service_kind: service_kind.clone(), ..GatewayService::clone(row) });
        }
        let wild: Vec<_> = self.tables.gateways.serving(WILDCARD).cloned().collect();
        for wild in &wild {
            self.wildcard_meets(wild, name);
        }
    }

    /// Puts a service's row by `*` right, unless the gateway's entry names the service.
    fn wildcard_meets(&mut self, wild: &GatewayService, name: &GoStr) {
        let row = self.tables.by_wildcard(wild, name.clone());
        let held = self.tables.gateways.get(&row).cloned();
        if held.as_ref().is_some_and(|held| !held.from_wildcard) {
            return;
        }
        match (self.tables.served_by_wildcard(&wild.gateway_kind, name), held) {
            (Some(name), _) => self.put_gateway_row(GatewayService { service: ServiceName { name }, ..row }),
            (None, Some(held)) => self.remove_gateway_row(&held),
            (None, None) => {}
        }
    }

    /// Files a row that is new or says something new.
    fn put_gateway_row(&mut self, mut row: GatewayService) {
        let held = self.tables.gateways.get(&row);
        row.raft_index = held.map_or_else(RaftIndex::default, |held| held.raft_index);
        if held.is_some_and(|held| **held == row) {
            return;
        }
        let create_index = held.map_or(self.index, |held| held.raft_index.create_index);
        row.raft_index = RaftIndex { create_index, modify_index: self.index };
        self.gateway_row_changed(&row);
        self.tables.gateways.insert(row);
    }

    fn remove_gateway_row(&mut self, row: &GatewayService) {
        self.tables.gateways.remove(row);
        self.gateway_row_changed(row);
    }

    fn gateway_row_changed(&mut self, row: &GatewayService) {
        self.touch_gateway(&row.gateway.name);
        self.changes.note(Change::GatewayServices(folded(&row.service.name)));
    }

    fn touch_gateway(&mut self, gateway: &GoStr) {
        self.tables.indexes.gateway_services = self.index;
        self.changes.note(Change::GatewayServices(folded(gateway)));
        self.changes.note(Change::AllGatewayServices);
    }
}
