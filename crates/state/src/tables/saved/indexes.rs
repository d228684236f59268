//! The records of Consul's index table, by the names that it gives them.
//!
//! Indexes that Consul has no record of are saved only where they say more than what is put back without them; another server
//! keeps such records under their names and never looks at them.

use crate::Tables;
use crate::peer::Peer;
use crate::tables::{Indexes, PeerIndexes};
use proconsul_structs::raft::IndexEntry;
use std::collections::BTreeMap;

/// In front of the indexes of one peer's part of the catalog; its name, or `~` for this cluster's own, and a colon follow.
const PEER: &str = "peer.";
/// This cluster, where a peer is named.
const LOCAL: &str = "~";

const SERVICE: &str = "service.";
const NODE: &str = "node.";
const SERVICE_KIND: &str = "service_kind.";
const KIND_NAMES: &str = "kind_service_names.";
const CONNECT: &str = "proconsul.connect.";
const PASSED_OVER: &str = "proconsul.passed_over";

/// Tables whose indexes count for the last one of all; other records are of parts of these.
const TABLES: &[&str] = &[
    "acl-auth-methods",
    "acl-binding-rules",
    "acl-policies",
    "acl-roles",
    "acl-tokens",
    "checks",
    "config-entries",
    "connect-ca-builtin",
    "connect-ca-roots",
    "connect-intentions",
    "coordinates",
    "federation-states",
    "gateway-services",
    "kvs",
    "mesh-topology",
    "nodes",
    "peering",
    "peering-trust-bundles",
    "prepared-queries",
    "service-virtual-ips",
    "services",
    "sessions",
    "system-metadata",
    "tombstones",
];

/// A name in Consul's table, and the field that it is here.
type Field<T> = (&'static str, fn(&mut T) -> &mut u64);

/// Of whole tables.
const FIELDS: &[Field<Indexes>] = &[
    ("kvs", |it| &mut it.kvs),
    ("tombstones", |it| &mut it.tombstones),
    ("service-virtual-ips", |it| &mut it.virtual_ips),
    ("service-virtual-ips.imported", |it| &mut it.imported_virtual_ips),
    ("gateway-services", |it| &mut it.gateway_services),
    ("coordinates", |it| &mut it.coordinates),
    ("sessions", |it| &mut it.sessions),
];

/// Of the catalog: all of it, and each peer's part.
const CATALOG: &[Field<PeerIndexes>] =
    &[("nodes", |it| &mut it.nodes), ("services", |it| &mut it.services), ("checks", |it| &mut it.checks)];

/// Of each peer's part of the catalog only.
const PARTS: &[Field<PeerIndexes>] = &[
    ("service_last_extinction", |it| &mut it.service_extinction),
    ("node_last_extinction", |it| &mut it.node_extinction),
    (PASSED_OVER, |it| &mut it.passed_over),
];

/// An index that Consul has no record of: our name for it, its field, and what it is where a file does not tell.
type Derived = (&'static str, fn(&mut Indexes) -> &mut u64, fn(&Indexes) -> u64);

const DERIVED: &[Derived] = &[
    ("proconsul.instances", |it| &mut it.instances, |it| it.all.services),
    // What Consul counts from when it counts anew.
    ("proconsul.usage", |it| &mut it.usage, |it| it.all.nodes.max(it.all.services).max(it.kvs)),
];

/// Index records by name, in the order in which Consul saves them: that of the names' bytes.
#[derive(Default)]
struct Saved(BTreeMap<Vec<u8>, u64>);

impl Saved {
    fn put(&mut self, prefix: &str, name: &[u8], index: u64) {
        if index != 0 {
            let newest = self.0.entry([prefix.as_bytes(), name].concat()).or_default();
            *newest = index.max(*newest);
        }
    }

    fn put_of(&mut self, peer: &[u8], prefix: &str, name: &[u8], index: u64) {
        let peer = if peer.is_empty() { LOCAL.into() } else { String::from_utf8_lossy(peer) };
        self.put(&format!("{PEER}{peer}:{prefix}"), name, index);
    }
}

impl Tables {
    pub(crate) fn saved_indexes(&self) -> BTreeMap<Vec<u8>, u64> {
        let mut saved = Saved::default();
        // A field is found by a function that could change it; what it changes here is a copy.
        let indexes = &mut self.indexes.clone();
        for (name, field) in FIELDS {
            saved.put("", name.as_bytes(), *field(indexes));
        }
        for (name, field) in CATALOG {
            saved.put("", name.as_bytes(), *field(&mut indexes.all));
        }
        indexes.each_peer(|peer, mut of_peer| {
            for (name, field) in CATALOG.iter().chain(PARTS) {
                saved.put_of(peer, "", name.as_bytes(), *field(&mut of_peer));
            }
        });
        indexes.each_service(|peer, name, index| saved.put_of(peer, SERVICE, name, index));
        indexes.each_node(|peer, name, index| saved.put_of(peer, NODE, name, index));
        indexes.each_service_kind(|peer, kind, index| {
            saved.put_of(peer, SERVICE_KIND, kind, index);
            saved.put(SERVICE_KIND, kind, index);
        });
        indexes.each_kind_names(|kind, index| saved.put(KIND_NAMES, kind, index));
        let restored = self.connect_as_restored();
        indexes.each_connect(|peer, name, index| {
            if restored.get(&(peer.to_vec(), name.to_vec())) != Some(&index) {
                saved.put_of(peer, CONNECT, name, index);
            }
        });
        indexes.each_named(|name, index| saved.put("", name, index));
        for (name, field, derive) in DERIVED {
            let index = *field(indexes);
            if index != derive(indexes) {
                saved.0.insert(name.as_bytes().to_vec(), index);
            }
        }
        saved.0
    }

    /// Puts one record back: it counts, whatever other records said before.
    pub(crate) fn restore_index(&mut self, record: &IndexEntry) {
        let (name, index) = (record.key.as_bytes(), record.value);
        let indexes = &mut self.indexes;
        if let Some(field) = field_of(FIELDS, name) {
            *field(indexes) = index;
        } else if let Some(field) = field_of(CATALOG, name) {
            *field(&mut indexes.all) = index;
        } else if let Some((peer, name)) = of_peer(name) {
            restore_of_peer(indexes, peer, name, record);
        } else if let Some(kind) = name.strip_prefix(KIND_NAMES.as_bytes()) {
            indexes.touch_kind_names(kind, index);
        } else if !name.starts_with(SERVICE_KIND.as_bytes()) {
            // That of a kind is the newest of all peers'.
            indexes.set(name, index);
        }
    }

    /// Sets what the file did not tell, once all of it was read.
    pub(crate) fn derive_indexes(&mut self) {
        let indexes = &mut self.indexes;
        for (name, field, derive) in DERIVED {
            let told = indexes.take_named(name);
            let index = told.unwrap_or_else(|| derive(indexes));
            *field(indexes) = index;
        }
    }

    /// Index of the last change of any table, as a snapshot's header tells it.
    pub(crate) fn last_index(&self) -> u64 {
        let records = self.saved_indexes();
        let of = |name: &&str| records.get(name.as_bytes()).copied();
        TABLES.iter().filter_map(of).max().unwrap_or(0)
    }
}

/// A record of one peer's part of the catalog.
fn restore_of_peer(indexes: &mut Indexes, peer: Peer<'_>, name: &[u8], record: &IndexEntry) {
    let index = record.value;
    let rest = |prefix: &str| name.strip_prefix(prefix.as_bytes());
    if let Some(field) = field_of(CATALOG, name) {
        indexes.of_mut(peer, |it| *field(it) = index);
    } else if let Some(field) = field_of(PARTS, name) {
        indexes.of_mut(peer, |it| *field(it) = index);
        // All peers' are the newest of each one's.
        let newest = field(&mut indexes.all);
        *newest = index.max(*newest);
    } else if let Some(name) = rest(SERVICE) {
        indexes.touch_service(peer, name, index);
    } else if let Some(name) = rest(NODE) {
        indexes.touch_node(peer, name, index);
    } else if let Some(kind) = rest(SERVICE_KIND) {
        indexes.touch_service_kind(peer, kind, index);
    } else if let Some(name) = rest(CONNECT) {
        indexes.touch_connect(peer, name, index);
    } else {
        indexes.set(&record.key, index);
    }
}

fn field_of<T>(fields: &[Field<T>], name: &[u8]) -> Option<fn(&mut T) -> &mut u64> {
    fields.iter().find(|(own, _)| own.as_bytes() == name).map(|(_, field)| *field)
}

/// Whose index it is, and its name among theirs.
fn of_peer(name: &[u8]) -> Option<(Peer<'_>, &[u8])> {
    let rest = name.strip_prefix(PEER.as_bytes())?;
    let at = rest.iter().position(|byte| *byte == b':')?;
    let (peer, name) = (rest.get(..at)?, rest.get(at + 1..)?);
    Some((Peer::named(peer), name))
}
