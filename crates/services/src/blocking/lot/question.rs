//! A query as data: asked again from the bytes of its request.
use proconsul_netrpc::{Encode, Fault};
use proconsul_state::{Snapshot, WatchSet};

/// A query that can be asked again of any snapshot, from the bytes of its request.
pub(in crate::blocking) trait Question: Send + Sync {
    /// Answers from one snapshot.
    fn evaluate(&self, body: &[u8], at: &Snapshot, watches: &mut WatchSet) -> Result<Evaluated, Fault>;
}

/// An answer that is not encoded yet.
pub(in crate::blocking) struct Evaluated {
    /// The index that it goes by.
    pub(in crate::blocking) index: u64,
    /// What was asked for does not exist.
    pub(in crate::blocking) nothing: bool,
    /// Another index to go by, or zero.
    pub(in crate::blocking) also: u64,
    /// The answer.
    pub(in crate::blocking) reply: Box<dyn Encode + Send>,
}
