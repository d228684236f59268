//! Whole msgpack values out of the pieces in which they come.

use bytes::{Bytes, BytesMut};
use proconsul_msgpack::{Scan, Scanner};

/// The largest single message that is put together: a net/rpc body, a raft message, a gRPC message. More than any peer sends:
/// a reply has no bound in Consul, but such a reply would hold up its server.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The bytes of one direction that have not been made sense of yet.
///
/// Everything held was in the recording; a declared length allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Values {
    held: BytesMut,
    scanner: Scanner,
    /// How many of the held bytes the scanner has seen.
    scanned: usize,
    /// How many bytes have been taken.
    taken: u64,
}

impl Values {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Position of the next byte in its direction.
    pub(crate) fn offset(&self) -> u64 {
        self.taken
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.held.first().copied()
    }

    /// The first bytes, when so many are there.
    pub(crate) fn first<const N: usize>(&self) -> Option<[u8; N]> {
        self.held.first_chunk().copied()
    }

    /// The next value, when it is whole.
    ///
    /// # Errors
    /// Why it will never be: a byte that begins no value, or a value that is too large.
    pub(crate) fn value(&mut self) -> Result<Option<Bytes>, String> {
        let unseen = self.held.get(self.scanned..).unwrap_or_default();
        match self.scanner.feed(unseen) {
            Ok(Scan::Complete { used }) => {
                let length = self.scanned + used;
                self.scanned = 0;
                Ok(Some(self.take(length)))
            }
            Ok(Scan::More) if self.held.len() > MESSAGE_BYTES_MAX => {
                Err(format!("a value of more than {MESSAGE_BYTES_MAX} bytes"))
            }
            Ok(Scan::More) => {
                self.scanned = self.held.len();
                Ok(None)
            }
            Err(error) => Err(format!("no msgpack value: {error}")),
        }
    }

    /// Exactly so many bytes, when they are there. Not between the pieces of a value.
    pub(crate) fn exactly(&mut self, length: usize) -> Option<Bytes> {
        (self.held.len() >= length).then(|| self.take(length))
    }

    /// Takes up to so many bytes.
    pub(crate) fn up_to(&mut self, most: u64) -> Bytes {
        let length = usize::try_from(most).unwrap_or(usize::MAX).min(self.held.len());
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.taken += length as u64;
        self.held.split_to(length).freeze()
    }
}
