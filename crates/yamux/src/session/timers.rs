//! What happens when nothing comes: keepalive, and streams that wait too long.

use super::{PingId, Session, earliest, waits_for_ack, waits_for_fin};
use crate::error::SessionError;
use crate::frame::{Flags, Kind};
use std::time::Instant;

/// Where the keepalive is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive {
    /// When to look again.
    at: Instant,
    /// When the ping went out whose answer is awaited.
    asked: Option<Instant>,
}

impl Keepalive {
    pub(super) fn idle_until(at: Instant) -> Self {
        Self { at, asked: None }
    }
}

impl<T> Session<T> {
    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if nothing comes before. It may find nothing to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.over.is_some() {
            return None;
        }
        let keepalive = self.keepalive.map(|keepalive| keepalive.at);
        earliest(keepalive, earliest(self.opens.next(), self.closes.next()))
    }

    /// Does what is due at `now`: pings a peer that has been silent, and resets streams that wait for the peer's FIN since
    /// [`crate::Config::stream_close_timeout`]; their `T` is dropped.
    ///
    /// Hand over what was read before calling it: input that the session has not seen is no sign of life.
    ///
    /// # Errors
    /// The session is over: nothing at all came for the write timeout after a keepalive ping
    /// ([`SessionError::KeepaliveTimeout`]), or a stream of ours was not acknowledged ([`SessionError::OpenTimeout`]).
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), SessionError> {
        self.clock = now;
        if let Some(error) = self.over {
            return Err(error);
        }
        while let Some(key) = self.opens.pop_due(now) {
            if let Some(stream) = self.stream(key).filter(|_| waits_for_ack(&self.streams, key)) {
                let id = stream.id;
                return Err(self.end(SessionError::OpenTimeout(id)));
            }
        }
        while let Some(key) = self.closes.pop_due(now) {
            if let Some(stream) = self.stream(key).filter(|_| waits_for_fin(&self.streams, key)) {
                let id = stream.id;
                self.control(Kind::WindowUpdate, Flags::RST, id.0, 0);
                self.remove(key);
            }
        }
        self.keep_alive(now)
    }

    /// Tells the session the time. Close timeouts count from the latest time it was told by any method: call this before
    /// [`finish`](Session::finish) if that may have been long ago.
    pub fn advance(&mut self, now: Instant) {
        self.clock = now;
    }

    fn keep_alive(&mut self, now: Instant) -> Result<(), SessionError> {
        let (Some(keepalive), Some(interval)) = (self.keepalive, self.config.keepalive_interval) else { return Ok(()) };
        if now < keepalive.at {
            return Ok(());
        }
        let next_ping = self.heard + interval;
        let next = match keepalive.asked {
            // Any input is a sign of life, the answer to our ping included.
            Some(asked) if self.heard < asked => return Err(self.end(SessionError::KeepaliveTimeout)),
            _ if now < next_ping => Keepalive::idle_until(next_ping),
            _ => {
                let PingId(_) = self.send_ping();
                Keepalive { at: now + self.config.write_timeout, asked: Some(now) }
            }
        };
        self.keepalive = Some(next);
        Ok(())
    }
}
