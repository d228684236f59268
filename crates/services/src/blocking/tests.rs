mod server; // a server with one method of a test's own, and a connection that keeps its answers

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use bytes::Bytes;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Answer, Call, Fault};
use proconsul_state::{Snapshot, Watch, WatchSet};
use proconsul_structs::{
    Method,
    kvs::{DirEntry, IndexedDirEntries, KeyRequest, KvOp},
    methods::kvs::Get,
    query::QueryMeta,
};
use proconsul_types::CallInfo;
use server::{Asked, LONG, Server, absent, found, one_key, settle};
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn ten_thousand_that_ask_the_same_are_evaluated_and_encoded_once() {
    const CLIENTS: usize = 10_000;
    let server = Server::new();
    server.writer.set("a", "1");
    let index = server.writer.index();
    let holds: Vec<_> = (0..CLIENTS).map(|slot| server.wait_for(slot as u64, "a", index)).collect();
    let before = server.counts();
    assert_eq!((before.parked, before.entries), (CLIENTS, 1));

    server.writer.set("a", "2");
    let answers = server.answered(CLIENTS).await;
    assert!(answers.iter().enumerate().all(|(slot, answer)| *answer == (slot as u64, found(index + 1, "2"))));
    let after = server.counts();
    assert_eq!(after.evaluations - before.evaluations, 1);
    assert_eq!(after.encodings - before.encodings, 1);
    assert_eq!((after.parked, after.entries), (0, 0));
    let inbox = server.inbox.0.lock();
    let first = inbox[0].1.as_ref().unwrap().as_ptr();
    assert!(inbox.iter().all(|(_, answer)| answer.as_ref().unwrap().as_ptr() == first), "the bytes are shared");
    drop(inbox);
    drop(holds);
    assert_eq!((server.counts().parked, server.counts().entries), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_concerns_nobody_evaluates_nothing() {
    let server = Server::new();
    server.writer.set("a", "1");
    let index = server.writer.index();
    let _holds: Vec<_> = (0..100).map(|slot| server.wait_for(slot, "a", index)).collect();
    let before = server.counts();
    for key in ["b", "a/b", "aa", ""].map(|rest| format!("x{rest}")) {
        server.writer.set(&key, "1");
    }
    settle().await;
    assert_eq!(server.counts(), before);
    assert_eq!(server.answers(), []);
}

#[tokio::test(start_paused = true)]
async fn different_questions_are_answered_each_for_itself() {
    let server = Server::new();
    server.writer.set("a", "1");
    server.writer.set("b", "1");
    let index = server.writer.index();
    let _a = server.wait_for(1, "a", index);
    let _b = server.wait_for(2, "b", index);
    let _later = server.wait_for(3, "a", index + 1);
    assert_eq!(server.counts().entries, 3, "the index is part of the question");
    server.writer.set("a", "2");
    assert_eq!(server.answered(1).await, [(1, found(index + 1, "2"))]);
    server.writer.set("a", "3");
    assert_eq!(server.answered(2).await, [(1, found(index + 1, "2")), (3, found(index + 2, "3"))]);
    assert_eq!(server.counts().parked, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_new_is_answered_at_once() {
    let server = Server::new();
    server.writer.set("a", "1");
    let index = server.writer.index();
    assert_eq!(server.ask("a", 0), found(index, "1"));
    assert_eq!(server.ask("a", index - 1), found(index, "1"));
    assert_eq!(server.ask("missing", index - 1), absent(index), "by the index of the table");
    assert_eq!(server.counts(), Counts::default(), "nobody waited, and the lot did nothing");
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_wakes_nobody_until_it_is_there() {
    let server = Server::new();
    let _hold = server.wait_for(1, "missing", server.writer.index());
    for value in ["1", "2", "3"] {
        server.writer.set("other", value);
    }
    settle().await;
    assert_eq!((server.answers(), server.counts().evaluations), (vec![], 0));
    server.writer.set("missing", "here");
    assert_eq!(server.answered(1).await, [(1, found(server.writer.index(), "here"))]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_key_wakes_once_and_then_does_not_exist() {
    let server = Server::new();
    server.writer.set("a", "1");
    let _first = server.wait_for(1, "a", server.writer.index());
    server.writer.delete("a");
    let deleted = server.writer.index();
    assert_eq!(server.answered(1).await, [(1, absent(deleted))]);

    let _second = server.wait_for(2, "a", deleted);
    let before = server.counts();
    server.writer.set("other", "1");
    server.writer.delete("other");
    settle().await;
    assert_eq!(server.counts(), before, "the table moves, the key does not");
    server.writer.set("a", "2");
    assert_eq!(server.answered(2).await[1], (2, found(server.writer.index(), "2")));
}

#[tokio::test(start_paused = true)]
async fn a_list_below_a_deleted_tree_is_answered_though_its_index_goes_back() {
    let list = |request: &KeyRequest, at: &Snapshot, watches: &mut WatchSet| {
        let (index, entries) = at.kv_list(&request.key, watches);
        let entries = entries.iter().map(|entry| DirEntry::clone(entry)).collect();
        let query_meta = QueryMeta { index, ..QueryMeta::default() };
        Ok(Found { something: true, also: None, reply: IndexedDirEntries { entries: Some(entries), query_meta } })
    };
    let server = Server::asking(|_| Box::new(list), PARKED_MAX);
    server.writer.set("a/x", "1");
    server.writer.delete("a/x");
    let old = server.writer.index();
    server.writer.set("a/y", "1");
    let _hold = server.wait_for(1, "a/", server.writer.index());
    let _other = server.wait_for(2, "b/", server.writer.index());
    server.writer.lot.changed(&server.writer.apply(KvOp::DeleteTree, "a", "").changes);
    assert_eq!(server.answered(1).await, [(1, absent(old))]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_the_answers_index_passes_over_is_told_by_the_other_index() {
    let ask = |request: &KeyRequest, at: &Snapshot, watches: &mut WatchSet| {
        let read = at.kv_get(&request.key, watches).expect("the tests name a key");
        let reply = IndexedDirEntries { entries: None, query_meta: QueryMeta { index: 1, ..QueryMeta::default() } };
        Ok(Found { something: true, also: Some(read.index()), reply })
    };
    let server = Server::asking(|_| Box::new(ask), PARKED_MAX);
    server.writer.set("a", "1");
    let _hold = server.wait_for(1, "a", 1);
    server.writer.set("b", "1");
    settle().await;
    assert_eq!(server.answers(), []);
    server.writer.set("a", "2");
    assert_eq!(server.answered(1).await, [(1, absent(1))]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_came_and_went_is_still_missing() {
    let server = Server::new();
    let _hold = server.wait_for(1, "missing", server.writer.index());
    let mut changes = server.writer.apply(KvOp::Set, "missing", "1").changes;
    changes.absorb(server.writer.apply(KvOp::Delete, "missing", "").changes);
    server.writer.lot.changed(&changes);
    settle().await;
    assert_eq!(server.counts().evaluations, 1);
    assert_eq!(server.answers(), [], "looked at, and nothing is new");
    server.writer.set("missing", "2");
    assert_eq!(server.answered(1).await, [(1, found(server.writer.index(), "2"))]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_wait_answers_with_what_there_is_once_for_all() {
    let server = Server::new();
    server.writer.set("a", "1");
    let index = server.writer.index();
    let soon = Some(Instant::now() + Duration::from_secs(5));
    let until = |slot, deadline| match server.ask_until(slot, "a", index, LONG, deadline) {
        Asked::Parked(hold) => hold,
        Asked::Answered(answer) => panic!("{answer:?}"),
    };
    let _holds: Vec<_> = (0..3).map(|slot| until(slot, soon)).collect();
    let Asked::Parked(_patient) = server.ask_until(3, "a", index, 2 * LONG, None) else { panic!("nothing is new") };
    assert_eq!(server.counts().entries, 1, "they ask the same, however long they wait");
    let before = server.counts();

    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert_eq!(server.answers(), []);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answers = server.answered(3).await;
    assert!(answers.iter().all(|(_, answer)| *answer == found(index, "1")), "{answers:?}");
    let after = server.counts();
    assert_eq!((after.evaluations - before.evaluations, after.encodings - before.encodings), (1, 1));
    assert_eq!((after.parked, after.entries), (1, 1));

    server.writer.set("a", "2");
    assert_eq!(server.answered(4).await[3], (3, found(index + 1, "2")));
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_as_long_as_was_asked_and_a_sixteenth_at_most() {
    let server = Server::new();
    let wait = Duration::from_secs(16);
    let index = server.writer.index();
    let Asked::Parked(_hold) = server.ask_until(1, "missing", index, wait, None) else { panic!("nothing is new") };
    tokio::time::sleep(wait - Duration::from_millis(10)).await;
    assert_eq!(server.answers(), []);
    tokio::time::sleep(Duration::from_millis(1_020)).await;
    assert_eq!(server.answered(1).await, [(1, absent(index))]);
}

#[tokio::test(start_paused = true)]
async fn a_shorter_wait_that_comes_later_ends_first() {
    let server = Server::new();
    let index = server.writer.index();
    let _long = server.wait_for(1, "missing", index);
    settle().await; // the evaluator sleeps until the end of that one
    let wait = Duration::from_secs(1);
    let Asked::Parked(_short) = server.ask_until(2, "gone", index, wait, None) else { panic!("nothing is new") };
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.answered(1).await, [(2, absent(index))]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_leaves_nothing_behind() {
    let server = Server::new();
    let index = server.writer.index();
    let mut holds: Vec<_> = (0..10_000).map(|slot| server.wait_for(slot, "missing", index)).collect();
    let _other = server.wait_for(10_000, "other", index);
    holds.truncate(1);
    assert_eq!((server.counts().parked, server.counts().entries), (2, 2));
    holds.clear();
    assert_eq!((server.counts().parked, server.counts().entries), (1, 1));

    let before = server.counts();
    server.writer.set("missing", "1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.counts(), before, "nobody is left to look for");
    assert_eq!(server.answers(), []);
}

/// A connection learns of an answer before it lets go of the hold; by then another call may wait in the same place.
#[tokio::test(start_paused = true)]
async fn an_old_hold_does_not_let_go_of_a_newcomer_in_its_place() {
    let server = Server::new();
    let index = server.writer.index();
    let soon = Some(Instant::now() + Duration::from_secs(5));
    let Asked::Parked(old) = server.ask_until(1, "missing", index, LONG, soon) else { panic!("nothing is new") };
    let _companion = server.wait_for(2, "missing", index);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(server.answered(1).await, [(1, absent(index))]);
    let _newcomer = server.wait_for(3, "missing", index);
    old.done(true);
    assert_eq!(server.counts().parked, 2);
    server.writer.set("missing", "1");
    let slots: Vec<u64> = server.answered(3).await.into_iter().map(|(slot, _)| slot).collect();
    assert_eq!(slots, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_write_between_the_look_and_the_parking_is_noticed() {
    let server = Server::new();
    let index = server.writer.index();
    let Ok(Answer::Later(park)) = server.look("a", index, LONG, None) else { panic!("nothing is new") };
    server.writer.set("a", "1");
    let _hold = server.park(1, park);
    assert_eq!(server.answered(1).await, [(1, found(index + 1, "1"))]);
}

#[tokio::test(start_paused = true)]
async fn a_write_during_the_look_is_noticed() {
    let first = AtomicUsize::new(0);
    let server = Server::asking(
        |writer| {
            Box::new(move |request, at, watches| {
                if first.fetch_add(1, SeqCst) == 0 {
                    writer.set("a", "1");
                }
                one_key(request, at, watches)
            })
        },
        PARKED_MAX,
    );
    let index = server.writer.index();
    let _hold = server.wait_for(1, "a", index);
    assert_eq!(server.answered(1).await, [(1, found(index + 1, "1"))]);
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_question_that_is_answered_meanwhile_is_answered_too() {
    let server = Server::new();
    let index = server.writer.index();
    let _first = server.wait_for(1, "a", index);
    let Ok(Answer::Later(join)) = server.look("a", index, LONG, None) else { panic!("nothing is new") };
    server.writer.set("a", "1");
    server.answered(1).await;
    assert_eq!(server.counts().entries, 0);
    let _second = server.park(2, join);
    assert_eq!(server.answered(2).await, [(1, found(index + 1, "1")), (2, found(index + 1, "1"))]);
}

/// What a question watches may depend on what it finds.
#[tokio::test(start_paused = true)]
async fn a_write_to_what_is_watched_from_now_on_is_noticed() {
    let looks = AtomicUsize::new(0);
    let server = Server::asking(
        |writer| {
            // It follows the key that "pointer" names. In its second look, that key changes while it is being read.
            Box::new(move |request, at, watches| {
                let pointer = one_key(request, at, watches)?;
                let name =
                    pointer.reply.entries.map_or_else(Bytes::new, |list| list[0].value.clone().unwrap_or_default());
                let target = KeyRequest { key: GoStr::from(name), ..request.clone() };
                let answer = one_key(&target, at, watches);
                if looks.fetch_add(1, SeqCst) == 1 {
                    writer.set("new", "changed");
                }
                answer
            })
        },
        PARKED_MAX,
    );
    server.writer.set("old", "1");
    server.writer.set("new", "1");
    server.writer.set("pointer", "old");
    let index = server.writer.index();
    let _hold = server.wait_for(1, "pointer", index);
    server.writer.set("pointer", "new");
    assert_eq!(server.answered(1).await, [(1, found(index + 2, "changed"))]);
}

#[tokio::test(start_paused = true)]
async fn closing_answers_everybody_and_nobody_waits_any_more() {
    let server = Server::new();
    server.writer.set("a", "1");
    let index = server.writer.index();
    let _holds = [server.wait_for(1, "a", index), server.wait_for(2, "a", index), server.wait_for(3, "missing", index)];
    let Ok(Answer::Later(late)) = server.look("a", index, LONG, None) else { panic!("nothing is new") };
    server.context.lot.close();
    let now = [(1, found(index, "1")), (2, found(index, "1")), (3, absent(index))];
    assert_eq!(server.answered(3).await, now);
    assert_eq!((server.counts().parked, server.counts().entries), (0, 0));

    let _late = server.park(4, late);
    assert_eq!(server.answers()[3], (4, found(index, "1")), "at once, without the evaluator");
    let Asked::Parked(_newcomer) = server.ask_until(5, "a", index, LONG, None) else { panic!("nothing is new") };
    assert_eq!(server.answers()[4], (5, found(index, "1")));
    assert_eq!((server.counts().parked, server.counts().entries), (0, 0));
}

/// As in Consul, where a restore ends every wait: the indexes may have gone back.
#[tokio::test(start_paused = true)]
async fn a_restore_answers_whoever_waits() {
    let server = Server::new();
    let old = server.writer.store.snapshot();
    server.writer.set("a", "1");
    let index = server.writer.index();
    let _hold = server.wait_for(1, "a", index);
    server.writer.store.replace(Snapshot::clone(&old));
    server.context.lot.changed_entirely();
    assert_eq!(server.answered(1).await, [(1, absent(old.index))]);
    let _next = server.wait_for(2, "a", old.index);
    assert_eq!(server.counts().parked, 1, "and then queries wait as before");
}

#[tokio::test(start_paused = true)]
async fn one_more_than_may_wait_is_answered_as_if_its_wait_were_over() {
    let server = Server::asking(|_| Box::new(one_key), 3);
    let index = server.writer.index();
    let mut holds: Vec<_> = (0..3).map(|slot| server.wait_for(slot, "missing", index)).collect();
    let Asked::Parked(fourth) = server.ask_until(3, "missing", index, LONG, None) else { panic!("nothing is new") };
    assert_eq!(server.answers(), [(3, absent(index))]);
    assert_eq!(server.counts().parked, 3);
    drop(fourth);
    assert_eq!(server.counts().parked, 3);
    holds.pop();
    let _fifth = server.wait_for(4, "missing", index);
    assert_eq!((server.answers().len(), server.counts().parked), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_answers_with_its_fault() {
    let server = Server::asking(
        |_| {
            Box::new(|request, at, watches| match one_key(request, at, watches)? {
                Found { something: true, .. } => Err(Fault::answer("no more")),
                found => Ok(found),
            })
        },
        PARKED_MAX,
    );
    let _hold = server.wait_for(1, "a", server.writer.index());
    server.writer.set("a", "1");
    assert_eq!(server.answered(1).await, [(1, Err("no more".to_owned()))]);
    assert_eq!((server.counts().parked, server.counts().entries), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_answer_of_one_question_and_no_end_of_the_others() {
    let server = Server::asking(
        |_| {
            Box::new(|request, at, watches| {
                let found = one_key(request, at, watches)?;
                assert!(!(found.something && request.key == "bad"), "as this test wants it");
                Ok(found)
            })
        },
        PARKED_MAX,
    );
    let index = server.writer.index();
    let _bad = [server.wait_for(1, "bad", index), server.wait_for(2, "bad", index)];
    let _good = server.wait_for(3, "good", index);
    server.writer.set("bad", "1");
    let text = Err("rpc: panic serving request".to_owned());
    assert_eq!(server.answered(2).await, [(1, text.clone()), (2, text)]);
    assert!(!server.evaluator.is_finished());
    server.writer.set("good", "1");
    assert_eq!(server.answered(3).await[2], (3, found(index + 2, "1")));
}

#[tokio::test(start_paused = true)]
async fn another_datacenters_question_does_not_wait() {
    let server = Server::new();
    let request = KeyRequest { datacenter: "dc9".into(), key: "a".into(), ..KeyRequest::default() };
    let body = proconsul_msgpack::to_vec(&request).unwrap();
    let info = CallInfo {
        method: Get::ROW,
        method_index: Get::INDEX,
        peer: ([127, 0, 0, 1], 1).into(),
        received: Instant::now().into(),
        deadline: None,
    };
    let fault = server.handler.handle(Call { info, body: &body }).await.unwrap_err();
    assert_eq!(fault.to_string(), "No path to datacenter");
}

#[test]
fn a_watch_is_not_noted_where_nobody_waits() {
    let mut watches = WatchSet::off();
    let request = KeyRequest { key: "a".into(), ..KeyRequest::default() };
    one_key(&request, &Snapshot::default(), &mut watches).unwrap();
    assert_eq!(watches.watches(), [] as [Watch; 0]);
}
