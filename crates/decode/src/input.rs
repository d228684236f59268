//! Recordings: what they look like, and how they become bytes of connections.
//!
//! Every reader hands on what it finds as it finds it, and holds no more than it must.

mod capture; // pcap and pcapng
mod cassette; // a line of JSON per chunk
mod hex; // bytes as text
mod packet; // from a packet to its TCP segment
mod tcp; // from segments to streams

use std::io::{self, Read};

pub use capture::{BLOCK_BYTES_MAX, INTERFACES_MAX};
pub use cassette::LINE_BYTES_MAX;
pub use hex::TEXT_BYTES_MAX;
pub use tcp::{EARLY_BYTES_MAX, EARLY_SEGMENTS_MAX};

use crate::{ConnId, Decoder, Direction, Event};

/// What is to be known to read a recording.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's ports, for captures.
    pub ports: Vec<u16>,
    /// Which way the bytes of hex went; `None`: guess.
    pub direction: Option<Direction>,
}

impl Default for Options {
    fn default() -> Self {
        Self { ports: vec![8300], direction: None }
    }
}

/// What a reader hands on.
#[derive(Clone, Debug)]
pub enum Item {
    /// Something took place on a connection.
    Event(Event),
    /// Something about the recording itself that the reader should know: what was passed over, and why.
    Note(String),
}

/// Why a recording cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It could not be read from where it is.
    #[error("the recording cannot be read")]
    Io(#[from] io::Error),
    /// It is not what it begins as.
    #[error("{0}")]
    Form(String),
}

/// The form of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Bytes as text.
    Hex,
    /// A line of JSON per chunk.
    Cassette,
    /// pcap or pcapng.
    Capture,
    /// The bytes themselves, of one direction of one connection.
    Raw,
}

/// How many bytes [`Form::of`] looks at.
const SNIFF_BYTES: usize = 4096;

impl Form {
    /// The form of what begins so.
    pub fn of(first: &[u8]) -> Self {
        const CAPTURES: [[u8; 4]; 5] = [
            [0xa1, 0xb2, 0xc3, 0xd4],
            [0xd4, 0xc3, 0xb2, 0xa1],
            [0xa1, 0xb2, 0x3c, 0x4d],
            [0x4d, 0x3c, 0xb2, 0xa1],
            [0x0a, 0x0d, 0x0d, 0x0a],
        ];
        if CAPTURES.iter().any(|magic| first.starts_with(magic)) {
            return Self::Capture;
        }
        let text = first.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        match first.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') if text || first.contains(&b'"') => Self::Cassette,
            _ if text => Self::Hex,
            _ => Self::Raw,
        }
    }
}

/// Reads a recording of any form to its end and hands on what took place.
///
/// # Errors
/// When it cannot be read on. What was handed on before stands.
pub fn read(mut source: impl Read + Send, options: &Options, each: &mut dyn FnMut(Item)) -> Result<(), InputError> {
    let mut first = Vec::with_capacity(SNIFF_BYTES);
    source.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut first)?;
    let form = Form::of(&first);
    let whole = io::Cursor::new(first).chain(source);
    match form {
        Form::Hex => hex::read(whole, options, each),
        Form::Cassette => cassette::read(whole, each),
        Form::Capture => capture::read(whole, options, each),
        Form::Raw => raw(whole, options, each),
    }
}

/// Bytes of one direction of one connection.
fn raw(mut source: impl Read, options: &Options, each: &mut dyn FnMut(Item)) -> Result<(), InputError> {
    let (mut decoder, mut piece) = (Decoder::default(), vec![0; 64 * 1024]);
    let mut direction = options.direction;
    let conn = ConnId(1);
    decoder.open_excerpt(conn, Default::default());
    loop {
        let length = source.read(&mut piece)?;
        if length == 0 {
            break;
        }
        let bytes = &piece[..length];
        let direction = *direction.get_or_insert_with(|| guess_direction(bytes));
        decoder.bytes(conn, Default::default(), direction, bytes);
        drain(&mut decoder, each);
    }
    decoder.finish();
    drain(&mut decoder, each);
    Ok(())
}

fn drain(decoder: &mut Decoder, each: &mut dyn FnMut(Item)) {
    while let Some(event) = decoder.next_event() {
        each(Item::Event(event));
    }
}

/// Which way bytes went, by what they begin with.
fn guess_direction(bytes: &[u8]) -> Direction {
    use crate::layer::looks_like::{raft, rpc_reply, yamux};
    let after_frame = || bytes.get(12..).is_some_and(rpc_reply) && yamux(bytes);
    if rpc_reply(bytes) || raft(bytes, Direction::ToClient) || after_frame() {
        Direction::ToClient
    } else {
        Direction::ToServer
    }
}
