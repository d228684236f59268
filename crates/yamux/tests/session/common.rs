//! Frames and events in a form that tests can write down.

use proconsul_yamux::{Config, Event, Flags, HEADER_BYTES, Header, Kind, Session, SessionError, Side, StreamKey};
use std::time::{Duration, Instant};

pub(crate) const SYN: Flags = Flags::SYN;
pub(crate) const ACK: Flags = Flags::ACK;
pub(crate) const FIN: Flags = Flags::FIN;
pub(crate) const RST: Flags = Flags::RST;
pub(crate) const NONE: Flags = Flags::NONE;

/// A data frame.
pub(crate) fn data(flags: Flags, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("tests are small");
    let mut frame = Header { kind: Kind::Data, flags, stream, length }.encode().to_vec();
    frame.extend_from_slice(payload);
    frame
}

/// A window update.
pub(crate) fn window(flags: Flags, stream: u32, delta: u32) -> Vec<u8> {
    Header { kind: Kind::WindowUpdate, flags, stream, length: delta }.encode().to_vec()
}

pub(crate) fn ping(flags: Flags, value: u32) -> Vec<u8> {
    Header { kind: Kind::Ping, flags, stream: 0, length: value }.encode().to_vec()
}

pub(crate) fn go_away(code: u32) -> Vec<u8> {
    Header { kind: Kind::GoAway, flags: NONE, stream: 0, length: code }.encode().to_vec()
}

/// An event without borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Opened(StreamKey),
    Acked(StreamKey),
    Data(StreamKey, Vec<u8>),
    Writable(StreamKey),
    Finished(StreamKey),
    Reset(StreamKey),
    GoAway,
    Pong(u32, Duration),
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Opened(key) => Self::Opened(key),
            Event::Acked(key) => Self::Acked(key),
            Event::Data { stream, bytes, .. } => Self::Data(stream, bytes.to_vec()),
            Event::Writable(key) => Self::Writable(key),
            Event::Finished(key) => Self::Finished(key),
            Event::Reset(key) => Self::Reset(key),
            Event::GoAway(_) => Self::GoAway,
            Event::Pong { id, rtt } => Self::Pong(id.0, rtt),
        }
    }
}

/// A session at an instant that the test moves.
pub(crate) struct Peer {
    pub(crate) session: Session<u32>,
    pub(crate) now: Instant,
}

impl Peer {
    pub(crate) fn new(side: Side, config: Config) -> Self {
        let now = Instant::now();
        Self { session: Session::new(side, config, now), now }
    }

    pub(crate) fn server() -> Self {
        Self::new(Side::Server, Config::default())
    }

    pub(crate) fn client() -> Self {
        Self::new(Side::Client, Config::default())
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Feeds whole frames; the events.
    pub(crate) fn try_feed(&mut self, frames: &[Vec<u8>]) -> (Vec<Seen>, Result<(), SessionError>) {
        let bytes = frames.concat();
        let (mut input, mut seen) = (bytes.as_slice(), Vec::new());
        loop {
            match self.session.receive(&mut input, self.now) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => {
                    assert!(input.is_empty(), "all input is taken before None");
                    return (seen, Ok(()));
                }
                Err(error) => return (seen, Err(error)),
            }
        }
    }

    pub(crate) fn feed(&mut self, frames: &[Vec<u8>]) -> Vec<Seen> {
        let (seen, result) = self.try_feed(frames);
        result.expect("the session goes on");
        seen
    }

    /// Feeds frames that start one stream; its key.
    pub(crate) fn feed_opening(&mut self, frames: &[Vec<u8>]) -> StreamKey {
        match self.feed(frames).first() {
            Some(Seen::Opened(key)) => *key,
            other => panic!("expected a stream, got {other:?}"),
        }
    }

    /// What waits to be sent, taken.
    pub(crate) fn output(&mut self) -> Vec<u8> {
        std::mem::take(self.session.output_mut())
    }

    pub(crate) fn open(&mut self) -> StreamKey {
        self.session.open(self.now, 0).expect("a stream can be opened")
    }
}

/// Cuts a byte string into the headers and payloads of its frames.
pub(crate) fn frames_of(mut bytes: &[u8]) -> Vec<(Header, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() {
        let header = Header::decode(header).expect("our own frames");
        let length = if header.kind == Kind::Data { header.length as usize } else { 0 };
        let (payload, rest) = rest.split_at(length);
        frames.push((header, payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "whole frames only");
    frames
}
