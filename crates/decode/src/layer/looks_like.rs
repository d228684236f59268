//! What bytes look like that do not begin with their connection.

use proconsul_yamux::{HEADER_BYTES, Header, Kind};

use crate::Direction;

/// With so many bytes every guess can be made.
pub(crate) const BYTES: usize = HEADER_BYTES;

/// The largest data frame that is believed when there is nothing else to go by.
const FRAME_BYTES_BELIEVED: u32 = 16 * 1024 * 1024;

const RPC: [&[u8]; 3] = [b"\x82\xa3Seq", b"\x82\xadServ", b"\x83\xa5Error"];
const RAFT: &[u8] = b"\xa4Addr";
const HTTP2: &[u8] = b"PRI * HTTP/2";

/// Whether fewer bytes than [`BYTES`] could still become something.
pub(crate) fn may_become(bytes: &[u8]) -> bool {
    let begins = |pattern: &&[u8]| pattern.iter().zip(bytes).all(|(wanted, byte)| wanted == byte);
    let first = |byte: &u8| matches!(byte, 0..=4 | 0x14..=0x17 | 0xa0);
    RPC.iter().chain([&HTTP2]).any(begins) || bytes.first().is_some_and(first)
}

/// A header of net/rpc.
pub(crate) fn rpc(bytes: &[u8]) -> bool {
    RPC.iter().any(|pattern| bytes.starts_with(pattern))
}

/// A reply of net/rpc.
pub(crate) fn rpc_reply(bytes: &[u8]) -> bool {
    bytes.starts_with(RPC[2])
}

/// A raft message: a type and a map that begins with an address, or an error and such a map.
pub(crate) fn raft(bytes: &[u8], direction: Direction) -> bool {
    let first = match direction {
        Direction::ToServer => bytes.first().is_some_and(|byte| *byte <= 4),
        Direction::ToClient => bytes.first() == Some(&0xa0),
    };
    first && bytes.get(1).is_some_and(|byte| byte >> 4 == 8) && bytes[2..].starts_with(RAFT)
}

/// A TLS record.
pub(crate) fn tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, 0..=4, ..])
}

/// A yamux frame.
pub(crate) fn yamux(bytes: &[u8]) -> bool {
    let Some(Ok(header)) = bytes.first_chunk().map(Header::decode) else { return false };
    let flags = header.flags.0 <= 0x0f;
    match header.kind {
        Kind::Data => flags && header.stream > 0 && header.length <= FRAME_BYTES_BELIEVED,
        Kind::WindowUpdate => flags && header.stream > 0,
        Kind::Ping => header.stream == 0 && matches!(header.flags.0, 1 | 2),
        Kind::GoAway => header.stream == 0 && header.length <= 2,
    }
}

/// An HTTP/2 frame whose length suits its type, or the preface.
pub(crate) fn http2(bytes: &[u8]) -> bool {
    if bytes.starts_with(HTTP2) {
        return true;
    }
    let &[l0, l1, l2, kind, _, s0, s1, s2, s3, ..] = bytes else { return false };
    let length = u32::from_be_bytes([0, l0, l1, l2]);
    let stream = u32::from_be_bytes([s0, s1, s2, s3]);
    match kind {
        0 | 1 | 9 => stream > 0 && stream < 1 << 31 && length <= 16_384,
        3 | 8 => length == 4,
        4 => stream == 0 && length.is_multiple_of(6) && length <= 60,
        6 => stream == 0 && length == 8,
        7 => stream == 0 && (8..=1024).contains(&length),
        _ => false,
    }
}
