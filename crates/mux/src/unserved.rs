//! How a route behaves whose handler is not there yet: towards the peer, as Consul does for as long as nothing is asked of it.
use crate::{HTTP2_PREFACE, Route, Then};

/// The first byte of a Raft message is its type; these are those that there are.
const RAFT_TYPE_LAST: u8 = 4;

/// A TLS record's header has this many bytes; nothing is decided before they are there.
const TLS_RECORD_HEADER_BYTES: usize = 5;

/// A connection on a route without a handler.
#[derive(Clone, Debug)]
pub struct Unserved {
    then: Then,
    seen: usize,
}

impl Unserved {
    /// A connection that a row with this `then` was found for.
    pub fn new(then: Then) -> Self {
        Self { then, seen: 0 }
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
            Then::Serve(_) => false,
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
        assert_eq!(kept(Then::Retired, &[b""]), [false]);
    }
}
