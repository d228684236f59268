//! How many calls at once.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Cause, Options};

/// Lets so many calls through, lets so many wait, and refuses the rest.
#[derive(Debug)]
pub(crate) struct Gate {
    open: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// One that waits; it counts until it is dropped.
struct Waits<'g>(&'g AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(options: &Options) -> Self {
        let calls = options.calls_max.clamp(1, Semaphore::MAX_PERMITS);
        Self { open: Semaphore::new(calls), waiting: AtomicUsize::new(0), waiting_max: options.waiting_max }
    }

    /// Waits for its turn; the call lasts as long as what is returned.
    pub(crate) async fn enter(&self) -> Result<SemaphorePermit<'_>, Cause> {
        if let Ok(permit) = self.open.try_acquire() {
            return Ok(permit);
        }
        let waits = Waits(&self.waiting);
        if self.waiting.fetch_add(1, Relaxed) >= self.waiting_max {
            return Err(Cause::Busy(self.waiting_max));
        }
        let permit = self.open.acquire().await.map_err(|_| Cause::Closed)?;
        drop(waits);
        Ok(permit)
    }

    /// Refuses all from now on, those that wait included.
    pub(crate) fn close(&self) {
        self.open.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.open.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join};

    use super::*;

    fn gate(calls_max: usize, waiting_max: usize) -> Gate {
        Gate::new(&Options { calls_max, waiting_max, ..Options::default() })
    }

    #[tokio::test]
    async fn who_comes_after_the_last_place_to_wait_is_refused() {
        let gate = gate(1, 1);
        let inside = gate.enter().await.expect("a place");
        let mut waits = Box::pin(gate.enter());
        assert!((&mut waits).now_or_never().is_none());
        assert!(matches!(gate.enter().await, Err(Cause::Busy(1))));
        drop(inside);
        drop(waits.await.expect("its turn"));
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_the_place_to_another() {
        let gate = gate(1, 1);
        let inside = gate.enter().await.expect("a place");
        assert!(gate.enter().now_or_never().is_none());
        let waits = gate.enter();
        let (entered, ()) = join(waits, async { drop(inside) }).await;
        drop(entered.expect("its turn"));
    }

    #[tokio::test]
    async fn a_closed_gate_refuses_those_who_wait() {
        let gate = gate(1, 1);
        let _inside = gate.enter().await.expect("a place");
        let (entered, ()) = join(gate.enter(), async { gate.close() }).await;
        assert!(matches!(entered, Err(Cause::Closed)));
    }
}
