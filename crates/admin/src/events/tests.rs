use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use http_body_util::BodyExt;

use super::*;
use crate::view::{ClosedView, ConnView, Health, MethodView, RouteView, ServerView, SlowView, StreamView};

/// Counts how often it is asked.
#[derive(Default)]
struct Asked {
    times: AtomicU64,
    conns: Vec<ConnView>,
}

impl Source for Asked {
    async fn conns(&self, _: usize) -> Vec<ConnView> {
        self.times.fetch_add(1, SeqCst);
        self.conns.clone()
    }
    fn conns_total(&self) -> u64 {
        0
    }
    async fn streams(&self, _: usize) -> Vec<StreamView> {
        Vec::new()
    }
    async fn slow(&self) -> Vec<SlowView> {
        Vec::new()
    }
    async fn closed(&self) -> Vec<ClosedView> {
        let line = |at: u64| ClosedView { ordinary: !at.is_multiple_of(5), ago_ms: at, ..ClosedView::default() };
        (0..10 * LATEST_SHOWN_MAX as u64).map(line).collect()
    }
    async fn routes(&self) -> Vec<RouteView> {
        Vec::new()
    }
    async fn methods(&self) -> Vec<MethodView> {
        Vec::new()
    }
    async fn kill(&self, _: u64) -> bool {
        false
    }
    fn metrics_text(&self) -> String {
        String::new()
    }
    fn healthy(&self) -> Health {
        Health::default()
    }
    fn server(&self) -> ServerView {
        ServerView { up_ms: self.times.load(SeqCst), ..ServerView::default() }
    }
}

/// A feed that runs as long as the test, and whom it asks.
fn running(source: Asked) -> (Arc<Feed>, Arc<Asked>) {
    let (feed, source) = (Arc::new(Feed::new()), Arc::new(source));
    let (runs, asks) = (Arc::clone(&feed), Arc::clone(&source));
    tokio::spawn(async move { runs.run(&*asks).await });
    (feed, source)
}

async fn event_of(subscription: &mut Subscription) -> Option<String> {
    let frame = subscription.frame().await?.expect("no errors");
    Some(String::from_utf8(frame.into_data().expect("data").into()).expect("text"))
}

#[tokio::test(start_paused = true)]
async fn one_snapshot_a_second_is_made_for_all_and_none_for_nobody() {
    let (feed, source) = running(Asked::default());
    sleep(10 * EVERY).await;
    assert_eq!(source.times.load(SeqCst), 0, "nobody watches");

    let mut watching: Vec<Subscription> = (0..SUBSCRIBERS_MAX).map(|_| feed.subscribe().expect("a place")).collect();
    for turn in 0..5u64 {
        for subscription in &mut watching {
            if turn == 0 {
                assert_eq!(event_of(subscription).await.expect("a greeting").as_bytes(), FIRST);
            }
            let event = event_of(subscription).await.expect("an event");
            let json = event.strip_prefix("event: snapshot\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
            let snapshot: Snapshot = serde_json::from_str(json.expect("one event")).expect("a snapshot");
            assert_eq!(snapshot.server.up_ms, turn + 1, "all get the same");
        }
    }
    assert_eq!(source.times.load(SeqCst), 5);

    drop(watching);
    sleep(10 * EVERY).await;
    assert!(source.times.load(SeqCst) <= 6, "nobody watches any more");
    let mut late = feed.subscribe().expect("a place");
    let before = source.times.load(SeqCst);
    event_of(&mut late).await.expect("a greeting");
    event_of(&mut late).await.expect("an event");
    assert_eq!(source.times.load(SeqCst), before + 1, "a new one, not what was left over");
}

#[tokio::test(start_paused = true)]
async fn who_comes_between_two_snapshots_gets_the_last_at_once() {
    let (feed, source) = running(Asked::default());
    let mut first = feed.subscribe().expect("a place");
    for _ in 0..2 {
        event_of(&mut first).await.expect("a greeting, then an event");
    }
    let mut second = feed.subscribe().expect("a place");
    event_of(&mut second).await.expect("a greeting");
    event_of(&mut second).await.expect("an event");
    assert_eq!(source.times.load(SeqCst), 1, "the same");
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_misses_snapshots_and_keeps_none_waiting() {
    let (feed, source) = running(Asked::default());
    let mut slow = feed.subscribe().expect("a place");
    event_of(&mut slow).await.expect("a greeting");
    event_of(&mut slow).await.expect("an event");
    sleep(100 * EVERY).await;
    let event = event_of(&mut slow).await.expect("an event");
    assert!(source.times.load(SeqCst) >= 100);
    assert!(event.contains(&format!("\"up_ms\":{}", source.times.load(SeqCst))), "the latest: {event}");
}

#[tokio::test(start_paused = true)]
async fn places_are_bounded_and_given_back() {
    let (feed, _source) = running(Asked::default());
    let mut watching: Vec<Subscription> = (0..SUBSCRIBERS_MAX).map(|_| feed.subscribe().expect("a place")).collect();
    assert!(feed.subscribe().is_none());
    watching.pop();
    assert!(feed.subscribe().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_goes_on() {
    let (feed, _source) = running(Asked::default());
    let mut watching = feed.subscribe().expect("a place");
    event_of(&mut watching).await.expect("a greeting");
    event_of(&mut watching).await.expect("an event");
    feed.stop();
    assert_eq!(event_of(&mut watching).await, None);
    assert_eq!(event_of(&mut watching).await, None, "and stays ended");
}

#[tokio::test]
async fn a_snapshot_is_bounded_whatever_peers_are_called() {
    let conn = ConnView { certificate_names: vec!["ü\n".repeat(5_000); 50], ..ConnView::default() };
    let source = Asked { conns: vec![conn; 3 * CONNS_SHOWN_MAX], ..Asked::default() };
    let snapshot = snapshot(&source).await;
    assert_eq!((snapshot.conns.len(), snapshot.conns_total), (CONNS_SHOWN_MAX, CONNS_SHOWN_MAX as u64));
    for conn in &snapshot.conns {
        assert_eq!(conn.certificate_names.len(), NAMES_SHOWN_MAX);
        assert!(conn.certificate_names.iter().all(|name| name.chars().count() == NAME_CHARS_MAX));
    }
    let ordinary = snapshot.closed.iter().filter(|closed| closed.ordinary).count();
    assert_eq!((ordinary, snapshot.closed.len()), (LATEST_SHOWN_MAX, 2 * LATEST_SHOWN_MAX), "many do not hide the few");
    assert!(snapshot.closed.is_sorted_by_key(|closed| closed.ago_ms));
    let event = event(&snapshot).expect("it has a JSON form");
    assert_eq!(event.iter().filter(|byte| **byte == b'\n').count(), 3, "line ends of peers are no line ends");
}
