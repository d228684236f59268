//! From segments to streams: order, repetitions, what the recording does not have.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::Duration,
};

use super::packet::Segment;
use crate::{CONNECTIONS_MAX, ConnId, Decoder, Direction};

/// How many bytes of one direction are held while bytes before them are awaited. Then those are said to be lost.
pub const EARLY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How many segments of one direction are held likewise.
pub const EARLY_SEGMENTS_MAX: usize = 4096;

/// A segment further ahead than this belongs to no connection that is known.
const AHEAD_MAX: i64 = 1 << 30;

/// How many other ports are remembered, to say where traffic was if not where it was looked for.
const OTHER_PORTS_MAX: usize = 1024;

/// All connections of a server's ports.
#[derive(Debug)]
pub(super) struct Tcp {
    ports: Vec<u16>,
    /// By client and server.
    open: HashMap<(SocketAddr, SocketAddr), Connection>,
    opened: u64,
    /// How many packets went to or from other ports, by the lower one of the two.
    others: HashMap<u16, u64>,
    too_many: bool,
}

#[derive(Debug)]
struct Connection {
    id: ConnId,
    halves: [Half; 2],
    /// When anything was last heard of it.
    last: Duration,
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    /// Position of the next byte: the sequence number of the wire, unwrapped. `None`: nothing was seen yet.
    next: Option<i64>,
    /// What came before its turn, by position.
    early: BTreeMap<i64, (Duration, Vec<u8>)>,
    early_bytes: usize,
    /// Position of the end.
    fin: Option<i64>,
    ended: bool,
}

impl Tcp {
    pub(super) fn new(ports: &[u16]) -> Self {
        let others = HashMap::new();
        Self { ports: ports.to_vec(), open: HashMap::new(), opened: 0, others, too_many: false }
    }

    /// The next segment of the recording.
    pub(super) fn segment(&mut self, decoder: &mut Decoder, at: Duration, segment: &Segment<'_>) {
        let Some(direction) = self.direction(segment) else { return };
        let key = match direction {
            Direction::ToServer => (segment.from, segment.to),
            Direction::ToClient => (segment.to, segment.from),
        };
        let begins = segment.syn && !segment.ack && direction == Direction::ToServer;
        if begins && self.open.get(&key).is_some_and(|open| open.is_another(segment)) {
            self.close(decoder, key, at);
        }
        if !self.open.contains_key(&key) {
            if (!segment.syn && segment.payload.is_empty()) || self.open.len() >= CONNECTIONS_MAX {
                self.too_many |= self.open.len() >= CONNECTIONS_MAX;
                return;
            }
            self.opened += 1;
            let id = ConnId(self.opened);
            decoder.open(id, at, Some(key), !segment.syn);
            self.open.insert(key, Connection { id, halves: Default::default(), last: at });
        }
        let Some(connection) = self.open.get_mut(&key) else { return };
        connection.last = at;
        connection.segment(decoder, at, direction, segment);
        if segment.rst || connection.halves.iter().all(|half| half.ended) {
            self.close(decoder, key, at);
        }
    }

    fn direction(&mut self, segment: &Segment<'_>) -> Option<Direction> {
        let to = self.ports.contains(&segment.to.port());
        let from = self.ports.contains(&segment.from.port());
        match (to, from) {
            (true, true) => {
                // Who has opened it is remembered; a first packet is taken to come from who did.
                let known = self.open.contains_key(&(segment.to, segment.from));
                Some(if known || (segment.syn && segment.ack) { Direction::ToClient } else { Direction::ToServer })
            }
            (true, false) => Some(Direction::ToServer),
            (false, true) => Some(Direction::ToClient),
            (false, false) => {
                let port = segment.from.port().min(segment.to.port());
                if self.others.len() < OTHER_PORTS_MAX || self.others.contains_key(&port) {
                    *self.others.entry(port).or_default() += 1;
                }
                None
            }
        }
    }

    fn close(&mut self, decoder: &mut Decoder, key: (SocketAddr, SocketAddr), at: Duration) {
        if let Some(mut connection) = self.open.remove(&key) {
            connection.flush(decoder);
            decoder.end(connection.id, at);
        }
    }

    /// The recording ends. What was held is handed on, and notes say what was not looked at.
    pub(super) fn finish(&mut self, decoder: &mut Decoder, note: &mut dyn FnMut(String)) {
        let mut left: Vec<_> = self.open.drain().map(|(_, connection)| connection).collect();
        left.sort_by_key(|connection| connection.id);
        for mut connection in left {
            connection.flush(decoder);
        }
        if self.too_many {
            note(format!("more than {CONNECTIONS_MAX} connections at once: newer ones are passed over"));
        }
        if self.opened == 0 {
            let mut others: Vec<_> = self.others.drain().collect();
            others.sort_by_key(|(port, packets)| (std::cmp::Reverse(*packets), *port));
            let others: Vec<String> =
                others.iter().take(5).map(|(port, packets)| format!("{port} ({packets} packets)")).collect();
            let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
            let seen =
                if others.is_empty() { "no TCP at all".to_owned() } else { format!("ports {}", others.join(", ")) };
            note(format!("nothing of port {} is in it, but {seen}; --port names the server's port", ports.join(", ")));
        }
    }
}

impl Connection {
    /// Whether the SYN belongs to another connection between the same two.
    fn is_another(&self, syn: &Segment<'_>) -> bool {
        let half = &self.halves[Direction::ToServer.index()];
        half.next.is_none_or(|next| half.ended || near(next, syn.sequence.wrapping_add(1)) != next)
    }

    fn segment(&mut self, decoder: &mut Decoder, at: Duration, direction: Direction, segment: &Segment<'_>) {
        let half = &mut self.halves[direction.index()];
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        let next = *half.next.get_or_insert(i64::from(sequence));
        let position = near(next, sequence);
        if position - next > AHEAD_MAX {
            return;
        }
        if segment.fin {
            half.fin = Some(position + segment.payload.len() as i64);
        }
        if position > next {
            half.hold(position, at, segment.payload);
        } else {
            // What is before the next byte has been seen.
            let seen = usize::try_from(next - position).unwrap_or(usize::MAX);
            if let Some(new) = segment.payload.get(seen..).filter(|new| !new.is_empty()) {
                half.next = Some(next + new.len() as i64);
                decoder.bytes(self.id, at, direction, new);
            }
        }
        half.hand_on(decoder, self.id, direction);
        while half.early_bytes > EARLY_BYTES_MAX || half.early.len() > EARLY_SEGMENTS_MAX {
            half.skip(decoder, self.id, direction);
        }
        half.end(decoder, self.id, at, direction);
    }

    /// Hands on what is held, with what is missing before it.
    fn flush(&mut self, decoder: &mut Decoder) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let half = &mut self.halves[direction.index()];
            while !half.early.is_empty() {
                half.skip(decoder, self.id, direction);
            }
            half.end(decoder, self.id, self.last, direction);
        }
    }
}

impl Half {
    fn hold(&mut self, position: i64, at: Duration, bytes: &[u8]) {
        let longer = self.early.get(&position).is_none_or(|(_, held)| held.len() < bytes.len());
        if !bytes.is_empty() && longer {
            let before = self.early.insert(position, (at, bytes.to_vec()));
            self.early_bytes += bytes.len();
            self.early_bytes -= before.map_or(0, |(_, held)| held.len());
        }
    }

    /// Hands on what is held and whose turn it is.
    fn hand_on(&mut self, decoder: &mut Decoder, id: ConnId, direction: Direction) {
        while let (Some(next), Some(first)) = (self.next, self.early.first_entry())
            && *first.key() <= next
        {
            let (position, (at, bytes)) = first.remove_entry();
            self.early_bytes -= bytes.len();
            let seen = usize::try_from(next - position).unwrap_or(usize::MAX);
            if let Some(new) = bytes.get(seen..).filter(|new| !new.is_empty()) {
                self.next = Some(next + new.len() as i64);
                decoder.bytes(id, at, direction, new);
            }
        }
    }

    /// Gives up what is missing before the first piece that is held.
    fn skip(&mut self, decoder: &mut Decoder, id: ConnId, direction: Direction) {
        let Some((position, at)) = self.early.first_key_value().map(|(position, (at, _))| (*position, *at)) else {
            return;
        };
        if let Some(missing) = self.next.and_then(|next| u64::try_from(position - next).ok()).filter(|some| *some > 0) {
            decoder.lost(id, at, direction, missing);
            self.next = Some(position);
        }
        self.hand_on(decoder, id, direction);
    }

    fn end(&mut self, decoder: &mut Decoder, id: ConnId, at: Duration, direction: Direction) {
        if !self.ended && self.fin.is_some_and(|fin| self.next.is_some_and(|next| next >= fin)) {
            self.ended = true;
            decoder.half_end(id, at, direction);
        }
    }
}

/// The position nearest to `next` that has this sequence number.
fn near(next: i64, sequence: u32) -> i64 {
    // Truncation is meant: the wire has the low half of a position.
    next + i64::from(sequence.wrapping_sub(next as u32) as i32)
}

#[cfg(test)]
mod tests;
