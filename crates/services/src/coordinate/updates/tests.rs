use proconsul_types::WireText;
use tokio::time::advance;

use super::*;

/// A log that keeps what it is given, and refuses when told so.
#[derive(Default)]
struct Kept {
    batches: Mutex<Vec<Vec<Coordinate>>>,
    refuses: bool,
}

impl Log for Kept {
    fn append(&self, entry: Entry) -> Appended {
        let Entry::Coordinates(batch) = entry else { panic!("only coordinates are written here") };
        self.batches.lock().push(batch.unwrap_or_default());
        let refused = Outcome::Error(WireText::other("refused"));
        let outcome = if self.refuses { refused } else { Outcome::Nothing };
        Appended::Pending(Box::pin(async { Ok(outcome) }))
    }
}

impl Kept {
    fn sizes(&self) -> Vec<usize> {
        self.batches.lock().iter().map(Vec::len).collect()
    }
}

fn note(updates: &CoordinateUpdates, node: &str, segment: &str, error: f64) {
    updates.note(&node.into(), &segment.into(), Point { error, ..Point::origin() });
}

/// Lets a task that is due do what it can.
async fn turn() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_each_node_and_segment_is_written_once_a_period() {
    let (updates, log) = (Arc::new(CoordinateUpdates::default()), Arc::new(Kept::default()));
    let writing = tokio::spawn(Arc::clone(&updates).run(Arc::clone(&log) as Arc<dyn Log>));
    turn().await;
    for (node, segment, error) in [("b", "", 1.0), ("a", "", 2.0), ("b", "x", 3.0), ("b", "", 4.0)] {
        note(&updates, node, segment, error);
    }
    advance(COORDINATE_UPDATE_PERIOD - Duration::from_millis(1)).await;
    turn().await;
    assert!(log.sizes().is_empty(), "not yet");
    advance(Duration::from_millis(1)).await;
    turn().await;
    let written = log.batches.lock().concat();
    let written: Vec<_> = written
        .iter()
        .map(|at| (at.node.to_string(), at.segment.to_string(), at.coord.as_ref().unwrap().error))
        .collect();
    let expected = [("a", "", 2.0), ("b", "", 4.0), ("b", "x", 3.0)];
    assert_eq!(written, expected.map(|(node, segment, error)| (node.to_owned(), segment.to_owned(), error)));
    advance(COORDINATE_UPDATE_PERIOD * 3).await;
    turn().await;
    assert_eq!(log.sizes(), [3], "nothing new, nothing written");
    writing.abort();
}

#[tokio::test(start_paused = true)]
async fn what_is_more_than_a_period_may_write_is_discarded() {
    let (updates, log) = (Arc::new(CoordinateUpdates::default()), Arc::new(Kept::default()));
    for node in 0..1000 {
        note(&updates, &format!("node-{node}"), "", 1.0);
    }
    note(&updates, "node-0", "", 2.0);
    updates.flush(&*log).await.unwrap();
    assert_eq!(log.sizes(), [COORDINATE_BATCH_SIZE; COORDINATE_BATCHES_MAX]);
    let newest = log.batches.lock().concat().into_iter().find(|at| at.node == "node-0").unwrap();
    assert_eq!(newest.coord.unwrap().error, 2.0, "who is kept already is heard");
    note(&updates, "late", "", 1.0);
    updates.flush(&*log).await.unwrap();
    assert_eq!(log.sizes().last(), Some(&1), "there is room again");
}

#[tokio::test(start_paused = true)]
async fn names_take_no_more_room_than_they_may() {
    let (updates, log) = (CoordinateUpdates::default(), Kept::default());
    note(&updates, &"x".repeat(PENDING_NAME_BYTES_MAX), "y", 1.0);
    note(&updates, &"x".repeat(PENDING_NAME_BYTES_MAX), "", 1.0);
    note(&updates, "n", "", 1.0);
    updates.flush(&log).await.unwrap();
    assert_eq!(log.sizes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_the_next_period_begins_anew() {
    let (updates, log) = (CoordinateUpdates::default(), Kept { refuses: true, ..Kept::default() });
    for node in 0..200 {
        note(&updates, &format!("node-{node}"), "", 1.0);
    }
    assert_eq!(updates.flush(&log).await, Err(Fault::answer("refused")));
    assert_eq!(log.sizes(), [COORDINATE_BATCH_SIZE], "the rest is not tried");
    assert_eq!(updates.flush(&log).await, Ok(()));
}
