//! Transactions: what each step gives and says, and that all or nothing takes place.

use super::*;
use proconsul_structs::coordinate::{Coordinate, Point};
use proconsul_structs::intention::IntentionOp;
use proconsul_structs::node::Node;
use proconsul_structs::session::Session;
use proconsul_structs::txn::{
    OPS_MAX, RecordOp, TxnCheckOp, TxnIntentionOp, TxnKvOp, TxnNodeOp, TxnOp, TxnRequest, TxnResponse, TxnServiceOp,
    TxnSessionOp,
};

fn off() -> WatchSet {
    WatchSet::off()
}

fn txn(ops: Vec<TxnOp>) -> Entry {
    Entry::Txn(Box::new(TxnRequest { ops: Some(ops), ..TxnRequest::default() }))
}

fn kv(verb: KvOp, dir_ent: DirEntry) -> TxnOp {
    TxnOp { kv: Some(Box::new(TxnKvOp { verb, dir_ent })), ..TxnOp::default() }
}

fn key(verb: KvOp, name: &str) -> TxnOp {
    kv(verb, entry(name, "v"))
}

fn on_node(verb: RecordOp, node: Node) -> TxnOp {
    TxnOp { node: Some(Box::new(TxnNodeOp { verb, node })), ..TxnOp::default() }
}

fn named(name: &str) -> Node {
    Node { node: text(name), address: text("10.1.1.1"), ..Node::default() }
}

fn on_service(verb: RecordOp, node: &str, service: NodeService) -> TxnOp {
    TxnOp { service: Some(Box::new(TxnServiceOp { verb, node: text(node), service })), ..TxnOp::default() }
}

fn on_check(verb: RecordOp, node: &str, id: &str) -> TxnOp {
    let check = HealthCheck { node: text(node), check_id: text(id), ..HealthCheck::default() };
    TxnOp { check: Some(Box::new(TxnCheckOp { verb, check })), ..TxnOp::default() }
}

fn on_session(verb: RecordOp, id: &str) -> TxnOp {
    let session = Session { id: text(id), ..Session::default() };
    TxnOp { session: Some(Box::new(TxnSessionOp { verb, session })), ..TxnOp::default() }
}

fn intention(op: IntentionOp) -> TxnOp {
    TxnOp { intention: Some(Box::new(TxnIntentionOp { op, ..TxnIntentionOp::default() })), ..TxnOp::default() }
}

/// The same modify index in every kind of record.
fn expecting(mut op: TxnOp, index: u64) -> TxnOp {
    if let Some(kv) = &mut op.kv {
        kv.dir_ent.raft_index.modify_index = index;
    } else if let Some(node) = &mut op.node {
        node.node.raft_index.modify_index = index;
    } else if let Some(service) = &mut op.service {
        service.service.raft_index.modify_index = index;
    } else if let Some(check) = &mut op.check {
        check.check.raft_index.modify_index = index;
    }
    op
}

fn response(outcome: Outcome) -> TxnResponse {
    match outcome {
        Outcome::Txn(response) => *response,
        other => panic!("a transaction answers with {other:?}"),
    }
}

/// What went wrong, each with its step.
fn errors(response: &TxnResponse) -> Vec<(i64, String)> {
    let errors = response.errors.iter().flatten();
    errors.map(|error| (error.op_index, error.what.to_string())).collect()
}

/// What each result is: a key with its value and indexes, or the name of anything else.
fn shown(response: &TxnResponse) -> Vec<String> {
    let results = response.results.as_ref().expect("nothing failed").iter();
    let show = |result: &proconsul_structs::txn::TxnResult| {
        if let Some(kv) = &result.kv {
            let value = kv.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned());
            format!("{} {value:?} {}", kv.key, kv.raft_index.modify_index)
        } else if let Some(node) = &result.node {
            format!("node {} {}", node.node, node.raft_index.modify_index)
        } else if let Some(service) = &result.service {
            format!("service {} {}", service.id, service.raft_index.modify_index)
        } else {
            let check = result.check.as_ref().expect("a result is one of four");
            format!("check {} {} {}", check.check_id, check.status, check.raft_index.modify_index)
        }
    };
    results.map(show).collect()
}

/// A world with a key, a node, a service and a check, at indexes 1 to 4.
fn furnished() -> World {
    let mut world = World::default();
    world.done(&set("k", "v"));
    world.done(&register(node("n")));
    world.done(&register(with_service(node("n"), service("web"))));
    world.done(&register(with_check(node("n"), "c", "web", "passing")));
    world
}

#[test]
fn a_step_gives_what_it_read_or_stored() {
    let mut world = furnished();
    world.done(&set("k/a", "1"));
    let id = "11111111-2222-3333-4444-555555555555";
    world.done(&register(RegisterRequest { id: text(id), ..node("m") }));
    let part = Node { id: text("1111"), ..Node::default() };
    for (op, gives) in [
        (key(KvOp::Get, "k"), vec![r#"k Some("v") 1"#]),
        (key(KvOp::GetOrEmpty, "k"), vec![r#"k Some("v") 1"#]),
        (key(KvOp::GetOrEmpty, "none"), vec!["none None 0"]),
        (key(KvOp::GetTree, "k"), vec![r#"k Some("v") 1"#, r#"k/a Some("1") 5"#]),
        (key(KvOp::GetTree, "none"), vec![]),
        (key(KvOp::CheckSession, "k"), vec!["k None 1"]),
        (expecting(key(KvOp::CheckIndex, "k"), 1), vec!["k None 1"]),
        (key(KvOp::CheckNotExists, "none"), vec![]),
        (key(KvOp::Delete, "none"), vec![]),
        (expecting(key(KvOp::DeleteCas, "none"), 7), vec![]),
        (key(KvOp::DeleteTree, "none"), vec![]),
        (key(KvOp::Set, "k"), vec!["k None 1"]),
        (expecting(key(KvOp::Cas, "k"), 1), vec!["k None 1"]),
        (on_node(RecordOp::Get, named("N")), vec!["node n 2"]),
        (on_node(RecordOp::Get, part), vec!["node m 6"]),
        (on_node(RecordOp::Delete, named("none")), vec![]),
        (on_service(RecordOp::Get, "n", service("web")), vec!["service web 3"]),
        (on_service(RecordOp::Set, "n", service("web")), vec!["service web 3"]),
        (on_service(RecordOp::Delete, "n", service("none")), vec![]),
        (on_check(RecordOp::Get, "n", "c"), vec!["check c passing 4"]),
        (on_check(RecordOp::Delete, "n", "none"), vec![]),
    ] {
        let before = world.tables.clone();
        let said = format!("{op:?}");
        let read = world.tables.txn_read(std::slice::from_ref(&op));
        let applied = world.apply(&txn(vec![op]));
        let response = response(applied.outcome);
        assert_eq!(errors(&response), [], "{said}");
        assert_eq!(shown(&response), gives, "{said}");
        assert!(applied.changes.is_empty() && world.tables == before, "{said} changes nothing");
        // All of these change nothing, so that they may be read, but for a tree, which nobody deletes in a reading transaction.
        if !said.contains("DeleteTree") {
            assert_eq!(read, response, "{said}");
        }
    }
    for (op, gives) in [
        (key(KvOp::Set, "new"), vec!["new None {}"]),
        (on_node(RecordOp::Set, named("new")), vec!["node new {}"]),
        (on_service(RecordOp::Set, "new", service("s")), vec!["service s {}"]),
        (on_check(RecordOp::Set, "new", "c"), vec!["check c critical {}"]),
        (expecting(on_check(RecordOp::Cas, "new", "c2"), 0), vec!["check c2 critical {}"]),
        (key(KvOp::Delete, "new"), vec![]),
        (on_node(RecordOp::Delete, named("new")), vec![]),
    ] {
        let applied = world.apply(&txn(vec![op]));
        let gives: Vec<_> = gives.iter().map(|text| text.replace("{}", &world.index.to_string())).collect();
        assert_eq!(shown(&response(applied.outcome)), gives);
        assert!(!applied.changes.is_empty());
    }
}

#[test]
fn a_step_that_fails_says_why_in_consuls_words() {
    let mut world = furnished();
    let unknown = || RecordOp::Unknown(text("x"));
    let other_session = kv(KvOp::CheckSession, DirEntry { session: text("s"), ..entry("k", "") });
    for (op, text) in [
        (key(KvOp::Get, "none"), r#"key "none" doesn't exist"#),
        (key(KvOp::CheckNotExists, "k"), r#"key "k" exists"#),
        (key(KvOp::CheckSession, "none"), r#"failed to check session, key "none" doesn't exist"#),
        (other_session, r#"failed session check for key "k", current session "" != "s""#),
        (key(KvOp::CheckIndex, "none"), r#"failed to check index, key "none" doesn't exist"#),
        (expecting(key(KvOp::CheckIndex, "k"), 9), r#"failed index check for key "k", current modify index 1 != 9"#),
        (key(KvOp::Cas, "k"), r#"failed to set key "k", index is stale"#),
        (expecting(key(KvOp::DeleteCas, "k"), 9), r#"failed to delete key "k", index is stale"#),
        (key(KvOp::Lock, "k"), "missing session"),
        (key(KvOp::Unlock, "k"), "missing session"),
        (
            kv(KvOp::Unlock, DirEntry { session: text("s"), ..entry("k", "") }),
            r#"failed to unlock key "k", lock isn't held, or is held by another session"#,
        ),
        (key(KvOp::Get, ""), "failed kvs lookup: index error: object is missing a value for this index"),
        (key(KvOp::Unknown(text("x")), "k"), r#"unknown KV verb "x""#),
        (on_node(RecordOp::Get, named("none")), r#"node "none" doesn't exist"#),
        (on_node(RecordOp::Cas, named("n")), r#"failed to set node "n", index is stale"#),
        (expecting(on_node(RecordOp::Cas, named("none")), 9), r#"failed to set node "none", index is stale"#),
        (expecting(on_node(RecordOp::DeleteCas, named("n")), 9), r#"failed to delete node "n", index is stale"#),
        (on_node(RecordOp::DeleteCas, named("none")), r#"failed to delete node "none", index is stale"#),
        (
            on_node(RecordOp::Get, Node { id: text("123"), ..Node::default() }),
            "node lookup by ID failed: index error: UUID (without hyphens) must be even length",
        ),
        (on_node(unknown(), named("n")), r#"unknown Node verb "x""#),
        (on_service(RecordOp::Get, "n", service("none")), r#"service "none" on node "n" doesn't exist"#),
        (on_service(RecordOp::Get, "", service("none")), r#"service "none" on node "" doesn't exist"#),
        (on_service(RecordOp::Set, "none", service("s")), "Missing node registration"),
        (on_service(RecordOp::Cas, "n", service("web")), r#"failed to set service "web" on node "n", index is stale"#),
        (
            expecting(on_service(RecordOp::DeleteCas, "n", service("web")), 9),
            r#"failed to delete service "web" on node "n", index is stale"#,
        ),
        (on_service(unknown(), "n", service("web")), r#"unknown Service verb "x""#),
        (on_check(RecordOp::Get, "n", "none"), r#"check "none" on node "n" doesn't exist"#),
        (on_check(RecordOp::Cas, "n", "c"), r#"failed to set check "c" on node "n", index is stale"#),
        (
            expecting(on_check(RecordOp::DeleteCas, "n", "c"), 9),
            r#"failed to delete check "c" on node "n", index is stale"#,
        ),
        (on_check(RecordOp::Set, "none", "c"), "Missing node registration"),
        (
            on_check(RecordOp::Get, "n", ""),
            "failed check lookup: index error: object is missing a value for this index",
        ),
        (on_check(unknown(), "n", "c"), r#"unknown check verb "x""#),
        (on_session(RecordOp::Delete, "s"), "failed to delete session: failed deleting session: not found"),
        (
            on_session(RecordOp::Delete, ""),
            "failed to delete session: failed deleting session: object missing primary index",
        ),
        (on_session(RecordOp::Get, "s"), r#"unknown session verb "get""#),
        (intention(IntentionOp::Upsert), r#"Intention op not supported "upsert""#),
        (
            intention(IntentionOp::Create),
            "Legacy intention modifications are disabled after the config entry migration.",
        ),
        (TxnOp::default(), "unknown operation type"),
    ] {
        let (before, said) = (world.tables.clone(), format!("{op:?}"));
        let read = world.tables.txn_read(std::slice::from_ref(&op));
        // A change in front of it is taken back.
        let applied = world.apply(&txn(vec![key(KvOp::Set, "before"), op]));
        let response = response(applied.outcome);
        assert_eq!(errors(&response), [(1, text.to_owned())], "{said}");
        assert_eq!(response.results, None, "{said}");
        assert!(applied.changes.is_empty() && world.tables == before, "{said}");
        assert_eq!(errors(&read), [(0, text.to_owned())], "{said} read");
    }
}

#[test]
fn everything_that_fails_is_told_and_steps_see_each_other() {
    let mut world = furnished();
    let applied = world.apply(&txn(vec![
        key(KvOp::Get, "x"),
        key(KvOp::Set, "x"),
        key(KvOp::Get, "x"),
        key(KvOp::CheckNotExists, "x"),
    ]));
    let failed = errors(&response(applied.outcome));
    assert_eq!(failed, [(0, r#"key "x" doesn't exist"#.to_owned()), (3, r#"key "x" exists"#.to_owned())]);
    let contradictory = vec![
        on_node(RecordOp::Set, named("t")),
        on_service(RecordOp::Set, "t", service("s")),
        on_node(RecordOp::Delete, named("t")),
        on_service(RecordOp::Set, "t", service("s")),
    ];
    let failed = errors(&response(world.outcome(&txn(contradictory))));
    assert_eq!(failed, [(3, "Missing node registration".to_owned())]);
    assert!(!world.tables.has_node(Peer::LOCAL, b"t"), "all was taken back");
}

#[test]
fn writes_in_a_reading_transaction_are_refused_one_by_one() {
    let mut world = furnished();
    for name in ["bare", "somewhere", "checked"] {
        world.done(&register(node(name)));
    }
    world.done(&register(with_check(node("checked"), "c", "", "passing")));
    world.done(&register(with_service(node("n"), service("plain"))));
    let here = Coordinate { node: text("somewhere"), coord: Some(Point::origin()), ..Coordinate::default() };
    world.done(&Entry::Coordinates(Box::new(Some(vec![here]))));
    let insert = |what: &str| format!("{what}: cannot insert in read-only transaction");
    let delete = |what: &str| format!("{what}: cannot delete in read-only transaction");
    for (op, text) in [
        (key(KvOp::Set, "new"), insert("failed inserting kvs entry")),
        (key(KvOp::Cas, "new"), insert("failed inserting kvs entry")),
        (key(KvOp::Delete, "k"), insert("failed adding to graveyard: failed inserting tombstone")),
        (expecting(key(KvOp::DeleteCas, "k"), 1), insert("failed adding to graveyard: failed inserting tombstone")),
        (key(KvOp::DeleteTree, "none"), delete("failed recursive deleting kvs entry")),
        (on_node(RecordOp::Set, named("new")), insert("failed inserting node")),
        (on_node(RecordOp::Delete, named("bare")), delete("failed deleting node")),
        (on_node(RecordOp::Delete, named("n")), delete("failed deleting service")),
        (on_node(RecordOp::Delete, named("checked")), delete("failed removing check")),
        (
            on_node(RecordOp::Delete, named("somewhere")),
            delete("failed deleting coordinate: failed deleting coordinate"),
        ),
        (on_service(RecordOp::Set, "n", service("new")), insert("failed inserting service")),
        (on_service(RecordOp::Delete, "n", service("plain")), delete("failed deleting service")),
        (on_service(RecordOp::Delete, "n", service("web")), delete("failed removing check")),
        (on_check(RecordOp::Set, "n", "new"), insert("failed inserting check")),
        (on_check(RecordOp::Delete, "n", "c"), delete("failed removing check")),
    ] {
        let before = world.tables.clone();
        let read = world.tables.txn_read(&[op.clone(), key(KvOp::Get, "k"), op.clone()]);
        assert_eq!(errors(&read), [(0, text.clone()), (2, text)], "{op:?}");
        assert_eq!(world.tables, before, "{op:?}");
    }
}

#[test]
fn too_many_steps_or_results_are_refused_and_said() {
    let mut world = World::default();
    let steps = vec![key(KvOp::Set, "x"); OPS_MAX + 1];
    let failed = errors(&response(world.outcome(&txn(steps))));
    assert_eq!(failed, [(OPS_MAX as i64, format!("transaction has more than {OPS_MAX} operations"))]);
    assert_eq!(world.tables.kv_len(), 0);
    for place in 0..100 {
        world.done(&set(&format!("k{place}"), "v"));
    }
    let steps = vec![key(KvOp::GetTree, ""); OPS_MAX];
    let failed = errors(&world.tables.txn_read(&steps));
    let most = limits::TXN_RESULTS_MAX;
    assert_eq!(
        failed,
        [((most / 100) as i64, format!("transaction gives more than {most} results"))],
        "nothing more is done"
    );
    let large = DirEntry { value: Some(vec![b'x'; 1 << 20].into()), ..entry("large", "") };
    world.done(&kvs(KvOp::Set, large));
    let most = limits::TXN_RESULT_BYTES_MAX;
    let failed = errors(&world.tables.txn_read(&vec![key(KvOp::Get, "large"); 300]));
    assert_eq!(failed, [(255, format!("results of the transaction have more than {most} bytes"))]);
}

#[test]
fn a_transaction_tells_each_that_waits_once() {
    let mut world = furnished();
    let mut watches = WatchSet::new();
    let _ = world.tables.kv_list(&text("k"), &mut watches);
    let _ = world.tables.service_nodes(Peer::LOCAL, b"web", &mut watches);
    let steps = vec![
        key(KvOp::Set, "k/1"),
        key(KvOp::Set, "k/2"),
        on_service(RecordOp::Set, "n", NodeService { port: 80, ..service("web") }),
    ];
    let applied = world.apply(&txn(steps));
    assert!(watches.is_affected(&applied.changes));
    let (index, entries) = world.tables.kv_list(&text("k"), &mut off());
    assert_eq!((index, entries.len()), (world.index, 3), "one index for all steps");
    assert_eq!(world.tables.service_nodes(Peer::LOCAL, b"web", &mut off()).0, world.index);
}

mod properties {
    use super::*;
    use crate::{Change, Changes};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn any_verb() -> impl Strategy<Value = RecordOp> {
        use RecordOp::*;
        select(vec![Get, Set, Set, Set, Cas, Delete, DeleteCas])
    }

    fn any_key_op() -> impl Strategy<Value = TxnOp> {
        use KvOp::*;
        let known = [Set, Set, Set, Cas, Delete, DeleteCas, DeleteTree, Unlock, Get, GetOrEmpty, GetTree];
        let verbs = [&known[..], &[CheckSession, CheckIndex, CheckNotExists]].concat();
        let keys = vec(select(vec!["a", "b", "/"]), 1..4).prop_map(|parts| parts.concat());
        (select(verbs), keys, select(vec!["1", "2"])).prop_map(|(verb, key, value)| kv(verb, entry(&key, value)))
    }

    fn any_name() -> impl Strategy<Value = &'static str> {
        select(vec!["web", "db", "Web"])
    }

    /// Steps whose conditions are met now and then: indexes are small numbers.
    fn any_op() -> impl Strategy<Value = TxnOp> {
        let any_op = prop_oneof![
            4 => any_key_op(),
            3 => (any_verb(), any_name()).prop_map(|(verb, name)| on_node(verb, named(name))),
            3 => (any_verb(), any_name(), any_name(), any::<bool>()).prop_map(|(verb, node, name, native)| {
                let mut service = service(name);
                service.connect.native = native;
                on_service(verb, node, service)
            }),
            2 => (any_verb(), any_name(), any_name()).prop_map(|(verb, node, id)| on_check(verb, node, id)),
        ];
        (any_op, 0u64..6).prop_map(|(op, index)| expecting(op, index))
    }

    /// Without what is counted at the end of an entry, which several entries count several times.
    fn uncounted(mut tables: Tables, mut changes: Changes) -> (Tables, Vec<Change>) {
        tables.indexes.usage = 0;
        changes.settle();
        (tables, changes.iter().filter(|change| **change != Change::Usage).cloned().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_transaction_is_its_steps_one_by_one_or_nothing(history in vec(vec(any_op(), 1..5), 1..12)) {
            let mut world = World::default();
            for ops in history {
                let before = world.clone();
                let applied = world.apply(&txn(ops.clone()));
                let whole = response(applied.outcome.clone());
                // The same steps as transactions of one, all of them at one index, until one fails.
                let (mut tables, mut changes, mut results) = (before.tables.clone(), Changes::default(), Vec::new());
                let mut failed = None;
                for (place, op) in ops.iter().enumerate() {
                    let (next, one) = tables.apply(world.index, &txn(vec![op.clone()]));
                    let one_response = response(one.outcome);
                    if let Some((_, what)) = errors(&one_response).pop() {
                        failed = Some((place as i64, what));
                        break;
                    }
                    tables = next;
                    changes.absorb(one.changes);
                    results.extend(one_response.results.unwrap_or_default());
                }
                match failed {
                    Some(first) => {
                        prop_assert_eq!(errors(&whole).into_iter().next(), Some(first));
                        prop_assert_eq!(&world.tables, &before.tables);
                        prop_assert!(applied.changes.is_empty());
                    }
                    None => {
                        prop_assert_eq!(whole.results, Some(results));
                        let (here, there) = (world.tables.clone(), tables);
                        prop_assert_eq!(uncounted(here, applied.changes), uncounted(there, changes));
                    }
                }
                let read = world.tables.txn_read(&ops);
                prop_assert!(read.results.is_some() != read.errors.is_some());
            }
        }

        #[test]
        fn a_step_on_a_key_does_what_a_request_of_its_own_does(history in vec(any_key_op(), 1..30)) {
            let mut world = World::default();
            for (step, op) in history.into_iter().enumerate() {
                let op = expecting(op, step as u64 / 2);
                let Some(kv) = op.kv.clone() else { continue };
                let alone = world.tables.apply(world.index + 1, &kvs(kv.verb, kv.dir_ent));
                let failed = matches!(alone.1.outcome, Outcome::Error(_) | Outcome::Bool(false));
                let before = world.tables.clone();
                let applied = world.apply(&txn(vec![op]));
                if failed {
                    prop_assert_eq!(&world.tables, &before, "reads, and what is refused");
                } else {
                    prop_assert_eq!((&world.tables, &applied.changes), (&alone.0, &alone.1.changes));
                }
            }
        }
    }
}
