//! Why a file is none. The words are Consul's, which a client of the stream is told.

use std::io;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError<E> {
    /// The file did not come.
    #[error("failed reading snapshot: {0}")]
    Io(io::Error),
    /// It is no such file, or not what was written.
    #[error("{0}")]
    Damaged(Damage),
    /// Whoever took the state would not.
    #[error("{0}")]
    State(E),
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is nothing.
    #[error("failed to decompress snapshot: EOF")]
    Empty,
    /// It ends within its first bytes.
    #[error("failed to decompress snapshot: unexpected EOF")]
    Short,
    /// It is not compressed.
    #[error("failed to decompress snapshot: gzip: invalid header")]
    NotGzip,
    /// What is compressed does not come out.
    #[error("failed to read snapshot file: failed reading snapshot: {0}")]
    Gzip(String),
    /// A part's header is none.
    #[error("failed to read snapshot file: failed reading snapshot: archive/tar: invalid tar header")]
    Tar,
    /// It ends within a part.
    #[error("failed to read snapshot file: failed reading snapshot: unexpected EOF")]
    Cut,
    /// It has a part that no snapshot has.
    #[error("failed to read snapshot file: unexpected file {0:?} in snapshot")]
    UnexpectedFile(String),
    /// A part is larger than it can be.
    #[error("failed to read snapshot file: {name} has more than {max} bytes")]
    TooLarge {
        /// The part.
        name: &'static str,
        /// What it may have.
        max: usize,
    },
    /// `meta.json` is not what it should be.
    #[error("failed to read snapshot file: failed to decode snapshot metadata: {0}")]
    Meta(String),
    /// The list of checksums has a line that is none.
    #[error("failed to read snapshot file: failed checking integrity of snapshot: input does not match format")]
    SumsLine,
    /// The list of checksums has a part that is not looked for.
    #[error("failed to read snapshot file: failed checking integrity of snapshot: list missing hash for {0:?}")]
    UnknownSum(String),
    /// A part is not what was written.
    #[error("failed to read snapshot file: failed checking integrity of snapshot: hash check failed for {0:?}")]
    WrongSum(String),
    /// The list of checksums does not have a part.
    #[error("failed to read snapshot file: failed checking integrity of snapshot: file missing for {0:?}")]
    MissingSum(&'static str),
    /// There is more behind the last part.
    #[error("{0} unread uncompressed bytes remain")]
    Trailing(usize),
    /// The state has another size than `meta.json` says.
    #[error("Raft error when restoring snapshot: failed to write snapshot, size didn't match ({read} != {told})")]
    Size {
        /// What came.
        read: u64,
        /// What was told.
        told: i64,
    },
}

impl<E> From<Damage> for ArchiveError<E> {
    fn from(damage: Damage) -> Self {
        ArchiveError::Damaged(damage)
    }
}
