//! The 12-byte header that precedes everything on the wire.
//!
//! Version, type, flags (16 bits), stream id (32 bits), length (32 bits), all big endian. Only a data frame is followed
//! by `length` bytes; in the other types the field carries a value.

use crate::error::FrameError;
use std::ops::BitOr;

/// Length of a frame header in bytes.
pub const HEADER_BYTES: usize = 12;

/// The only protocol version there is.
const VERSION: u8 = 0;

/// What a frame is about: the header's second byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `length` bytes of a stream follow.
    Data = 0,
    /// `length` is what the sender of this frame grants in addition.
    WindowUpdate = 1,
    /// `length` is an opaque value, to be sent back.
    Ping = 2,
    /// `length` is a [`crate::Code`].
    GoAway = 3,
}

/// The header's flag bits. Bits without a meaning are carried and ignored, as HashiCorp's implementation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// Starts a stream; on a ping: a question.
    pub const SYN: Self = Self(1);
    /// Accepts a stream; on a ping: the answer.
    pub const ACK: Self = Self(2);
    /// Nothing more will be sent on this stream by the sender of the flag.
    pub const FIN: Self = Self(4);
    /// The stream is gone, in both directions.
    pub const RST: Self = Self(8);

    /// Whether all bits of `other` are set here.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set here.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A decoded frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// What the frame is about.
    pub kind: Kind,
    /// Its flags, unknown bits included.
    pub flags: Flags,
    /// The stream's wire id; 0 for the session itself.
    pub stream: u32,
    /// Byte count of a data frame, or the value of the other kinds.
    pub length: u32,
}

impl Header {
    /// Decodes a header. Every flag, id and length is accepted here; what they may be is the session's business.
    ///
    /// # Errors
    /// A version other than 0 or a type above 3. There is no way to find the next frame after either.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, FrameError> {
        let [version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = *bytes;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::WindowUpdate,
            2 => Kind::Ping,
            3 => Kind::GoAway,
            unknown => return Err(FrameError::Kind(unknown)),
        };
        Ok(Self {
            kind,
            flags: Flags(u16::from_be_bytes([f0, f1])),
            stream: u32::from_be_bytes([s0, s1, s2, s3]),
            length: u32::from_be_bytes([l0, l1, l2, l3]),
        })
    }

    /// The header as it goes on the wire.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let [f0, f1] = self.flags.0.to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [VERSION, self.kind as u8, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_big_endian_in_the_order_of_the_spec() {
        let header =
            Header { kind: Kind::WindowUpdate, flags: Flags::SYN | Flags::FIN, stream: 0x0102_0304, length: 7 };
        let wire = [0, 1, 0, 5, 1, 2, 3, 4, 0, 0, 0, 7];
        assert_eq!(header.encode(), wire);
        assert_eq!(Header::decode(&wire), Ok(header));
    }

    #[test]
    fn only_version_0_and_types_0_to_3_are_frames() {
        for byte in 0..=u8::MAX {
            let versioned = Header::decode(&[byte, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            assert_eq!(versioned.err(), (byte != 0).then_some(FrameError::Version(byte)));
            let typed = Header::decode(&[0, byte, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            assert_eq!(typed.err(), (byte > 3).then_some(FrameError::Kind(byte)));
        }
    }

    #[test]
    fn unknown_flags_survive_decoding_and_hide_nothing() {
        let header = Header::decode(&[0, 2, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 5]).expect("a ping");
        assert!(header.flags.contains(Flags::SYN) && !header.flags.contains(Flags::ACK));
        assert_eq!(header.flags, Flags(0x8001));
    }
}
