//! A session's input.
use std::time::{Duration, Instant};

use proconsul_yamux::{Config, Event, Session, SessionError, Side, StreamKey};

use super::pieces::pieces;

/// Small bounds, so that a short input reaches them.
fn config() -> Config {
    Config { streams_max: 8, accept_backlog: 4, backlog_bytes_max: BACKLOG_BYTES, ..Config::default() }
}

const BACKLOG_BYTES: usize = 64 * 1024;

/// What a session answers to a byte of input at most: a frame of 12 bytes costs two of them, a SYN with FIN being
/// acknowledged and finished.
const OUTPUT_PER_INPUT: usize = 2;

/// Room for a go-away.
const LAST_WORDS: usize = 12;

/// Input: which side and how the bytes are cut, then the bytes.
pub fn yamux(data: &[u8]) {
    let [facts, seed, bytes @ ..] = data else { return };
    let side = if facts & 1 == 0 { Side::Server } else { Side::Client };
    let opened = usize::from(facts >> 1) % 4;
    let whole = run(side, opened, std::iter::once(bytes));
    let cut = run(side, opened, pieces(*seed, bytes));
    assert_eq!(whole, cut, "where a read ends matters");
    assert!(
        whole.output.len() <= OUTPUT_PER_INPUT * bytes.len() + LAST_WORDS + 12 * opened,
        "{} bytes",
        whole.output.len()
    );
    busy(side, opened, pieces(*seed, bytes));
}

/// What a session made of its input.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<Happened>,
    output: Vec<u8>,
    over: Option<SessionError>,
    streams: usize,
}

/// An event without borrow; the data of a stream that comes in several events counts as one.
#[derive(Debug, PartialEq)]
enum Happened {
    /// With whether the last of its frames goes on.
    Data(StreamKey, Vec<u8>, bool),
    Other(StreamKey, &'static str),
    Session(&'static str, u32),
}

/// Feeds a session that finishes what its peer finishes, and looks at what it says.
fn run<'d>(side: Side, opened: usize, chunks: impl Iterator<Item = &'d [u8]>) -> Seen {
    let now = Instant::now();
    let mut session = Session::<u32>::new(side, config(), now);
    let mut seen = Seen::default();
    for _ in 0..opened {
        let _full = session.open(now, 0);
    }
    for mut chunk in chunks {
        loop {
            let happened = match session.receive(&mut chunk, now) {
                Ok(None) => break,
                Ok(Some(event)) => event,
                Err(error) => {
                    seen.over = Some(error);
                    break;
                }
            };
            let (finish, release) = match happened {
                Event::Finished(key) => (Some(key), None),
                Event::Reset(key) => (None, Some(key)),
                _ => (None, None),
            };
            seen.note(happened);
            if let Some(key) = finish {
                session.finish(key);
            }
            if let Some(key) = release {
                session.release(key);
            }
        }
        assert_eq!(seen.over, session.over());
        if seen.over.is_some() {
            break;
        }
        assert!(chunk.is_empty(), "input is left and no event");
        assert!(session.streams() <= 8, "{} streams", session.streams());
    }
    seen.streams = session.streams();
    seen.output = std::mem::take(session.output_mut());
    seen
}

impl Seen {
    fn note(&mut self, event: Event<'_>) {
        let happened = match event {
            Event::Data { stream, bytes, more } => {
                if let Some(Happened::Data(last, so_far, goes_on)) = self.events.last_mut()
                    && *last == stream
                {
                    so_far.extend_from_slice(bytes);
                    *goes_on = more;
                    return;
                }
                Happened::Data(stream, bytes.to_vec(), more)
            }
            Event::Opened(key) => Happened::Other(key, "opened"),
            Event::Acked(key) => Happened::Other(key, "acked"),
            Event::Writable(key) => Happened::Other(key, "writable"),
            Event::Finished(key) => Happened::Other(key, "finished"),
            Event::Reset(key) => Happened::Other(key, "reset"),
            Event::GoAway(code) => Happened::Session("go away", code.to_wire()),
            Event::Pong { id, .. } => Happened::Session("pong", id.0),
        };
        self.events.push(happened);
    }
}

/// Feeds a session whose embedder echoes, tells its own mind, and lets time pass: nothing panics, no bound is passed.
fn busy<'d>(side: Side, opened: usize, chunks: impl Iterator<Item = &'d [u8]>) {
    let mut now = Instant::now();
    let mut session = Session::<u32>::new(side, config(), now);
    let mut keys: Vec<StreamKey> = (0..opened).filter_map(|_| session.open(now, 0).ok()).collect();
    for (number, mut chunk) in chunks.enumerate() {
        while let Ok(Some(event)) = session.receive(&mut chunk, now) {
            match event {
                Event::Data { stream, bytes, .. } => {
                    let length = bytes.len();
                    session.write(stream, bytes);
                    session.consumed(stream, length);
                }
                Event::Opened(key) => keys.push(key),
                Event::Finished(key) => session.finish(key),
                Event::Reset(key) => {
                    session.release(key);
                }
                Event::Acked(_) | Event::Writable(_) | Event::GoAway(_) | Event::Pong { .. } => {}
            }
        }
        if let Some(key) = keys.get(number % keys.len().max(1)).copied() {
            match number % 5 {
                0 => {
                    session.write(key, &[7; 4096]);
                }
                1 => session.finish(key),
                2 => session.reset(key),
                3 => session.consumed(key, 100_000),
                _ => {
                    session.ping(now);
                }
            }
        }
        now += Duration::from_secs(3);
        let _over = session.handle_timeout(now);
        assert!(session.streams() <= 8, "{} streams", session.streams());
        // A write is looked at before it is taken, so one chunk's worth may pass the bound.
        assert!(session.backlog_bytes_total() <= BACKLOG_BYTES + 4096 + 64, "{} bytes", session.backlog_bytes_total());
        session.output_mut().clear();
    }
}
