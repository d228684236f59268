//! Golden group `session` and the locks of group `kv` of Consul 1.21.4, and what ends a session.

use super::*;
use crate::LockDelay;
use proconsul_structs::session::ServiceCheck;

fn lock(key: &str, session: &str) -> Entry {
    kvs(KvOp::Lock, held(session, entry(key, "v")))
}

fn unlock(key: &str, session: &str) -> Entry {
    kvs(KvOp::Unlock, held(session, entry(key, "w")))
}

/// A world with a node, a check `c` that passes, and a service `web` with a check `web-c` that passes.
fn world() -> World {
    let mut world = World::default();
    world.done(&register(with_check(node("n"), "c", "", "passing")));
    world.done(&register(with_check(with_service(node("n"), service("web")), "web-c", "web", "passing")));
    world
}

/// Holder, lock index and modify index of a key.
fn holder(world: &World, key: &str) -> Option<(String, u64, u64)> {
    let read = world.tables.kv_get(&text(key), &mut WatchSet::off()).expect("the key is not empty");
    read.entry.map(|entry| (entry.session.to_string(), entry.lock_index, entry.raft_index.modify_index))
}

fn lives(world: &World, id: &str) -> bool {
    world.tables.session(id.as_bytes(), &mut WatchSet::off()).1.is_some()
}

fn with_node_check(session: Session, check: &str) -> Session {
    Session { node_checks: Some(vec![text(check)]), ..session }
}

#[test]
fn a_session_is_made_found_and_ended() {
    let mut world = world();
    let asked = Session { name: text("x"), ttl: text("30s"), ..session("Ab", "N") };
    let applied = world.apply(&create(asked.clone()));
    let made = world.index;
    assert_eq!(applied.outcome, Outcome::Id(text("Ab")));
    let off = &mut WatchSet::off();
    let (index, found) = world.tables.session(b"aB", off);
    let found = found.expect("it was made");
    let raft_index = RaftIndex { create_index: made, modify_index: made };
    assert_eq!((index, &*found), (made, &Session { behavior: SessionBehavior::Release, raft_index, ..asked }));
    assert_eq!(world.tables.node_sessions(b"n", off), (made, vec![found.clone()]));
    assert_eq!(world.tables.sessions(off), (made, vec![found]));
    assert_eq!(world.tables.node_sessions(b"other", off), (made, vec![]));

    assert_eq!(world.outcome(&destroy("AB")), Outcome::Nothing);
    assert_eq!(world.tables.session(b"Ab", off), (world.index, None));
    assert_eq!(world.tables.sessions(off), (world.index, vec![]));
    let again = world.apply(&destroy("Ab"));
    assert_eq!((again.outcome, again.changes.is_empty()), (Outcome::Nothing, true), "there is none");
}

#[test]
fn a_session_needs_its_node_and_its_checks() {
    let mut world = world();
    world.done(&register(with_check(node("n"), "bad", "", "critical")));
    let s = || session("s", "n");
    assert_eq!(world.refused(&create(session("", "n"))), "Missing session ID");
    assert_eq!(world.refused(&create(session("s", "other"))), "Missing node registration");
    let explode = SessionBehavior::Unknown(text("explode"));
    assert_eq!(world.refused(&create(Session { behavior: explode, ..s() })), "Invalid session behavior: explode");
    let bad = "Check 'bad' is in critical state";
    assert_eq!(world.refused(&create(with_node_check(s(), "nope"))), "Missing check 'nope' registration");
    assert_eq!(world.refused(&create(with_node_check(s(), "bad"))), bad);
    assert_eq!(world.refused(&create(Session { checks: Some(vec![text("bad")]), ..s() })), bad);
    let of_service = vec![ServiceCheck { id: text("bad"), ..ServiceCheck::default() }];
    assert_eq!(world.refused(&create(Session { service_checks: Some(of_service), ..s() })), bad);
    assert_eq!(
        world.refused(&create(with_node_check(s(), ""))),
        "failed check lookup: index error: object is missing a value for this index"
    );
    let frob = SessionRequest { op: SessionOp::Unknown(text("frob")), ..SessionRequest::default() };
    assert_eq!(world.refused(&Entry::Session(Box::new(frob))), "Invalid Session operation 'frob'");
}

#[test]
fn a_lock_is_for_sessions_that_exist_and_for_one_at_a_time() {
    let mut world = world();
    assert_eq!(world.refused(&lock("k", "")), "missing session");
    assert_eq!(world.refused(&unlock("k", "")), "missing session");
    assert_eq!(world.refused(&lock("k", "s1")), "invalid session \"s1\"");
    world.done(&create(session("s1", "n")));
    world.done(&create(session("s2", "n")));
    assert_eq!(
        world.refused(&lock("", "s1")),
        "failed kvs lookup: index error: object is missing a value for this index"
    );

    assert_eq!(world.outcome(&unlock("k", "s1")), Outcome::Bool(false), "no such key");
    assert_eq!(world.outcome(&lock("k", "s1")), Outcome::Bool(true));
    let locked = world.index;
    assert_eq!(holder(&world, "k"), Some(("s1".into(), 1, locked)));
    let again = world.apply(&lock("k", "s1"));
    assert_eq!((again.outcome, again.changes.is_empty()), (Outcome::Bool(true), true), "nothing new");
    assert_eq!(world.outcome(&lock("k", "s2")), Outcome::Bool(false));
    assert_eq!(world.outcome(&unlock("k", "s2")), Outcome::Bool(false));
    assert_eq!(holder(&world, "k"), Some(("s1".into(), 1, locked)));

    assert_eq!(world.outcome(&unlock("k", "s1")), Outcome::Bool(true));
    assert_eq!(holder(&world, "k"), Some((String::new(), 1, world.index)));
    assert_eq!(world.outcome(&lock("k", "s2")), Outcome::Bool(true));
    assert_eq!(holder(&world, "k"), Some(("s2".into(), 2, world.index)), "the second time that it is locked");
}

#[test]
fn a_locked_key_can_be_set_and_deleted_by_anybody() {
    let mut world = world();
    world.done(&create(session("s", "n")));
    world.done(&lock("k", "s"));
    world.done(&set("k", "other"));
    assert_eq!(holder(&world, "k").map(|(session, ..)| session), Some("s".into()), "the holder stays");
    world.done(&delete("k"));
    world.done(&set("k", "new"));
    assert_eq!(holder(&world, "k"), Some((String::new(), 0, world.index)), "with the key, the lock is gone");
    let before = holder(&world, "k");
    let applied = world.apply(&destroy("s"));
    assert_eq!((holder(&world, "k"), applied.lock_delays), (before, vec![]), "the session no longer holds it");

    world.done(&create(session("s", "n")));
    world.done(&lock("tree/a", "s"));
    world.done(&delete_tree("tree/"));
    world.done(&set("tree/a", "new"));
    let before = holder(&world, "tree/a");
    world.done(&destroy("s"));
    assert_eq!(holder(&world, "tree/a"), before);
}

#[test]
fn the_end_of_a_session_gives_its_keys_back() {
    let mut world = world();
    world.done(&create(Session { lock_delay: Duration::from_secs(15).into(), ..session("s", "n") }));
    world.done(&create(session("other", "n")));
    world.done(&lock("a", "s"));
    world.done(&lock("b", "other"));
    world.done(&lock("A", "s"));
    let applied = world.apply(&destroy("s"));
    let ended = world.index;
    let delay = |key| LockDelay { key: text(key), delay: Duration::from_secs(15) };
    assert_eq!(applied.lock_delays, [delay("A"), delay("a")]);
    assert_eq!(holder(&world, "a"), Some((String::new(), 1, ended)));
    assert_eq!(holder(&world, "A"), Some((String::new(), 1, ended)));
    assert_eq!(holder(&world, "b").map(|(session, ..)| session), Some("other".into()));
    assert_eq!(world.tables.kv_index(), ended);
    for key in ["a", "A"] {
        assert!(applied.changes.touch(&Watch::Key(text(key))), "{key}");
    }
    assert!(!applied.changes.touch(&Watch::Key(text("b"))));
    assert!(applied.changes.touch(&Watch::session(b"S")) && !applied.changes.touch(&Watch::session(b"other")));
    assert!(applied.changes.touch(&Watch::Sessions) && applied.changes.touch(&Watch::node_sessions(b"N")));
    assert_eq!(world.apply(&destroy("other")).lock_delays, [], "it has no lock delay");
}

#[test]
fn the_end_of_a_session_deletes_its_keys_if_it_says_so() {
    let mut world = world();
    let behavior = SessionBehavior::Delete;
    world.done(&create(Session { behavior, lock_delay: Duration::from_secs(3600).into(), ..session("s", "n") }));
    world.done(&lock("dir/a", "s"));
    let applied = world.apply(&destroy("s"));
    assert_eq!(applied.lock_delays, [LockDelay { key: text("dir/a"), delay: limits::LOCK_DELAY_MAX }]);
    assert_eq!(holder(&world, "dir/a"), None);
    let (index, entries) = world.tables.kv_list(&text("dir/"), &mut WatchSet::off());
    assert_eq!((index, entries.len()), (world.index, 0), "a tombstone tells the index");
    assert!(applied.changes.touch(&Watch::Prefix(text("dir/"))));
}

/// What ends a session beside its own end.
#[test]
fn a_session_ends_with_what_it_stands_on() {
    let with_service_check = |session| {
        let check = ServiceCheck { id: text("WEB-C"), ..ServiceCheck::default() };
        Session { service_checks: Some(vec![check]), ..session }
    };
    let cases: Vec<(&str, Session, Entry)> = vec![
        ("its node is removed", session("s", "n"), deregister("N", "", "")),
        ("its check is removed", with_node_check(session("s", "n"), "C"), deregister("n", "", "c")),
        (
            "its check is critical",
            with_node_check(session("s", "n"), "c"),
            register(with_check(node("n"), "c", "", "critical")),
        ),
        (
            "its check says nothing",
            with_node_check(session("s", "n"), "c"),
            register(with_check(node("n"), "c", "", "")),
        ),
        ("its service is removed", with_service_check(session("s", "n")), deregister("n", "web", "")),
        ("its service's check is removed", with_service_check(session("s", "n")), deregister("n", "", "web-c")),
    ];
    for (why, session, end) in cases {
        let mut world = world();
        world.done(&create(session));
        world.done(&lock("k", "s"));
        world.done(&end);
        assert!(!lives(&world, "s"), "{why}");
        assert_eq!(world.tables.indexes.sessions, world.index, "{why}");
        assert_eq!(holder(&world, "k"), Some((String::new(), 1, world.index)), "{why}");
    }
}

#[test]
fn a_session_outlives_what_it_does_not_stand_on() {
    let mut world = world();
    world.done(&create(with_node_check(session("s", "n"), "c")));
    world.done(&create(session("free", "n")));
    let made = world.index;
    world.done(&register(with_check(node("n"), "c", "", "warning")));
    world.done(&register(with_check(node("n"), "other", "", "critical")));
    world.done(&register(with_check(node("m"), "c", "", "critical")));
    world.done(&deregister("n", "web", ""));
    world.done(&deregister("m", "", ""));
    assert!(lives(&world, "s") && lives(&world, "free"));
    assert_eq!(world.tables.indexes.sessions, made);
    world.done(&register(with_check(node("n"), "c", "", "critical")));
    assert!(!lives(&world, "s") && lives(&world, "free"), "one without checks ends with its node only");
}

#[test]
fn a_registration_that_fails_ends_no_session() {
    let mut world = world();
    world.done(&create(with_node_check(session("s", "n"), "c")));
    let mut request = with_check(node("n"), "c", "", "critical");
    let of_nothing = HealthCheck { service_id: text("none"), ..request.check.clone().expect("it has one") };
    request.checks = Some(vec![HealthCheck { check_id: text("d"), ..of_nothing }]);
    world.refused(&register(request));
    assert!(lives(&world, "s"));
}

/// A check that follows the sessions of a name.
fn follower(id: &str, name: &str) -> Entry {
    let mut request = with_check(node("n"), id, "", "critical");
    if let Some(check) = &mut request.check {
        check.check_type = text("session");
        check.definition.session_name = text(name);
    }
    register(request)
}

fn says(world: &World, check: &str) -> (String, String, u64) {
    let (_, found) = world.tables.node_check(Peer::LOCAL, b"n", check.as_bytes(), &mut WatchSet::off());
    let found = found.expect("it is registered");
    (found.status.to_string(), found.output.to_string(), found.raft_index.modify_index)
}

#[test]
fn a_check_that_follows_sessions_says_whether_there_is_one() {
    let mut world = world();
    let made = world.done(&follower("f", "leader"));
    world.done(&create(Session { name: text("someone"), ..session("s0", "n") }));
    assert_eq!(says(&world, "f"), ("critical".into(), String::new(), made));
    // It may name the check that it sets right.
    world.done(&create(with_node_check(Session { name: text("leader"), ..session("s1", "n") }, "f")));
    assert_eq!(says(&world, "f"), ("passing".into(), "Session 's1' in force".into(), made));
    assert_eq!(world.tables.indexes.of(Peer::LOCAL).checks, world.index, "the index of all checks tells of it");
    let applied = world.apply(&destroy("s1"));
    assert_eq!(says(&world, "f"), ("critical".into(), "Session 's1' is invalid".into(), made));
    assert!(applied.changes.touch(&Watch::node_checks(Peer::LOCAL, b"n")));
}

/// Each session is ended by a check that follows the one before: however many, in one entry, and without a stack of calls.
#[test]
fn sessions_end_in_chains_of_any_length() {
    const LENGTH: usize = 1_000;
    let mut world = world();
    for link in 0..LENGTH {
        world.done(&follower(&format!("f{link}"), &format!("name{link}")));
        let mut next = Session { name: text(&format!("name{link}")), ..session(&format!("s{link}"), "n") };
        if link > 0 {
            next = with_node_check(next, &format!("f{}", link - 1));
        }
        world.tables.advance(world.index + 1, &create(next));
        world.index += 1;
    }
    assert_eq!(world.tables.sessions(&mut WatchSet::off()).1.len(), LENGTH);
    world.done(&destroy("s0"));
    assert_eq!(world.tables.sessions(&mut WatchSet::off()).1.len(), 0);
}

/// Two sessions of a name, of which one stands on the check that follows both: it ends first, and the check says what Consul's
/// says in the end.
#[test]
fn of_sessions_that_end_together_the_check_names_the_first() {
    let mut world = world();
    world.done(&follower("f", "x"));
    world.done(&create(Session { name: text("x"), ..session("a", "n") }));
    world.done(&create(with_node_check(Session { name: text("x"), ..session("b", "n") }, "f")));
    world.done(&destroy("a"));
    assert!(!lives(&world, "b"));
    assert_eq!(says(&world, "f").1, "Session 'a' is invalid");
}

#[test]
fn a_transaction_locks_checks_unlocks_and_ends_sessions_or_does_nothing() {
    use proconsul_structs::txn::{RecordOp, TxnKvOp, TxnOp, TxnRequest, TxnSessionOp};
    let on_key = |verb, session: &str| {
        let kv = TxnKvOp { verb, dir_ent: held(session, entry("k", "v")) };
        TxnOp { kv: Some(Box::new(kv)), ..TxnOp::default() }
    };
    let end = |id: &str| {
        let step = TxnSessionOp { verb: RecordOp::Delete, session: session(id, "") };
        TxnOp { session: Some(Box::new(step)), ..TxnOp::default() }
    };
    let txn = |ops| Entry::Txn(Box::new(TxnRequest { ops: Some(ops), ..TxnRequest::default() }));
    let failed = |applied: &Applied| match &applied.outcome {
        Outcome::Txn(response) => response.errors.as_ref().is_some_and(|errors| !errors.is_empty()),
        other => panic!("{other:?}"),
    };
    let mut world = world();
    world.done(&create(Session { lock_delay: Duration::from_secs(1).into(), ..session("s", "n") }));
    world.done(&create(session("t", "n")));

    let steps = vec![on_key(KvOp::Lock, "s"), on_key(KvOp::CheckSession, "s")];
    assert!(!failed(&world.apply(&txn(steps))));
    assert_eq!(holder(&world, "k"), Some(("s".into(), 1, world.index)));
    let before = world.tables.clone();
    let applied = world.apply(&txn(vec![end("s"), on_key(KvOp::Lock, "t"), end("s")]));
    assert!(failed(&applied) && applied.lock_delays.is_empty() && applied.changes.is_empty(), "{applied:?}");
    assert_eq!(world.tables, before);
    let applied = world.apply(&txn(vec![end("s"), on_key(KvOp::Lock, "t")]));
    assert!(!failed(&applied) && applied.lock_delays.len() == 1, "{applied:?}");
    assert_eq!(holder(&world, "k"), Some(("t".into(), 2, world.index)));
}

/// A node that was imported from a peered cluster may be called as one of ours, and so may its checks.
#[test]
fn what_befalls_a_peers_node_ends_no_session_of_ours() {
    let mut world = world();
    world.done(&create(with_node_check(session("s", "n"), "c")));
    let theirs = |status| {
        let mut request = with_check(node("n"), "c", "", status);
        request.peer_name = text("peer");
        if let Some(check) = &mut request.check {
            check.peer_name = text("peer");
        }
        register(request)
    };
    world.done(&theirs("passing"));
    world.done(&theirs("critical"));
    let gone = |check: &str| {
        let request = DeregisterRequest { node: text("n"), check_id: text(check), ..DeregisterRequest::default() };
        Entry::Deregister(Box::new(DeregisterRequest { peer_name: text("peer"), ..request }))
    };
    world.done(&gone("c"));
    world.done(&gone(""));
    assert!(lives(&world, "s"));
    world.done(&deregister("n", "", ""));
    assert!(!lives(&world, "s"));
}

#[test]
fn a_restored_session_is_what_it_was_and_ends_with_all_that_is_its() {
    use crate::Snapshot;
    use crate::snapshot::{Restore, write_snapshot};
    use proconsul_structs::Shared;
    use proconsul_structs::prepared_query::{PreparedQuery, PreparedQueryOp, PreparedQueryRequest, ServiceQuery};
    let query = |session: &str| {
        let query = PreparedQuery {
            id: text("7c1f2e3d-0000-4000-8000-000000000001"),
            session: text(session),
            service: ServiceQuery { service: text("web"), ..ServiceQuery::default() },
            ..PreparedQuery::default()
        };
        Entry::PreparedQuery(Box::new(PreparedQueryRequest {
            op: PreparedQueryOp::Create,
            query: Some(Shared::from(query)),
            ..PreparedQueryRequest::default()
        }))
    };
    let mut world = world();
    let lock_delay = Duration::from_secs(15).into();
    world.done(&create(with_node_check(Session { lock_delay, ttl: text("30s"), ..session("s", "n") }, "c")));
    world.done(&create(session("gone", "n")));
    assert_eq!(world.refused(&query("none")), "invalid session \"none\"");
    world.done(&query("s"));
    world.done(&lock("k", "s"));
    world.done(&destroy("gone"));

    let mut bytes = Vec::new();
    write_snapshot(&Snapshot { index: world.index, tables: world.tables.clone() }, &mut bytes)
        .expect("a vector takes all");
    let mut restore = Restore::new();
    restore.feed(&bytes).expect("it restores");
    let mut restored = World { index: world.index, tables: restore.finish().expect("it is whole").tables };
    assert_eq!(restored.tables, world.tables);
    let applied = restored.apply(&register(with_check(node("n"), "c", "", "critical")));
    assert!(!lives(&restored, "s"));
    assert_eq!(holder(&restored, "k"), Some((String::new(), 1, restored.index)));
    assert_eq!(applied.lock_delays, [LockDelay { key: text("k"), delay: Duration::from_secs(15) }]);
    let queries = Watch::Records(crate::RecordTable::PreparedQueries);
    assert!(applied.changes.touch(&queries), "the query went with it: {:?}", applied.changes);
}
