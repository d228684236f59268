//! What comes in: frames to events.

use super::{PingId, Session, StreamKey, live, rtt};
use crate::config::Code;
use crate::error::SessionError;
use crate::frame::{Flags, HEADER_BYTES, Header, Kind};
use crate::stream::{Flag, StreamId, StreamState, Violation, on_flag};
use std::time::{Duration, Instant};

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'i> {
    /// The peer started a stream. It is acknowledged already.
    Opened(StreamKey),
    /// The peer acknowledged a stream that we started.
    Acked(StreamKey),
    /// Bytes of a stream: a data frame, or the piece of one that is at hand. Report them with [`Session::consumed`] when
    /// they are used up, or the peer runs out of window.
    Data {
        /// The stream they belong to.
        stream: StreamKey,
        /// The bytes, never empty.
        bytes: &'i [u8],
        /// More of the same frame is to come. Readers of HashiCorp's implementation see nothing of a frame before all of it is
        /// there.
        more: bool,
    },
    /// The stream, which had a backlog or an empty window, has none and window left: it may write on.
    Writable(StreamKey),
    /// The peer will send nothing more on this stream. If we have finished too, the key is good until the next call of
    /// [`Session::receive`], and the stream is freed then.
    Finished(StreamKey),
    /// The peer reset the stream. Nothing can be sent or will come any more; [`Session::release`] it.
    Reset(StreamKey),
    /// The peer takes no more streams; those in flight go on. (Other codes are [`SessionError::GoAway`].)
    GoAway(Code),
    /// The peer answered a ping of ours.
    Pong {
        /// What [`Session::ping`] returned.
        id: PingId,
        /// Time from asking to the answer.
        rtt: Duration,
    },
}

/// The flags that change a known stream's state: a frame without them, as most are, needs no look at it.
const NEWS: Flags = Flags(Flags::ACK.0 | Flags::FIN.0 | Flags::RST.0);

/// The data frame that is coming in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Body {
    /// Bytes of it that did not come yet.
    remaining: u32,
    /// Whose it is; `None`: nobody's, to be dropped. Stays until the frame's last piece has been looked at.
    stream: Option<StreamKey>,
}

impl Body {
    pub(super) fn is_empty(&self) -> bool {
        self.remaining == 0
    }
}

/// What a frame's header gave rise to, in the order of the fields; `finished` waits until the frame's data is through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    stream: Option<StreamKey>,
    opened: bool,
    acked: bool,
    writable: bool,
    reset: bool,
    finished: bool,
}

impl Pending {
    fn is_empty(&self) -> bool {
        !(self.opened || self.acked || self.writable || self.reset || self.finished)
    }

    #[inline]
    fn next(&mut self, data_is_through: bool) -> Option<Event<'static>> {
        let stream = self.stream?;
        let event = if std::mem::take(&mut self.opened) {
            Event::Opened(stream)
        } else if std::mem::take(&mut self.acked) {
            Event::Acked(stream)
        } else if std::mem::take(&mut self.writable) {
            Event::Writable(stream)
        } else if std::mem::take(&mut self.reset) {
            Event::Reset(stream)
        } else if data_is_through && std::mem::take(&mut self.finished) {
            Event::Finished(stream)
        } else {
            if data_is_through {
                self.stream = None;
            }
            return None;
        };
        Some(event)
    }
}

impl<T: Default> Session<T> {
    /// Takes received bytes and returns the next event, with `input` advanced past what it took; `None` when the input is
    /// used up. Call it until then, also after the last byte: an event may be waiting that needs none.
    ///
    /// Data comes in the pieces at hand, borrowed from `input`; only a header that is cut off is kept.
    ///
    /// # Errors
    /// The session is over, see [`SessionError`]; the rest of the input is not looked at.
    pub fn receive<'i>(&mut self, input: &mut &'i [u8], now: Instant) -> Result<Option<Event<'i>>, SessionError> {
        self.receive_with(input, now, T::default)
    }
}

impl<T> Session<T> {
    /// As [`receive`](Session::receive), with `make` for the data of streams that the peer starts.
    ///
    /// # Errors
    /// As there.
    pub fn receive_with<'i>(
        &mut self,
        input: &mut &'i [u8],
        now: Instant,
        mut make: impl FnMut() -> T,
    ) -> Result<Option<Event<'i>>, SessionError> {
        self.clock = now;
        if !input.is_empty() {
            self.heard = now;
        }
        if let Some(key) = self.doomed.take() {
            self.remove(key);
        }
        if let Some(error) = self.over {
            return Err(error);
        }
        loop {
            if let Some(event) = self.next_pending() {
                return Ok(Some(event));
            }
            if self.body.remaining > 0 {
                if input.is_empty() {
                    return Ok(None);
                }
                if let Some(event) = self.next_piece(input) {
                    return Ok(Some(event));
                }
                continue;
            }
            self.end_body();
            let Some(header) = self.next_header(input)? else { return Ok(None) };
            if let Some(event) = self.on_header(header, now, &mut make)? {
                return Ok(Some(event));
            }
        }
    }

    /// The embedder is done with `bytes` of what [`Event::Data`] gave it. The peer is granted more when at least half the
    /// window can be, as HashiCorp's implementation does: once per data frame, when all of it is through.
    pub fn consumed(&mut self, stream: StreamKey, bytes: usize) {
        let Some(entry) = self.stream_mut(stream) else { return };
        entry.recv.consumed(bytes);
        if self.body.stream != Some(stream) {
            self.grant_if_due(stream);
        }
    }

    fn next_pending(&mut self) -> Option<Event<'static>> {
        let event = self.pending.next(self.body.remaining == 0)?;
        match event {
            Event::Opened(key)
            | Event::Acked(key)
            | Event::Writable(key)
            | Event::Finished(key)
            | Event::Reset(key) => {
                // What the embedder let go of since the frame began is no longer its concern.
                let Some(stream) = live(&self.streams, key) else {
                    self.pending = Pending::default();
                    return None;
                };
                if stream.state == StreamState::Closed && matches!(event, Event::Finished(_)) {
                    self.doomed = Some(key);
                }
            }
            Event::Data { .. } | Event::GoAway(_) | Event::Pong { .. } => {}
        }
        Some(event)
    }

    fn next_piece<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        let wanted = usize::try_from(self.body.remaining).unwrap_or(usize::MAX);
        let (bytes, rest) = input.split_at(wanted.min(input.len()));
        *input = rest;
        self.body.remaining -= bytes.len() as u32; // at most `remaining`, so it fits
        let stream = self.body.stream.filter(|key| live(&self.streams, *key).is_some())?;
        Some(Event::Data { stream, bytes, more: self.body.remaining > 0 })
    }

    /// A data frame is through, and so is what the embedder did about it.
    fn end_body(&mut self) {
        if let Some(stream) = self.body.stream.take() {
            self.grant_if_due(stream);
        }
    }

    fn grant_if_due(&mut self, stream: StreamKey) {
        let full = self.config.window();
        let Some(entry) = self.stream_mut(stream).filter(|entry| entry.state.can_receive()) else { return };
        if let Some(delta) = entry.recv.update_due(full) {
            let id = entry.id;
            self.control(Kind::WindowUpdate, Flags::NONE, id.0, delta);
        }
    }

    fn next_header(&mut self, input: &mut &[u8]) -> Result<Option<Header>, SessionError> {
        let decoded = match input.split_first_chunk::<HEADER_BYTES>() {
            Some((header, rest)) if self.partial_len == 0 => {
                *input = rest;
                Header::decode(header)
            }
            _ => {
                let have = usize::from(self.partial_len);
                let (bytes, rest) = input.split_at(input.len().min(HEADER_BYTES - have));
                self.partial[have..have + bytes.len()].copy_from_slice(bytes);
                *input = rest;
                self.partial_len += bytes.len() as u8; // at most 12
                if usize::from(self.partial_len) < HEADER_BYTES {
                    return Ok(None);
                }
                self.partial_len = 0;
                Header::decode(&self.partial)
            }
        };
        decoded.map(Some).map_err(|error| self.end(error.into()))
    }

    fn on_header(
        &mut self,
        header: Header,
        now: Instant,
        make: &mut impl FnMut() -> T,
    ) -> Result<Option<Event<'static>>, SessionError> {
        match header.kind {
            Kind::Data | Kind::WindowUpdate => self.on_stream_frame(header, make).map(|()| None),
            Kind::Ping => Ok(self.on_ping(header, now)),
            Kind::GoAway => match Code::from_wire(header.length) {
                Code::Normal => {
                    self.remote_gone = true;
                    Ok(Some(Event::GoAway(Code::Normal)))
                }
                code => Err(self.end(SessionError::GoAway(code))),
            },
        }
    }

    fn on_ping(&mut self, header: Header, now: Instant) -> Option<Event<'static>> {
        if header.flags.contains(Flags::SYN) {
            self.control(Kind::Ping, Flags::ACK, 0, header.length);
            return None;
        }
        let id = PingId(header.length);
        let place = self.pings.iter().position(|(asked, _)| *asked == id)?;
        let (_, sent) = self.pings.remove(place)?;
        Some(Event::Pong { id, rtt: rtt(sent, now) })
    }

    fn on_stream_frame(&mut self, header: Header, make: &mut impl FnMut() -> T) -> Result<(), SessionError> {
        let is_data = header.kind == Kind::Data;
        self.body = Body { remaining: if is_data { header.length } else { 0 }, stream: None };
        if header.flags.contains(Flags::SYN) && !self.accept(StreamId(header.stream), make)? {
            return Ok(());
        }
        let Some(&slot) = self.ids.get(&header.stream) else { return Ok(()) };
        let Some(stream) = self.streams.get(slot as usize) else { return Ok(()) };
        let key = StreamKey { slot, generation: stream.generation };
        let could_receive = stream.state.can_receive();
        if header.flags.intersects(NEWS) && self.apply_flags(key, header.flags)? == StreamState::Reset {
            return Ok(());
        }
        if !is_data {
            self.on_grant(key, header.length);
        } else if header.length > 0 {
            self.take_window(key, header.length)?;
            // Data after the peer's own FIN has no reader: it is counted against the window and dropped.
            self.body.stream = could_receive.then_some(key);
        }
        Ok(())
    }

    /// Starts a stream for the peer. False if it was turned away alone.
    fn accept(&mut self, id: StreamId, make: &mut impl FnMut() -> T) -> Result<bool, SessionError> {
        let is_open = self.ids.contains_key(&id.0);
        if !self.local_gone && is_open {
            return Err(self.end(SessionError::DuplicateStream(id)));
        }
        if self.local_gone || self.streams.len() >= self.config.streams_max as usize {
            self.control(Kind::WindowUpdate, Flags::RST, id.0, 0);
            // HashiCorp's implementation looks the id up all the same when it is going away, so an open stream gets the
            // frame; a stream that was never started gets nothing.
            return Ok(is_open);
        }
        let key = self.insert(id, StreamState::SynReceived, make());
        self.announce(id, Flags::ACK);
        if let Some(stream) = self.stream_mut(key) {
            stream.state = StreamState::Established;
        }
        self.pending = Pending { stream: Some(key), opened: true, ..Pending::default() };
        Ok(true)
    }

    /// Applies all flags but SYN, and notes the events they give rise to.
    fn apply_flags(&mut self, key: StreamKey, flags: Flags) -> Result<StreamState, SessionError> {
        let mut pending = if self.pending.stream == Some(key) { self.pending } else { Pending::default() };
        pending.stream = Some(key);
        for flag in [Flag::Ack, Flag::Fin, Flag::Rst] {
            if !flags.contains(flag.bit()) {
                continue;
            }
            match (self.apply(key, flag)?, flag) {
                (_, Flag::Ack) => pending.acked = self.acknowledge(key),
                (_, Flag::Fin) => pending.finished = true,
                (_, Flag::Rst) => (pending.reset, pending.finished) = (true, false),
                (_, Flag::Syn) => {}
            }
        }
        self.pending = pending;
        let state = self.stream(key).map_or(StreamState::Closed, |stream| stream.state);
        if matches!(state, StreamState::Closed | StreamState::Reset) {
            self.unlink(key);
        }
        Ok(state)
    }

    fn apply(&mut self, key: StreamKey, flag: Flag) -> Result<StreamState, SessionError> {
        let Some(stream) = self.stream_mut(key) else { return Ok(StreamState::Closed) };
        match on_flag(stream.state, flag) {
            Ok(next) => {
                stream.state = next;
                Ok(next)
            }
            Err(violation) => {
                let stream = stream.id;
                Err(self.end(flag_error(stream, violation)))
            }
        }
    }

    /// The peer's acknowledgement of a stream of ours. False if it is not the first.
    fn acknowledge(&mut self, key: StreamKey) -> bool {
        let first = self.stream_mut(key).is_some_and(|stream| std::mem::take(&mut stream.unacked));
        self.unacked -= u32::from(first);
        let Self { opens, streams, .. } = self;
        opens.prune(|key| super::waits_for_ack(streams, key));
        first
    }

    /// The peer lets us send `delta` more.
    fn on_grant(&mut self, key: StreamKey, delta: u32) {
        let Some(stream) = self.stream_mut(key) else { return };
        let was_blocked = stream.backlog.is_some() || stream.send.available() == 0;
        stream.send.grant(delta);
        if self.drain_backlog(key) {
            if self.pending.is_empty() {
                self.remove(key);
            } else {
                // The peer's FIN came with this very frame, and is still to be told.
                self.unlink(key);
                self.doomed = Some(key);
            }
            return;
        }
        if was_blocked && self.send_window(key) > 0 {
            self.pending.stream = Some(key);
            self.pending.writable = true;
        }
    }

    fn take_window(&mut self, key: StreamKey, length: u32) -> Result<(), SessionError> {
        let Some(stream) = self.stream_mut(key) else { return Ok(()) };
        let id = stream.id;
        stream.recv.take(length).map_err(|exceeded| {
            self.end(SessionError::WindowExceeded { stream: id, sent: length, granted: exceeded.granted })
        })
    }

    /// The session is over. The peer is told nothing: HashiCorp's implementation queues a go-away, but closes before it is
    /// written.
    pub(super) fn end(&mut self, error: SessionError) -> SessionError {
        *self.over.get_or_insert(error)
    }
}

fn flag_error(stream: StreamId, violation: Violation) -> SessionError {
    SessionError::Flag { stream, violation }
}
