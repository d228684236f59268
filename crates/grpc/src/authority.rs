//! Calls without an authority.
//!
//! HashiCorp's consul-server-connection-manager, which every Consul data plane has, dials `consul://`: grpc-go then says
//! `:authority` with nothing in it. Go's servers take that; the HTTP/2 library beneath us resets such a call, though nothing here
//! looks at the field. So it is made another field with nothing in it, before the library reads it: in HPACK both are one byte, as
//! both are in its static table.
//!
//! Fields are stepped over, not read: HPACK's integers and lengths of strings are all that is looked at.
//! Source: RFC 7541, 5 and 6, appendix A; RFC 9113, 6.2 and 6.10.
use crate::frames::{CONTINUATION, Frame, HEADERS};

/// `:authority` with nothing in it, by its place in the static table.
const NO_AUTHORITY: u8 = 0x81;
/// `accept-charset` with nothing in it, likewise.
const NO_CHARSET: u8 = 0x8f;

/// The flag of a HEADERS frame with padding, and of one with a priority.
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// How many bytes a priority has.
const PRIORITY_BYTES: usize = 5;

/// Follows the header blocks of one direction.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// Whether the frame has some of a block.
    is_block: bool,
    /// The frame's next byte is how much padding it ends with.
    is_padded: bool,
    /// How many bytes come before the block, that one left out.
    lead: usize,
    /// How many bytes of the frame are still to come, and how many of them are padding.
    left: usize,
    padding: usize,
    next: Next,
    /// How many strings of the field are still to come.
    strings: u8,
}

/// What the next byte of a block is.
#[derive(Clone, Copy, Debug, Default)]
enum Next {
    /// A field begins.
    #[default]
    Field,
    /// An integer goes on whose value is of no interest.
    Integer,
    /// A string begins.
    String,
    /// The length of a string goes on.
    Length { so_far: usize, shift: u32 },
    /// So many bytes of a string.
    Bytes(usize),
    /// Nonsense, until the next block: the library will say so.
    Lost,
}

impl Blocks {
    /// A frame begins.
    pub(crate) fn begins(&mut self, frame: Frame) {
        self.is_block = matches!(frame.kind, HEADERS | CONTINUATION);
        if !self.is_block {
            return;
        }
        let is_first = frame.kind == HEADERS;
        self.is_padded = is_first && frame.flags & PADDED != 0;
        self.lead = if is_first && frame.flags & PRIORITY != 0 { PRIORITY_BYTES } else { 0 };
        (self.left, self.padding) = (frame.length, 0);
        if is_first {
            (self.next, self.strings) = (Next::Field, 0);
        }
    }

    /// Some of the frame.
    pub(crate) fn payload(&mut self, mut bytes: &mut [u8]) {
        if !self.is_block {
            return;
        }
        if self.is_padded && !bytes.is_empty() {
            (self.is_padded, self.padding) = (false, usize::from(bytes[0]));
            self.left -= 1;
            bytes = &mut bytes[1..];
        }
        let before = self.lead.min(bytes.len());
        self.lead -= before;
        self.left -= before;
        bytes = &mut bytes[before..];
        let count = bytes.len().min(self.left.saturating_sub(self.padding));
        self.left -= bytes.len();
        self.block(&mut bytes[..count]);
    }

    fn block(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(byte) = bytes.get_mut(at) {
            at += 1;
            self.next = match self.next {
                Next::Field => {
                    if *byte == NO_AUTHORITY {
                        *byte = NO_CHARSET;
                    }
                    self.field(*byte)
                }
                Next::Integer if *byte & 0x80 == 0 => self.after_integer(),
                Next::Integer => Next::Integer,
                Next::String => match usize::from(*byte & 0x7f) {
                    0x7f => Next::Length { so_far: 0x7f, shift: 0 },
                    length => self.string(length),
                },
                Next::Length { shift: 28.., .. } => Next::Lost,
                Next::Length { so_far, shift } => {
                    let so_far = so_far + (usize::from(*byte & 0x7f) << shift);
                    if *byte & 0x80 == 0 { self.string(so_far) } else { Next::Length { so_far, shift: shift + 7 } }
                }
                Next::Bytes(left) => {
                    at -= 1;
                    let stepped = left.min(bytes.len() - at);
                    at += stepped;
                    if stepped == left { self.after_string() } else { Next::Bytes(left - stepped) }
                }
                Next::Lost => return,
            };
        }
    }

    /// What follows on the first byte of a field.
    fn field(&mut self, byte: u8) -> Next {
        // By form: how many bits the integer has in this byte, and whether a name and a value may follow.
        let (bits, has_value) = match byte {
            0x80.. => (0x7f, false),
            0x40.. => (0x3f, true),
            0x20.. => (0x1f, false),
            _ => (0x0f, true),
        };
        let integer = byte & bits;
        self.strings = match (has_value, integer) {
            (false, _) => 0,
            (true, 0) => 2,
            (true, _) => 1,
        };
        if integer == bits { Next::Integer } else { self.after_integer() }
    }

    fn after_integer(&self) -> Next {
        if self.strings > 0 { Next::String } else { Next::Field }
    }

    fn string(&mut self, length: usize) -> Next {
        if length > 0 { Next::Bytes(length) } else { self.after_string() }
    }

    fn after_string(&mut self) -> Next {
        self.strings = self.strings.saturating_sub(1);
        self.after_integer()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frames::{Frames, Part};

    /// Puts bytes through, cut at these places.
    fn through(bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut frames, mut blocks) = (Frames::after(0), Blocks::default());
        let mut out = bytes.to_vec();
        let mut at: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        at.sort_unstable();
        for piece in at.windows(2) {
            frames.look_into(&mut out[piece[0]..piece[1]], |part| match part {
                Part::Begins(frame) => blocks.begins(frame),
                Part::Payload(bytes) => blocks.payload(bytes),
            });
        }
        out
    }

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn string(text: &[u8]) -> Vec<u8> {
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
        out.extend(text);
        out
    }

    /// One field, in one of HPACK's forms. None is an authority with nothing in it.
    fn field() -> impl Strategy<Value = Vec<u8>> {
        let text = proptest::collection::vec(prop_oneof![Just(NO_AUTHORITY), any::<u8>()], 0..300);
        prop_oneof![
            (2u8..127).prop_map(|index| vec![0x80 | index]),
            (0u8..127).prop_map(|more| vec![0xff, 0x80 | more, 0x01]),
            (1u8..63, text.clone()).prop_map(|(name, value)| [vec![0x40 | name], string(&value)].concat()),
            (text.clone(), text.clone()).prop_map(|(name, value)| [vec![0x40], string(&name), string(&value)].concat()),
            (0u8..128, text.clone()).prop_map(|(more, value)| [vec![0x7f, more], string(&value)].concat()),
            (text.clone(), text.clone()).prop_map(|(name, value)| [vec![0x10], string(&name), string(&value)].concat()),
            (1u8..15, text).prop_map(|(name, value)| [vec![name], string(&value)].concat()),
            (0u8..31).prop_map(|size| vec![0x20 | size]),
        ]
    }

    #[test]
    fn an_authority_with_nothing_in_it_is_made_a_field_that_nobody_reads() {
        let block = [0x83, 0x86, 0x44, 0x03, 0x81, 0x81, 0x81, NO_AUTHORITY, 0x5f, 0x01, 0x81];
        let told = [0x83, 0x86, 0x44, 0x03, 0x81, 0x81, 0x81, NO_CHARSET, 0x5f, 0x01, 0x81];
        assert_eq!(through(&frame(HEADERS, 4, &block), &[]), frame(HEADERS, 4, &told));
        assert_eq!(through(&frame(0, 0, &block), &[]), frame(0, 0, &block), "data is not looked at");
        // Padding and priority are no fields.
        let padded = |block: &[u8]| [&[3, 0x81, 0x81, 0x81, 0x81, 0x81], block, &[0x81, 0x81, 0x81]].concat();
        let flags = 4 | PADDED | PRIORITY;
        assert_eq!(
            through(&frame(HEADERS, flags, &padded(&block)), &[2, 11, 14]),
            frame(HEADERS, flags, &padded(&told))
        );
    }

    proptest! {
        #[test]
        fn fields_are_stepped_over_however_they_are_cut(
            fields in proptest::collection::vec(prop_oneof![4 => field(), 1 => Just(vec![NO_AUTHORITY])], 0..12),
            cuts in proptest::collection::vec(any::<usize>(), 0..20),
            fragments in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let told: Vec<u8> = fields.iter().flat_map(|field| if *field == [NO_AUTHORITY] { vec![NO_CHARSET] } else { field.clone() }).collect();
            let block = fields.concat();
            // One block in several frames, and another after it.
            let framed = |block: &[u8]| {
                let mut at: Vec<_> = fragments.iter().map(|cut| cut.index(block.len() + 1)).chain([0, block.len()]).collect();
                at.sort_unstable();
                let pieces = at.windows(2).enumerate();
                let frames = pieces.map(|(n, piece)| frame(if n == 0 { HEADERS } else { CONTINUATION }, 0, &block[piece[0]..piece[1]]));
                [frames.collect::<Vec<_>>().concat(), frame(0, 0, &[NO_AUTHORITY; 3]), frame(HEADERS, 4, block)].concat()
            };
            prop_assert_eq!(through(&framed(&block), &cuts), framed(&told));
        }

        #[test]
        fn any_bytes_are_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600), cuts in proptest::collection::vec(any::<usize>(), 0..8)) {
            prop_assert_eq!(through(&bytes, &cuts).len(), bytes.len());
        }
    }
}
