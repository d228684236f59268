//! yamux frames as the recordings write and read them. An own reading of the format, apart from the project's crate.
use std::{mem, time::Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    link::Conn,
    value::{from_hex, to_hex},
};

/// Bytes of a frame's header.
pub const HEADER_BYTES: usize = 12;
/// Frame types, by number.
pub const DATA: u8 = 0;
/// A window update.
pub const WINDOW: u8 = 1;
/// A ping or its answer.
pub const PING: u8 = 2;
/// The end of a session.
pub const GO_AWAY: u8 = 3;
/// Flags, by bit.
pub const SYN: u16 = 1;
/// Accepts a stream, or answers a ping.
pub const ACK: u16 = 2;
/// The sender will send no more on the stream.
pub const FIN: u16 = 4;
/// The stream is gone.
pub const RST: u16 = 8;

/// A frame that a step writes, right or wrong as it may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameSpec {
    #[serde(default)]
    v: u8,
    #[serde(rename = "type")]
    kind: u8,
    flags: u16,
    stream: u32,
    len: u32,
    #[serde(default)]
    data: String,
}

impl FrameSpec {
    /// Its bytes. A length of zero with data means the data's length.
    pub fn bytes(&self) -> Vec<u8> {
        let data = from_hex(&self.data).unwrap_or_default();
        let length = if self.len == 0 { data.len() as u32 } else { self.len };
        let mut bytes = frame(self.kind, self.flags, self.stream, length, &data);
        bytes[0] = self.v;
        bytes
    }
}

/// A frame's bytes, version 0.
pub fn frame(kind: u8, flags: u16, stream: u32, length: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, kind];
    bytes.extend(flags.to_be_bytes());
    bytes.extend(stream.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(data);
    bytes
}

/// A frame that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// [`DATA`], [`WINDOW`], [`PING`] or [`GO_AWAY`]; anything else is a server's mistake.
    pub kind: u8,
    /// [`SYN`], [`ACK`], [`FIN`], [`RST`].
    pub flags: u16,
    /// The stream it is about; 0 is the session.
    pub stream: u32,
    /// The length field: a window's growth, a ping's number, a reason.
    pub value: u32,
    /// What a data frame carries.
    pub data: Vec<u8>,
}

/// The frame that `bytes` begin with and its length; `None` when it is not all there.
pub fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let number =
        |at: usize| bytes.get(at..at + 4).map(|four| four.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)));
    let value = number(8)?;
    let length = if bytes[1] == DATA { value as usize } else { 0 };
    let data = bytes.get(HEADER_BYTES..HEADER_BYTES.checked_add(length)?)?.to_vec();
    let flags = u16::from_be_bytes([bytes[2], bytes[3]]);
    Some((Frame { kind: bytes[1], flags, stream: number(4)?, value, data }, HEADER_BYTES + length))
}

impl Frame {
    fn outcome(&self) -> Value {
        let kind = match self.kind {
            DATA => json!("data"),
            WINDOW => json!("window"),
            PING => json!("ping"),
            GO_AWAY => json!("go_away"),
            other => json!(other),
        };
        if self.kind == DATA {
            json!({"type": kind, "flags": self.flags, "stream": self.stream, "data": to_hex(&self.data)})
        } else {
            json!({"type": kind, "flags": self.flags, "stream": self.stream, "value": self.value})
        }
    }
}

/// Step `frames`: reads frames until the deadline or until there are `want`.
pub fn read_frames(conn: &mut Conn, deadline: Instant, want: Option<usize>, no_ack: bool, quiet: bool) -> Value {
    let mut frames: Vec<Frame> = Vec::new();
    let then = loop {
        let then = conn.read_until(deadline, |read| parse(read).is_some());
        let Some((frame, length)) = parse(conn.unread()) else { break then };
        conn.take(length);
        if !(no_ack && frame.kind == WINDOW && frame.flags == ACK && frame.value == 0) {
            add(&mut frames, frame);
        }
        if want.is_some_and(|want| frames.len() >= want) {
            break super::link::Then::Open;
        }
    };
    if !quiet {
        let frames: Vec<_> = frames.iter().map(Frame::outcome).collect();
        return json!({"frames": frames, "then": then.word()});
    }
    let data_bytes: usize = frames.iter().map(|frame| frame.data.len()).sum();
    let others: Vec<_> = frames.iter().filter(|frame| frame.kind != DATA).map(Frame::outcome).collect();
    json!({"frames": others, "then": then.word(), "data_bytes": data_bytes})
}

/// Consecutive data frames of one stream count as one: how a server cuts its writes is its own affair.
fn add(frames: &mut Vec<Frame>, mut frame: Frame) {
    match frames.last_mut() {
        Some(last) if last.kind == DATA && frame.kind == DATA && last.stream == frame.stream => {
            last.flags |= frame.flags;
            last.data.append(&mut mem::take(&mut frame.data));
        }
        _ => frames.push(frame),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: Value) -> Vec<u8> {
        serde_json::from_value::<FrameSpec>(json).unwrap().bytes()
    }

    #[test]
    fn a_written_frame_is_what_the_step_says() {
        let ping = spec(json!({"type": 2, "flags": 1, "stream": 0, "len": 7}));
        assert_eq!(to_hex(&ping), "000200010000000000000007");
        let sized = spec(json!({"type": 0, "flags": 0, "stream": 3, "len": 0, "data": "abcd"}));
        assert_eq!(to_hex(&sized), "000000000000000300000002abcd");
        let lying = spec(json!({"v": 1, "type": 0, "flags": 0, "stream": 3, "len": 9, "data": "ab"}));
        assert_eq!(to_hex(&lying), "010000000000000300000009ab");
    }

    #[test]
    fn a_frame_is_read_when_it_is_all_there() {
        let bytes = frame(DATA, ACK, 5, 2, b"hi");
        for cut in 0..bytes.len() {
            assert_eq!(parse(&bytes[..cut]), None);
        }
        let (read, length) = parse(&bytes).unwrap();
        assert_eq!((read.flags, read.stream, read.data.as_slice(), length), (ACK, 5, b"hi".as_slice(), bytes.len()));
    }

    #[test]
    fn data_frames_of_one_stream_in_a_row_are_one() {
        let mut frames = Vec::new();
        for (stream, data) in [(1, "a"), (1, "b"), (3, "c"), (1, "d")] {
            let data = data.as_bytes().to_vec();
            add(&mut frames, Frame { kind: DATA, flags: 0, stream, value: 1, data });
        }
        let seen: Vec<_> = frames.iter().map(|frame| (frame.stream, frame.data.as_slice())).collect();
        assert_eq!(seen, [(1, b"ab".as_slice()), (3, b"c"), (1, b"d")]);
    }
}
