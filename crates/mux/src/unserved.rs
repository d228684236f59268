//! How a route behaves whose handler is not there yet: towards the peer, as Consul does for as long as nothing is asked of it.
use std::time::Duration;

use crate::{HTTP2_PREFACE, Route, Then};

/// The first byte of a Raft message is its type; these are those that there are.
const RAFT_TYPE_LAST: u8 = 4;

/// A TLS record's header has this many bytes; nothing is decided before they are there.
const TLS_RECORD_HEADER_BYTES: usize = 5;

/// The longest packet of gossip between datacenters, and how long a connection of such packets may be silent: Consul's bounds.
pub const WAN_PACKET_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// See [`WAN_PACKET_BYTES_MAX`].
pub const WAN_PACKET_IDLE_MAX: Duration = Duration::from_secs(120);

/// How long a stream of gossip between datacenters may be silent: the timeout of memberlist's configuration for them.
pub const WAN_STREAM_IDLE_MAX: Duration = Duration::from_secs(30);

/// A connection on a route without a handler.
#[derive(Clone, Debug)]
pub struct Unserved {
    then: Then,
    seen: usize,
    packets: Packets,
}

/// Packets, each behind its length of four bytes: where in them we are.
#[derive(Clone, Debug, Default)]
struct Packets {
    /// The length's bytes so far, and how many they are.
    length: u32,
    digits: u8,
    /// How much of a packet is still to come.
    rest: u32,
}

impl Packets {
    /// Skips what came; false once a packet is announced that is longer than any may be.
    fn skip(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((first, others)) = bytes.split_first() {
            if self.rest > 0 {
                let taken = bytes.len().min(self.rest as usize);
                self.rest -= u32::try_from(taken).unwrap_or(self.rest);
                bytes = &bytes[taken..];
                continue;
            }
            self.length = self.length << 8 | u32::from(*first);
            self.digits += 1;
            bytes = others;
            if self.digits == 4 {
                if self.length > WAN_PACKET_BYTES_MAX {
                    return false;
                }
                *self = Self { rest: self.length, ..Self::default() };
            }
        }
        true
    }
}

impl Unserved {
    /// A connection that a row with this `then` was found for.
    pub fn new(then: Then) -> Self {
        Self { then, seen: 0, packets: Packets::default() }
    }

    /// Whether the connection is kept after these bytes, which are dropped. A peer that begins as its protocol does is kept
    /// waiting, as by a server that has nothing to say; one that does not is closed.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        let first = self.seen == 0;
        let start = self.seen.min(HTTP2_PREFACE.len());
        self.seen = self.seen.saturating_add(bytes.len());
        match self.then {
            Then::Retired => false,
            Then::StartTls(_) => self.seen < TLS_RECORD_HEADER_BYTES,
            Then::Serve(Route::Raft) => !first || bytes.first().is_none_or(|kind| *kind <= RAFT_TYPE_LAST),
            Then::Serve(Route::InternalGrpc | Route::RaftForwarding) => {
                HTTP2_PREFACE[start..].iter().zip(bytes).all(|(expected, byte)| expected == byte)
            }
            Then::Serve(Route::WanPacket) => self.packets.skip(bytes),
            Then::Serve(Route::WanStream) => true,
            Then::Serve(_) => false,
        }
    }

    /// How long the peer may be silent; `None`: for as long as it likes.
    pub fn patience(&self) -> Option<Duration> {
        match self.then {
            Then::Serve(Route::WanPacket) => Some(WAN_PACKET_IDLE_MAX),
            Then::Serve(Route::WanStream) => Some(WAN_STREAM_IDLE_MAX),
            _ => None,
        }
    }

    /// Whether the handshake timeout still runs.
    pub fn is_handshake(&self) -> bool {
        matches!(self.then, Then::StartTls(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TlsPolicy;

    fn kept(then: Then, pieces: &[&[u8]]) -> Vec<bool> {
        let mut connection = Unserved::new(then);
        pieces.iter().map(|piece| connection.receive(piece)).collect()
    }

    #[test]
    fn a_route_without_a_handler_keeps_who_begins_as_its_protocol_does() {
        let raft = Then::Serve(Route::Raft);
        assert_eq!(kept(raft, &[b"\x00", b"\xff"]), [true, true]);
        assert_eq!(kept(raft, &[b"\xff"]), [false]);
        let tls = Then::StartTls(TlsPolicy::Verify);
        assert_eq!(kept(tls, &[b"\0\0\0\0", b"\0"]), [true, false]);
        let grpc = Then::Serve(Route::InternalGrpc);
        assert_eq!(kept(grpc, &[&HTTP2_PREFACE[..10], &HTTP2_PREFACE[10..], b"any frame"]), [true, true, true]);
        assert_eq!(kept(grpc, &[b"\xde\xad"]), [false]);
        assert_eq!(kept(grpc, &[b"PRI", b"NT"]), [true, false]);
        assert_eq!(kept(Then::Serve(Route::Snapshot), &[b"\x84"]), [false]);
        let packet = Then::Serve(Route::WanPacket);
        assert_eq!(
            kept(packet, &[b"\0\0\0\x03\xff", b"\xff\xff\0\0", b"\0\0", b"\x7f\xff", b"\xff\xff"]),
            [true, true, true, true, false]
        );
        assert_eq!(kept(packet, &[b"\0\x40\0\0any"]), [true]);
        assert_eq!(kept(packet, &[b"\0\x40\0\x01"]), [false]);
        assert_eq!(kept(Then::Serve(Route::WanStream), &[b"any"]), [true]);
        assert_eq!(kept(Then::Retired, &[b""]), [false]);
    }
}
