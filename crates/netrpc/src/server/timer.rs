//! A connection's only timer.
use std::{
    future::Future,
    pin::Pin,
    task::Context,
    time::{Duration, Instant},
};

use tokio::time::{Sleep, sleep_until};

/// Deadlines this much later than one that is armed already are not worth arming again: the task wakes, finds nothing due,
/// and arms what is next then.
const SLACK: Duration = Duration::from_millis(1);

/// Armed for the nearest of a connection's deadlines. Costs nothing while there is none.
#[derive(Default)]
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Arms the timer for `next`. True if something is due: the caller looks again.
    pub(super) fn poll(&mut self, next: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(next) = next else {
            self.sleep = None;
            return false;
        };
        let armed = self.sleep.as_ref().map(|sleep| sleep.deadline().into_std());
        let sleep = match (&mut self.sleep, armed) {
            // An earlier deadline is left armed: it is cheaper to wake once for nothing than to arm at every turn.
            (Some(sleep), Some(armed)) if armed <= next + SLACK && armed > Instant::now() => sleep,
            (Some(sleep), _) => {
                sleep.as_mut().reset(next.into());
                sleep
            }
            (none, _) => none.insert(Box::pin(sleep_until(next.into()))),
        };
        sleep.as_mut().poll(cx).is_ready()
    }
}
