//! Golden group `kv` of Consul 1.21.4, step by step, with the indexes by rank.

use super::*;
use proconsul_structs::raft::TombstoneRequest;

const LIST_OF_NOTHING: Vec<(String, u64)> = Vec::new();

/// Index and modify index of a key, as `KVS.Get` answers.
fn get(world: &World, key: &str) -> (u64, Option<u64>) {
    let read = world.tables.kv_get(&text(key), &mut WatchSet::off()).expect("the key is not empty");
    (read.index(), read.entry.map(|entry| entry.raft_index.modify_index))
}

/// Index, keys and modify indexes of a list, as `KVS.List` answers.
fn list(world: &World, prefix: &str) -> (u64, Vec<(String, u64)>) {
    let (index, entries) = world.tables.kv_list(&text(prefix), &mut WatchSet::off());
    let row = |entry: &std::sync::Arc<DirEntry>| (entry.key.to_string(), entry.raft_index.modify_index);
    (index, entries.iter().map(row).collect())
}

fn rows(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter().map(|(key, index)| ((*key).to_owned(), *index)).collect()
}

#[test]
fn a_set_key_goes_by_its_own_index_and_a_missing_one_by_the_tables() {
    let mut world = World::default();
    assert_eq!(get(&world, "kvi-a"), (0, None));
    let created = world.done(&set("kvi-b", "1"));
    assert_eq!(get(&world, "kvi-a"), (created, None));
    assert_eq!(get(&world, "kvi-b"), (created, Some(created)));
    world.done(&set("other", "1"));
    assert_eq!(get(&world, "kvi-b"), (created, Some(created)));
    let deleted = world.done(&delete("kvi-b"));
    assert_eq!(get(&world, "kvi-a"), (deleted, None));
    assert_eq!(get(&world, "kvi-b"), (deleted, None));
}

#[test]
fn setting_the_same_value_changes_nothing() {
    let mut world = World::default();
    let first = world.done(&set("kvs", "a"));
    let before = world.tables.clone();
    let again = world.apply(&set("kvs", "a"));
    assert_eq!((again.outcome, again.changes.is_empty()), (Outcome::Nothing, true));
    assert_eq!(world.tables, before);
    let changed = world.done(&set("kvs", "b"));
    assert_eq!(get(&world, "kvs"), (changed, Some(changed)));
    let entry = world.tables.kv_get(&text("kvs"), &mut WatchSet::off()).expect("not empty").entry.expect("set");
    assert_eq!(entry.raft_index.create_index, first);
}

#[test]
fn check_and_set_compares_the_modify_index() {
    let mut world = World::default();
    let mut cas = |index, value| world.outcome(&kvs(KvOp::Cas, at(index, entry("kvc", value))));
    assert_eq!(cas(7, "0"), Outcome::Bool(false), "an index given, and no such key");
    assert_eq!(cas(0, "1"), Outcome::Bool(true), "no index given, and no such key");
    assert_eq!(cas(0, "2"), Outcome::Bool(false), "no index given, but the key exists");
    assert_eq!(cas(2, "3"), Outcome::Bool(true), "the right index");
    assert_eq!(cas(2, "4"), Outcome::Bool(false), "an index of the past");
    assert_eq!(cas(4, "3"), Outcome::Bool(true), "the right index and nothing new");
    assert_eq!(get(&world, "kvc"), (4, Some(4)));
}

#[test]
fn check_and_delete_is_also_true_for_a_missing_key() {
    let mut world = World::default();
    let created = world.done(&set("kvd", "1"));
    let mut delete_cas = |index| world.outcome(&kvs(KvOp::DeleteCas, at(index, entry("kvd", ""))));
    assert_eq!(delete_cas(created + 1), Outcome::Bool(false));
    assert_eq!(delete_cas(created), Outcome::Bool(true));
    assert_eq!(delete_cas(5), Outcome::Bool(true));
    assert_eq!(get(&world, "kvd"), (3, None));
}

#[test]
fn deleting_a_tree_takes_what_begins_with_it_and_leaves_a_tombstone() {
    let mut world = World::default();
    for key in ["kt/a", "kt/b/c", "ktx"] {
        world.done(&set(key, ""));
    }
    let deleted = world.done(&delete_tree("kt/"));
    assert_eq!(list(&world, "kt"), (deleted, rows(&[("ktx", 3)])));
    let applied = world.apply(&delete_tree("kt"));
    assert_eq!(applied.changes.iter().collect::<Vec<_>>(), [&crate::Change::Key(text("ktx"))]);
    assert_eq!(list(&world, "kt"), (world.index, LIST_OF_NOTHING));
    let missing = world.apply(&delete_tree("kt-none/"));
    assert_eq!((missing.outcome, missing.changes.is_empty()), (Outcome::Nothing, true));
}

#[test]
fn lists_are_in_byte_order_and_go_by_their_newest_key() {
    let mut world = World::default();
    for (key, value) in [("kl/b", "2"), ("kl/a", "1"), ("kl/B", "3"), ("kl/a/x", "4"), ("other", "5")] {
        world.done(&set(key, value));
    }
    assert_eq!(list(&world, "kl/"), (4, rows(&[("kl/B", 3), ("kl/a", 2), ("kl/a/x", 4), ("kl/b", 1)])));
    assert_eq!(list(&world, "kl/a"), (4, rows(&[("kl/a", 2), ("kl/a/x", 4)])));
    assert_eq!(list(&world, "kl/none"), (5, LIST_OF_NOTHING), "a list of nothing goes by the table");
    let deleted = world.done(&delete_tree("kl/"));
    world.done(&set("other", "6"));
    assert_eq!(list(&world, "kl/"), (deleted, LIST_OF_NOTHING));
    assert_eq!(list(&world, ""), (world.index, rows(&[("other", 7)])));
}

#[test]
fn a_tombstone_keeps_the_index_of_a_list_until_it_is_reaped() {
    let mut world = World::default();
    let created = world.done(&set("kts/a", ""));
    assert_eq!(list(&world, "kts/"), (created, rows(&[("kts/a", created)])));
    let deleted = world.done(&delete("kts/a"));
    let other = world.done(&set("other", ""));
    assert_eq!(list(&world, "kts/"), (deleted, LIST_OF_NOTHING));
    let reap = |index, op| TombstoneRequest { op: text(op).into(), reap_index: index, ..TombstoneRequest::default() };
    world.done(&Entry::Tombstone(Box::new(reap(deleted - 1, "reap"))));
    assert_eq!(list(&world, "kts/"), (deleted, LIST_OF_NOTHING));
    world.done(&Entry::Tombstone(Box::new(reap(deleted, "reap"))));
    assert_eq!(list(&world, "kts/"), (other, LIST_OF_NOTHING));
    let refused = world.refused(&Entry::Tombstone(Box::new(reap(0, "sow"))));
    assert_eq!(refused, "Invalid Tombstone operation 'sow'");
}

#[test]
fn a_list_below_a_deleted_tree_goes_by_the_tombstone_it_has() {
    let mut world = World::default();
    world.done(&set("a/x", ""));
    let old = world.done(&delete("a/x"));
    let newest = world.done(&set("a/y", ""));
    assert_eq!(list(&world, "a/").0, newest);
    let deleted = world.done(&delete_tree("a"));
    assert_eq!(list(&world, "a/"), (old, LIST_OF_NOTHING));
    assert_eq!(list(&world, "a"), (deleted, LIST_OF_NOTHING));
    let old = world.done(&set("b/x", ""));
    let deleted = world.done(&delete_tree(""));
    assert!(old < deleted);
    assert_eq!(list(&world, "b/"), (deleted, LIST_OF_NOTHING));
}

#[test]
fn an_empty_value_is_stored_as_none() {
    let mut world = World::default();
    world.done(&kvs(KvOp::Set, DirEntry { value: Some(bytes::Bytes::new()), ..entry("k", "") }));
    let read = world.tables.kv_get(&text("k"), &mut WatchSet::off()).expect("not empty");
    assert_eq!(read.entry.map(|entry| entry.value.clone()), Some(None));
}

#[test]
fn a_zero_byte_at_a_prefixs_end_also_stands_for_the_end_of_a_key() {
    let mut world = World::default();
    world.done(&set("a", ""));
    world.done(&set("ab", ""));
    let newest = world.done(&set("a\0b", ""));
    assert_eq!(list(&world, "a\0"), (newest, rows(&[("a", 1), ("a\0b", 3)])));
    let applied = world.apply(&delete_tree("a\0"));
    assert_eq!(applied.changes.iter().count(), 2);
    assert_eq!(list(&world, "a"), (world.index, rows(&[("ab", 2)])));
    let mut watches = WatchSet::new();
    world.tables.kv_list(&text("b\0"), &mut watches);
    assert!(watches.is_affected(&world.apply(&set("b", "")).changes));
}

#[test]
fn locks_need_a_session_and_there_are_none_yet() {
    let mut world = World::default();
    world.done(&set("klk", "a"));
    let held_by = |session: &str| DirEntry { session: text(session), ..entry("klk", "b") };
    assert_eq!(world.refused(&kvs(KvOp::Lock, held_by(""))), "missing session");
    assert_eq!(world.refused(&kvs(KvOp::Unlock, held_by(""))), "missing session");
    let session = "00000000-0000-0000-0000-0000000000aa";
    let refused = world.refused(&kvs(KvOp::Lock, held_by(session)));
    assert_eq!(refused, "invalid session \"00000000-0000-0000-0000-0000000000aa\"");
    assert_eq!(world.outcome(&kvs(KvOp::Unlock, held_by(session))), Outcome::Bool(false));
    // A session in a plain write is not taken over.
    world.done(&kvs(KvOp::Set, DirEntry { session: text(session), ..entry("klk", "c") }));
    let read = world.tables.kv_get(&text("klk"), &mut WatchSet::off()).expect("not empty");
    assert_eq!(read.entry.map(|entry| entry.session.clone()), Some(GoStr::EMPTY));
}

#[test]
fn operations_of_transactions_are_refused_by_name() {
    let mut world = World::default();
    for op in ["check-index", "get", "get-tree", "check-session", "check-not-exists", "frobnicate"] {
        let refused = world.refused(&kvs(KvOp::from(text(op)), entry("a", "")));
        assert_eq!(refused, format!("Invalid KVS operation '{op}'"));
    }
}

#[test]
fn an_empty_key_can_be_neither_read_nor_written() {
    let expected = "failed kvs lookup: index error: object is missing a value for this index";
    let mut world = World::default();
    let read = world.tables.kv_get(&GoStr::EMPTY, &mut WatchSet::off()).expect_err("the key is empty");
    assert_eq!(read.to_string(), expected);
    for op in [KvOp::Set, KvOp::Delete, KvOp::Cas, KvOp::DeleteCas] {
        assert_eq!(world.refused(&kvs(op, entry("", ""))), expected);
    }
}

#[test]
fn a_long_value_does_not_keep_the_buffer_it_came_in() {
    let buffer = bytes::Bytes::from(vec![b'v'; 4096]);
    let mut world = World::default();
    world.done(&kvs(KvOp::Set, DirEntry { value: Some(buffer.slice(..1024)), ..entry("k", "") }));
    assert!(buffer.is_unique(), "the store holds on to the buffer");
}
