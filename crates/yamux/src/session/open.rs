//! How streams begin, whoever starts them.

use super::{Session, StreamKey, waits_for_ack};
use crate::error::{OpenError, SessionError};
use crate::frame::{Flags, Kind};
use crate::stream::{Stream, StreamId, StreamState};
use crate::window::{INITIAL_WINDOW_BYTES, RecvWindow, SendWindow};
use std::time::Instant;

impl<T> Session<T> {
    /// Starts a stream. The peer is told at once; data may follow before it acknowledges ([`Event::Acked`](super::Event::Acked)).
    ///
    /// # Errors
    /// See [`OpenError`]; `data` is dropped then.
    pub fn open(&mut self, now: Instant, data: T) -> Result<StreamKey, OpenError> {
        self.clock = now;
        let id = self.next_stream_id()?;
        let key = self.insert(id, StreamState::SynSent, data);
        self.unacked += 1;
        self.announce(id, Flags::SYN);
        if let Some(timeout) = self.config.stream_open_timeout {
            let Self { opens, streams, .. } = self;
            opens.push(now + timeout, key, streams.len(), |key| waits_for_ack(streams, key));
        }
        Ok(key)
    }

    fn next_stream_id(&mut self) -> Result<StreamId, OpenError> {
        match self.over {
            Some(SessionError::GoAway(_)) => return Err(OpenError::RemoteGoAway),
            Some(_) => return Err(OpenError::Over),
            None if self.remote_gone => return Err(OpenError::RemoteGoAway),
            None => {}
        }
        if self.unacked >= self.config.accept_backlog {
            return Err(OpenError::Unacknowledged(self.unacked));
        }
        if self.streams.len() >= self.config.streams_max as usize {
            return Err(OpenError::TooManyStreams(self.config.streams_max));
        }
        // A peer may use ids of our parity: those it holds are passed over, at most as many as there are streams.
        while self.ids.contains_key(&self.next_id) {
            self.next_id = self.next_id.saturating_add(2);
        }
        if self.next_id >= u32::MAX - 1 {
            return Err(OpenError::IdsExhausted);
        }
        let id = StreamId(self.next_id);
        self.next_id += 2;
        Ok(id)
    }

    pub(super) fn insert(&mut self, id: StreamId, state: StreamState, data: T) -> StreamKey {
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        let slot = self.streams.insert(Stream {
            id,
            generation,
            send: SendWindow::new(),
            recv: RecvWindow::new(self.config.window()),
            state,
            unacked: state == StreamState::SynSent,
            finishing: false,
            backlog: None,
            data,
        });
        let slot = u32::try_from(slot).expect("streams_max is a u32, so slots are");
        self.ids.insert(id.0, slot);
        StreamKey { slot, generation }
    }

    /// Sends a stream's first frame, which also grants what its window has beyond the initial one.
    pub(super) fn announce(&mut self, id: StreamId, flag: Flags) {
        self.control(Kind::WindowUpdate, flag, id.0, self.config.window() - INITIAL_WINDOW_BYTES);
    }
}
