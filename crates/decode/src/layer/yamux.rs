//! yamux: frames, and net/rpc on every stream.

use std::collections::HashMap;

use proconsul_yamux::{Flags, HEADER_BYTES, Header, Kind};

use crate::{
    Direction, What,
    layer::{Broken, Out, Rpc, STREAMS_MAX},
};

/// One session, both directions.
#[derive(Debug, Default)]
pub(crate) struct Yamux {
    halves: [Half; 2],
    broken: Broken,
    streams: HashMap<u32, Stream>,
    /// It has been said that there are too many streams.
    too_many: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    /// A header that is not whole.
    header: Vec<u8>,
    /// The stream whose data is due, and how much of it.
    data: Option<(u32, u32)>,
    offset: u64,
}

/// One stream.
#[derive(Debug, Default)]
struct Stream {
    rpc: Rpc,
    /// Which direction has ended.
    fin: [bool; 2],
}

impl Yamux {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.broken.is(direction) {
            let half = &mut self.halves[direction.index()];
            if let Some((stream, left)) = half.data {
                let here = bytes.len().min(left as usize);
                let (data, rest) = bytes.split_at(here);
                bytes = rest;
                half.offset += here as u64;
                half.data = (here < left as usize).then(|| (stream, left - here as u32));
                let whole = half.data.is_none();
                self.data(out, direction, stream, data);
                if whole {
                    self.after_data(out, direction, stream);
                }
                continue;
            }
            let here = bytes.len().min(HEADER_BYTES - half.header.len());
            let (piece, rest) = bytes.split_at(here);
            bytes = rest;
            half.header.extend_from_slice(piece);
            let Some(&header) = half.header.first_chunk::<HEADER_BYTES>() else { return };
            half.header.clear();
            let at = half.offset;
            half.offset += HEADER_BYTES as u64;
            match Header::decode(&header) {
                Ok(header) => self.frame(out, direction, header),
                Err(error) => self.broken.say(out, direction, at, format!("no yamux frame: {error}")),
            }
        }
    }

    fn frame(&mut self, out: &mut Out<'_>, direction: Direction, header: Header) {
        let of_stream = matches!(header.kind, Kind::Data | Kind::WindowUpdate);
        if !of_stream {
            return out.tell(direction, What::Frame(header));
        }
        let mut out = out.of_stream(header.stream);
        out.tell(direction, What::Frame(header));
        if header.flags.intersects(Flags::SYN) || header.kind == Kind::Data {
            self.open(&mut out, direction, header.stream);
        }
        if header.kind == Kind::Data && header.length > 0 {
            let half = &mut self.halves[direction.index()];
            half.data = Some((header.stream, header.length));
        }
        let Some(stream) = self.streams.get_mut(&header.stream) else { return };
        if header.flags.intersects(Flags::RST) {
            stream.rpc.end(&mut out);
            self.streams.remove(&header.stream);
        } else if header.flags.intersects(Flags::FIN) {
            stream.fin[direction.index()] = true;
            if self.halves[direction.index()].data.is_none() {
                self.after_data(&mut out, direction, header.stream);
            }
        }
    }

    /// A stream's state is made when it is first heard of.
    fn open(&mut self, out: &mut Out<'_>, direction: Direction, stream: u32) {
        if self.streams.contains_key(&stream) {
            return;
        }
        if self.streams.len() < STREAMS_MAX {
            self.streams.insert(stream, Stream::default());
        } else if !self.too_many {
            self.too_many = true;
            let why = format!("more than {STREAMS_MAX} streams at once: what newer ones carry is not followed");
            out.tell(direction, What::Trouble { why, offset: self.halves[direction.index()].offset });
        }
    }

    fn data(&mut self, out: &mut Out<'_>, direction: Direction, stream: u32, data: &[u8]) {
        if let Some(state) = self.streams.get_mut(&stream) {
            state.rpc.bytes(&mut out.of_stream(stream), direction, data);
        }
    }

    /// What a FIN means once the data of its frame is there.
    fn after_data(&mut self, out: &mut Out<'_>, direction: Direction, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        if stream.fin[direction.index()] {
            stream.rpc.half_end(&mut out.of_stream(id), direction);
        }
        if stream.fin == [true; 2] {
            stream.rpc.end(&mut out.of_stream(id));
            self.streams.remove(&id);
        }
    }

    /// What is missing within one data frame costs its stream; anything else costs the direction.
    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, bytes: u64) {
        let half = &mut self.halves[direction.index()];
        let within = half.data.filter(|(_, left)| u64::from(*left) >= bytes);
        let Some((stream, left)) = within else {
            return self.broken.say(out, direction, half.offset, "bytes are missing, and frames with them");
        };
        half.offset += bytes;
        let left = left - bytes as u32; // no more than it was
        half.data = (left > 0).then_some((stream, left));
        if let Some(state) = self.streams.get_mut(&stream) {
            state.rpc.lost(&mut out.of_stream(stream), direction, bytes);
        }
        if left == 0 {
            self.after_data(out, direction, stream);
        }
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        let half = &self.halves[direction.index()];
        let why = match half.data {
            Some((stream, left)) => format!("a data frame of stream {stream} lacks {left} bytes"),
            None if !half.header.is_empty() => format!("a frame ends after {} bytes of it", half.header.len()),
            None => return,
        };
        self.broken.say(out, direction, half.offset, why);
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        self.half_end(out, Direction::ToServer);
        self.half_end(out, Direction::ToClient);
        let mut streams: Vec<_> = self.streams.drain().collect();
        streams.sort_by_key(|(id, _)| *id);
        for (id, mut stream) in streams {
            stream.rpc.end(&mut out.of_stream(id));
        }
    }
}
