//! A client and a server that is played, in time that is played, too: what happens does so at the same instant in every run.
use std::time::Duration;

use futures_util::future::join_all;
use played::{Fault, Played, World};
use proconsul_client::{
    AskQuery, CallError, Cause, Client, Options, WatchOptions,
    structs::{
        kvs::{IndexedDirEntries, KeyRequest, KvsRequest},
        methods::kvs,
    },
};
use tokio::time::{Instant, sleep, timeout};

mod played;

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

fn client(played: &Played) -> Client {
    client_with(played, options())
}

fn options() -> Options {
    Options { random: || 0, ..Options::default() }
}

fn client_with(played: &Played, options: Options) -> Client {
    Client::lazy(["a:8300", "b:8300"], played.clone(), options)
}

fn question() -> KeyRequest {
    KeyRequest { key: "k".into(), ..KeyRequest::default() }.wait(60 * SEC)
}

fn content(answer: Result<IndexedDirEntries, CallError>) -> (u64, u64) {
    let answer = answer.unwrap_or_else(|error| panic!("{}", error.in_full()));
    let entries = answer.entries.expect("entries");
    (answer.query_meta.index, entries[0].flags)
}

#[tokio::test(start_paused = true)]
async fn a_watch_gives_the_first_answer_at_once_and_then_what_changes() {
    let played = Played::new(World { index: 5, content: 1 });
    let mut watch = client(&played).watch::<kvs::Get>(question());
    let began = Instant::now();
    assert_eq!(content(watch.next().await), (5, 1));
    assert!(began.elapsed() < MS * 10);
    let world = played.clone();
    tokio::spawn(async move {
        sleep(SEC).await;
        world.change(|world| world.index = 6); // for somebody else
        sleep(200 * SEC).await; // three waits
        world.change(|world| *world = World { index: 9, content: 2 });
    });
    assert_eq!(content(watch.next().await), (9, 2));
    assert_eq!(began.elapsed().as_secs(), 201);
    assert_eq!(played.asked(), [0, 5, 6, 6, 6, 6], "one question for each answer");
}

#[tokio::test(start_paused = true)]
async fn a_watch_begins_anew_when_the_state_was_restored() {
    let played = Played::new(World { index: 50, content: 1 });
    let mut watch = client(&played).watch::<kvs::Get>(question());
    assert_eq!(content(watch.next().await), (50, 1));
    let world = played.clone();
    tokio::spawn(async move {
        sleep(SEC).await;
        world.change(|world| *world = World { index: 3, content: 2 });
        sleep(SEC).await;
        world.change(|world| *world = World { index: 4, content: 3 });
    });
    // What waits for 51 is answered when its wait ends.
    assert_eq!(content(watch.next().await), (4, 3));
    played.change(|world| *world = World { index: 5, content: 4 });
    assert_eq!(content(watch.next().await), (5, 4));
    assert_eq!(played.asked(), [0, 50, 0], "an index that went backwards is not waited for");
}

#[tokio::test(start_paused = true)]
async fn an_index_of_zero_is_never_waited_for() {
    let played = Played::new(World { index: 0, content: 1 });
    let mut watch = client(&played).watch::<kvs::Get>(question());
    assert_eq!(content(watch.next().await), (0, 1));
    let next = timeout(61 * SEC, watch.next()).await;
    assert!(next.is_err(), "nothing changed");
    assert!(played.asked().starts_with(&[0, 1, 1]), "{:?}", played.asked());
    assert!(played.asked().len() < 6, "no tight circle: {:?}", played.asked());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_left_out_is_no_news() {
    let played = Played::new(World { index: 5, content: 1 });
    played.leaves_out_what_is_known();
    let mut watch = client(&played).watch::<kvs::Get>(question());
    assert_eq!(content(watch.next().await), (5, 1));
    assert!(timeout(300 * SEC, watch.next()).await.is_err());
    played.change(|world| *world = World { index: 6, content: 2 });
    assert_eq!(content(watch.next().await), (6, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_wait_is_asked_ever_more_rarely() {
    let played = Played::new(World { index: 5, content: 1 });
    played.does_not_wait();
    let mut watch = client(&played).watch::<kvs::Get>(question());
    assert_eq!(content(watch.next().await), (5, 1));
    assert!(timeout(600 * SEC, watch.next()).await.is_err());
    assert!((8..40).contains(&played.asked().len()), "{} questions in ten minutes", played.asked().len());
}

#[tokio::test(start_paused = true)]
async fn content_that_changes_all_the_time_is_asked_for_at_its_pace() {
    let played = Played::new(World { index: 1, content: 0 });
    let world = played.clone();
    tokio::spawn(async move {
        loop {
            sleep(10 * MS).await;
            world.change(|world| (world.index, world.content) = (world.index + 1, world.content + 1));
        }
    });
    let mut watch =
        client(&played).watch_with::<kvs::Get>(question(), WatchOptions { pace: SEC, ..WatchOptions::default() });
    let began = Instant::now();
    for _ in 0..10 {
        content(watch.next().await);
    }
    assert_eq!(began.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn errors_are_given_with_growing_pauses_and_the_watch_goes_on() {
    let played = Played::new(World { index: 5, content: 1 });
    let mut watch = client(&played).watch::<kvs::Get>(question());
    assert_eq!(content(watch.next().await), (5, 1));
    played.always(Some(Fault::Answers("Permission denied")));
    played.change(|world| world.index = 6);
    let began = Instant::now();
    for at_least in [0, 0, 1, 3] {
        let error = watch.next().await.expect_err("it is refused");
        assert_eq!(error.answered().expect("an answer").as_str(), "Permission denied");
        assert!(began.elapsed() >= at_least * SEC / 2, "{:?}", began.elapsed());
    }
    played.always(None);
    played.change(|world| *world = World { index: 7, content: 2 });
    assert_eq!(content(watch.next().await), (7, 2));
    assert_eq!(played.asked().last(), Some(&0), "after an error nothing is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_read_outlives_a_change_of_leader() {
    let played = Played::new(World { index: 5, content: 1 });
    played.always(Some(Fault::Answers("rpc error making call: No cluster leader")));
    let world = played.clone();
    tokio::spawn(async move {
        sleep(3 * SEC).await;
        world.always(None);
    });
    assert_eq!(content(client(&played).call::<kvs::Get>(&question()).await), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn no_leader_for_too_long_is_said() {
    let played = Played::new(World { index: 5, content: 1 });
    played.always(Some(Fault::Answers("No cluster leader")));
    let began = Instant::now();
    let error = client(&played).call::<kvs::Apply>(&KvsRequest::default()).await.expect_err("no leader");
    assert_eq!(error.answered().expect("an answer").as_str(), "No cluster leader");
    assert!(error.attempts > 3 && began.elapsed() < 7 * SEC, "{} in {:?}", error.attempts, began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_read_that_was_lost_is_asked_again_and_a_write_is_not() {
    for fault in [Fault::ClosesTheConnection, Fault::ClosesTheStream] {
        let played = Played::new(World { index: 5, content: 1 });
        let client = client(&played);
        played.once(fault);
        assert_eq!(content(client.call::<kvs::Get>(&question()).await), (5, 1));
        assert_eq!(played.asked().len(), 2, "{fault:?}");

        played.once(fault);
        let error = client.call::<kvs::Apply>(&KvsRequest::default()).await.expect_err("it may have been applied");
        assert!(error.answered().is_none() && error.attempts == 1, "{}", error.in_full());
        assert_eq!(played.written(), 1, "{fault:?}");
        let dialled = played.dialled().len();
        client.call::<kvs::Apply>(&KvsRequest::default()).await.expect("the next one is written");
        assert_eq!(played.written(), 2, "{fault:?}");
        assert_eq!(played.dialled().len(), dialled + 1, "{fault:?}: a connection that loses answers is left");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_closed_between_two_calls_loses_none() {
    let played = Played::new(World { index: 5, content: 1 });
    let client = client(&played);
    played.once(Fault::ClosesTheStreamAfterAnswering);
    client.call::<kvs::Apply>(&KvsRequest::default()).await.expect("it is written");
    sleep(SEC).await;
    client.call::<kvs::Apply>(&KvsRequest::default()).await.expect("on another stream");
    assert_eq!((played.written(), played.dialled().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn streams_are_used_again_and_few_are_kept() {
    let played = Played::new(World { index: 5, content: 1 });
    let client = client_with(&played, Options { idle_streams_max: 2, ..options() });
    for _ in 0..10 {
        content(client.call::<kvs::Get>(&question()).await);
    }
    assert_eq!(played.streams(), (1, 1));
    join_all((0..10).map(|_| async { content(client.call::<kvs::Get>(&question()).await) })).await;
    sleep(SEC).await;
    assert_eq!(played.streams().0, 2);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_connection_fail_together() {
    let played = Played::new(World { index: 5, content: 1 });
    played.always(Some(Fault::RefusesConnections));
    let client = client_with(&played, Options { hold: Duration::ZERO, ..options() });
    let failed = join_all((0..10).map(|_| async { client.call::<kvs::Get>(&question()).await.is_err() })).await;
    assert_eq!(failed, [true; 10]);
    assert_eq!(played.dialled(), ["a:8300", "b:8300"]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_rates_is_answered_by_asking_another_server() {
    let played = Played::new(World { index: 5, content: 1 });
    let client = client(&played);
    played.once(Fault::Answers("rate limit exceeded, try again later or against a different server"));
    let began = Instant::now();
    client.call::<kvs::Apply>(&KvsRequest::default()).await.expect("the other one has room");
    assert!(began.elapsed() < MS * 10, "without a pause");
    assert_eq!(played.dialled(), ["a:8300", "b:8300"]);
}

#[tokio::test(start_paused = true)]
async fn servers_that_cannot_be_reached_are_tried_until_the_hold_time_is_over() {
    let played = Played::new(World { index: 5, content: 1 });
    played.always(Some(Fault::RefusesConnections));
    let client = client(&played);
    let error = client.call::<kvs::Apply>(&KvsRequest::default()).await.expect_err("nobody is there");
    assert!(matches!(&error.cause, Cause::Unreachable(error) if error.tried.len() == 2), "{error:?}");
    let world = played.clone();
    tokio::spawn(async move {
        sleep(2 * SEC).await;
        world.always(None);
    });
    client.call::<kvs::Apply>(&KvsRequest::default()).await.expect("a write that was not sent is sent");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_waited_for_as_long_as_it_should() {
    let played = Played::new(World { index: 5, content: 1 });
    played.always(Some(Fault::SaysNothing));
    let began = Instant::now();
    let error = client(&played).call::<kvs::Get>(&question()).await.expect_err("silence");
    assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == 60 * SEC), "{error:?}");
    assert_eq!(began.elapsed().as_secs(), 60);
    let waits = question().newer_than(5).wait(160 * SEC);
    client(&played).call::<kvs::Get>(&waits).await.expect_err("silence");
    assert_eq!(began.elapsed().as_secs(), 60 + 160 + 10 + 7);
}

/// Whatever happens on the way: once it is quiet the watch shows what is so, shows nothing twice, and asked no more than it had to.
#[tokio::test(start_paused = true)]
async fn a_watch_ends_up_with_the_truth() {
    for seed in 0..200 {
        let played = Played::new(World { index: 10, content: 0 });
        let mut watch = client(&played).watch::<kvs::Get>(question());
        let world = played.clone();
        let happens = async move {
            let mut random = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(seed + 1);
            let mut content = 0;
            for _ in 0..40 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                sleep(MS * ((random >> 20) % 20_000) as u32).await;
                match random % 8 {
                    0 | 1 => {
                        content += 1;
                        world.change(|world| *world = World { index: world.index + random % 5 + 1, content });
                    }
                    2 => world.change(|world| world.index += 1),
                    3 => {
                        content += 1;
                        world.change(|world| *world = World { index: random >> 40 & 15, content });
                    }
                    4 => world.once(Fault::ClosesTheConnection),
                    5 => world.once(Fault::ClosesTheStream),
                    6 => world.once(Fault::Answers("No cluster leader")),
                    _ => world.once(Fault::Answers("Permission denied")),
                }
            }
            content
        };
        let mut seen = Vec::new();
        let mut errors = 0;
        let watches = async {
            loop {
                match watch.next().await {
                    Ok(answer) => seen.push(answer.entries.expect("entries")[0].flags),
                    Err(_) => errors += 1,
                }
            }
        };
        let quiet = async {
            let content = happens.await;
            sleep(300 * SEC).await;
            content
        };
        let truth = tokio::select! { truth = quiet => truth, () = watches => unreachable!("a watch does not end") };
        assert_eq!(seen.last(), Some(&truth), "seed {seed}");
        assert!(seen.windows(2).all(|two| two[0] < two[1]), "seed {seed}: {seen:?}");
        let asked = played.asked().len();
        assert!(asked < 40 * 3 + 60, "seed {seed}: {asked} questions, {errors} errors");
    }
}
