//! Keys and values, and the tombstones that deleted ones leave.
//!
//! A tombstone keeps the index of a deletion for lists of what is above the key: without it, the index of a list would
//! fall when its newest key is deleted, and whoever waits for the list would not learn of it. Source: `kvs.go`,
//! `graveyard.go`; golden group `kv`.

use super::Tables;
use super::keys::compose;
use super::transaction::Transaction;
use crate::Outcome;
use crate::radix::{Cursor, Radix};
use crate::watch::{Change, Watch, WatchSet};
use bytes::Bytes;
use proconsul_msgpack::{GoStr, SHARED_BYTES_MIN};
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::raft::{TombstoneOp, TombstoneRequest};
use proconsul_types::{GoQuoted, WireText};
use std::sync::Arc;

/// Keys with their entries, keys by the session that holds them, and deleted keys and prefixes with the index of their
/// deletion.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KvTable {
    entries: Radix<Arc<DirEntry>>,
    held: Radix<GoStr>,
    tombstones: Radix<u64>,
}

impl KvTable {
    /// Files an entry as it is, in place of one with its key.
    pub(super) fn insert(&mut self, entry: Arc<DirEntry>) {
        let old = self.entries.insert(&entry.key, entry.clone());
        if old.as_ref().is_some_and(|old| old.session == entry.session) {
            return;
        }
        if let Some(old) = old {
            self.let_go(&old);
        }
        if !entry.session.is_empty() {
            self.held.insert(&holding(&entry.session, &entry.key), entry.key.clone());
        }
    }

    fn remove(&mut self, key: &[u8]) -> Option<Arc<DirEntry>> {
        let old = self.entries.remove(key)?;
        self.let_go(&old);
        Some(old)
    }

    fn remove_below(&mut self, prefix: &[u8]) -> Radix<Arc<DirEntry>> {
        let removed = self.entries.remove_prefix(prefix);
        for entry in removed.values() {
            self.let_go(entry);
        }
        removed
    }

    fn let_go(&mut self, entry: &DirEntry) {
        if !entry.session.is_empty() {
            self.held.remove(&holding(&entry.session, &entry.key));
        }
    }

    /// The keys that a session holds.
    pub(super) fn held_by(&self, session: &[u8]) -> Vec<GoStr> {
        self.held.values_below(&compose(&[session])).cloned().collect()
    }
}

/// A key by its holder. Ids of sessions are looked up without regard to case, keys are not.
fn holding(session: &[u8], key: &[u8]) -> Vec<u8> {
    [&compose(&[session]), key].concat()
}

/// An empty key names nothing. The text is what Consul answers when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed kvs lookup: index error: object is missing a value for this index")]
pub struct EmptyKey;

impl From<EmptyKey> for WireText {
    fn from(error: EmptyKey) -> Self {
        WireText::other(error.to_string())
    }
}

/// What reading one key gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KvRead<'a> {
    /// Index of the last change of any key: what a query for a key that does not exist goes by.
    pub table_index: u64,
    /// The entry, if the key exists.
    pub entry: Option<&'a Arc<DirEntry>>,
}

impl KvRead<'_> {
    /// The index of a query for this key: that of the entry, else that of the table.
    pub fn index(&self) -> u64 {
        self.entry.map_or(self.table_index, |entry| entry.raft_index.modify_index)
    }
}

impl Tables {
    /// One key. Watches that key and nothing else.
    ///
    /// # Errors
    /// The key is empty.
    pub fn kv_get(&self, key: &GoStr, watches: &mut WatchSet) -> Result<KvRead<'_>, EmptyKey> {
        if key.as_bytes().is_empty() {
            return Err(EmptyKey);
        }
        watches.add(|| Watch::Key(key.clone()));
        Ok(KvRead { table_index: self.kv_index(), entry: self.kv.entries.get(key.as_bytes()) })
    }

    /// Every entry whose key begins with `prefix`, in byte order of the keys. Watches the prefix.
    ///
    /// The index is that of the newest change below the prefix, deletions included. Where nothing is known below the
    /// prefix, or the prefix is empty, it is that of the whole table; it then moves with every change of any key, and
    /// that alone concerns nobody: the answer is the same. It goes back when tombstones are reaped, which leaves the
    /// answer as it is too, and when the keys go with a tree above the prefix while an older tombstone is below it:
    /// [`Changes::took_tree`](crate::Changes::took_tree) then tells who waits.
    pub fn kv_list(&self, prefix: &GoStr, watches: &mut WatchSet) -> (u64, Vec<Arc<DirEntry>>) {
        watches.add(|| Watch::Prefix(prefix.clone()));
        if let Some(key) = key_that_ends_it(prefix) {
            watches.add(|| Watch::Key(GoStr::from(key)));
        }
        let entries: Vec<Arc<DirEntry>> = self.kv_below(prefix).cloned().collect();
        if prefix.as_bytes().is_empty() {
            return (self.kv_index(), entries);
        }
        let newest_entry = entries.iter().map(|entry| entry.raft_index.modify_index).max().unwrap_or(0);
        let newest_grave = self.kv.tombstones.values_below(without_zeros(prefix)).copied().max().unwrap_or(0);
        match newest_entry.max(newest_grave) {
            0 => (self.kv_index(), entries),
            newest => (newest, entries),
        }
    }

    /// What [`kv_list`](Self::kv_list) lists, without its index.
    pub(super) fn kv_below(&self, prefix: &GoStr) -> impl Iterator<Item = &Arc<DirEntry>> {
        let named = key_that_ends_it(prefix).and_then(|key| self.kv.entries.get(key));
        named.into_iter().chain(self.kv.entries.values_below(prefix.as_bytes()))
    }

    /// How many keys there are.
    pub fn kv_len(&self) -> usize {
        self.kv.entries.len()
    }

    /// Index of the last change of any key.
    pub fn kv_index(&self) -> u64 {
        self.indexes.kvs.max(self.indexes.tombstones)
    }
}

/// For snapshots: what is there goes out and comes back as it is.
impl Tables {
    pub(crate) fn saved_kv(&self) -> impl Iterator<Item = &Arc<DirEntry>> {
        self.kv.entries.values()
    }

    /// Deleted keys and prefixes with the index of their deletion.
    pub(crate) fn saved_tombstones(&self) -> Cursor<'_, u64> {
        self.kv.tombstones.below(&[])
    }

    pub(crate) fn restore_kv(&mut self, entry: DirEntry) -> Result<(), EmptyKey> {
        if entry.key.is_empty() {
            return Err(EmptyKey);
        }
        self.indexes.kvs = self.indexes.kvs.max(entry.raft_index.modify_index);
        let value = entry.value.filter(|value| !value.is_empty()).map(own);
        let key = own(entry.key.into());
        self.kv.insert(Arc::new(DirEntry { key: key.into(), value, ..entry }));
        Ok(())
    }

    /// A deleted key, which a snapshot has as an entry with nothing but the key and the index.
    pub(crate) fn restore_tombstone(&mut self, entry: &DirEntry) -> Result<(), EmptyKey> {
        if entry.key.is_empty() {
            return Err(EmptyKey);
        }
        let deleted = entry.raft_index.modify_index;
        self.indexes.tombstones = self.indexes.tombstones.max(deleted);
        self.kv.tombstones.insert(&entry.key, deleted);
        Ok(())
    }
}

impl Transaction<'_> {
    pub(super) fn apply_kvs(&mut self, request: &KvsRequest) -> Result<Outcome, WireText> {
        let entry = &request.dir_ent;
        match &request.op {
            KvOp::Set => self.set(entry.clone()).map(|()| Outcome::Nothing),
            KvOp::Cas => self.cas(entry).map(Outcome::Bool),
            KvOp::Delete => self.delete(&entry.key).map(|()| Outcome::Nothing),
            KvOp::DeleteCas => self.delete_cas(&entry.key, entry.raft_index.modify_index).map(Outcome::Bool),
            KvOp::DeleteTree => {
                self.delete_tree(&entry.key);
                Ok(Outcome::Nothing)
            }
            KvOp::Lock => self.lock(entry).map(Outcome::Bool),
            KvOp::Unlock => self.unlock(entry).map(Outcome::Bool),
            other => Err(WireText::invalid_kvs_operation(&other.to_string())),
        }
    }

    fn entry(&self, key: &GoStr) -> Result<Option<&Arc<DirEntry>>, EmptyKey> {
        match key.as_bytes() {
            [] => Err(EmptyKey),
            key => Ok(self.tables.kv.entries.get(key)),
        }
    }

    /// Stores an entry. The session that holds the key stays; an entry that says nothing new changes nothing.
    fn set(&mut self, mut entry: DirEntry) -> Result<(), WireText> {
        entry.session = self.entry(&entry.key)?.map(|held| held.session.clone()).unwrap_or_default();
        self.store(entry)
    }

    fn store(&mut self, mut entry: DirEntry) -> Result<(), WireText> {
        entry.raft_index.modify_index = self.index;
        entry.raft_index.create_index = match self.entry(&entry.key)? {
            Some(existing) if says_the_same(existing, &entry) => return Ok(()),
            Some(existing) => existing.raft_index.create_index,
            None => self.index,
        };
        let key = own(entry.key.into());
        // Go's decoder makes no difference between an empty value and none, and every write passes through it.
        let value = entry.value.filter(|value| !value.is_empty()).map(own);
        self.put_entry(DirEntry { key: key.into(), value, ..entry });
        Ok(())
    }

    fn put_entry(&mut self, entry: DirEntry) {
        self.changes.note(Change::Key(entry.key.clone()));
        self.tables.kv.insert(Arc::new(entry));
        self.tables.indexes.kvs = self.index;
    }

    /// Stores the entry if the key's modify index is the one given; zero stands for a key that does not exist.
    fn cas(&mut self, entry: &DirEntry) -> Result<bool, WireText> {
        let current = self.entry(&entry.key)?.map_or(0, |existing| existing.raft_index.modify_index);
        if current != entry.raft_index.modify_index {
            return Ok(false);
        }
        self.set(entry.clone()).map(|()| true)
    }

    fn delete(&mut self, key: &GoStr) -> Result<(), WireText> {
        if self.entry(key)?.is_some() {
            self.remove_key(key);
        }
        Ok(())
    }

    /// Removes a key that exists.
    pub(super) fn remove_key(&mut self, key: &GoStr) {
        self.tables.kv.remove(key);
        self.bury(key);
        self.changes.note(Change::Key(key.clone()));
    }

    /// Also true when there was nothing to delete.
    fn delete_cas(&mut self, key: &GoStr, modify_index: u64) -> Result<bool, WireText> {
        match self.entry(key)? {
            None => Ok(true),
            Some(existing) if existing.raft_index.modify_index != modify_index => Ok(false),
            Some(_) => self.delete(key).map(|()| true),
        }
    }

    /// Removes every key that begins with `prefix`; one tombstone stands for all, beside those that are there already.
    fn delete_tree(&mut self, prefix: &GoStr) {
        let named = key_that_ends_it(prefix).and_then(|key| self.tables.kv.remove(key));
        let removed = self.tables.kv.remove_below(prefix.as_bytes());
        if removed.is_empty() && named.is_none() {
            return;
        }
        if prefix.as_bytes().is_empty() {
            // Every list then goes by the index of the table.
            self.tables.indexes.kvs = self.index;
        } else {
            self.bury(prefix);
        }
        self.changes.note_tree();
        for entry in removed.values().chain(&named) {
            self.changes.note(Change::Key(entry.key.clone()));
        }
    }

    /// Forgets the tombstones of deletions up to an index, when the leader finds them old enough. Lists that went by them
    /// go by the index of the table from then on.
    pub(super) fn reap(&mut self, request: &TombstoneRequest) -> Result<(), WireText> {
        if request.op != TombstoneOp::Reap {
            return Err(WireText::other(format!("Invalid Tombstone operation '{}'", request.op)));
        }
        let tombstones = &mut self.tables.kv.tombstones;
        let (mut old, mut cursor) = (Vec::new(), tombstones.below(&[]));
        while let Some((key, deleted)) = cursor.advance() {
            if *deleted <= request.reap_index {
                old.push(key.to_vec());
            }
        }
        for key in old {
            tombstones.remove(&key);
        }
        Ok(())
    }

    fn bury(&mut self, key: &GoStr) {
        self.tables.kv.tombstones.insert(key.as_bytes(), self.index);
        self.tables.indexes.tombstones = self.index;
        self.tables.indexes.kvs = self.index;
    }

    /// Takes the lock for a session, which must exist, if no other holds it, and stores the entry. Whoever holds it already
    /// takes it again.
    pub(super) fn lock(&mut self, entry: &DirEntry) -> Result<bool, WireText> {
        if entry.session.is_empty() {
            return Err(WireText::MISSING_SESSION);
        }
        if self.tables.sessions.get(&entry.session).is_none() {
            return Err(WireText::invalid_session(GoQuoted(&entry.session.to_str_lossy())));
        }
        let lock_index = match self.entry(&entry.key)? {
            None => 1,
            Some(held) if held.session == entry.session => held.lock_index,
            Some(held) if !held.session.is_empty() => return Ok(false),
            Some(free) => free.lock_index.wrapping_add(1),
        };
        self.store(DirEntry { lock_index, ..entry.clone() }).map(|()| true)
    }

    /// Takes a key from its session, which has ended.
    pub(super) fn release(&mut self, key: &GoStr) {
        if let Some(held) = self.tables.kv.entries.get(key).cloned() {
            let mut free = DirEntry { session: GoStr::EMPTY, ..DirEntry::clone(&held) };
            free.raft_index.modify_index = self.index;
            self.put_entry(free);
        }
    }

    /// Gives the lock back if its session holds it, and stores the entry.
    pub(super) fn unlock(&mut self, entry: &DirEntry) -> Result<bool, WireText> {
        if entry.session.as_bytes().is_empty() {
            return Err(WireText::MISSING_SESSION);
        }
        let Some(existing) = self.entry(&entry.key)? else { return Ok(false) };
        if existing.session != entry.session {
            return Ok(false);
        }
        let freed = DirEntry { session: GoStr::default(), lock_index: existing.lock_index, ..entry.clone() };
        self.store(freed).map(|()| true)
    }
}

/// The one key that a prefix takes though it is shorter: Consul files a key with a zero byte behind it, and a prefix may end
/// with that.
fn key_that_ends_it(prefix: &GoStr) -> Option<&[u8]> {
    prefix.as_bytes().strip_suffix(&[0]).filter(|key| !key.is_empty())
}

/// A prefix as Consul looks it up among tombstones: zero bytes at either end do not count.
fn without_zeros(prefix: &GoStr) -> &[u8] {
    let bytes = prefix.as_bytes();
    let (start, end) = (bytes.iter().position(|byte| *byte != 0), bytes.iter().rposition(|byte| *byte != 0));
    start.zip(end).map_or(&[], |(start, end)| &bytes[start..=end])
}

/// Bytes that keep nothing else alive. Long ones may be part of the buffer that a request was read into, and a key of a
/// hundred bytes must not hold a whole buffer for as long as it lives.
fn own(bytes: Bytes) -> Bytes {
    if bytes.len() < SHARED_BYTES_MIN { bytes } else { Bytes::copy_from_slice(&bytes) }
}

/// Whether storing `new` over `old` would change nothing that a reader sees. A nil value is as good as an empty one.
fn says_the_same(old: &DirEntry, new: &DirEntry) -> bool {
    old.lock_index == new.lock_index
        && old.flags == new.flags
        && old.value.as_deref().unwrap_or_default() == new.value.as_deref().unwrap_or_default()
        && old.session == new.session
}
