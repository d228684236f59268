use proconsul_msgpack::GoStr;
use proconsul_state::{Entry, Watch};
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};

use super::*;

const METHOD: u16 = 7;

fn set(key: &str) -> Entry {
    let dir_ent = DirEntry { key: key.into(), ..DirEntry::default() };
    Entry::Kvs(Box::new(KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() }))
}

fn on(key: &str) -> WatchSet {
    let mut watches = WatchSet::new();
    watches.add(|| Watch::Key(GoStr::from(key)));
    watches
}

fn large(byte: u8) -> Bytes {
    Bytes::from(vec![byte; KEPT_ANSWER_BYTES_MIN])
}

/// A store with one entry, and what is kept of it.
fn kept() -> (Arc<Store>, Kept) {
    let store = Arc::new(Store::new());
    store.apply(1, &set("a"));
    (Arc::clone(&store), Kept::new(store))
}

#[test]
fn an_answer_is_used_again_until_what_it_depends_on_changes() {
    let (store, kept) = kept();
    kept.keep((METHOD, b"ask"), (1, 1), &on("a"), &large(1));
    assert_eq!(kept.find(METHOD, b"ask", 1), Some(large(1)));
    assert_eq!(kept.find(METHOD, b"other", 1), None);
    assert_eq!(kept.find(METHOD + 1, b"ask", 1), None);

    kept.changed(&store.apply(2, &set("b")).changes);
    assert_eq!(kept.find(METHOD, b"ask", 1), Some(large(1)), "that was elsewhere");
    let changes = store.apply(3, &Entry::Deregister(Box::default())).changes;
    kept.changed(&changes);
    assert_eq!(kept.reused(), 2);

    let entry = DirEntry { key: "a".into(), flags: 1, ..DirEntry::default() };
    let request = KvsRequest { op: KvOp::Set, dir_ent: entry, ..KvsRequest::default() };
    kept.changed(&store.apply(4, &Entry::Kvs(Box::new(request))).changes);
    assert_eq!(kept.find(METHOD, b"ask", 1), None);
}

#[test]
fn an_answer_whose_index_has_moved_is_not_used() {
    let (_, kept) = kept();
    kept.keep((METHOD, b"ask"), (1, 1), &on("a"), &large(1));
    assert_eq!(kept.find(METHOD, b"ask", 2), None);
    assert_eq!(kept.find(METHOD, b"ask", 1), None, "it has gone");
}

#[test]
fn what_was_made_of_an_old_snapshot_is_not_kept() {
    let (store, kept) = kept();
    store.apply(2, &set("a2"));
    kept.keep((METHOD, b"ask"), (1, 1), &on("a"), &large(1));
    assert_eq!(kept.find(METHOD, b"ask", 1), None);
}

#[test]
fn small_answers_are_not_worth_it_and_all_together_are_bounded() {
    let (_, kept) = kept();
    kept.keep((METHOD, b"small"), (1, 1), &on("a"), &Bytes::from_static(b"x"));
    assert_eq!(kept.find(METHOD, b"small", 1), None);
    for n in 0..2 * KEPT_ANSWERS_MAX as u32 {
        kept.keep((METHOD, &n.to_be_bytes()), (1, 1), &on("a"), &large(2));
    }
    let state = kept.state.lock();
    assert_eq!((state.answers.len(), state.watches.len()), (KEPT_ANSWERS_MAX, KEPT_ANSWERS_MAX));
    assert!(state.bytes <= KEPT_BYTES_MAX && state.order.len() <= 2 * KEPT_ANSWERS_MAX + 1);
    drop(state);
    assert_eq!(kept.find(METHOD, &0u32.to_be_bytes(), 1), None, "the oldest went");
    let few = KEPT_BYTES_MAX / 8;
    for n in 0..20u32 {
        kept.keep((METHOD, &n.to_be_bytes()), (1, 1), &on("a"), &Bytes::from(vec![0; few]));
    }
    assert!(kept.state.lock().bytes <= KEPT_BYTES_MAX);
    kept.clear();
    assert_eq!(kept.state.lock().bytes, 0);
}
