use super::*;
use crate::{Outcome, Peer, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::catalog::RegisterRequest;
use proconsul_structs::check::HealthCheck;
use proconsul_structs::kvs::{DirEntry, KvsRequest};

fn set(key: &str, value: &'static str) -> Entry {
    let dir_ent = DirEntry { key: GoStr::from(key), value: Some(value.into()), ..DirEntry::default() };
    let op = proconsul_structs::kvs::KvOp::Set;
    Entry::Kvs(Box::new(KvsRequest { op, dir_ent, ..KvsRequest::default() }))
}

fn modify_index(snapshot: &Snapshot, key: &str) -> Option<u64> {
    let read = snapshot.kv_get(&GoStr::from(key), &mut WatchSet::off()).expect("the key is not empty");
    read.entry.map(|entry| entry.raft_index.modify_index)
}

/// A registration that fails at its last step.
fn half_way() -> Entry {
    let node = GoStr::from("n");
    let check =
        HealthCheck { node: node.clone(), check_id: node.clone(), service_id: node.clone(), ..HealthCheck::default() };
    Entry::Register(Box::new(RegisterRequest { node, check: Some(check), ..RegisterRequest::default() }))
}

#[test]
fn a_reader_keeps_what_it_took() {
    let store = Store::new();
    store.apply(5, &set("a", "1"));
    let taken = store.snapshot();
    store.apply(6, &set("a", "2"));
    assert_eq!((taken.index, modify_index(&taken, "a")), (5, Some(5)));
    assert_eq!((store.snapshot().index, modify_index(&store.snapshot(), "a")), (6, Some(6)));
    store.replace(Snapshot::default());
    assert_eq!((store.snapshot().index, modify_index(&store.snapshot(), "a")), (0, None));
    let again = Store::from_snapshot(Snapshot::clone(&taken));
    assert_eq!(modify_index(&again.snapshot(), "a"), Some(5));
}

#[test]
fn many_at_once_are_as_one_after_another() {
    let entries = [set("a", "1"), half_way(), set("b", "1"), set("a", "1"), set("a", "2"), half_way()];
    let (together, apart) = (Store::new(), Store::new());
    let numbered = || entries.iter().enumerate().map(|(n, entry)| (n as u64 + 1, entry));
    let taken = together.snapshot();
    let at_once = together.apply_all(numbered());
    let one_by_one: Vec<_> = numbered().map(|(index, entry)| apart.apply(index, entry)).collect();
    assert_eq!(at_once, one_by_one);
    assert!(matches!(at_once[1].outcome, Outcome::Error(_)) && !together.snapshot().has_node(Peer::LOCAL, b"n"));
    assert_eq!(together.snapshot().tables, apart.snapshot().tables);
    assert_eq!((together.snapshot().index, taken.index), (6, 0));
}

#[test]
fn whoever_follows_is_told_in_order_until_it_is_dropped() {
    #[derive(Default)]
    struct Told(Mutex<Vec<Option<bool>>>);
    impl Follower for Told {
        fn applied(&self, applied: &Applied) {
            self.0.lock().push(Some(applied.changes.is_empty()));
        }
        fn replaced(&self) {
            self.0.lock().push(None);
        }
    }
    let (store, told) = (Store::new(), Arc::new(Told::default()));
    store.apply(1, &set("a", "1"));
    store.follow(&told);
    store.apply(2, &set("a", "2"));
    store.apply_all([(3, &half_way()), (4, &set("b", "1"))]);
    store.replace(Snapshot::default());
    assert_eq!(*told.0.lock(), [Some(false), Some(true), Some(false), None]);
    drop(told);
    store.apply(5, &set("a", "3"));
}
