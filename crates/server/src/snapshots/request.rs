//! A request in a stream of bytes. What follows it is the snapshot that a client sends.

use proconsul_msgpack::{DecodeError, Scan, Scanner, from_slice};
use proconsul_structs::snapshot::SnapshotRequest;

/// The largest request that is taken. It has four fields, the longest of them a token.
pub const REQUEST_BYTES_MAX: usize = 4096;

/// What has come of a request.
#[derive(Debug, Default)]
pub(super) struct Intake {
    bytes: Vec<u8>,
    scanner: Scanner,
}

/// Why there is no request in the bytes.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("failed to decode request: {0}")]
    Decode(#[from] DecodeError),
    #[error("the request has more than {REQUEST_BYTES_MAX} bytes")]
    TooLong,
}

impl Intake {
    /// Takes the next bytes; returns the request, and the bytes behind it, once it is whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Option<(SnapshotRequest, Vec<u8>)>, Malformed> {
        let scanned = self.bytes.len();
        match self.scanner.feed(bytes)? {
            Scan::More if scanned + bytes.len() > REQUEST_BYTES_MAX => Err(Malformed::TooLong),
            Scan::More => {
                self.bytes.extend_from_slice(bytes);
                Ok(None)
            }
            Scan::Complete { used } if scanned + used > REQUEST_BYTES_MAX => Err(Malformed::TooLong),
            Scan::Complete { used } => {
                let (last, rest) = bytes.split_at(used);
                self.bytes.extend_from_slice(last);
                Ok(Some((from_slice(&self.bytes)?, rest.to_vec())))
            }
        }
    }
}
