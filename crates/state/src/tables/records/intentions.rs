//! Who may talk to whom: intentions of the older form, and changes of one source within a config entry. Source: `intention.go`.

use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::config_entry::{ConfigEntry, ConfigEntryKind, ServiceIntentions};
use proconsul_structs::intention::{
    Intention, IntentionMutation, IntentionOp, IntentionRequest, IntentionSourceType, SourceIntention,
};
use proconsul_structs::system_metadata::SystemMetadataEntry;
use proconsul_types::{GoQuoted, WireText};

use super::{Record, refused};
use crate::Outcome;
use crate::tables::transaction::Transaction;
use crate::watch::{Change, RecordTable};

/// The note that says in which form intentions are stored.
const FORMAT_KEY: &str = "intention-format";
/// Its value where they are stored as config entries.
const AS_CONFIG_ENTRIES: &str = "config-entry";
/// What stands for every service.
const WILDCARD: &str = "*";

impl Transaction<'_> {
    pub(super) fn apply_intention(&mut self, request: &IntentionRequest) -> Result<Outcome, WireText> {
        let op = &request.op;
        if let Some(mutation) = &request.mutation {
            return self.mutate_intentions(op, mutation).map(|()| Outcome::Nothing);
        }
        let intention = || request.intention.as_ref().ok_or_else(|| refused("missing intention"));
        match op {
            IntentionOp::Create | IntentionOp::Update => self.set_legacy_intention(intention()?.clone())?,
            IntentionOp::Delete => self.delete_legacy_intention(&intention()?.id)?,
            IntentionOp::DeleteAll => self.delete_legacy_intentions()?,
            other => return Err(refused(format!("Invalid Intention operation '{other}'"))),
        }
        Ok(Outcome::Nothing)
    }

    fn stored_as_config_entries(&self) -> bool {
        let note = self.stored::<SystemMetadataEntry>(&[FORMAT_KEY.as_bytes()]);
        note.ok().flatten().is_some_and(|note| note.value == AS_CONFIG_ENTRIES)
    }

    fn legacy_is_enabled(&self) -> Result<(), WireText> {
        match self.stored_as_config_entries() {
            true => Err(refused("Legacy intention modifications are disabled after the config entry migration.")),
            false => Ok(()),
        }
    }

    fn set_legacy_intention(&mut self, mut intention: Intention) -> Result<(), WireText> {
        self.legacy_is_enabled()?;
        if intention.id.is_empty() {
            return Err(refused("Missing Intention ID"));
        }
        intention.precedence = precedence(&intention.destination_name, &intention.source_name);
        let found = self.stored::<Intention>(&[&intention.id]);
        if let Some(old) = found.map_err(|cause| refused(format!("failed intention lookup: {cause}")))? {
            intention.created_at = old.created_at;
        }
        let ends = |of: &Intention| {
            [&of.source_ns, &of.source_name, &of.destination_ns, &of.destination_name]
                .map(|name| name.to_ascii_lowercase())
        };
        let mut others = self.tables.records.intentions.values();
        if let Some(other) = others.find(|other| other.id != intention.id && ends(other) == ends(&intention)) {
            return Err(refused(format!("duplicate intention found: {}", describe(other))));
        }
        intention.meta.get_or_insert_default();
        self.store_record(intention).map_err(|cause| refused(cause.to_string()))
    }

    fn delete_legacy_intention(&mut self, id: &GoStr) -> Result<(), WireText> {
        self.legacy_is_enabled()?;
        let text = |cause| refused(format!("failed intention delete: failed intention lookup: {cause}"));
        let key = Intention::key_of(&[id]).map_err(text)?;
        self.remove_record::<Intention>(key);
        Ok(())
    }

    /// Removes all of the older form, and notes that there will be no more: the last step of a migration.
    fn delete_legacy_intentions(&mut self) -> Result<(), WireText> {
        let old = std::mem::take(&mut self.tables.records.intentions);
        for intention in old.values() {
            self.changes.note(Change::Record(RecordTable::Intentions, intention.id.clone()));
        }
        self.tables.indexes.raise("connect-intentions", self.index);
        self.tables.indexes.raise("config-entries", self.index);
        let note =
            SystemMetadataEntry { key: FORMAT_KEY.into(), value: AS_CONFIG_ENTRIES.into(), ..Default::default() };
        self.store_record(note).map_err(|cause| refused(cause.to_string()))
    }

    fn mutate_intentions(&mut self, op: &IntentionOp, mutation: &IntentionMutation) -> Result<(), WireText> {
        if !self.stored_as_config_entries() {
            return Err(refused(
                "state: IntentionMutation() is not allowed when intentions are not stored in config entries",
            ));
        }
        let value = || mutation.value.clone().ok_or_else(|| refused("missing intention"));
        match op {
            IntentionOp::Create => {
                let mut entry = self.intentions_for(&mutation.destination.name, true)?;
                entry.sources.get_or_insert_default().push(value()?);
                self.put_intentions(entry, true)
            }
            IntentionOp::Update => {
                let mut entry = self.intentions_with(&mutation.id, "modify")?;
                let value = value()?;
                let sources = entry.sources.iter_mut().flatten();
                for source in sources.filter(|source| source.legacy_id == mutation.id) {
                    *source = value.clone();
                }
                self.put_intentions(entry, true)
            }
            IntentionOp::Upsert => {
                let mut entry = self.intentions_for(&mutation.destination.name, false)?;
                let (value, sources) = (value()?, entry.sources.get_or_insert_default());
                match sources.iter_mut().find(|source| source.name == mutation.source.name) {
                    Some(source) => *source = value,
                    None => sources.push(value),
                }
                self.put_intentions(entry, false)
            }
            IntentionOp::Delete if mutation.id.is_empty() => {
                let entry = self.intentions_for(&mutation.destination.name, false)?;
                self.without_source(entry, false, |source| source.name == mutation.source.name)
            }
            IntentionOp::Delete => {
                let entry = self.intentions_with(&mutation.id, "delete")?;
                self.without_source(entry, true, |source| source.legacy_id == mutation.id)
            }
            other => Err(refused(format!("Invalid Intention mutation operation '{other}'"))),
        }
    }

    /// The intentions with this destination; new ones if there are none.
    fn intentions_for(&self, destination: &GoStr, legacy: bool) -> Result<ServiceIntentions, WireText> {
        let kind = GoStr::from(&ConfigEntryKind::ServiceIntentions);
        match self.stored::<ConfigEntry>(&[&kind, destination]).ok().flatten().map(|entry| &**entry) {
            Some(ConfigEntry::ServiceIntentions(held)) => {
                if legacy {
                    may_be_changed_by_id(held)?;
                }
                Ok((**held).clone())
            }
            _ => Ok(ServiceIntentions { kind: kind.into(), name: destination.clone(), ..ServiceIntentions::default() }),
        }
    }

    /// The intentions among which is the one with this id of the older form.
    fn intentions_with(&self, id: &GoStr, verb: &str) -> Result<ServiceIntentions, WireText> {
        let mut entries = self.tables.records.config_entries.values().filter_map(|entry| match &**entry {
            ConfigEntry::ServiceIntentions(entry) => Some(entry),
            _ => None,
        });
        let has = |entry: &&Shared<ServiceIntentions>| {
            !id.is_empty() && entry.sources.iter().flatten().any(|source| source.legacy_id == *id)
        };
        let held = entries.find(has);
        let held = held.ok_or_else(|| refused(format!("Cannot {verb} non-existent intention: '{id}'")))?;
        may_be_changed_by_id(held)?;
        Ok((**held).clone())
    }

    /// Takes the first such source out, and the whole entry with the last.
    fn without_source(
        &mut self,
        mut entry: ServiceIntentions,
        legacy: bool,
        is_it: impl Fn(&SourceIntention) -> bool,
    ) -> Result<(), WireText> {
        let sources = entry.sources.get_or_insert_default();
        let Some(at) = sources.iter().position(is_it) else { return Ok(()) };
        sources.remove(at);
        if sources.is_empty() {
            return self.delete_config_entry(&ConfigEntry::from(entry));
        }
        self.put_intentions(entry, legacy)
    }

    /// Stores intentions, those that are looked at first in front.
    fn put_intentions(&mut self, mut entry: ServiceIntentions, legacy: bool) -> Result<(), WireText> {
        let destination = entry.name.clone();
        for source in entry.sources.iter_mut().flatten() {
            if source.source_type == IntentionSourceType::Unset {
                source.source_type = IntentionSourceType::Consul;
            }
            source.precedence = precedence(&destination, &source.name);
            if legacy {
                source.legacy_meta.get_or_insert_default();
            } else {
                source.legacy_id = GoStr::EMPTY;
                source.legacy_create_time = None;
                source.legacy_update_time = None;
            }
        }
        if let Some(sources) = &mut entry.sources {
            sources.sort_by_key(|source| std::cmp::Reverse(source.precedence));
        }
        self.set_config_entry(ConfigEntry::from(entry), false)
    }
}

/// Entries that were changed as config entries have sources without an id of the older form, and are no longer changed by one.
fn may_be_changed_by_id(entry: &ServiceIntentions) -> Result<(), WireText> {
    if entry.sources.iter().flatten().all(|source| !source.legacy_id.is_empty()) {
        return Ok(());
    }
    let destination = entry.name.to_str_lossy();
    Err(refused(format!(
        "cannot use legacy intention API to edit intentions with a destination of {} after editing them via a \
         service-intentions config entry",
        GoQuoted(&destination)
    )))
}

/// How early an intention is looked at: exact names count for more than wildcards, the destination's for most.
fn precedence(destination: &GoStr, source: &GoStr) -> i64 {
    let most = if destination == WILDCARD { 6 } else { 9 };
    if source == WILDCARD { most - 1 } else { most }
}

fn describe(intention: &Intention) -> String {
    let Intention { source_ns, source_name, destination_ns, destination_name, id, action, .. } = intention;
    format!(
        "{action} {source_ns}/{source_name} => {destination_ns}/{destination_name} (ID: {id}, Precedence: {})",
        intention.precedence
    )
}
