//! Whether a call is made again.
use std::time::Duration;

use proconsul_types::{Advice, MethodRow, Operation};

use crate::{Backoff, Options};

/// What a call counts as where it may have taken effect already: only what cannot have changed anything is a read. A method that
/// the rate limiter counts among the reads but that writes to the log is a write here.
pub fn retried_as(row: &MethodRow) -> Operation {
    let changes_nothing = row.raft.is_empty() && row.forwarded_as != Some(Operation::Write);
    match row.operation {
        Operation::Read if changes_nothing => Operation::Read,
        Operation::Exempt => Operation::Exempt,
        _ => Operation::Write,
    }
}

/// What to do after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Make the call again.
    Again {
        /// After this pause.
        after: Duration,
        /// On another server, if there is one.
        elsewhere: bool,
    },
    /// Tell the caller.
    GiveUp,
}

/// The attempts of one call: pure, told the time and the random numbers.
#[derive(Clone, Debug)]
pub struct Retries {
    backoff: Backoff,
    hold: Duration,
    servers: usize,
    /// When the first attempt failed, on the clock that [`Retries::failed`] is told.
    since: Option<Duration>,
    /// Servers asked since the last pause, but for the first one.
    asked: usize,
    pauses: u32,
}

impl Retries {
    /// A call that has not failed yet, with so many servers to ask.
    pub fn new(options: &Options, servers: usize) -> Self {
        Self { backoff: options.backoff, hold: options.hold, servers, since: None, asked: 0, pauses: 0 }
    }

    /// An attempt failed with this advice at `now`, a time on any clock that goes on.
    ///
    /// Another server is asked at once as long as there is one that was not asked since the last pause. Nothing is tried again
    /// when the next attempt would begin later than [`Options::hold`] after the first failure.
    pub fn failed(&mut self, advice: Advice, now: Duration, random: u64) -> Next {
        let since = *self.since.get_or_insert(now);
        let others = self.servers.saturating_sub(1);
        let after = match advice {
            Advice::Report => return Next::GiveUp,
            Advice::AskAnother if self.asked < others => {
                self.asked += 1;
                Duration::ZERO
            }
            Advice::AskAnother | Advice::TryLater => {
                self.asked = 0;
                self.pauses += 1;
                self.backoff.pause(self.pauses, random)
            }
        };
        if now.saturating_sub(since) + after >= self.hold {
            return Next::GiveUp;
        }
        Next::Again { after, elsewhere: advice == Advice::AskAnother && others > 0 }
    }
}

#[cfg(test)]
mod tests {
    use proconsul_structs::METHODS;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn again(ms: u32, elsewhere: bool) -> Next {
        Next::Again { after: MS * ms, elsewhere }
    }

    #[test]
    fn what_may_not_be_repeated_is_not() {
        let mut retries = Retries::new(&Options::default(), 3);
        assert_eq!(retries.failed(Advice::Report, Duration::ZERO, 0), Next::GiveUp);
    }

    #[test]
    fn every_other_server_is_asked_before_a_pause() {
        let mut retries = Retries::new(&Options::default(), 3);
        let nexts: Vec<Next> = (0..6).map(|_| retries.failed(Advice::AskAnother, Duration::ZERO, 0)).collect();
        let [at_once, pause, longer] = [again(0, true), again(50, true), again(100, true)];
        assert_eq!(nexts, [at_once, at_once, pause, at_once, at_once, longer]);
    }

    #[test]
    fn the_only_server_is_asked_again_after_a_pause() {
        let mut retries = Retries::new(&Options::default(), 1);
        assert_eq!(retries.failed(Advice::AskAnother, Duration::ZERO, 0), again(50, false));
        assert_eq!(retries.failed(Advice::TryLater, Duration::ZERO, 0), again(100, false));
    }

    #[test]
    fn the_same_server_is_asked_where_none_can_answer() {
        let mut retries = Retries::new(&Options::default(), 3);
        assert_eq!(retries.failed(Advice::TryLater, Duration::ZERO, 0), again(50, false));
    }

    #[test]
    fn attempts_end_with_the_hold_time_after_the_first_failure() {
        let (mut retries, hour) = (Retries::new(&Options::default(), 1), Duration::from_secs(3600));
        let mut now = hour; // a query that waited
        let mut attempts = 0;
        while let Next::Again { after, .. } = retries.failed(Advice::TryLater, now, 0) {
            now += after;
            attempts += 1;
        }
        assert!(now - hour < Options::default().hold, "{now:?}");
        assert_eq!(attempts, 7, "after 50 ms, 100 ms, … 1.6 s, and 2 s");
        let mut never = Retries::new(&Options { hold: Duration::ZERO, ..Options::default() }, 3);
        assert_eq!(never.failed(Advice::AskAnother, Duration::ZERO, 0), Next::GiveUp);
    }

    #[test]
    fn no_method_that_writes_is_retried_as_a_read() {
        let row = |name: &str| METHODS.iter().find(|row| row.name == name).expect("a row");
        for row in METHODS.iter().filter(|row| retried_as(row) == Operation::Read) {
            assert!(row.raft.is_empty() && row.operation == Operation::Read, "{}", row.name);
        }
        assert_eq!(retried_as(row("KVS.Get")), Operation::Read);
        assert_eq!(retried_as(row("KVS.Apply")), Operation::Write);
        assert_eq!(retried_as(row("ACL.BootstrapTokens")), Operation::Write, "it has the options of a query");
        assert_eq!(retried_as(row("Status.Ping")), Operation::Exempt);
    }
}
