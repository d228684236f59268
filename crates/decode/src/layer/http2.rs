//! HTTP/2: frames and headers; gRPC's messages are put together in [`super::grpc`].

use std::collections::HashMap;

use bytes::Bytes;
use loona_hpack::Decoder as Hpack;

use crate::{
    Direction, Http2Kind, What,
    layer::{
        Broken, Out, STREAMS_MAX,
        grpc::{Field, Grpc},
    },
    values::Values,
};

/// The largest block of headers that is put together out of frames.
pub const HEADER_BLOCK_BYTES_MAX: usize = 256 * 1024;

/// The largest table of headers that a peer may use. The default is 4 KiB, and gRPC's peers keep to it.
const HEADER_TABLE_BYTES_MAX: usize = 64 * 1024;

const PREFACE: &[u8] = proconsul_mux::HTTP2_PREFACE;
const FRAME_HEADER_BYTES: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// One connection, both directions.
#[derive(Debug)]
pub(crate) struct Http2 {
    halves: [Half; 2],
    broken: Broken,
    streams: HashMap<u32, Grpc>,
    too_many: bool,
}

/// One direction.
struct Half {
    held: Values,
    /// The header of the frame whose content is due.
    frame: Option<Frame>,
    /// A preface is due.
    preface: bool,
    hpack: Hpack<'static>,
    /// Whether the table of headers is as the peers have it: not after a beginning midway.
    headers: bool,
    /// A block of headers on its way.
    block: Option<Block>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    length: u32,
    kind: u8,
    flags: u8,
    stream: u32,
}

#[derive(Debug)]
struct Block {
    stream: u32,
    ends_stream: bool,
    bytes: Vec<u8>,
}

impl Half {
    fn new(preface: bool, headers: bool) -> Self {
        let mut hpack = Hpack::new();
        hpack.set_max_allowed_table_size(HEADER_TABLE_BYTES_MAX);
        Self { held: Values::default(), frame: None, preface, hpack, headers, block: None }
    }
}

impl std::fmt::Debug for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Half").field("frame", &self.frame).field("block", &self.block).finish_non_exhaustive()
    }
}

impl Http2 {
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    /// Of a connection whose beginning is not there.
    pub(crate) fn midway() -> Self {
        Self::with(false)
    }

    fn with(whole: bool) -> Self {
        let halves = [Half::new(true, whole), Half::new(false, whole)];
        Self { halves, broken: Broken::default(), streams: HashMap::new(), too_many: false }
    }

    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        if self.broken.is(direction) {
            return;
        }
        self.halves[direction.index()].held.push(bytes);
        loop {
            let at = self.halves[direction.index()].held.offset();
            match self.step(out, direction) {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.broken.say(out, direction, at, why),
            }
        }
    }

    /// One frame; false: more bytes are needed.
    fn step(&mut self, out: &mut Out<'_>, direction: Direction) -> Result<bool, String> {
        let half = &mut self.halves[direction.index()];
        if half.preface {
            let Some(byte) = half.held.peek() else { return Ok(false) };
            // What begins midway may begin with the connection all the same.
            if !half.headers && byte != PREFACE[0] {
                half.preface = false;
                return Ok(true);
            }
            let Some(preface) = half.held.exactly(PREFACE.len()) else { return Ok(false) };
            if preface != PREFACE {
                return Err("no HTTP/2 preface".to_owned());
            }
            half.preface = false;
            half.headers = true;
            return Ok(true);
        }
        let Some(frame) = half.frame else {
            let Some(header) = half.held.exactly(FRAME_HEADER_BYTES) else { return Ok(false) };
            let frame = Frame {
                length: u32::from_be_bytes([0, header[0], header[1], header[2]]),
                kind: header[3],
                flags: header[4],
                stream: u32::from_be_bytes([header[5], header[6], header[7], header[8]]) & !(1 << 31),
            };
            if Http2Kind(frame.kind).name() == "unknown" && frame.length > 1 << 20 {
                return Err(format!("no HTTP/2 frame: type {} with {} bytes", frame.kind, frame.length));
            }
            half.frame = Some(frame);
            return Ok(true);
        };
        // 24 bits of length bound what is held here.
        let Some(content) = half.held.exactly(frame.length as usize) else { return Ok(false) };
        half.frame = None;
        self.frame(out, direction, frame, content)?;
        Ok(true)
    }

    fn frame(&mut self, out: &mut Out<'_>, direction: Direction, frame: Frame, content: Bytes) -> Result<(), String> {
        let Frame { length, kind, flags, stream } = frame;
        let told = What::Http2 { kind: Http2Kind(kind), flags, length };
        if stream == 0 {
            out.tell(direction, told);
            return Ok(());
        }
        let mut out = out.of_stream(stream);
        out.tell(direction, told);
        match kind {
            DATA => {
                let data = unpadded(flags, content)?;
                if let Some(grpc) = self.stream(&mut out, direction, stream) {
                    grpc.data(&mut out, direction, &data);
                }
                self.ends(&mut out, direction, stream, flags & END_STREAM != 0);
            }
            HEADERS => {
                let mut bytes = unpadded(flags, content)?;
                if flags & PRIORITY != 0 {
                    bytes =
                        (bytes.len() >= 5).then(|| bytes.slice(5..)).ok_or("a HEADERS frame without its priority")?;
                }
                let ends_stream = flags & END_STREAM != 0;
                self.block(&mut out, direction, Block { stream, ends_stream, bytes: bytes.to_vec() }, flags)?;
            }
            CONTINUATION => {
                let begun = self.halves[direction.index()].block.take();
                let mut block = begun.filter(|block| block.stream == stream).ok_or("a CONTINUATION of nothing")?;
                if block.bytes.len() + content.len() > HEADER_BLOCK_BYTES_MAX {
                    return Err(format!("headers of more than {HEADER_BLOCK_BYTES_MAX} bytes"));
                }
                block.bytes.extend_from_slice(&content);
                self.block(&mut out, direction, block, flags)?;
            }
            RST_STREAM => {
                let code = content.first_chunk().map_or(0, |code| u32::from_be_bytes(*code));
                if let Some(mut grpc) = self.streams.remove(&stream) {
                    grpc.reset(&mut out, direction, code);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A block of headers, whole or not.
    fn block(&mut self, out: &mut Out<'_>, direction: Direction, block: Block, flags: u8) -> Result<(), String> {
        let half = &mut self.halves[direction.index()];
        if block.bytes.len() > HEADER_BLOCK_BYTES_MAX {
            return Err(format!("headers of more than {HEADER_BLOCK_BYTES_MAX} bytes"));
        }
        if flags & END_HEADERS == 0 {
            half.block = Some(block);
            return Ok(());
        }
        let mut fields = Vec::new();
        let read = half.hpack.decode_with_cb(&block.bytes, |name, value| {
            // Only what is told is kept: a small block may stand for very many headers.
            if let Some(field) = Field::of(&name, &value, &fields) {
                fields.push(field);
            }
        });
        if let Err(error) = read {
            // Without its beginning the table is not known, but frames and messages still are.
            if half.headers {
                return Err(format!("headers that cannot be read: {error:?}"));
            }
        }
        let Block { stream, ends_stream, .. } = block;
        if let Some(grpc) = self.stream(out, direction, stream) {
            grpc.headers(out, direction, fields, ends_stream);
        }
        self.ends(out, direction, stream, ends_stream);
        Ok(())
    }

    fn stream(&mut self, out: &mut Out<'_>, direction: Direction, stream: u32) -> Option<&mut Grpc> {
        if !self.streams.contains_key(&stream) && self.streams.len() >= STREAMS_MAX {
            if !self.too_many {
                self.too_many = true;
                let why = format!("more than {STREAMS_MAX} streams at once: what newer ones carry is not followed");
                out.tell(direction, What::Trouble { why, offset: self.halves[direction.index()].held.offset() });
            }
            return None;
        }
        Some(self.streams.entry(stream).or_default())
    }

    fn ends(&mut self, out: &mut Out<'_>, direction: Direction, stream: u32, ends: bool) {
        if ends
            && let Some(grpc) = self.streams.get_mut(&stream)
            && grpc.half_end(out, direction)
        {
            self.streams.remove(&stream);
        }
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, _: u64) {
        let offset = self.halves[direction.index()].held.offset();
        self.broken.say(out, direction, offset, "bytes are missing, and frames with them");
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let half = &self.halves[direction.index()];
        if !half.held.is_empty() || half.frame.is_some() {
            let why = format!("a frame ends after {} bytes of it", half.held.len());
            self.broken.say(out, direction, half.held.offset(), why);
        }
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
        let mut streams: Vec<_> = self.streams.drain().collect();
        streams.sort_by_key(|(id, _)| *id);
        for (id, mut grpc) in streams {
            grpc.cut(&mut out.of_stream(id));
        }
    }
}

/// A frame's content without its padding.
fn unpadded(flags: u8, content: Bytes) -> Result<Bytes, String> {
    if flags & PADDED == 0 {
        return Ok(content);
    }
    let padding = content.first().copied().map_or(usize::MAX, usize::from);
    let end = content.len().checked_sub(padding).filter(|end| *end >= 1);
    Ok(content.slice(1..end.ok_or("a frame whose padding is longer than it is")?))
}
