//! Where HTTP/2's frames begin in a stream of bytes. What is in them is the library's to read: this looks at nine bytes of each and
//! keeps none.
//!
//! Source: RFC 9113, 4.1.

/// How long a client's preface is, which comes before its first frame.
pub(crate) const PREFACE_BYTES: usize = 24;

/// A frame's header: a length of three bytes, a type, flags, and the stream's number.
const HEADER_BYTES: usize = 9;

/// Types of frames that are asked for.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

/// The bit above a stream's number means nothing.
const STREAM_BITS: u32 = u32::MAX >> 1;

/// The flag of a PING that answers one.
pub(crate) const ACK: u8 = 1;

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) length: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl Frame {
    /// Whether a peer asks with it for a sign of life.
    pub(crate) fn is_ping(self) -> bool {
        self.kind == PING && self.flags & ACK == 0
    }

    /// Whether it carries some of a call.
    pub(crate) fn is_of_call(self) -> bool {
        matches!(self.kind, DATA | HEADERS)
    }
}

/// Follows the frames of one direction, in pieces as they come.
#[derive(Debug)]
pub(crate) struct Frames {
    header: [u8; HEADER_BYTES],
    /// How many bytes of the header are there.
    have: usize,
    /// How many bytes are still to come before the next header.
    skip: usize,
}

impl Frames {
    /// A direction whose first frame comes after `before` bytes.
    pub(crate) fn after(before: usize) -> Self {
        Self { header: [0; HEADER_BYTES], have: 0, skip: before }
    }

    /// Whether the next byte begins a frame.
    pub(crate) fn is_between(&self) -> bool {
        self.have == 0 && self.skip == 0
    }

    /// Tells of every frame whose header ends in `bytes`, which follow on those before.
    pub(crate) fn see(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            let (taken, step) = self.step(bytes);
            if let Step::Begins(frame) = step {
                each(frame);
            }
            bytes = &bytes[taken..];
        }
    }

    /// The same, and tells of what is in frames, piece by piece, which may be changed.
    pub(crate) fn look_into(&mut self, mut bytes: &mut [u8], mut each: impl FnMut(Part<'_>)) {
        while !bytes.is_empty() {
            let (taken, step) = self.step(bytes);
            let (piece, rest) = bytes.split_at_mut(taken);
            match step {
                Step::Begins(frame) => each(Part::Begins(frame)),
                Step::Payload => each(Part::Payload(piece)),
                Step::Header => {}
            }
            bytes = rest;
        }
    }

    /// How many bytes belong together, and what they are.
    fn step(&mut self, bytes: &[u8]) -> (usize, Step) {
        if self.skip > 0 {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            return (skipped, Step::Payload);
        }
        let taken = (HEADER_BYTES - self.have).min(bytes.len());
        self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
        self.have += taken;
        if self.have < HEADER_BYTES {
            return (taken, Step::Header);
        }
        let [a, b, c, kind, flags, stream @ ..] = self.header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        (self.have, self.skip) = (0, length);
        (taken, Step::Begins(Frame { length, kind, flags, stream: u32::from_be_bytes(stream) & STREAM_BITS }))
    }
}

/// What some bytes are.
enum Step {
    /// Within a frame, or before the first.
    Payload,
    /// Some of a header.
    Header,
    /// The end of one.
    Begins(Frame),
}

/// A part of a direction.
pub(crate) enum Part<'b> {
    /// A frame begins.
    Begins(Frame),
    /// Some of what is in it; before the first frame, some of what comes before.
    Payload(&'b mut [u8]),
}

/// A GOAWAY frame: the number of the last stream that was looked at, why, and a word more.
pub(crate) fn goaway(last_stream: u32, code: u32, word: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + word.len()).unwrap_or(8).to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], GOAWAY, 0, 0, 0, 0, 0];
    frame.extend(last_stream.to_be_bytes());
    frame.extend(code.to_be_bytes());
    frame.extend(word);
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
        let size = u32::try_from(length).expect("short").to_be_bytes();
        let mut frame = vec![size[1], size[2], size[3], kind, flags, 0x80, 0, 1, 2];
        frame.resize(HEADER_BYTES + length, 0xff);
        frame
    }

    #[test]
    fn a_goaway_is_a_frame_of_its_own() {
        let bytes = goaway(7, 11, b"word");
        let mut seen = Vec::new();
        let mut frames = Frames::after(0);
        frames.see(&bytes, |frame| seen.push(frame));
        assert_eq!(seen, [Frame { length: 12, kind: GOAWAY, flags: 0, stream: 0 }]);
        assert!(frames.is_between());
        assert_eq!(&bytes[9..], b"\0\0\0\x07\0\0\0\x0bword");
    }

    proptest! {
        #[test]
        fn frames_are_found_however_they_are_cut(
            sent in proptest::collection::vec((0u8..10, any::<u8>(), 0usize..70_000), 0..8),
            before in 0usize..40,
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut bytes = vec![0; before];
            sent.iter().for_each(|(kind, flags, length)| bytes.extend(frame(*kind, *flags, *length)));
            let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
            at.sort_unstable();
            let (mut frames, mut seen) = (Frames::after(before), Vec::new());
            for piece in at.windows(2) {
                frames.see(&bytes[piece[0]..piece[1]], |frame| seen.push((frame.kind, frame.flags, frame.stream)));
            }
            let expected: Vec<_> = sent.iter().map(|(kind, flags, _)| (*kind, *flags, 258)).collect();
            prop_assert_eq!(seen, expected);
            prop_assert!(frames.is_between());
        }
    }
}
