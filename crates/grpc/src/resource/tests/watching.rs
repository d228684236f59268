//! Lists that are followed: nothing is missed, nothing is told twice, and nobody holds more than the bounds.
use std::{collections::BTreeMap, sync::Arc};

use super::{
    watch_event::{Delete, Event, Upsert},
    *,
};
use crate::resource::{ResourceService, WATCH_EVENTS_MAX, WATCHES_BYTES_MAX, watch_list::Events};
use proconsul_state::Snapshot;
use tokio_stream::StreamExt;

async fn watch(world: &World, kind: Type, tenancy: Option<Tenancy>, prefix: &str) -> Events {
    let request = WatchListRequest { r#type: Some(kind), tenancy, name_prefix: prefix.into() };
    world.service.watch_list(Request::new(request)).await.unwrap().into_inner()
}

async fn next(events: &mut Events) -> Event {
    events.next().await.expect("it goes on").expect("all is well").event.expect("there is one")
}

/// What an event says, in short.
fn told(event: &Event) -> String {
    let of = |resource: &Option<Resource>| {
        let resource = resource.as_ref().unwrap();
        format!("{} {}", id_of(resource).name, resource.version)
    };
    match event {
        Event::Upsert(upsert) => format!("+{}", of(&upsert.resource)),
        Event::Delete(delete) => format!("-{}", of(&delete.resource)),
        Event::EndOfSnapshot(_) => "that is all".into(),
    }
}

const CLOSED: &str = "watch closed by the storage backend (possibly due to snapshot restoration)";

async fn closed(events: &mut Events) {
    let status = loop {
        match events.next().await.expect("it tells why") {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), status.message()), (Code::Aborted, CLOSED));
    assert!(events.next().await.is_none(), "and that is its end");
}

#[tokio::test]
async fn what_there_is_then_its_end_then_what_happens() {
    let world = World::new();
    for name in ["a", "b", "other"] {
        world.write(an_artist(name)).await.unwrap();
    }
    let mut all = watch(&world, artist(), None, "").await;
    let mut some = watch(&world, artist(), Some(tenancy("", "")), "a").await;
    let mut albums = watch(&world, album(), None, "").await;
    // Before anybody has read anything.
    world.write(an_artist("ab")).await.unwrap();
    let a = world.read(id(artist(), "a")).await.unwrap();
    world.delete(id_of(&a), &a.version).await.unwrap();
    for expected in ["+a 11", "+b 12", "+other 13", "that is all", "+ab 14", "-a 11"] {
        assert_eq!(told(&next(&mut all).await), expected);
    }
    for expected in ["+a 11", "that is all", "+ab 14", "-a 11"] {
        assert_eq!(told(&next(&mut some).await), expected);
    }
    assert_eq!(told(&next(&mut albums).await), "that is all");
    world.write(an_album("x", None)).await.unwrap();
    assert_eq!(told(&next(&mut albums).await), "+x 17");
    // What is of another version of the type is not told.
    let older = kind("demo", "v1", "Artist");
    assert_eq!(told(&next(&mut watch(&world, older, None, "").await).await), "that is all");
    drop((all, some, albums));
    assert_eq!(world.watches.len(), 0);
}

#[tokio::test]
async fn a_restored_snapshot_ends_every_watch() {
    let world = World::new();
    world.write(an_artist("a")).await.unwrap();
    let at = Snapshot::clone(&world.context.store.snapshot());
    let (mut fresh, mut late) = (watch(&world, artist(), None, "").await, watch(&world, album(), None, "").await);
    assert_eq!(told(&next(&mut late).await), "that is all");
    let waiting = tokio::spawn(async move { closed(&mut late).await });
    tokio::task::yield_now().await;
    world.restore(at);
    closed(&mut fresh).await;
    waiting.await.unwrap();
    let mut again = watch(&world, artist(), None, "").await;
    assert_eq!(told(&next(&mut again).await), "+a 11");
}

#[tokio::test]
async fn who_reads_too_slowly_is_ended_and_others_notice_nothing() {
    let world = World::new();
    let (mut slow, mut quick) = (watch(&world, artist(), None, "").await, watch(&world, artist(), None, "").await);
    assert_eq!(told(&next(&mut quick).await), "that is all");
    for _ in 0..=WATCH_EVENTS_MAX {
        world.write(an_artist("a")).await.unwrap();
        assert!(told(&next(&mut quick).await).starts_with("+a "));
    }
    closed(&mut slow).await;
    world.write(an_artist("b")).await.unwrap();
    assert!(told(&next(&mut quick).await).starts_with("+b "));
}

#[tokio::test]
async fn large_resources_are_not_kept_for_slow_readers_beyond_the_bound() {
    let world = World::new();
    const SIZE: usize = 16 * 1024 * 1024;
    let large = |name: &str| Resource { metadata: [("m".to_owned(), "x".repeat(SIZE))].into(), ..an_artist(name) };
    let watches = WATCHES_BYTES_MAX / SIZE + 2;
    let mut slow = Vec::new();
    for n in 0..watches {
        slow.push(watch(&world, artist(), None, &format!("a{n}")).await);
    }
    for n in 0..watches {
        world.write(large(&format!("a{n}"))).await.unwrap();
        let held = format!("{:?}", world.watches);
        let bytes: usize = held.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        assert!(bytes <= WATCHES_BYTES_MAX, "{held}");
    }
    let mut ended = 0;
    for events in &mut slow {
        ended += usize::from(matches!(events.next().await, Some(Err(_))));
    }
    assert!((1..watches).contains(&ended), "{ended}");
}

/// Watches begin while others write: each must arrive at what is stored, having heard of every change once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_begins_amid_writes_misses_nothing() {
    const WRITES: u32 = 1500;
    let world = Arc::new(World::new());
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut chance = 0x9e37_79b9_u32 + writer;
                for _ in 0..WRITES {
                    chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let name = format!("{}{}", ["a", "b"][writer as usize], chance >> 28);
                    if chance >> 20 & 3 == 0 {
                        world.delete(id(artist(), &name), "").await.unwrap();
                    } else {
                        world.write(an_artist(&name)).await.unwrap();
                    }
                }
            })
        })
        .collect();
    let watchers: Vec<_> = (0..24)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for _ in 0..n * 20 {
                    tokio::task::yield_now().await;
                }
                let mut events = watch(&world, artist(), None, ["", "a", "b"][n % 3]).await;
                let mut seen = BTreeMap::<String, Resource>::new();
                let (mut first, mut last) = (true, 0);
                loop {
                    match next(&mut events).await {
                        Event::EndOfSnapshot(_) => {
                            assert!(std::mem::take(&mut first), "there is one end");
                            last = seen.values().map(|held| held.version.parse().unwrap()).max().unwrap_or(0);
                        }
                        Event::Upsert(Upsert { resource }) => {
                            let resource = resource.unwrap();
                            if id_of(&resource).name.ends_with("end") {
                                break;
                            }
                            let version: u64 = resource.version.parse().unwrap();
                            let old = seen.insert(id_of(&resource).name, resource);
                            assert!(first || version > last, "told twice, or out of order");
                            assert!(!first || old.is_none());
                            last = if first { 0 } else { version };
                        }
                        Event::Delete(Delete { resource }) => {
                            let resource = resource.unwrap();
                            assert_eq!(seen.remove(&id_of(&resource).name), Some(resource), "a change was missed");
                        }
                    }
                }
                (n, seen)
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for name in ["a-end", "b-end"] {
        world.write(an_artist(name)).await.unwrap();
    }
    for watcher in watchers {
        let (n, seen) = watcher.await.unwrap();
        let stored = world.list(artist(), tenancy("*", "*"), ["", "a", "b"][n % 3]).await.unwrap();
        let stored = stored.into_iter().filter(|stored| !id_of(stored).name.ends_with("end"));
        let stored: BTreeMap<_, _> = stored.map(|stored| (id_of(&stored).name, stored)).collect();
        assert_eq!(seen, stored);
    }
}

#[tokio::test]
async fn thousands_of_watches_come_and_go() {
    let world = World::new();
    let mut watches = Vec::new();
    for n in 0..5000 {
        watches.push(watch(&world, artist(), None, &format!("a{n}-")).await);
    }
    world.write(an_artist("a77-x")).await.unwrap();
    assert_eq!(told(&next(&mut watches[77]).await), "that is all");
    assert_eq!(told(&next(&mut watches[77]).await), "+a77-x 11");
    drop(watches);
    assert_eq!(world.watches.len(), 0);
}
