//! One turn of a connection: as many rounds of HTTP/2 and its calls as have something to do.
//!
//! A call that is answered wakes HTTP/2 to send, and HTTP/2 is the same task: the executor would put the task at the end of its
//! queue for that, and call another thread to help. So wakings that come from within a turn are noted, and make another round.
use std::{
    sync::{
        Arc,
        atomic::{
            AtomicU8,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;

/// After so many rounds others have their turn.
const ROUNDS_MAX: usize = 16;

/// No turn: whoever wakes means the task.
const RESTING: u8 = 0;
/// A round goes on, and nobody has woken since it began.
const ROUND: u8 = 1;
/// Somebody has.
const ANOTHER: u8 = 2;

/// Knows whether a turn goes on.
#[derive(Default)]
struct Inner {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let in_turn = |state| (state != RESTING).then_some(ANOTHER);
        if self.state.fetch_update(AcqRel, Acquire, in_turn).is_err() {
            self.task.wake();
        }
    }
}

/// The turns of one connection.
pub(crate) struct Turns {
    inner: Arc<Inner>,
    waker: Waker,
}

impl Turns {
    pub(crate) fn new() -> Self {
        let inner = Arc::new(Inner::default());
        Self { waker: Waker::from(Arc::clone(&inner)), inner }
    }

    /// Makes rounds until one is over with, or has not woken itself.
    pub(crate) fn poll<T>(&self, cx: &mut Context<'_>, mut round: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.inner.task.register(cx.waker());
        for _ in 0..ROUNDS_MAX {
            self.inner.state.store(ROUND, Release);
            if let Poll::Ready(over) = round(&mut Context::from_waker(&self.waker)) {
                return Poll::Ready(over);
            }
            if self.inner.state.compare_exchange(ROUND, RESTING, AcqRel, Acquire).is_ok() {
                return Poll::Pending;
            }
        }
        self.inner.state.store(RESTING, Release);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    use tokio::{task::yield_now, time::timeout};

    use super::*;

    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn a_round_that_wakes_itself_is_followed_by_another_and_wakes_nobody() {
        let (turns, counts) = (Turns::new(), Arc::new(Counts::default()));
        let waker = Waker::from(Arc::clone(&counts));
        let mut rounds = 0;
        let mut outside = None;
        let turn = turns.poll(&mut Context::from_waker(&waker), |cx| {
            rounds += 1;
            if rounds < 4 {
                cx.waker().wake_by_ref();
            }
            outside = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        assert_eq!((turn, rounds, counts.0.load(SeqCst)), (Poll::Pending, 4, 0));
        outside.expect("it was polled").wake();
        assert_eq!(counts.0.load(SeqCst), 1, "who wakes between turns wakes the task");
    }

    #[test]
    fn others_have_their_turn_when_it_goes_on_and_on() {
        let (turns, counts) = (Turns::new(), Arc::new(Counts::default()));
        let waker = Waker::from(Arc::clone(&counts));
        let mut rounds = 0;
        let turn = turns.poll(&mut Context::from_waker(&waker), |cx| {
            rounds += 1;
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert_eq!((turn, rounds, counts.0.load(SeqCst)), (Poll::Pending, ROUNDS_MAX, 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_waking_from_another_thread_is_lost() {
        let (turns, due) = (Turns::new(), Arc::new(AtomicUsize::new(0)));
        let waker: Arc<AtomicWaker> = Arc::default();
        let waking = tokio::spawn({
            let (due, waker) = (Arc::clone(&due), Arc::clone(&waker));
            async move {
                for _ in 0..10_000 {
                    due.fetch_add(1, SeqCst);
                    waker.wake();
                    yield_now().await;
                }
            }
        });
        let all = poll_fn(|cx| {
            turns.poll(cx, |cx| {
                waker.register(cx.waker());
                if due.load(SeqCst) == 10_000 { Poll::Ready(()) } else { Poll::Pending }
            })
        });
        timeout(Duration::from_secs(60), all).await.expect("every waking comes through");
        waking.await.expect("no panic");
    }
}
