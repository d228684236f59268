//! What the answers of a query that is repeated mean: pure, told the time and the random numbers.
use std::time::Duration;

use proconsul_structs::query::QueryMeta;

use crate::Backoff;

/// An answer without news that comes sooner than this did not wait: a server that cannot wait is not asked in a tight circle.
pub const QUICK_TURN: Duration = Duration::from_millis(200);

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something that the watcher has not seen.
    News,
    /// What it has seen last.
    Nothing,
}

/// The state of a watch between its questions.
///
/// The rules are those of Consul's blocking queries: the index of an answer is what the next question waits for; an index that
/// goes backwards (the servers' state was restored, or another server knows less) is forgotten, and so is one after an error;
/// an index of 0 is read as 1, as a question with index 0 would not wait at all.
#[derive(Clone, Debug)]
pub struct Watching {
    backoff: Backoff,
    /// What the next question waits for; 0: nothing.
    index: u64,
    /// Index and content of the last answer that was not left out.
    seen: Option<Seen>,
    every_index: bool,
    /// Errors since the last answer.
    failures: u32,
    /// Answers without news that came at once, since the last that was not of this kind.
    quick: u32,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    index: u64,
    content: u64,
}

impl Watching {
    /// Nothing is known yet. With `every_index`, an answer with the same content is news if its index is another.
    pub fn new(backoff: Backoff, every_index: bool) -> Self {
        Self { backoff, index: 0, seen: None, every_index, failures: 0, quick: 0 }
    }

    /// The `min_query_index` of the next question. 0 after the start, an error, or an index that went backwards: the answer
    /// comes at once.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The last question, which waited for [`index`](Self::index), was answered after `took`. `content` tells contents apart, the
    /// facts of the query left out: a hash; it is not looked at where the content was left out.
    pub fn answered(&mut self, meta: &QueryMeta, content: u64, took: Duration) -> Heard {
        let index = meta.index.max(1);
        self.failures = 0;
        let went_backwards = self.seen.is_some_and(|seen| index < seen.index);
        self.index = if went_backwards { 0 } else { index };
        let heard = match &mut self.seen {
            // A server leaves out only what it was told that we have.
            Some(seen) if meta.not_modified => {
                seen.index = index;
                Heard::Nothing
            }
            Some(seen) if seen.content == content => {
                let moved = std::mem::replace(&mut seen.index, index) != index;
                if moved && self.every_index { Heard::News } else { Heard::Nothing }
            }
            seen => {
                *seen = Some(Seen { index, content });
                Heard::News
            }
        };
        let is_quick = took < QUICK_TURN && heard == Heard::Nothing;
        self.quick = if is_quick { self.quick.saturating_add(1) } else { 0 };
        heard
    }

    /// The last question failed. The next one does not wait for anything: whatever was missed is known at once.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.index = 0;
    }

    /// How long to pause before the next question.
    ///
    /// One quick answer without news is usual: what follows an index that went backwards, or what changed is not what is
    /// watched. A second one in a row is not.
    pub fn pause(&self, random: u64) -> Duration {
        self.backoff.pause(self.failures.max(self.quick.saturating_sub(1)), random)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Heard::{News, Nothing},
        *,
    };

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };
    const LONG: Duration = Duration::from_secs(30);

    fn meta(index: u64) -> QueryMeta {
        QueryMeta { index, ..QueryMeta::default() }
    }

    /// Answers as (index, content), each with what it is and the next question's index.
    fn check(every_index: bool, turns: &[((u64, u64), Heard, u64)]) {
        let mut watching = Watching::new(BACKOFF, every_index);
        assert_eq!(watching.index(), 0, "the first answer comes at once");
        for (turn, ((index, content), heard, next)) in turns.iter().enumerate() {
            assert_eq!(watching.answered(&meta(*index), *content, LONG), *heard, "turn {turn}");
            assert_eq!(watching.index(), *next, "turn {turn}");
            assert_eq!(watching.pause(0), Duration::ZERO, "turn {turn}");
        }
    }

    #[test]
    fn what_changed_is_news_and_its_index_is_waited_for() {
        check(false, &[((5, 1), News, 5), ((8, 2), News, 8), ((9, 1), News, 9)]);
    }

    #[test]
    fn the_end_of_a_wait_is_no_news() {
        check(false, &[((5, 1), News, 5), ((5, 1), Nothing, 5)]);
    }

    #[test]
    fn a_state_that_was_restored_to_the_same_index_is_news() {
        check(false, &[((5, 1), News, 5), ((5, 2), News, 5), ((5, 2), Nothing, 5)]);
    }

    #[test]
    fn an_index_that_moved_for_others_is_no_news_unless_asked_for() {
        check(false, &[((5, 1), News, 5), ((8, 1), Nothing, 8), ((9, 2), News, 9)]);
        check(true, &[((5, 1), News, 5), ((8, 1), News, 8), ((8, 1), Nothing, 8)]);
    }

    #[test]
    fn an_index_that_goes_backwards_is_forgotten() {
        // The answer itself is news if it differs; the next question does not wait.
        check(false, &[((50, 1), News, 50), ((3, 2), News, 0), ((3, 2), Nothing, 3), ((4, 1), News, 4)]);
        check(false, &[((50, 1), News, 50), ((3, 1), Nothing, 0), ((3, 1), Nothing, 3)]);
        // It moved between the two.
        check(false, &[((50, 1), News, 50), ((3, 2), News, 0), ((4, 3), News, 4)]);
    }

    #[test]
    fn an_index_of_zero_is_one() {
        check(false, &[((0, 1), News, 1), ((0, 1), Nothing, 1), ((7, 2), News, 7), ((0, 1), News, 0)]);
    }

    #[test]
    fn what_is_left_out_is_what_was_seen() {
        let mut watching = Watching::new(BACKOFF, false);
        assert_eq!(watching.answered(&meta(5), 1, LONG), News);
        let unmodified = QueryMeta { not_modified: true, ..meta(5) };
        assert_eq!(watching.answered(&unmodified, 0, LONG), Nothing);
        assert_eq!(watching.answered(&meta(6), 1, LONG), Nothing, "the content of before");
        assert_eq!(watching.answered(&meta(7), 0, LONG), News, "a content that is left out is not kept");
    }

    #[test]
    fn after_an_error_the_question_does_not_wait_and_only_news_are_news() {
        let mut watching = Watching::new(BACKOFF, false);
        watching.answered(&meta(5), 1, LONG);
        watching.failed();
        assert_eq!(watching.index(), 0);
        assert_eq!(watching.answered(&meta(5), 1, LONG), Nothing);
        watching.failed();
        assert_eq!(watching.answered(&meta(5), 2, LONG), News, "restored to the same index with other content");
    }

    #[test]
    fn errors_are_followed_by_pauses_that_grow_until_an_answer() {
        let mut watching = Watching::new(BACKOFF, false);
        let pauses: Vec<u64> = (0..4)
            .map(|_| {
                watching.failed();
                watching.pause(0).as_secs()
            })
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8]);
        watching.answered(&meta(1), 1, LONG);
        assert_eq!(watching.pause(0), Duration::ZERO);
    }

    #[test]
    fn a_server_that_does_not_wait_is_not_asked_in_a_circle() {
        let mut watching = Watching::new(BACKOFF, false);
        watching.answered(&meta(5), 1, Duration::ZERO);
        let pauses: Vec<u64> = (0..4)
            .map(|_| {
                assert_eq!(watching.answered(&meta(5), 1, Duration::ZERO), Nothing);
                watching.pause(0).as_secs()
            })
            .collect();
        assert_eq!(pauses, [0, 1, 2, 4], "the first one may be by chance");
        watching.answered(&meta(6), 2, Duration::ZERO);
        assert_eq!(watching.pause(0), Duration::ZERO, "news");
    }
}
