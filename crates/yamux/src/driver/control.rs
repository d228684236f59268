//! What a connection's owner can ask of it: open and accept streams, ping, end.

use super::shared::Shared;
use super::{now, stream::Stream};
use crate::error::OpenError;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

/// Opens streams on a connection, and ends it. Clones are for the same connection; dropping them all ends nothing.
#[derive(Clone, Debug)]
pub struct Control {
    shared: Shared,
}

/// Why a ping was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PingError {
    /// No answer within the write timeout. The session goes on.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The session ended.
    #[error("the session is over")]
    Over,
}

impl Control {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Opens a stream, and does not wait for the peer's acknowledgement; it waits only while as many streams as
    /// [`crate::Config::accept_backlog`] have none. Dropping the future loses nothing.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Unacknowledged`] is not among them.
    pub async fn open(&self) -> Result<Stream, OpenError> {
        let id = poll_fn(|cx| self.shared.lock().poll_open(cx, now())).await?;
        Ok(Stream::new(self.shared.clone(), id))
    }

    /// Asks the peer for a sign of life, and returns how long that took.
    ///
    /// # Errors
    /// See [`PingError`].
    pub async fn ping(&self) -> Result<Duration, PingError> {
        let (answer, limit) = {
            let mut inner = self.shared.lock();
            (inner.ping(now()).ok_or(PingError::Over)?, inner.session.config().write_timeout)
        };
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(rtt)) => Ok(rtt),
            Ok(Err(_)) => Err(PingError::Over),
            Err(_) => Err(PingError::Timeout(limit)),
        }
    }

    /// Tells the peer to start no more streams; those in flight go on. Streams that it starts all the same are reset.
    pub fn go_away(&self) {
        self.shared.lock().go_away();
    }

    /// Ends the session: what was written goes out, then a normal go-away, then the connection is closed. Streams in
    /// flight fail. Returns when the driver is done, which it must be polled for; dropping the future does not take the
    /// close back.
    pub async fn close(&self) {
        self.shared.lock().close();
        self.closed().await;
    }

    /// Waits for the session's end, whatever its reason.
    pub async fn closed(&self) {
        poll_fn(|cx| self.shared.lock().poll_ended(cx)).await;
    }

    /// How many streams the session holds, those included that wait for the peer's FIN.
    pub fn streams(&self) -> usize {
        self.shared.lock().session.streams()
    }
}

/// The streams that the peer starts. When it is dropped, those it did not hand out and all later ones are reset.
#[derive(Debug)]
pub struct Incoming {
    shared: Shared,
}

impl Incoming {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// The next stream, or `None` when the session is over. At most [`crate::Config::accept_backlog`] wait here; more
    /// are reset. Dropping the future loses no stream.
    pub async fn accept(&mut self) -> Option<Stream> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// As [`accept`](Self::accept).
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<Stream>> {
        let id = self.shared.lock().poll_accept(cx);
        id.map(|id| id.map(|id| Stream::new(self.shared.clone(), id)))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.shared.lock().stop_accepting();
    }
}
