//! Nodes, filed by name and by id.
//!
//! Source: `catalog.go`, `catalog_schema.go`; golden cases `catalog/node-id-conflict`, `catalog/skip-node-update`.

use super::keys::of_peer;
use super::transaction::Transaction;
use super::{Tables, same};
use crate::fold;
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::check::{CRITICAL, SERF_CHECK_ID};
use proconsul_structs::node::Node;
use proconsul_structs::{Map, Shared};
use proconsul_types::GoQuoted;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Hexadecimal digits of a node id, which is a UUID.
const ID_DIGITS: usize = 32;
/// Characters of a node id, hyphens included.
const ID_TEXT_BYTES: usize = 36;
/// Hyphens that a node id, or the beginning of one, may have.
const ID_HYPHENS_MAX: usize = 4;
/// A shorter name is not taken for the beginning of an id.
pub(super) const ID_PREFIX_BYTES_MIN: usize = 2;

/// Nodes by peer and folded name, and their names by peer and the digits of their id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NodeTable {
    by_name: Radix<Arc<Node>>,
    by_id: Radix<GoStr>,
    /// How many are this cluster's own.
    local: i64,
}

impl NodeTable {
    pub(super) fn by_name(&self, peer: Peer<'_>, name: &[u8]) -> Option<&Arc<Node>> {
        self.by_name.get(&of_peer(peer, [name]))
    }

    /// Every node of a peer, in order of folded names.
    pub(super) fn of(&self, peer: Peer<'_>) -> impl Iterator<Item = &Arc<Node>> {
        self.by_name.values_below(&of_peer(peer, []))
    }

    /// Every node, peer by peer.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.by_name.values()
    }

    /// How many nodes are this cluster's own.
    pub(super) fn count(&self) -> i64 {
        self.local
    }

    pub(super) fn insert(&mut self, node: Arc<Node>) {
        let peer = peer_of(&node);
        match self.by_name.insert(&of_peer(peer, [&node.node]), node.clone()) {
            Some(old) if old.id != node.id => self.forget_id(&old),
            None if peer.is_local() => self.local += 1,
            _ => {}
        }
        // After that: both may be one id in other letters.
        if let Ok(id) = whole_id(&node.id) {
            self.by_id.insert(&id_key(peer, &id), node.node.clone());
        }
    }

    fn remove(&mut self, peer: Peer<'_>, name: &[u8]) -> Option<Arc<Node>> {
        let old = self.by_name.remove(&of_peer(peer, [name]))?;
        if peer.is_local() {
            self.local -= 1;
        }
        self.forget_id(&old);
        Some(old)
    }

    fn forget_id(&mut self, old: &Node) {
        let Ok(id) = whole_id(&old.id) else { return };
        let key = id_key(peer_of(old), &id);
        if self.by_id.get(&key).is_some_and(|name| fold::same(name, &old.node)) {
            self.by_id.remove(&key);
        }
    }

    fn by_id(&self, peer: Peer<'_>, id: &[u8]) -> Option<&Arc<Node>> {
        self.by_name(peer, self.by_id.get(&id_key(peer, id))?)
    }

    fn first_by_id(&self, peer: Peer<'_>, digits: &[u8]) -> Option<&Arc<Node>> {
        self.by_name(peer, self.by_id.values_below(&id_key(peer, digits)).next()?)
    }
}

/// Not composed: what is asked for may be the beginning of an id.
fn id_key(peer: Peer<'_>, digits: &[u8]) -> Vec<u8> {
    let mut key = of_peer(peer, []);
    key.extend_from_slice(digits);
    key
}

fn peer_of(node: &Node) -> Peer<'_> {
    Peer::named(&node.peer_name)
}

/// What a name in a request for one node leads to.
pub(super) enum Found<'a> {
    One {
        node: &'a Arc<Node>,
        /// What was given is the beginning of its id.
        by_part: bool,
    },
    None {
        /// What was given could be an id, or the beginning of one.
        could_be_id: bool,
    },
    /// It is the beginning of several nodes' ids.
    Several,
}

impl Tables {
    /// Every node of a peer, in order of folded names. Watches all its nodes' records. The index also moves with services.
    pub fn nodes(&self, peer: Peer<'_>, watches: &mut WatchSet) -> (u64, Vec<Shared<Node>>) {
        watches.add(|| Watch::nodes(peer));
        (self.indexes.of(peer).nodes, self.nodes.of(peer).cloned().map(Shared).collect())
    }

    /// Every node whose metadata has all of the pairs given. As [`nodes`](Self::nodes); without any pair, none.
    pub fn nodes_by_meta(
        &self,
        peer: Peer<'_>,
        pairs: &BTreeMap<GoStr, GoStr>,
        watches: &mut WatchSet,
    ) -> (u64, Vec<Shared<Node>>) {
        watches.add(|| Watch::nodes(peer));
        let fitting = self.nodes.of(peer).filter(|node| !pairs.is_empty() && satisfies(&node.meta, pairs));
        (self.indexes.of(peer).nodes, fitting.cloned().map(Shared).collect())
    }

    /// One node by name. Watches the node. The index is that of all nodes.
    pub fn node(&self, peer: Peer<'_>, name: &[u8], watches: &mut WatchSet) -> (u64, Option<Shared<Node>>) {
        watches.add(|| Watch::node(peer, name));
        (self.indexes.of(peer).nodes, self.nodes.by_name(peer, name).cloned().map(Shared))
    }

    /// One node by its whole id. Watches the node, or all nodes while there is none: any may come to have the id.
    pub fn node_by_id(&self, peer: Peer<'_>, id: &[u8], watches: &mut WatchSet) -> (u64, Option<Shared<Node>>) {
        let node = whole_id(id).ok().and_then(|id| self.nodes.by_id(peer, &id));
        watches.add(|| node.map_or(Watch::nodes(peer), |node| Watch::node(peer, &node.node)));
        (self.indexes.of(peer).nodes, node.cloned().map(Shared))
    }

    /// A node by name, else by the beginning of its id, if that is one node's only.
    pub fn node_by_name_or_id(&self, peer: Peer<'_>, name_or_id: &[u8]) -> Option<Shared<Node>> {
        match self.find_node(peer, name_or_id, &mut WatchSet::off()) {
            Found::One { node, .. } => Some(Shared(node.clone())),
            Found::None { .. } | Found::Several => None,
        }
    }

    /// Whether there is a node of that name.
    pub fn has_node(&self, peer: Peer<'_>, name: &[u8]) -> bool {
        self.nodes.by_name(peer, name).is_some()
    }

    /// A node by name, else by the beginning of its id, with what that depends on.
    pub(super) fn find_node(&self, peer: Peer<'_>, name_or_id: &[u8], watches: &mut WatchSet) -> Found<'_> {
        watches.add(|| Watch::node(peer, name_or_id));
        if let Some(node) = self.nodes.by_name(peer, name_or_id) {
            return Found::One { node, by_part: false };
        }
        let Some(prefix) = id_digits(name_or_id) else { return Found::None { could_be_id: false } };
        if prefix.len() < ID_DIGITS {
            // Any other node may come to match too.
            watches.add(|| Watch::nodes(peer));
        }
        let mut names = self.nodes.by_id.values_below(&id_key(peer, &prefix));
        match (names.next().and_then(|name| self.nodes.by_name(peer, name)), names.next()) {
            (Some(node), None) => {
                watches.add(|| Watch::node(peer, &node.node));
                Found::One { node, by_part: prefix.len() < ID_DIGITS }
            }
            (Some(_), Some(_)) => Found::Several,
            (None, _) => {
                watches.add(|| Watch::nodes(peer));
                Found::None { could_be_id: true }
            }
        }
    }
}

/// Whether metadata has all of the pairs.
pub fn satisfies(meta: &Map<GoStr>, pairs: &BTreeMap<GoStr, GoStr>) -> bool {
    pairs.iter().all(|(key, value)| meta.as_ref().and_then(|meta| meta.get(key)) == Some(value))
}

impl Tables {
    /// The node whose id begins with this; of several, the one with the lowest id.
    pub(super) fn first_node_by_id(&self, peer: Peer<'_>, part: &[u8]) -> Result<Option<Shared<Node>>, String> {
        let digits = part_of_id(part)?;
        Ok(self.nodes.first_by_id(peer, &digits).cloned().map(Shared))
    }
}

impl Transaction<'_> {
    /// Adds a node or changes it. The error says why not, without the words in front that name the step.
    ///
    /// It is one of the peer that its record names.
    pub(super) fn ensure_node(&mut self, mut node: Node) -> Result<(), String> {
        let peer_name = node.peer_name.clone();
        let peer = Peer::named(&peer_name);
        let mut known = None;
        if !node.id.is_empty() {
            let id = whole_id(&node.id)
                .map_err(|cause| format!("node lookup failed: node lookup by ID failed: index error: {cause}"))?;
            match self.tables.nodes.by_id(peer, &id).cloned() {
                Some(held) if fold::same(&held.node, &node.node) => known = Some(held),
                Some(held) => {
                    let quoted = node.id.to_str_lossy();
                    self.name_is_free(&node, false).map_err(|taken| {
                        format!("Error while renaming Node ID: {} ({}): {taken}", GoQuoted(&quoted), node.address)
                    })?;
                    self.delete_node(peer, &held.node);
                    known = Some(held);
                }
                None => self.name_is_free(&node, true).map_err(|taken| {
                    format!("Error while renaming Node ID: {}: {taken}", GoQuoted(&node.id.to_str_lossy()))
                })?,
            }
        }
        let known = known.or_else(|| self.tables.nodes.by_name(peer, &node.node).cloned());
        if let Some(known) = &known
            && same::node(known, &node)
        {
            return Ok(());
        }
        node.partition = GoStr::EMPTY;
        node.raft_index.create_index = known.map_or(self.index, |known| known.raft_index.create_index);
        node.raft_index.modify_index = self.index;
        let node = Arc::new(node);
        self.tables.nodes.insert(node.clone());
        self.changes.note(Change::Nodes(peer.folded()));
        self.touch_node(peer, &node.node);
        self.node_of_services_changed(&node);
        Ok(())
    }

    /// Whether no other healthy node has the name, letter case aside. A node without id may be taken over.
    fn name_is_free(&self, node: &Node, without_id_is_free: bool) -> Result<(), String> {
        let peer = peer_of(node);
        let Some(holder) = self.tables.nodes.by_name(peer, &node.node) else { return Ok(()) };
        let healthy = self
            .tables
            .checks
            .get(peer, &holder.node, SERF_CHECK_ID.as_bytes())
            .is_some_and(|check| check.status != CRITICAL);
        if holder.id == node.id || !healthy || (without_id_is_free && holder.id.is_empty()) {
            return Ok(());
        }
        let Node { id, node: name, address, .. } = &**holder;
        Err(format!("Node name {} is reserved by node {id} with name {name} ({address})", node.node))
    }

    /// Removes a node with its services, checks and sessions. Nothing happens if there is no such node.
    pub(super) fn delete_node(&mut self, peer: Peer<'_>, name: &[u8]) {
        if self.tables.nodes.by_name(peer, name).is_none() {
            return;
        }
        for id in self.tables.services.ids_on(peer, name) {
            self.delete_service(peer, name, &id);
        }
        for id in self.tables.checks.ids_on(peer, name) {
            self.delete_check(peer, name, &id);
        }
        if peer.is_local() {
            self.forget_whereabouts(name);
        }
        self.tables.nodes.remove(peer, name);
        self.changes.note(Change::Nodes(peer.folded()));
        self.touch_node(peer, name);
        self.tables.indexes.forget_node(peer, name);
        let index = self.index;
        self.tables.indexes.touch(peer, |own| own.node_extinction = index);
        if peer.is_local() {
            self.end_sessions_of_node(name);
        }
    }
}

/// The digits of a whole id.
fn whole_id(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    if text.len() != ID_TEXT_BYTES {
        return Err("UUID must be 36 characters");
    }
    id_digits(text).filter(|digits| digits.len() == ID_DIGITS).ok_or("invalid UUID")
}

/// The digits of an id, or of the beginning of one that ends with a whole byte; or what is wrong with it.
fn part_of_id(text: &[u8]) -> Result<Vec<u8>, String> {
    if text.len() > ID_TEXT_BYTES {
        return Err(format!("Invalid UUID length. UUID have 36 characters; got {}", text.len()));
    }
    let hyphens = text.iter().filter(|byte| **byte == b'-').count();
    if hyphens > ID_HYPHENS_MAX {
        return Err(format!("UUID should have maximum of 4 \"-\"; got {hyphens}"));
    }
    if !(text.len() - hyphens).is_multiple_of(2) {
        return Err("UUID (without hyphens) must be even length".to_owned());
    }
    let digits: Vec<u8> = text.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_lowercase).collect();
    if digits.iter().all(u8::is_ascii_hexdigit) { Ok(digits) } else { Err("invalid UUID".to_owned()) }
}

/// The digits in lower case that ids beginning with this text begin with; hyphens do not count. `None` if no id can.
fn id_digits(text: &[u8]) -> Option<Vec<u8>> {
    if !(ID_PREFIX_BYTES_MIN..=ID_TEXT_BYTES).contains(&text.len()) {
        return None;
    }
    let digits: Vec<u8> = text.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_lowercase).collect();
    let fits = (1..=ID_DIGITS).contains(&digits.len()) && text.len() - digits.len() <= ID_HYPHENS_MAX;
    (fits && digits.iter().all(u8::is_ascii_hexdigit)).then_some(digits)
}
