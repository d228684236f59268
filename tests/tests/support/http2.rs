//! HTTP/2 by hand: the frames of a gRPC client that is no good.
use std::{collections::BTreeMap, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GO_AWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// What a client says first.
pub(crate) fn hello() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// A header that is not kept in the table of the other side.
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    [&[0][..], &text(name), &text(value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match u8::try_from(text.len()) {
        Ok(length) if length < 127 => out.push(length),
        _ => {
            out.push(127);
            let mut rest = text.len() - 127;
            while rest > 127 {
                out.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            out.push(rest as u8);
        }
    }
    out.extend(text.as_bytes());
    out
}

/// The headers of a call.
pub(crate) fn call_headers(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = [vec![0x83, 0x86], header(":path", path), header(":authority", "x")].concat();
    if !more.iter().any(|(name, _)| *name == "content-type") {
        block.extend(header("content-type", "application/grpc"));
    }
    block.extend(header("te", "trailers"));
    more.iter().for_each(|(name, value)| block.extend(header(name, value)));
    block
}

/// The frame that begins a call.
pub(crate) fn begin(stream: u32, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &call_headers(path, more))
}

/// A message that ends the request.
pub(crate) fn message(stream: u32, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    frame(DATA, END_STREAM, stream, &[&[0], &length[..], message].concat())
}

/// What was heard from a server.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    held: Vec<u8>,
    /// How many frames of each kind.
    pub(crate) frames: BTreeMap<u8, usize>,
    /// All headers and trailers of each stream, as they came: names and values are legible in them where they are not packed.
    pub(crate) headers: BTreeMap<u32, Vec<Vec<u8>>>,
    /// Streams that have ended.
    pub(crate) ended: Vec<u32>,
    /// The code of a GOAWAY.
    pub(crate) go_away: Option<u32>,
    /// The word that a GOAWAY has more.
    pub(crate) go_away_word: Vec<u8>,
    /// The server has closed.
    pub(crate) closed: bool,
}

impl Heard {
    /// Listens until `enough`, or for no longer than `limit`; settings and pings are answered.
    pub(crate) async fn listen<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        io: &mut IO,
        limit: Duration,
        enough: impl Fn(&Self) -> bool,
    ) -> bool {
        let listening = async {
            let mut bytes = vec![0; 16 * 1024];
            while !enough(self) && !self.closed {
                match io.read(&mut bytes).await {
                    Ok(0) | Err(_) => self.closed = true,
                    Ok(count) => self.held.extend(&bytes[..count]),
                }
                for answer in self.take_frames() {
                    // The server may have closed.
                    let _closed = io.write_all(&answer).await;
                }
            }
        };
        let _late = timeout(limit, listening).await;
        enough(self)
    }

    fn take_frames(&mut self) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        while let Some(&[l0, l1, l2, kind, flags, s0, s1, s2, s3]) = self.held.first_chunk() {
            let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            if self.held.len() < 9 + length {
                break;
            }
            let payload = self.held[9..9 + length].to_vec();
            self.held.drain(..9 + length);
            let stream = u32::from_be_bytes([s0, s1, s2, s3]);
            *self.frames.entry(kind).or_default() += 1;
            match kind {
                HEADERS => self.headers.entry(stream).or_default().push(payload),
                RST_STREAM => self.ended.push(stream),
                SETTINGS if flags & ACK == 0 => answers.push(frame(SETTINGS, ACK, 0, &[])),
                PING if flags & ACK == 0 => answers.push(frame(PING, ACK, 0, &payload)),
                GO_AWAY => {
                    self.go_away = payload[4..8].try_into().ok().map(u32::from_be_bytes);
                    self.go_away_word = payload[8..].to_vec();
                }
                _ => {}
            }
            if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
                self.ended.push(stream);
            }
        }
        answers
    }

    /// Whether a stream has ended.
    pub(crate) fn has_ended(&self, stream: u32) -> bool {
        self.ended.contains(&stream)
    }
}
