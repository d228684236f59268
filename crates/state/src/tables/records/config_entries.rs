//! Settings of the mesh. Source: `config_entry.go`.
//!
//! Whether an entry fits the others along a discovery chain is not checked here yet: that comes with the service that compiles
//! chains.

use proconsul_msgpack::GoStr;
use proconsul_msgpack::Value;
use proconsul_structs::Shared;
use proconsul_structs::config_entry::{
    ConfigEntry, ConfigEntryKind, ConfigEntryOp, ConfigEntryRequest, ServiceIntentions,
};
use proconsul_structs::proxy::Opaque;
use proconsul_structs::service::ServiceKind;
use proconsul_types::{GoQuoted, WireText};

use super::{BadKey, Record, refused};
use crate::Outcome;
use crate::peer::Peer;
use crate::tables::transaction::Transaction;
use std::sync::Arc;

impl Transaction<'_> {
    pub(super) fn apply_config_entry(&mut self, request: &ConfigEntryRequest) -> Result<Outcome, WireText> {
        let entry = &request.entry;
        let held = self.config_entry(entry).map(|held| Record::raft_index(held).modify_index);
        let given = Record::raft_index(entry).modify_index;
        // Zero stands for an entry that does not exist.
        let as_given = held.unwrap_or(0) == given;
        match &request.op {
            ConfigEntryOp::UpsertCas | ConfigEntryOp::UpsertWithStatusCas if !as_given => Ok(Outcome::Bool(false)),
            ConfigEntryOp::Upsert | ConfigEntryOp::UpsertCas => {
                self.set_config_entry(entry.clone(), false).map(|()| Outcome::Bool(true))
            }
            ConfigEntryOp::UpsertWithStatusCas => {
                self.set_config_entry(entry.clone(), true).map(|()| Outcome::Bool(true))
            }
            ConfigEntryOp::DeleteCas if held != Some(given) => Ok(Outcome::Bool(false)),
            ConfigEntryOp::DeleteCas => self.delete_config_entry(entry).map(|()| Outcome::Bool(true)),
            ConfigEntryOp::Delete => self.delete_config_entry(entry).map(|()| Outcome::Nothing),
            other => Err(refused(format!("invalid config entry operation type: {other}"))),
        }
    }

    /// The stored entry of the same kind and name.
    fn config_entry(&self, like: &ConfigEntry) -> Option<&ConfigEntry> {
        let key = like.key().ok()?;
        self.tables.records.config_entries.get(&key).map(|entry| &**entry)
    }

    pub(super) fn set_config_entry(&mut self, mut entry: ConfigEntry, with_status: bool) -> Result<(), WireText> {
        let old = self.config_entry(&entry).cloned();
        if let (ConfigEntry::ServiceIntentions(new), Some(ConfigEntry::ServiceIntentions(old))) = (&entry, &old) {
            entry = ConfigEntry::ServiceIntentions(Shared::from(intentions_over((**new).clone(), old)?));
        }
        if !with_status {
            keep_status(&mut entry, old.as_ref());
        }
        if let ConfigEntry::ProxyDefaults(new) = &mut entry {
            Arc::make_mut(&mut new.0).protocol = protocol_in(&new.config);
        }
        self.vet_gateway_name(&entry)?;
        self.config_entry_has_virtual_ip(&entry)?;
        let stored = self.store_record(entry.clone());
        stored.map_err(|cause| refused(format!("failed inserting config entry: {cause}")))?;
        self.config_entry_changed(old.as_ref(), Some(&entry))
    }

    /// What follows from an entry that took the place of another. It is in its table, or gone from there.
    fn config_entry_changed(&mut self, old: Option<&ConfigEntry>, new: Option<&ConfigEntry>) -> Result<(), WireText> {
        let Some(any) = new.or(old) else { return Ok(()) };
        if any.kind() == ConfigEntryKind::ServiceDefaults {
            self.settings_of_service_changed(old, any.name());
        }
        let done = self.entry_of_gateway_changed(old, new);
        done.map_err(|cause| refused(format!("failed to associate services to gateway: {cause}")))
    }

    /// A gateway is of one kind.
    fn vet_gateway_name(&self, entry: &ConfigEntry) -> Result<(), WireText> {
        let other = match entry.kind() {
            ConfigEntryKind::IngressGateway => "terminating-gateway",
            ConfigEntryKind::TerminatingGateway => "ingress-gateway",
            _ => return Ok(()),
        };
        let (kind, name) = (GoStr::from(&entry.kind()), entry.name());
        let key = ConfigEntry::key_of(&[other.as_bytes(), name]);
        if key.is_ok_and(|key| self.tables.records.config_entries.contains(&key)) {
            let (kind, name) = (kind.to_string(), name.to_string());
            return Err(refused(format!(
                "cannot create a {} config entry with name {}, a {} config entry with that name already exists",
                GoQuoted(&kind),
                GoQuoted(&name),
                GoQuoted(other)
            )));
        }
        Ok(())
    }

    pub(super) fn delete_config_entry(&mut self, like: &ConfigEntry) -> Result<(), WireText> {
        let Ok(key) = like.key() else { return Ok(()) };
        let Some(old) = self.remove_record::<ConfigEntry>(key) else { return Ok(()) };
        self.config_entry_changed(Some(&old), None)?;
        if let Some(service) = service_with_virtual_ip(&old) {
            self.free_virtual_ip_of_nothing(Peer::LOCAL, &service);
        }
        Ok(())
    }

    /// A service that only config entries know can be reached too, and has an address for that.
    fn config_entry_has_virtual_ip(&mut self, entry: &ConfigEntry) -> Result<(), WireText> {
        if let Some(service) = service_with_virtual_ip(entry) {
            self.assign_virtual_ip(Peer::LOCAL, &service).map_err(refused)?;
        }
        Ok(())
    }
}

impl crate::Tables {
    /// Whether a config entry speaks of the service in a way that gives it a virtual address.
    pub(in crate::tables) fn has_virtual_ip_by_config(&self, service: &[u8]) -> bool {
        WITH_VIRTUAL_IP.iter().any(|kind| {
            let key = super::key::folded(&[kind.as_bytes(), service]);
            key.is_ok_and(|key| self.records.config_entries.contains(&key))
        })
    }
}

impl crate::Tables {
    /// From snapshots: as the file has it, with what is in no file.
    pub(crate) fn restore_config_entry(&mut self, mut entry: ConfigEntry) -> Result<(), BadKey> {
        if let ConfigEntry::ProxyDefaults(new) = &mut entry {
            Arc::make_mut(&mut new.0).protocol = protocol_in(&new.config);
        }
        let (index, name) = (Record::raft_index(&entry).modify_index, entry.name().clone());
        let is_destination = matches!(&entry, ConfigEntry::ServiceDefaults(entry) if entry.destination.is_some());
        self.restore_record(entry)?;
        if is_destination {
            // Nobody waits for tables in the making.
            Transaction::new(index, self).add_kind_name(&ServiceKind::Destination, &name);
        }
        Ok(())
    }
}

/// The protocol in what all proxies are told. Go reads it weakly: names without regard to letter case, and numbers as text.
fn protocol_in(config: &Opaque) -> GoStr {
    let config = || config.iter().flatten();
    let exact = config().find(|(name, _)| ***name == *b"protocol");
    let found = exact.or_else(|| config().find(|(name, _)| name.eq_ignore_ascii_case(b"protocol")));
    match found.map(|(_, value)| value) {
        Some(Value::Str(text)) => text.clone(),
        Some(Value::Int(number)) => GoStr::from(number.to_string()),
        Some(Value::Uint(number)) => GoStr::from(number.to_string()),
        _ => GoStr::EMPTY,
    }
}

/// Kinds whose entries give the service of their name a virtual address.
const WITH_VIRTUAL_IP: [&str; 5] =
    ["service-router", "service-resolver", "service-splitter", "service-defaults", "service-intentions"];

fn service_with_virtual_ip(entry: &ConfigEntry) -> Option<GoStr> {
    let name = entry.name();
    let kind = entry.kind();
    let wild = kind == ConfigEntryKind::ServiceIntentions && name.contains(&b'*');
    let kind = GoStr::from(&kind);
    (!name.is_empty() && !wild && WITH_VIRTUAL_IP.iter().any(|with| kind == *with)).then(|| name.clone())
}

/// The status of what servers control is theirs: what a client writes there does not count.
fn keep_status(entry: &mut ConfigEntry, old: Option<&ConfigEntry>) {
    macro_rules! keep {
        ($($kind:ident),+) => {
            match entry {
                $(ConfigEntry::$kind(new) => {
                    let status = match old {
                        Some(ConfigEntry::$kind(old)) => old.status.clone(),
                        _ => Default::default(),
                    };
                    if new.status != status {
                        let mut changed = (**new).clone();
                        changed.status = status;
                        *new = Shared::from(changed);
                    }
                })+
                _ => {}
            }
        };
    }
    keep!(ApiGateway, HttpRoute, TcpRoute);
}

/// Sources with the id of the older form keep it, and when they were made.
fn intentions_over(mut new: ServiceIntentions, old: &ServiceIntentions) -> Result<ServiceIntentions, WireText> {
    let before = || old.sources.iter().flatten();
    for (at, source) in new.sources.iter_mut().flatten().enumerate() {
        if source.legacy_id.is_empty() {
            continue;
        }
        if let Some(same) = before().rfind(|old| old.peer == source.peer && old.name == source.name) {
            if same.legacy_id.is_empty() {
                return Err(refused(format!("Sources[{at}].LegacyID: cannot set this field")));
            }
            if same.legacy_id != source.legacy_id {
                return Err(refused(format!("Sources[{at}].LegacyID: cannot set this field to a different value")));
            }
        }
        let created = before().rfind(|old| old.legacy_id == source.legacy_id);
        if let Some(created) = created.and_then(|old| old.legacy_create_time) {
            source.legacy_create_time = Some(created);
        }
    }
    Ok(new)
}
