//! Settings of the mesh. Source: `config_entry.go`.
//!
//! Whether an entry fits the others (protocols along a discovery chain, gateways of one name) is not checked here yet: that
//! comes with the service that compiles chains.

use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::config_entry::{
    ConfigEntry, ConfigEntryKind, ConfigEntryOp, ConfigEntryRequest, ServiceIntentions,
};
use proconsul_types::WireText;

use super::{Record, refused};
use crate::Outcome;
use crate::peer::Peer;
use crate::tables::transaction::Transaction;

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
        self.config_entry_has_virtual_ip(&entry)?;
        self.store_record(entry).map_err(|cause| refused(format!("failed inserting config entry: {cause}")))
    }

    pub(super) fn delete_config_entry(&mut self, like: &ConfigEntry) -> Result<(), WireText> {
        let Ok(key) = like.key() else { return Ok(()) };
        if let Some(old) = self.remove_record::<ConfigEntry>(key)
            && let Some(service) = service_with_virtual_ip(&old)
        {
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
