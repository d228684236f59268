//! Who waits for what.

use super::hash::PrefixHash;
use super::{Change, Changes, RecordTable, Watch};
use crate::peer::PeeredName;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

/// Finds the waiters that some changes concern, in time that depends on the changes and on those found, never on how
/// many wait for other things.
///
/// A watch is kept as a 64-bit hash, not as its text: a few dozen bytes each, however long the key. Where two collide
/// (see the note on the hash in the source: less than one pair in 2^50 for keys of a kilobyte) a waiter may be found once
/// too often, which costs an evaluation that finds nothing new. A waiter that is concerned is always found, but for one
/// that waits for two things whose hashes collide and has given up one of them.
///
/// A changed key finds the watches on each of its prefixes with one lookup per distinct length of the watched
/// prefixes that is not longer than the key.
#[derive(Debug)]
pub struct WatchIndex<Id> {
    hash: PrefixHash,
    waiting: HashMap<u64, Ids<Id>, RandomState>,
    /// For each length, how many (watch, id) pairs watch a prefix of that length, of keys or of resources.
    prefix_lengths: BTreeMap<usize, usize>,
    /// How many (watch, id) pairs there are.
    pairs: usize,
}

/// What an index knows a watch by: small, and enough to tell one watch from another (see [`WatchIndex`] on collisions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WatchKey {
    slot: u64,
    /// One more than the length of a prefix; zero for everything else.
    prefix: u32,
}

impl WatchKey {
    /// Whether it is of a prefix, of keys or of resources.
    pub fn is_prefix(self) -> bool {
        self.prefix > 0
    }
}

/// The waiters of one watch. Nearly always one, so that one costs no allocation.
#[derive(Debug)]
enum Ids<Id> {
    One(Id),
    Many(Box<Crowd<Id>>),
}

/// Several waiters. Boxed where it is used: a set is twice as large as the one waiter that is usual.
#[derive(Debug)]
struct Crowd<Id>(HashSet<Id, RandomState>);

/// What a hash is of, mixed into it so that a key `web`, a prefix `web` and a service `web` are three watches.
#[derive(Clone, Copy)]
enum Kind {
    Key,
    Prefix,
    Service,
    Health,
    Connect,
    ServiceChecks,
    AllServices,
    Node,
    NodeChecks,
    Nodes,
    Checks,
    ChecksInState,
    Session,
    NodeSessions,
    Sessions,
    NodeCoordinates,
    Coordinates,
    Names,
    ServicesOf,
    GatewayServices,
    AllGatewayServices,
    Resources,
    Usage,
    /// One record; the table is counted on from here.
    Record,
    /// All records; likewise, behind the last table of `Record`.
    Records = Kind::Record as isize + RECORD_TABLES_MAX,
}

/// More than there are tables of records.
const RECORD_TABLES_MAX: isize = 64;

impl<Id> Default for WatchIndex<Id> {
    fn default() -> Self {
        WatchIndex {
            hash: PrefixHash::random(),
            waiting: HashMap::default(),
            prefix_lengths: BTreeMap::new(),
            pairs: 0,
        }
    }
}

impl<Id: Copy + Eq + Hash> WatchIndex<Id> {
    /// An index in which nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many pairs of a watch and a waiter are in the index.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether nobody waits for anything.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    /// What this index knows a watch by. Other indexes know it by another key.
    pub fn key(&self, watch: &Watch) -> WatchKey {
        let prefix = match watch {
            Watch::Prefix(prefix) | Watch::Resources(prefix) => {
                u32::try_from(prefix.as_bytes().len()).unwrap_or(u32::MAX - 1) + 1
            }
            _ => 0,
        };
        WatchKey { slot: self.slot(watch), prefix }
    }

    /// Lets `id` wait for `watch`. `false` if it did already.
    pub fn insert(&mut self, watch: &Watch, id: Id) -> bool {
        self.insert_key(self.key(watch), id)
    }

    /// `id` no longer waits for `watch`. `false` if it did not.
    pub fn remove(&mut self, watch: &Watch, id: Id) -> bool {
        self.remove_key(self.key(watch), id)
    }

    /// As [`insert`](Self::insert).
    pub fn insert_key(&mut self, key: WatchKey, id: Id) -> bool {
        let added = match self.waiting.get_mut(&key.slot) {
            None => {
                self.waiting.insert(key.slot, Ids::One(id));
                true
            }
            Some(ids) => ids.insert(id),
        };
        if added {
            self.pairs += 1;
            if key.is_prefix() {
                *self.prefix_lengths.entry(key.prefix as usize - 1).or_insert(0) += 1;
            }
        }
        added
    }

    /// As [`remove`](Self::remove).
    pub fn remove_key(&mut self, key: WatchKey, id: Id) -> bool {
        let Some(ids) = self.waiting.get_mut(&key.slot) else { return false };
        let (removed, none_left) = ids.remove(id);
        if none_left {
            self.waiting.remove(&key.slot);
        }
        if removed {
            self.pairs -= 1;
            if key.is_prefix() {
                self.forget_length(key.prefix as usize - 1);
            }
        }
        removed
    }

    /// Appends to `found` every waiter that the changes concern. One that waits for several of them is appended
    /// several times: a caller that must not see repeats keeps a mark per waiter anyway.
    pub fn affected(&self, changes: &Changes, found: &mut Vec<Id>) {
        if self.is_empty() {
            return;
        }
        for change in changes {
            match change {
                Change::Key(key) => self.affected_by_key(key.as_bytes(), found),
                Change::Service(name) => self.at(Kind::Service, self.peered(name), found),
                Change::Health(name) => self.at(Kind::Health, self.peered(name), found),
                Change::Connect(name) => self.at(Kind::Connect, self.peered(name), found),
                Change::ServiceChecks(name) => self.at(Kind::ServiceChecks, self.peered(name), found),
                Change::AllServices(peer) => self.at(Kind::AllServices, self.hash.of(peer.as_bytes()), found),
                Change::Node(name) => self.at(Kind::Node, self.peered(name), found),
                Change::NodeChecks(name) => self.at(Kind::NodeChecks, self.peered(name), found),
                Change::Nodes(peer) => self.at(Kind::Nodes, self.hash.of(peer.as_bytes()), found),
                Change::Checks(peer) => self.at(Kind::Checks, self.hash.of(peer.as_bytes()), found),
                Change::ChecksInState(state) => self.at(Kind::ChecksInState, self.peered(state), found),
                Change::Session(id) => self.at(Kind::Session, self.hash.of(id.as_bytes()), found),
                Change::NodeSessions(name) => self.at(Kind::NodeSessions, self.hash.of(name.as_bytes()), found),
                Change::Sessions => self.at(Kind::Sessions, PrefixHash::EMPTY, found),
                Change::NodeCoordinates(name) => self.at(Kind::NodeCoordinates, self.hash.of(name.as_bytes()), found),
                Change::Coordinates => self.at(Kind::Coordinates, PrefixHash::EMPTY, found),
                Change::KindNames(kind) => self.at(Kind::Names, self.hash.of(kind.as_bytes()), found),
                Change::ServiceKind(kind) => self.at(Kind::ServicesOf, self.peered(kind), found),
                Change::GatewayServices(name) => self.at(Kind::GatewayServices, self.hash.of(name.as_bytes()), found),
                Change::AllGatewayServices => self.at(Kind::AllGatewayServices, PrefixHash::EMPTY, found),
                Change::Resource(key) => {
                    self.affected_by_prefixes(Kind::Resources, key.as_bytes(), found);
                }
                Change::Usage => self.at(Kind::Usage, PrefixHash::EMPTY, found),
                Change::Record(table, key) => {
                    self.at_table(Kind::Record, *table, self.hash.of(key.as_bytes()), found);
                    self.at_table(Kind::Records, *table, PrefixHash::EMPTY, found);
                }
            }
        }
    }

    /// Gives back memory after many waiters have gone.
    pub fn shrink(&mut self) {
        self.waiting.shrink_to_fit();
    }

    /// Heap bytes that the index holds, near enough to plan with: the table, and the sets of watches with several
    /// waiters.
    pub fn heap_bytes(&self) -> usize {
        // One control byte per bucket, and a load of at most 7/8: what `HashMap` does today.
        let table = |capacity: usize, entry: usize| (capacity * 8 / 7) * (entry + 1);
        let sets = self.waiting.values().map(|ids| match ids {
            Ids::One(_) => 0,
            Ids::Many(set) => size_of::<Crowd<Id>>() + table(set.0.capacity(), size_of::<Id>()),
        });
        table(self.waiting.capacity(), size_of::<(u64, Ids<Id>)>()) + sets.sum::<usize>()
    }

    fn affected_by_key(&self, key: &[u8], found: &mut Vec<Id>) {
        let (hash, hashed) = self.affected_by_prefixes(Kind::Prefix, key, found);
        let hash = key[hashed..].iter().fold(hash, |hash, byte| self.hash.step(hash, *byte));
        self.at(Kind::Key, hash, found);
    }

    /// Those who watch some prefix of the key. Returns the hash of the longest prefix that anybody may watch, and its length.
    fn affected_by_prefixes(&self, kind: Kind, key: &[u8], found: &mut Vec<Id>) -> (u64, usize) {
        let (mut hash, mut hashed) = (PrefixHash::EMPTY, 0);
        for length in self.prefix_lengths.range(..=key.len()).map(|(length, _)| *length) {
            hash = key[hashed..length].iter().fold(hash, |hash, byte| self.hash.step(hash, *byte));
            hashed = length;
            self.at(kind, hash, found);
        }
        (hash, hashed)
    }

    fn at(&self, kind: Kind, hash: u64, found: &mut Vec<Id>) {
        self.at_slot(slot(kind as u64, hash), found);
    }

    fn at_table(&self, kind: Kind, table: RecordTable, hash: u64, found: &mut Vec<Id>) {
        self.at_slot(slot(kind as u64 + table as u64, hash), found);
    }

    fn at_slot(&self, slot: u64, found: &mut Vec<Id>) {
        match self.waiting.get(&slot) {
            None => {}
            Some(Ids::One(id)) => found.push(*id),
            Some(Ids::Many(ids)) => found.extend(ids.0.iter().copied()),
        }
    }

    fn slot(&self, watch: &Watch) -> u64 {
        let (kind, text) = match watch {
            Watch::Key(key) => (Kind::Key, key.as_bytes()),
            Watch::Prefix(prefix) => (Kind::Prefix, prefix.as_bytes()),
            Watch::Service(name) => return slot(Kind::Service as u64, self.peered(name)),
            Watch::Health(name) => return slot(Kind::Health as u64, self.peered(name)),
            Watch::Connect(name) => return slot(Kind::Connect as u64, self.peered(name)),
            Watch::ServiceChecks(name) => return slot(Kind::ServiceChecks as u64, self.peered(name)),
            Watch::AllServices(peer) => (Kind::AllServices, peer.as_bytes()),
            Watch::Node(name) => return slot(Kind::Node as u64, self.peered(name)),
            Watch::NodeChecks(name) => return slot(Kind::NodeChecks as u64, self.peered(name)),
            Watch::Nodes(peer) => (Kind::Nodes, peer.as_bytes()),
            Watch::Checks(peer) => (Kind::Checks, peer.as_bytes()),
            Watch::ChecksInState(state) => return slot(Kind::ChecksInState as u64, self.peered(state)),
            Watch::Session(id) => (Kind::Session, id.as_bytes()),
            Watch::NodeSessions(name) => (Kind::NodeSessions, name.as_bytes()),
            Watch::Sessions => (Kind::Sessions, &[][..]),
            Watch::NodeCoordinates(name) => (Kind::NodeCoordinates, name.as_bytes()),
            Watch::Coordinates => (Kind::Coordinates, &[][..]),
            Watch::KindNames(kind) => (Kind::Names, kind.as_bytes()),
            Watch::ServiceKind(kind) => return slot(Kind::ServicesOf as u64, self.peered(kind)),
            Watch::GatewayServices(name) => (Kind::GatewayServices, name.as_bytes()),
            Watch::AllGatewayServices => (Kind::AllGatewayServices, &[][..]),
            Watch::Resources(prefix) => (Kind::Resources, prefix.as_bytes()),
            Watch::Usage => (Kind::Usage, &[][..]),
            Watch::Record(table, key) => {
                return slot(Kind::Record as u64 + *table as u64, self.hash.of(key.as_bytes()));
            }
            Watch::Records(table) => return slot(Kind::Records as u64 + *table as u64, PrefixHash::EMPTY),
        };
        slot(kind as u64, self.hash.of(text))
    }

    /// The name's hash, carried on over the peer's name where there is one. A zero byte is between them; that a name may
    /// have one too makes two watches share a slot at worst.
    fn peered(&self, name: &PeeredName) -> u64 {
        let own = self.hash.of(name.name.as_bytes());
        if name.peer.is_empty() {
            return own;
        }
        name.peer.iter().fold(self.hash.step(own, 0), |hash, byte| self.hash.step(hash, *byte))
    }

    fn forget_length(&mut self, length: usize) {
        if let Some(pairs) = self.prefix_lengths.get_mut(&length) {
            *pairs -= 1;
            if *pairs == 0 {
                self.prefix_lengths.remove(&length);
            }
        }
    }
}

/// The hash has 61 bits; the odd multiple of the kind spreads over all 64.
fn slot(kind: u64, hash: u64) -> u64 {
    hash ^ (kind + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl<Id: Copy + Eq + Hash> Ids<Id> {
    fn insert(&mut self, id: Id) -> bool {
        match self {
            Ids::One(other) if *other == id => false,
            Ids::One(other) => {
                *self = Ids::Many(Box::new(Crowd([*other, id].into_iter().collect())));
                true
            }
            Ids::Many(ids) => ids.0.insert(id),
        }
    }

    /// Whether it was there, and whether nobody is left.
    fn remove(&mut self, id: Id) -> (bool, bool) {
        match self {
            Ids::One(other) => (*other == id, *other == id),
            Ids::Many(ids) => (ids.0.remove(&id), ids.0.is_empty()),
        }
    }
}
