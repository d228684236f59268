//! What a stream wrote beyond its send window, in order, until the peer grants more.

use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// How large a chunk of copied bytes grows before a new one is begun.
const COPIED_CHUNK_BYTES: usize = 16 * 1024;

#[derive(Debug)]
enum Chunk {
    /// Copied from the caller: small writes gather here.
    Copied { bytes: Vec<u8>, sent: usize },
    /// Shared with the caller.
    Shared(Bytes),
}

impl Chunk {
    fn rest(&self) -> &[u8] {
        match self {
            Self::Copied { bytes, sent } => &bytes[*sent..],
            Self::Shared(bytes) => bytes,
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Copied { sent, .. } => *sent += count,
            Self::Shared(bytes) => bytes.advance(count),
        }
    }
}

/// A queue of bytes. Empty ones are not kept: the stream holds an `Option<Box<Backlog>>`.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    chunks: VecDeque<Chunk>,
    len: usize,
}

impl Backlog {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push_copy(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        match self.chunks.back_mut() {
            Some(Chunk::Copied { bytes: tail, .. }) if tail.len() + bytes.len() <= COPIED_CHUNK_BYTES => {
                tail.extend_from_slice(bytes);
            }
            _ => self.chunks.push_back(Chunk::Copied { bytes: bytes.to_vec(), sent: 0 }),
        }
    }

    pub(crate) fn push_shared(&mut self, bytes: Bytes) {
        self.len += bytes.len();
        self.chunks.push_back(Chunk::Shared(bytes));
    }

    /// Moves the first `count` bytes (at most [`Self::len`]) to the end of `output`.
    pub(crate) fn pop_into(&mut self, mut count: usize, output: &mut Vec<u8>) {
        self.len -= count;
        output.reserve(count);
        while count > 0 {
            let Some(front) = self.chunks.front_mut() else { return };
            let rest = front.rest();
            let piece = rest.len().min(count);
            output.extend_from_slice(&rest[..piece]);
            count -= piece;
            if piece == rest.len() {
                self.chunks.pop_front();
            } else {
                front.advance(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_the_order_they_went_in_whatever_the_cuts() {
        let mut backlog = Backlog::default();
        backlog.push_copy(b"abc");
        backlog.push_copy(b"def");
        backlog.push_shared(Bytes::from_static(b"ghij"));
        backlog.push_copy(b"kl");
        assert_eq!((backlog.len(), backlog.chunks.len()), (12, 3));
        let mut output = Vec::new();
        for count in [1, 6, 2, 3] {
            backlog.pop_into(count, &mut output);
        }
        assert_eq!((output.as_slice(), backlog.len(), backlog.chunks.len()), (&b"abcdefghijkl"[..], 0, 0));
    }
}
