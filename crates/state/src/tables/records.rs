//! What is stored as it comes: a table for each type of record, under one key each.
//!
//! Each table does what Consul's does when an entry is applied: it checks what the state machine checks, keeps when a record was
//! made and last changed, and moves the table's index. What endpoints check before they write to the log is not repeated here.
//! Source: the files of `agent/consul/state` that are named like the modules.

mod acl; // tokens, policies, roles, binding rules, auth methods
mod autopilot; // how the autopilot works
mod config_entries; // settings of the mesh
mod connect_ca; // the mesh's authority
mod federation; // how datacenters reach each other
mod intentions; // who may talk to whom, in either form
mod key; // what a record is filed under
mod peering; // peerings, their trust bundles and secrets
mod prepared_queries; // questions under a name
mod system_metadata; // what servers remember of themselves

use std::fmt;
use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_proto::pbpeering;
use proconsul_structs::acl::{AclAuthMethod, AclBindingRule, AclPolicy, AclRole, AclToken};
use proconsul_structs::config_entry::ConfigEntry;
use proconsul_structs::connect_ca::{CaConfiguration, CaConsulProviderState, CaRoot};
use proconsul_structs::federation::FederationState;
use proconsul_structs::intention::Intention;
use proconsul_structs::operator::AutopilotConfig;
use proconsul_structs::prepared_query::PreparedQuery;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::system_metadata::SystemMetadataEntry;
use proconsul_types::WireText;

use super::Tables;
use super::transaction::Transaction;
use crate::radix::Radix;
use crate::watch::{Change, RecordTable, Watch, WatchSet};
use crate::{Entry, Outcome};
pub use key::BadKey;

/// Consul's name for the record that holds when the first token was made.
pub(crate) const ACL_BOOTSTRAP_INDEX: &str = "acl-token-bootstrap";
/// Consul's name for the record that counts certificates signed by the built-in authority.
pub(crate) const CA_SERIAL_INDEX: &str = "connect-ca-builtin-serial";
/// Consul's name for the record that leaf certificates go by.
pub(crate) const CA_LEAF_INDEX: &str = "connect-ca-leaf-certs";

/// A type of record, stored under one key.
pub trait Record: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static + sealed::Sealed {
    /// Its table, for those who wait.
    const TABLE: RecordTable;
    /// Consul's name of the table's index; `None` where the record's own is all there is.
    const INDEX: Option<&'static str>;

    /// What it is filed under.
    ///
    /// # Errors
    /// It has no key, or one that is none.
    fn key(&self) -> Result<Vec<u8>, BadKey>;

    /// What the record with these names is filed under: one id or name; kind and name of a config entry; nothing for what
    /// there is one of.
    ///
    /// # Errors
    /// They are no key.
    fn key_of(names: &[&[u8]]) -> Result<Vec<u8>, BadKey>;

    /// When it was made and last changed; zeros where it does not say.
    fn raft_index(&self) -> RaftIndex;

    /// Sets when it was made and last changed, where it says so.
    fn set_raft_index(&mut self, index: RaftIndex);

    #[doc(hidden)]
    fn of(tables: &RecordTables) -> &Radix<Arc<Self>>;

    #[doc(hidden)]
    fn of_mut(tables: &mut RecordTables) -> &mut Radix<Arc<Self>>;
}

mod sealed {
    pub trait Sealed {}
}

/// How a type keeps its [`RaftIndex`].
macro_rules! raft_index {
    (embedded) => {
        fn raft_index(&self) -> RaftIndex {
            self.raft_index
        }

        fn set_raft_index(&mut self, index: RaftIndex) {
            self.raft_index = index;
        }
    };
    (message) => {
        fn raft_index(&self) -> RaftIndex {
            RaftIndex { create_index: self.create_index, modify_index: self.modify_index }
        }

        fn set_raft_index(&mut self, index: RaftIndex) {
            (self.create_index, self.modify_index) = (index.create_index, index.modify_index);
        }
    };
    (entry) => {
        fn raft_index(&self) -> RaftIndex {
            ConfigEntry::raft_index(self).unwrap_or_default()
        }

        fn set_raft_index(&mut self, index: RaftIndex) {
            ConfigEntry::set_raft_index(self, index);
        }
    };
    (none) => {
        fn raft_index(&self) -> RaftIndex {
            RaftIndex::default()
        }

        fn set_raft_index(&mut self, _: RaftIndex) {}
    };
}

macro_rules! record_tables {
    ($($(#[$doc:meta])* $field:ident: $record:ty, $table:ident, $index:expr, $raft:ident, $file:path, |$of:ident| $names:expr;)*) => {
        /// All tables of records. A field is a tree by [`Record::key`].
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct RecordTables {
            $($(#[$doc])* $field: Radix<Arc<$record>>,)*
            /// Tokens by what their holders show, in the order of snapshots.
            by_secret: Radix<Arc<AclToken>>,
        }

        $(
            impl sealed::Sealed for $record {}

            impl Record for $record {
                const TABLE: RecordTable = RecordTable::$table;
                const INDEX: Option<&'static str> = $index;

                fn key(&self) -> Result<Vec<u8>, BadKey> {
                    let $of = self;
                    $file(&$names)
                }

                fn key_of(names: &[&[u8]]) -> Result<Vec<u8>, BadKey> {
                    $file(names)
                }

                raft_index!($raft);

                fn of(tables: &RecordTables) -> &Radix<Arc<Self>> {
                    &tables.$field
                }

                fn of_mut(tables: &mut RecordTables) -> &mut Radix<Arc<Self>> {
                    &mut tables.$field
                }
            }
        )*
    };
}

record_tables! {
    /// By id.
    prepared_queries: PreparedQuery, PreparedQueries, Some("prepared-queries"), embedded, key::uuid, |it| [&*it.id];
    /// By kind and name.
    config_entries: ConfigEntry, ConfigEntries, Some("config-entries"), entry, key::folded, |it| [&*GoStr::from(&it.kind()), &**it.name()];
    /// By accessor id.
    tokens: AclToken, AclTokens, Some("acl-tokens"), embedded, key::uuid, |it| [&*it.accessor_id];
    /// By id.
    policies: AclPolicy, AclPolicies, Some("acl-policies"), embedded, key::uuid, |it| [&*it.id];
    /// By id.
    roles: AclRole, AclRoles, Some("acl-roles"), embedded, key::uuid, |it| [&*it.id];
    /// By id.
    binding_rules: AclBindingRule, AclBindingRules, Some("acl-binding-rules"), embedded, key::uuid, |it| [&*it.id];
    /// By name.
    auth_methods: AclAuthMethod, AclAuthMethods, Some("acl-auth-methods"), embedded, key::folded, |it| [&*it.name];
    /// By id.
    intentions: Intention, Intentions, Some("connect-intentions"), embedded, key::uuid, |it| [&*it.id];
    /// By id.
    ca_roots: CaRoot, CaRoots, Some("connect-ca-roots"), embedded, key::exact, |it| [&*it.id];
    /// By id.
    ca_provider_state: CaConsulProviderState, CaState, Some("connect-ca-builtin"), embedded, key::exact, |it| [&*it.id];
    /// The only one.
    ca_config: CaConfiguration, CaState, None, embedded, key::only, |_it| [];
    /// By datacenter.
    federation_states: FederationState, FederationStates, Some("federation-states"), embedded, key::folded, |it| [&*it.datacenter];
    /// By key.
    system_metadata: SystemMetadataEntry, SystemMetadata, Some("system-metadata"), embedded, key::folded, |it| [&*it.key];
    /// The only one.
    autopilot: AutopilotConfig, Autopilot, None, embedded, key::only, |_it| [];
    /// By name.
    peerings: pbpeering::Peering, Peerings, Some("peering"), message, key::folded, |it| [it.name.as_bytes()];
    /// By peer.
    trust_bundles: pbpeering::PeeringTrustBundle, PeeringTrustBundles, Some("peering-trust-bundles"), message, key::folded, |it| [it.peer_name.as_bytes()];
    /// By the peering's id.
    peering_secrets: pbpeering::PeeringSecrets, PeeringSecrets, None, none, key::uuid, |it| [it.peer_id.as_bytes()];
}

impl RecordTables {
    /// Every record of a type, in the order in which Consul saves them.
    pub(crate) fn in_order<R: Record>(&self) -> impl Iterator<Item = &Arc<R>> {
        R::of(self).values()
    }

    /// One record by its key.
    pub(super) fn get<R: Record>(&self, key: &[u8]) -> Option<&Arc<R>> {
        R::of(self).get(key)
    }

    /// Every token, in the order in which Consul saves them.
    pub(crate) fn tokens_in_order(&self) -> impl Iterator<Item = &Arc<AclToken>> {
        self.by_secret.values()
    }
}

impl Tables {
    /// One record by its id or name (see [`Record::key_of`]). Watches it. The index is the table's, else the record's own.
    pub fn record<R: Record>(&self, names: &[&[u8]], watches: &mut WatchSet) -> (u64, Option<Arc<R>>) {
        let key = R::key_of(names).unwrap_or_default();
        let record = R::of(&self.records).get(&key).cloned();
        watches.add(|| Watch::Record(R::TABLE, key.into()));
        let index = R::INDEX.map(|name| self.indexes.named(name));
        (index.unwrap_or_else(|| record.as_ref().map_or(0, |record| record.raft_index().modify_index)), record)
    }

    /// Every record of a type, in the order in which Consul saves them. Watches them all. The index is the table's.
    pub fn records<R: Record>(&self, watches: &mut WatchSet) -> (u64, Vec<Arc<R>>) {
        watches.add(|| Watch::Records(R::TABLE));
        let all = self.records.in_order::<R>().cloned().collect();
        (R::INDEX.map_or(0, |name| self.indexes.named(name)), all)
    }

    /// The token that its holder shows. Watches all tokens.
    pub fn token_by_secret(&self, secret: &[u8], watches: &mut WatchSet) -> (u64, Option<Arc<AclToken>>) {
        watches.add(|| Watch::Records(RecordTable::AclTokens));
        let token = key::exact(&[secret]).ok().and_then(|key| self.records.by_secret.get(&key)).cloned();
        (self.indexes.named("acl-tokens"), token)
    }
}

impl Transaction<'_> {
    /// Applies an entry whose service comes later.
    pub(super) fn apply_record(&mut self, entry: &Entry) -> Result<Outcome, WireText> {
        match entry {
            Entry::PreparedQuery(request) => self.apply_prepared_query(request),
            Entry::Autopilot(request) => self.apply_autopilot(request),
            Entry::AclBootstrap(request) => self.bootstrap_acl(request),
            Entry::AclTokenSet(request) => self.set_tokens(request),
            Entry::AclTokenDelete(request) => self.delete_tokens(request),
            Entry::AclPolicySet(request) => self.set_policies(request),
            Entry::AclPolicyDelete(request) => self.delete_policies(request),
            Entry::AclRoleSet(request) => self.set_roles(request),
            Entry::AclRoleDelete(request) => self.delete_roles(request),
            Entry::AclBindingRuleSet(request) => self.set_binding_rules(request),
            Entry::AclBindingRuleDelete(request) => Ok(self.delete_binding_rules(request)),
            Entry::AclAuthMethodSet(request) => self.set_auth_methods(request),
            Entry::AclAuthMethodDelete(request) => Ok(self.delete_auth_methods(request)),
            Entry::Intention(request) => self.apply_intention(request),
            Entry::ConnectCa(request) => self.apply_connect_ca(request),
            Entry::ConnectCaLeaf(request) => self.apply_ca_leaf(request),
            Entry::ConfigEntry(request) => self.apply_config_entry(request),
            Entry::FederationState(request) => self.apply_federation_state(request),
            Entry::SystemMetadata(request) => self.apply_system_metadata(request),
            Entry::PeeringWrite(message) => self.write_peering(message),
            Entry::PeeringDelete(message) => self.delete_peering(message),
            Entry::PeeringTerminateById(message) => self.terminate_peering(message),
            Entry::PeeringTrustBundleWrite(message) => self.write_trust_bundle(message),
            Entry::PeeringTrustBundleDelete(message) => self.delete_trust_bundle(message),
            Entry::PeeringSecretsWrite(message) => self.write_peering_secrets(message),
            Entry::Register(_)
            | Entry::Deregister(_)
            | Entry::Kvs(_)
            | Entry::Session(_)
            | Entry::Tombstone(_)
            | Entry::Coordinates(_)
            | Entry::Txn(_)
            | Entry::UpdateVirtualIp(_)
            | Entry::Resource(_)
            | Entry::DeprecatedAcl
            | Entry::Checkpoint
            | Entry::Ignored(_) => Ok(Outcome::Nothing),
        }
    }

    /// The record with these names.
    fn stored<R: Record>(&self, names: &[&[u8]]) -> Result<Option<&Arc<R>>, BadKey> {
        R::key_of(names).map(|key| R::of(&self.tables.records).get(&key))
    }

    /// Stores a record; when it was made is kept.
    fn store_record<R: Record>(&mut self, mut record: R) -> Result<(), BadKey> {
        let key = record.key()?;
        let old = R::of(&self.tables.records).get(&key);
        let create_index = old.map_or(self.index, |old| old.raft_index().create_index);
        record.set_raft_index(RaftIndex { create_index, modify_index: self.index });
        R::of_mut(&mut self.tables.records).insert(&key, Arc::new(record));
        self.record_changed::<R>(key);
        Ok(())
    }

    /// Removes a record by its key.
    fn remove_record<R: Record>(&mut self, key: Vec<u8>) -> Option<Arc<R>> {
        let old = R::of_mut(&mut self.tables.records).remove(&key)?;
        self.record_changed::<R>(key);
        Some(old)
    }

    fn record_changed<R: Record>(&mut self, key: Vec<u8>) {
        if let Some(name) = R::INDEX {
            self.tables.indexes.raise(name, self.index);
        }
        self.changes.note(Change::Record(R::TABLE, key.into()));
    }
}

/// Puts records back as a snapshot has them: what they say of their indexes stays.
impl Tables {
    pub(crate) fn restore_record<R: Record>(&mut self, record: R) -> Result<(), BadKey> {
        let key = record.key()?;
        if let Some(name) = R::INDEX {
            self.indexes.raise(name, record.raft_index().modify_index);
        }
        R::of_mut(&mut self.records).insert(&key, Arc::new(record));
        Ok(())
    }

    pub(crate) fn restore_token(&mut self, token: AclToken) -> Result<(), BadKey> {
        let (key, secret) = (token.key()?, key::exact(&[token.secret_id.reveal()])?);
        self.indexes.raise("acl-tokens", token.raft_index.modify_index);
        let token = Arc::new(token);
        self.records.tokens.insert(&key, Arc::clone(&token));
        self.records.by_secret.insert(&secret, token);
        Ok(())
    }
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> WireText {
    WireText::other(text)
}
