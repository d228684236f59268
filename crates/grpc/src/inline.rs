//! Calls that are answered in the turn of their connection.
//!
//! A call that can be answered now is answered where its request was read: no task, and no waking of another thread, for each of
//! them. What has to wait stays here, and wakes the connection when it goes on. All of it is gone with the connection.
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::stream::{FuturesUnordered, Stream};
use parking_lot::Mutex;

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes calls that begin: the executor of a connection's HTTP/2.
#[derive(Clone, Default)]
pub(crate) struct Begun(Arc<Mutex<Vec<Call>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Begun {
    fn execute(&self, call: F) {
        self.0.lock().push(Box::pin(call));
    }
}

/// The calls of a connection.
#[derive(Default)]
pub(crate) struct Calls {
    begun: Begun,
    waiting: FuturesUnordered<Guarded>,
}

impl Calls {
    /// Where they begin.
    pub(crate) fn begun(&self) -> Begun {
        self.begun.clone()
    }

    /// Goes on with all that can go on, and with what begins by that. Whatever comes of it, HTTP/2 is woken to send.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        loop {
            // Taken out first: what is polled may begin others.
            let begun = std::mem::take(&mut *self.begun.0.lock());
            for call in begun {
                let mut call = Guarded(call);
                if Pin::new(&mut call).poll(cx).is_pending() {
                    self.waiting.push(call);
                }
            }
            while let Poll::Ready(Some(())) = Pin::new(&mut self.waiting).poll_next(cx) {}
            if self.begun.0.lock().is_empty() {
                return;
            }
        }
    }
}

/// A call that is given up, alone, when it panics.
struct Guarded(Call);

impl Future for Guarded {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // It is not polled again, and dropping it resets its stream.
        catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))).unwrap_or(Poll::Ready(()))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn},
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use hyper::rt::Executor;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_can_go_on_does_and_what_waits_is_woken_for() {
        let mut calls = Calls::default();
        let done = Arc::new(AtomicUsize::new(0));
        let begin = |wait: Option<oneshot::Receiver<()>>| {
            let (done, begun) = (Arc::clone(&done), calls.begun());
            begun.clone().execute(async move {
                if let Some(wait) = wait {
                    let _gone = wait.await;
                }
                done.fetch_add(1, SeqCst);
                // A call may begin another.
                begun.execute(async move {
                    done.fetch_add(1, SeqCst);
                });
            });
        };
        let (go, wait) = oneshot::channel();
        begin(None);
        begin(Some(wait));
        calls.begun().execute(pending());
        calls.begun().execute(async { panic!("this one alone") });
        let turn = poll_fn(|cx| {
            calls.poll(cx);
            Poll::Ready(())
        });
        turn.await;
        assert_eq!((done.load(SeqCst), calls.waiting.len()), (2, 2));
        go.send(()).expect("it waits");
        let turn = poll_fn(|cx| {
            calls.poll(cx);
            Poll::Ready(())
        });
        turn.await;
        assert_eq!((done.load(SeqCst), calls.waiting.len()), (4, 1), "what began by it has had its turn as well");
        drop(calls);
        assert_eq!(Arc::strong_count(&done), 1, "what waited is gone with the connection");
    }
}
