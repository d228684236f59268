//! Writes that lost against another.
//!
//! Every write compares versions. Whoever says no version did not mean to compare, and is not to be told of a race that it knows
//! nothing of: the whole of it is done again, from reading on.
use std::{future::Future, time::Duration};

use super::backend::StorageError;
use tonic::Status;

/// How often it is tried.
pub(super) const ATTEMPTS_MAX: u32 = 5;
const WAIT_FIRST: Duration = Duration::from_millis(75);
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Why a write did not take place.
#[derive(Debug)]
pub(super) enum Failed {
    /// The store says so.
    Storage(StorageError),
    /// We say so.
    Status(Status),
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// Does it, and again if it lost and the caller's `version` is empty.
pub(super) async fn retry_cas<T, F>(version: &str, mut attempt: impl FnMut() -> F) -> Result<T, Failed>
where
    F: Future<Output = Result<T, Failed>>,
{
    let attempts = if version.is_empty() { ATTEMPTS_MAX } else { 1 };
    let mut wait = WAIT_FIRST;
    for _ in 1..attempts {
        match attempt().await {
            Err(Failed::Storage(StorageError::CasFailure)) => {}
            done => return done,
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_who_says_no_version_tries_again() {
        for (version, wins_at, attempts, wins) in
            [("", 1, 1, true), ("", 3, 3, true), ("", 9, 5, false), ("7", 2, 1, false)]
        {
            let made = Cell::new(0);
            let done = retry_cas(version, || {
                made.set(made.get() + 1);
                let lost = made.get() < wins_at;
                async move { if lost { Err(Failed::Storage(StorageError::CasFailure)) } else { Ok(()) } }
            });
            assert_eq!(done.await.is_ok(), wins);
            assert_eq!(made.get(), attempts);
        }
    }
}
