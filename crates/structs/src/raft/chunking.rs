//! Entries too large for one piece of the raft log: they are written in pieces, each with a note which piece it is.

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_msgpack::Wire;

use crate::List;

/// Entries with more bytes than this are written in pieces of as many.
pub const CHUNK_BYTES: usize = 512 * 1024;

/// Snapshot record: pieces of entries that were not complete. The last record, only where there are any.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ChunkingState {
    /// By the number of each entry its pieces in order; nil where one has not come yet.
    pub chunk_map: Option<BTreeMap<u64, List<Option<Chunk>>>>,
}

/// A piece of an entry.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Number of the entry, chosen by the leader.
    pub op_num: u64,
    /// Which piece it is, from zero.
    pub sequence_num: u32,
    /// How many there are.
    pub num_chunks: u32,
    /// Term in which it was written; a leader of another term begins anew.
    pub term: u64,
    /// The piece. Of all together the first byte is the type.
    pub data: Option<Bytes>,
}
