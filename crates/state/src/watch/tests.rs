use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn text(text: &str) -> GoStr {
    GoStr::from(text)
}

fn changed(keys: &[&str]) -> Changes {
    let mut changes = Changes::default();
    for key in keys {
        changes.note(Change::Key(text(key)));
    }
    changes.settle();
    changes
}

fn found(index: &WatchIndex<u32>, changes: &Changes) -> BTreeSet<u32> {
    let mut found = Vec::new();
    index.affected(changes, &mut found);
    found.into_iter().collect()
}

#[test]
fn a_key_concerns_itself_and_the_prefixes_of_it() {
    let mut index = WatchIndex::new();
    for (id, watch) in [
        Watch::Key(text("a/b")),
        Watch::Prefix(text("a/b")),
        Watch::Prefix(text("a/")),
        Watch::Prefix(text("")),
        Watch::Prefix(text("a/b/")),
        Watch::Key(text("a/")),
        Watch::service(Peer::LOCAL, b"a/b"),
        Watch::all_services(Peer::LOCAL),
    ]
    .iter()
    .enumerate()
    {
        index.insert(watch, id as u32);
    }
    assert_eq!(found(&index, &changed(&["a/b"])), [0, 1, 2, 3].into());
    assert_eq!(found(&index, &changed(&["a/b/c"])), [1, 2, 3, 4].into());
    assert_eq!(found(&index, &changed(&["x"])), [3].into());
    assert_eq!(found(&index, &Changes::default()), [].into());
}

#[test]
fn names_are_watched_whatever_their_case() {
    let mut index = WatchIndex::new();
    index.insert(&Watch::service(Peer::LOCAL, b"Web"), 1);
    index.insert(&Watch::node(Peer::LOCAL, b"Web"), 2);
    index.insert(&Watch::service(Peer::named(b"web"), b"Web"), 3);
    let mut changes = Changes::default();
    changes.note(Change::Service(PeeredName::new(Peer::LOCAL, b"WEB")));
    assert_eq!(found(&index, &changes), [1].into());
}

#[test]
fn a_set_that_is_off_keeps_nothing() {
    let mut watches = WatchSet::off();
    watches.add(|| unreachable!("a watch was made for nobody"));
    assert!(watches.watches().is_empty() && !watches.is_affected(&changed(&["a"])));
    let mut watches = WatchSet::new();
    watches.add(|| Watch::nodes(Peer::LOCAL));
    watches.add(|| Watch::nodes(Peer::LOCAL));
    assert_eq!(watches.watches(), [Watch::nodes(Peer::LOCAL)]);
}

/// The figure is for the report, the bound is a promise: a hundred thousand watches stay within a few megabytes.
#[test]
fn very_many_watches_are_small_and_do_not_get_in_the_way() {
    const WATCHES: u32 = 100_000;
    let mut index = WatchIndex::new();
    let key = |n: u32| text(&format!("some/rather/long/path/to/a/key/{n:08}"));
    for n in 0..WATCHES {
        index.insert(&Watch::Key(key(n)), n);
    }
    assert_eq!(index.len(), WATCHES as usize);
    let each = index.heap_bytes() / WATCHES as usize;
    println!("{each} bytes per watch");
    assert!(each <= 64, "{each} bytes per watch");
    let mut one = Changes::default();
    one.note(Change::Key(key(WATCHES / 2)));
    assert_eq!(found(&index, &one), [WATCHES / 2].into());
    let mut none = Changes::default();
    none.note(Change::Key(key(WATCHES)));
    assert_eq!(found(&index, &none), [].into());
    for n in 0..WATCHES {
        assert!(index.remove(&Watch::Key(key(n)), n));
    }
    index.shrink();
    assert!(index.is_empty() && index.heap_bytes() == 0);
}

fn any_watch() -> impl Strategy<Value = Watch> {
    let name = || vec(prop_oneof![Just(b'a'), Just(b'b')], 0..4).prop_map(GoStr::from);
    let peered = || (name(), name()).prop_map(|(peer, name)| PeeredName { peer, name });
    prop_oneof![
        name().prop_map(Watch::Key),
        name().prop_map(Watch::Prefix),
        peered().prop_map(Watch::Service),
        peered().prop_map(Watch::ServiceChecks),
        peered().prop_map(Watch::Node),
        peered().prop_map(Watch::NodeChecks),
        peered().prop_map(Watch::Health),
        peered().prop_map(Watch::Connect),
        peered().prop_map(Watch::ChecksInState),
        peered().prop_map(Watch::ServiceKind),
        name().prop_map(Watch::KindNames),
        name().prop_map(Watch::Session),
        name().prop_map(Watch::NodeSessions),
        name().prop_map(Watch::NodeCoordinates),
        name().prop_map(Watch::GatewayServices),
        (any_table(), name()).prop_map(|(table, key)| Watch::Record(table, key)),
        any_table().prop_map(Watch::Records),
        name().prop_map(Watch::Resources),
        name().prop_map(Watch::AllServices),
        name().prop_map(Watch::Nodes),
        name().prop_map(Watch::Checks),
        Just(Watch::Sessions),
        Just(Watch::Coordinates),
        Just(Watch::AllGatewayServices),
        Just(Watch::Usage),
    ]
}

/// The first, the last, and one between.
fn any_table() -> impl Strategy<Value = RecordTable> {
    prop_oneof![Just(RecordTable::PreparedQueries), Just(RecordTable::ConfigEntries), Just(RecordTable::VirtualIps),]
}

fn any_change() -> impl Strategy<Value = Change> {
    any_watch().prop_map(|watch| match watch {
        Watch::Key(name) | Watch::Prefix(name) => Change::Key(name),
        Watch::Service(name) => Change::Service(name),
        Watch::ServiceChecks(name) => Change::ServiceChecks(name),
        Watch::Node(name) => Change::Node(name),
        Watch::NodeChecks(name) => Change::NodeChecks(name),
        Watch::AllServices(peer) => Change::AllServices(peer),
        Watch::Nodes(peer) => Change::Nodes(peer),
        Watch::Checks(peer) => Change::Checks(peer),
        Watch::Session(id) => Change::Session(id),
        Watch::NodeSessions(name) => Change::NodeSessions(name),
        Watch::NodeCoordinates(name) => Change::NodeCoordinates(name),
        Watch::GatewayServices(name) => Change::GatewayServices(name),
        Watch::AllGatewayServices => Change::AllGatewayServices,
        Watch::Record(table, key) => Change::Record(table, key),
        Watch::Records(table) => Change::Record(table, GoStr::EMPTY),
        Watch::Resources(name) => Change::Resource(name),
        Watch::Sessions => Change::Sessions,
        Watch::Coordinates => Change::Coordinates,
        Watch::Health(name) => Change::Health(name),
        Watch::Connect(name) => Change::Connect(name),
        Watch::ChecksInState(name) => Change::ChecksInState(name),
        Watch::KindNames(kind) => Change::KindNames(kind),
        Watch::ServiceKind(kind) => Change::ServiceKind(kind),
        Watch::Usage => Change::Usage,
    })
}

proptest! {
    #[test]
    fn the_index_finds_whom_looking_at_everybody_would(
        steps in vec((any_watch(), 0u32..6, prop::bool::weighted(0.7)), 0..60), changes in vec(any_change(), 0..4),
    ) {
        let (mut index, mut model) = (WatchIndex::new(), BTreeMap::<Watch, BTreeSet<u32>>::new());
        for (watch, id, insert) in steps {
            let ids = model.entry(watch.clone()).or_default();
            if insert {
                prop_assert_eq!(index.insert(&watch, id), ids.insert(id));
            } else {
                prop_assert_eq!(index.remove(&watch, id), ids.remove(&id));
            }
        }
        prop_assert_eq!(index.len(), model.values().map(BTreeSet::len).sum::<usize>());
        let mut touched = Changes::default();
        for change in changes {
            touched.note(change);
        }
        touched.settle();
        let expected: BTreeSet<u32> =
            model.iter().filter(|(watch, _)| touched.touch(watch)).flat_map(|(_, ids)| ids.iter().copied()).collect();
        prop_assert_eq!(found(&index, &touched), expected);
    }
}
