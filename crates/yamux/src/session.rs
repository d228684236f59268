//! The protocol: one [`Session`] per connection.
//!
//! The parts: how streams begin ([`open`]), what comes in ([`receive`]), what goes out ([`send`]), and what happens when nothing does ([`timers`]).

mod open;
mod receive;
mod send;
mod timers;

use crate::backlog::Backlog;
use crate::config::{Code, Config, Side};
use crate::deadlines::Deadlines;
use crate::error::SessionError;
use crate::frame::{Flags, HEADER_BYTES, Header, Kind};
use crate::stream::{Stream, StreamId, StreamState};
pub use receive::Event;
use receive::{Body, Pending};
pub use send::{FrameStart, Written};
use slab::Slab;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use timers::Keepalive;

/// A stream of one session, for as long as it lives there. Copies of the key of a stream that is gone never refer to
/// another stream: reading methods return nothing for them, and writing methods do nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey {
    slot: u32,
    generation: u32,
}

/// One of our own pings, as it comes back in [`Event::Pong`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PingId(pub u32);

/// One end of a yamux connection, without the connection.
///
/// `T` is what the embedder keeps per stream, e.g. the state of the protocol spoken on it.
///
/// # A turn
/// Hand what was read to [`receive`](Self::receive) until it returns `None`, act on each event, then write the output
/// ([`output_mut`](Self::output_mut), or a buffer lent with [`swap_output`](Self::swap_output)) to the connection.
/// Call [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) has come.
///
/// # What the embedder must bound
/// A peer can make a session write: each ping, refused stream or window update it sends may cost 12 bytes of output or
/// let a window's worth of backlog go. A peer that sends without reading would grow the output. So read no further while
/// [`output_len`](Self::output_len) is above a limit of yours, and end the session when the connection takes nothing for
/// [`Config::write_timeout`]; [`crate::Stall`] keeps that time. Everything else is bounded here: streams, windows,
/// backlogs, pings, and the one partial header.
///
/// # Life of a stream
/// It lives from [`Event::Opened`] or [`open`](Self::open) until both sides have finished, until [`reset`](Self::reset)
/// or [`release`](Self::release), or until a close timeout; its `T` is dropped (or returned) then. A stream that the
/// peer reset ([`Event::Reset`]) keeps its `T` and its place until it is released.
pub struct Session<T> {
    config: Arc<Config>,
    streams: Slab<Stream<T>>,
    ids: HashMap<u32, u32, foldhash::fast::RandomState>,
    output: Vec<u8>,
    pings: VecDeque<(PingId, Instant)>,
    opens: Deadlines,
    closes: Deadlines,
    /// The latest `now` seen.
    clock: Instant,
    /// The latest `now` at which input came.
    heard: Instant,
    keepalive: Option<Keepalive>,
    over: Option<SessionError>,
    /// Bytes in all streams' backlogs.
    backlog_bytes: usize,
    body: Body,
    pending: Pending,
    /// Closed by both sides while its last event is being looked at; freed on the next call of `receive`.
    doomed: Option<StreamKey>,
    next_id: u32,
    next_generation: u32,
    next_ping: u32,
    unacked: u32,
    partial: [u8; HEADER_BYTES],
    partial_len: u8,
    local_gone: bool,
    remote_gone: bool,
}

impl<T> Session<T> {
    /// A session on a fresh connection. `config` may be a [`Config`] or an `Arc` of one shared among sessions.
    pub fn new(side: Side, config: impl Into<Arc<Config>>, now: Instant) -> Self {
        let config = config.into();
        Self {
            keepalive: config.keepalive_interval.map(|interval| Keepalive::idle_until(now + interval)),
            config,
            streams: Slab::new(),
            ids: HashMap::default(),
            output: Vec::new(),
            pings: VecDeque::new(),
            opens: Deadlines::default(),
            closes: Deadlines::default(),
            clock: now,
            heard: now,
            over: None,
            backlog_bytes: 0,
            body: Body::default(),
            pending: Pending::default(),
            doomed: None,
            next_id: match side {
                Side::Client => 1,
                Side::Server => 2,
            },
            next_generation: 0,
            next_ping: 0,
            unacked: 0,
            partial: [0; HEADER_BYTES],
            partial_len: 0,
            local_gone: false,
            remote_gone: false,
        }
    }

    /// The configuration in effect.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The embedder's data of a stream.
    pub fn get(&self, stream: StreamKey) -> Option<&T> {
        self.stream(stream).map(|stream| &stream.data)
    }

    /// The embedder's data of a stream.
    pub fn get_mut(&mut self, stream: StreamKey) -> Option<&mut T> {
        self.stream_mut(stream).map(|stream| &mut stream.data)
    }

    /// A stream's number on the wire.
    pub fn stream_id(&self, stream: StreamKey) -> Option<StreamId> {
        self.stream(stream).map(|stream| stream.id)
    }

    /// Where a stream is in its life; `None` when it is gone.
    pub fn state(&self, stream: StreamKey) -> Option<StreamState> {
        self.stream(stream).map(|stream| stream.state)
    }

    /// Whether what is written to the stream can still reach the peer: neither finished by us nor reset nor gone.
    pub fn is_open_for_write(&self, stream: StreamKey) -> bool {
        self.stream(stream).is_some_and(Stream::is_writable)
    }

    /// How many bytes of the stream's writes wait for window.
    pub fn backlog_bytes(&self, stream: StreamKey) -> usize {
        self.stream(stream).map_or(0, Stream::backlog_len)
    }

    /// How many bytes of all streams' writes wait for window.
    pub fn backlog_bytes_total(&self) -> usize {
        self.backlog_bytes
    }

    /// How many bytes the stream may send at once; 0 when it is not open for writing or has a backlog.
    pub fn send_window(&self, stream: StreamKey) -> u32 {
        match self.stream(stream) {
            Some(stream) if stream.is_writable() && stream.backlog.is_none() => stream.send.available(),
            _ => 0,
        }
    }

    /// How many streams the session holds, reset ones that were not released included.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The streams' keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = StreamKey> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// The streams with the embedder's data, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (StreamKey, &T)> + '_ {
        self.streams.iter().map(|(slot, stream)| (key_of(slot, stream), &stream.data))
    }

    /// The streams with the embedder's data, in no particular order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (StreamKey, &mut T)> + '_ {
        self.streams.iter_mut().map(|(slot, stream)| (key_of(slot, stream), &mut stream.data))
    }

    /// Why the session is over, if it is.
    pub fn over(&self) -> Option<SessionError> {
        self.over
    }

    /// Whether all that was received made whole frames: input that ends elsewhere was cut off.
    pub fn is_between_frames(&self) -> bool {
        self.partial_len == 0 && self.body.is_empty()
    }

    /// Whether the peer said that it takes no more streams.
    pub fn is_remote_gone(&self) -> bool {
        self.remote_gone
    }

    /// Whether we said that we take no more streams.
    pub fn is_local_gone(&self) -> bool {
        self.local_gone
    }

    /// Bytes that wait to be written to the connection.
    pub fn output_len(&self) -> usize {
        self.output.len()
    }

    /// What waits to be written to the connection. Take from its front what was written; append only between
    /// [`begin_data`](Self::begin_data) and [`end_data`](Self::end_data).
    pub fn output_mut(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Exchanges the output buffer, so that an idle session need not own one: lend a thread's buffer for a turn.
    pub fn swap_output(&mut self, buffer: &mut Vec<u8>) {
        std::mem::swap(&mut self.output, buffer);
    }

    /// Ends a stream in both directions at once: the peer gets RST if it may still care, and the stream is gone.
    pub fn reset(&mut self, stream: StreamKey) {
        drop(self.release(stream));
    }

    /// Takes a stream out of the session with the embedder's data. A stream that is not closed yet is reset.
    pub fn release(&mut self, stream: StreamKey) -> Option<T> {
        let (id, state) = self.stream(stream).map(|stream| (stream.id, stream.state))?;
        if !matches!(state, StreamState::Closed | StreamState::Reset) {
            self.control(Kind::WindowUpdate, Flags::RST, id.0, 0);
        }
        self.remove(stream)
    }

    /// Tells the peer that we take no more streams; streams that it starts from now on are reset. Streams in flight go
    /// on, at our end: a peer that is told an error code closes the session.
    pub fn go_away(&mut self, code: Code) {
        self.local_gone = true;
        self.control(Kind::GoAway, Flags::NONE, 0, code.to_wire());
    }

    /// Asks the peer for a sign of life. Its answer is [`Event::Pong`]; there may never be one, which is the caller's to
    /// time. At most [`crate::PINGS_PENDING_MAX`] are remembered, older ones are forgotten.
    pub fn ping(&mut self, now: Instant) -> PingId {
        self.clock = now;
        if self.pings.len() >= crate::config::PINGS_PENDING_MAX {
            self.pings.pop_front();
        }
        let id = self.send_ping();
        self.pings.push_back((id, now));
        id
    }

    /// Gives back memory that an idle session does not need.
    pub fn shrink(&mut self) {
        self.streams.shrink_to_fit();
        self.ids.shrink_to_fit();
        self.output.shrink_to_fit();
        self.pings.shrink_to_fit();
        self.opens.shrink();
        self.closes.shrink();
    }

    fn send_ping(&mut self) -> PingId {
        let id = PingId(self.next_ping);
        self.next_ping = self.next_ping.wrapping_add(1);
        self.control(Kind::Ping, Flags::SYN, 0, id.0);
        id
    }

    fn stream(&self, key: StreamKey) -> Option<&Stream<T>> {
        live(&self.streams, key)
    }

    fn stream_mut(&mut self, key: StreamKey) -> Option<&mut Stream<T>> {
        self.streams.get_mut(key.slot as usize).filter(|stream| stream.generation == key.generation)
    }

    /// Frees a stream, wherever it is in its life.
    fn remove(&mut self, key: StreamKey) -> Option<T> {
        self.stream(key)?;
        self.unlink(key);
        let data = self.streams.remove(key.slot as usize).data;
        let Self { opens, closes, streams, .. } = self;
        opens.prune(|key| waits_for_ack(streams, key));
        closes.prune(|key| waits_for_fin(streams, key));
        Some(data)
    }

    /// Takes a stream off the wire: its id is free, what it wanted to send is dropped. Its place stays.
    fn unlink(&mut self, key: StreamKey) {
        let Some(stream) = self.stream_mut(key) else { return };
        let (id, backlog) = (stream.id, stream.backlog.take());
        let unacked = std::mem::take(&mut stream.unacked);
        self.unacked -= u32::from(unacked);
        self.backlog_bytes -= backlog.map_or(0, |backlog: Box<Backlog>| backlog.len());
        if self.ids.get(&id.0) == Some(&key.slot) {
            self.ids.remove(&id.0);
        }
    }

    fn control(&mut self, kind: Kind, flags: Flags, stream: u32, length: u32) {
        self.output.extend_from_slice(&Header { kind, flags, stream, length }.encode());
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("streams", &self.streams.len())
            .field("unacknowledged", &self.unacked)
            .field("output_bytes", &self.output.len())
            .field("backlog_bytes", &self.backlog_bytes)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

fn key_of<T>(slot: usize, stream: &Stream<T>) -> StreamKey {
    StreamKey { slot: u32::try_from(slot).expect("streams_max is a u32, so slots are"), generation: stream.generation }
}

fn live<T>(streams: &Slab<Stream<T>>, key: StreamKey) -> Option<&Stream<T>> {
    streams.get(key.slot as usize).filter(|stream| stream.generation == key.generation)
}

fn waits_for_ack<T>(streams: &Slab<Stream<T>>, key: StreamKey) -> bool {
    live(streams, key).is_some_and(|stream| stream.state == StreamState::SynSent)
}

fn waits_for_fin<T>(streams: &Slab<Stream<T>>, key: StreamKey) -> bool {
    live(streams, key).is_some_and(|stream| stream.state == StreamState::LocalClosed)
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// How long after a ping its answer came.
fn rtt(sent: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(sent)
}
