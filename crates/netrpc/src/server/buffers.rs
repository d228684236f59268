//! A thread's buffers, lent to the connection whose turn it is: an idle connection holds none.
use std::cell::Cell;

/// How much is read at once.
pub(super) const READ_BYTES: usize = 64 * 1024;

/// An output buffer that grew beyond this is given back to the allocator after the turn.
const KEEP_BYTES: usize = 256 * 1024;

/// The two buffers of a turn.
pub(super) struct Buffers {
    /// What was read; always [`READ_BYTES`] long.
    pub(super) input: Box<[u8]>,
    /// What is to be written; empty between turns.
    pub(super) output: Vec<u8>,
}

thread_local! {
    static SPARE: Cell<Option<Buffers>> = const { Cell::new(None) };
}

impl Buffers {
    /// Takes this thread's buffers.
    pub(super) fn borrow() -> Self {
        SPARE.take().unwrap_or_else(|| Self { input: vec![0; READ_BYTES].into_boxed_slice(), output: Vec::new() })
    }

    /// Gives them back. `output` has been written or moved elsewhere by now.
    pub(super) fn give_back(mut self) {
        self.output.clear();
        self.output.shrink_to(KEEP_BYTES);
        SPARE.set(Some(self));
    }
}
