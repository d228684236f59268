//! Virtual addresses of what terminating gateways serve. A gateway's instances show them, so that the mesh can send there what is
//! meant for a service which has no proxy: among the tagged addresses, one for each service that the gateway's entry names.
//! Source: `catalog.go`.

use crate::fold;
use crate::peer::Peer;
use crate::tables::Tables;
use crate::tables::records::Record;
use crate::tables::services::Instance;
use crate::tables::transaction::Transaction;
use proconsul_msgpack::GoStr;
use proconsul_structs::config_entry::{ConfigEntry, TerminatingGateway};
use proconsul_structs::service::{NodeService, ServiceAddress, ServiceKind};
use std::collections::BTreeMap;

/// What begins the tags of such addresses: that of a service's own, and a colon; the service's name follows.
const PREFIX: &str = "consul-virtual:";

type Addresses = BTreeMap<GoStr, ServiceAddress>;

impl Tables {
    /// Whether the entry of a terminating gateway names a service.
    pub(in crate::tables) fn is_behind_terminating_gateway(&self, service: &[u8]) -> bool {
        let mut by_name = self.gateways.serving(service).filter(|row| !row.from_wildcard);
        by_name.any(|row| row.gateway_kind == ServiceKind::TerminatingGateway)
    }

    fn terminating_gateway(&self, name: &[u8]) -> Option<&TerminatingGateway> {
        let key = ConfigEntry::key_of(&[b"terminating-gateway", name]).ok()?;
        match &**self.records.get::<ConfigEntry>(&key)? {
            ConfigEntry::TerminatingGateway(entry) => Some(entry),
            _ => None,
        }
    }
}

impl Transaction<'_> {
    /// Adds to a gateway's instance the addresses of what its entry names.
    pub(in crate::tables) fn add_addresses_behind(&mut self, instance: &mut Instance) -> Result<(), String> {
        let row = &instance.row;
        if row.service_kind != ServiceKind::TerminatingGateway || !row.peer_name.is_empty() {
            return Ok(());
        }
        let names = self.tables.terminating_gateway(&row.service_name).map(named).unwrap_or_default();
        for (tag, address) in self.addresses_of(&names)? {
            instance.add_tagged_address(tag, address);
        }
        Ok(())
    }

    /// A terminating gateway's entry took the place of another: its instances show other addresses, and who is not served any
    /// longer may have no need of one. (Consul leaves all as it is when an entry is removed.)
    pub(super) fn addresses_behind_changed(
        &mut self,
        old: Option<&ConfigEntry>,
        new: Option<&ConfigEntry>,
    ) -> Result<(), String> {
        let terminating = |entry: Option<&ConfigEntry>| match entry {
            Some(ConfigEntry::TerminatingGateway(entry)) => Some(entry.clone()),
            _ => None,
        };
        let (old, new) = (terminating(old), terminating(new));
        let Some(any) = new.as_ref().or(old.as_ref()) else { return Ok(()) };
        let names = new.as_deref().map(named).unwrap_or_default();
        self.addresses_of(&names)?;
        let instances = self.tables.services.named(Peer::LOCAL, &any.name);
        let gateways = instances.filter(|it| it.row.service_kind == ServiceKind::TerminatingGateway);
        for instance in gateways.cloned().collect::<Vec<_>>() {
            self.show_addresses_anew(&instance)?;
        }
        for name in old.as_deref().map(named).unwrap_or_default() {
            if !names.iter().any(|kept| fold::same(kept, &name)) {
                self.free_virtual_ip_of_nothing(Peer::LOCAL, &name);
            }
        }
        Ok(())
    }

    /// Registers an instance again without the addresses that it showed; those that it is to show now are added in that.
    fn show_addresses_anew(&mut self, instance: &Instance) -> Result<(), String> {
        let mut service = NodeService::clone(&instance.service);
        if let Some(tagged) = &mut service.tagged_addresses {
            tagged.retain(|tag, _| !tag.starts_with(PREFIX.as_bytes()));
        }
        self.ensure_service(&instance.row.node, &service)
    }

    /// The addresses of these services, by the tags under which gateways show them. Who has none yet gets one.
    fn addresses_of(&mut self, names: &[GoStr]) -> Result<Addresses, String> {
        let mut addresses = Addresses::new();
        for name in names {
            let address = self.assign_virtual_ip(Peer::LOCAL, name)?;
            let tag = GoStr::from([PREFIX.as_bytes(), name].concat());
            addresses.insert(tag, ServiceAddress { address: GoStr::from(address.to_string()), port: 0 });
        }
        Ok(addresses)
    }
}

/// The services that an entry names; `*` is among them where it is in the entry, as in Consul.
fn named(entry: &TerminatingGateway) -> Vec<GoStr> {
    entry.services.iter().flatten().map(|service| service.name.clone()).collect()
}
