//! Records in a stream of bytes, which come in pieces of any size.

use proconsul_msgpack::{DecodeError, Scan, Scanner};
use proconsul_structs::raft::{MessageType, SnapshotHeader};

/// The largest record that is taken. The largest legal ones are a key's value and what a server was told in pieces, both
/// bounded by what the log takes, far below.
pub const RECORD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Types from here on are those of Consul Enterprise.
const ENTERPRISE_FROM: u8 = 64;

/// Why bytes are not those of a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The bytes do not begin with a header.
    #[error("the snapshot's header does not decode")]
    Header(#[source] DecodeError),
    /// A record of a type that nobody here knows.
    #[error("the snapshot has a record of unknown type {0}")]
    Unknown(u8),
    /// A record of Consul Enterprise.
    #[error("the snapshot has a record of type {0}, which only Consul Enterprise knows")]
    Enterprise(u8),
    /// A record of a type that only logs have.
    #[error("the snapshot has a record of type {} ({}), which no snapshot has", .0.name(), u8::from(*.0))]
    NotSaved(MessageType),
    /// A record whose value is none.
    #[error("the snapshot has a record of type {} that is no value", .kind.name())]
    Broken {
        /// Its type.
        kind: MessageType,
        /// What the scanner said.
        #[source]
        cause: DecodeError,
    },
    /// A record that is larger than any can be.
    #[error("the snapshot has a record of type {} with more than {RECORD_BYTES_MAX} bytes", .0.name())]
    TooLarge(MessageType),
    /// The bytes end within a record, or before the header.
    #[error("the snapshot ends within {}", .0.map_or("its header", MessageType::name))]
    Cut(Option<MessageType>),
}

/// What the bytes say next.
#[derive(Debug)]
pub enum Item<'b> {
    /// The header, which comes first.
    Header {
        /// What it says.
        header: SnapshotHeader,
        /// Its length.
        bytes: usize,
    },
    /// A record.
    Record {
        /// What it is about.
        kind: MessageType,
        /// Its value, undecoded.
        value: &'b [u8],
    },
}

/// Finds the records of a snapshot. It keeps what has come of the one in hand, and nothing else.
#[derive(Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    /// Where the item in hand begins.
    start: usize,
    /// Up to where it was looked at, from `start`.
    scanned: usize,
    scanner: Scanner,
    past_header: bool,
}

impl Records {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        // What was handed out is let go here, in one move for many records.
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next item, if all of it has come.
    ///
    /// # Errors
    /// The bytes are not those of a snapshot; there is no going on.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, RecordsError> {
        let kind = match (self.past_header, self.bytes.get(self.start)) {
            (_, None) => return Ok(None),
            (false, _) => None,
            (true, Some(&byte)) => Some(kind_of(byte)?),
        };
        let begin = self.start + usize::from(kind.is_some());
        let rest = self.bytes.get(begin + self.scanned..).unwrap_or_default();
        let broken = |cause| match kind {
            None => RecordsError::Header(cause),
            Some(kind) => RecordsError::Broken { kind, cause },
        };
        let used = match self.scanner.feed(rest).map_err(broken)? {
            Scan::Complete { used } => used,
            Scan::More => {
                self.scanned += rest.len();
                return match kind {
                    Some(kind) if self.scanned > RECORD_BYTES_MAX => Err(RecordsError::TooLarge(kind)),
                    _ => Ok(None),
                };
            }
        };
        let end = begin + self.scanned + used;
        (self.start, self.scanned) = (end, 0);
        let value = self.bytes.get(begin..end).unwrap_or_default();
        let Some(kind) = kind else {
            self.past_header = true;
            let header = proconsul_msgpack::from_slice(value).map_err(RecordsError::Header)?;
            return Ok(Some(Item::Header { header, bytes: value.len() }));
        };
        Ok(Some(Item::Record { kind, value }))
    }

    /// That the bytes ended where a record ends.
    ///
    /// # Errors
    /// They did not.
    pub fn end(&self) -> Result<(), RecordsError> {
        match (self.past_header, self.bytes.get(self.start)) {
            (true, None) => Ok(()),
            (true, Some(&byte)) => Err(kind_of(byte).map_or_else(|error| error, |kind| RecordsError::Cut(Some(kind)))),
            (false, _) => Err(RecordsError::Cut(None)),
        }
    }
}

fn kind_of(byte: u8) -> Result<MessageType, RecordsError> {
    // The bit that lets a log pass over a type has no meaning here: what is passed over would be lost.
    let known = MessageType::try_from(byte).ok().filter(|kind| u8::from(*kind) == byte);
    match known {
        Some(kind) if kind.snapshot_payload().is_some() => Ok(kind),
        Some(kind) => Err(RecordsError::NotSaved(kind)),
        None if byte >= ENTERPRISE_FROM => Err(RecordsError::Enterprise(byte)),
        None => Err(RecordsError::Unknown(byte)),
    }
}
