//! A thread's buffers, lent to the connection whose turn it is: an idle connection holds none.
use std::cell::{Cell, RefCell};

/// How much is read at once.
pub(super) const READ_BYTES: usize = 64 * 1024;

/// A buffer that grew beyond this is given back to the allocator after the turn. Large answers come again, and memory that is asked
/// of the system for each of them costs more than they do.
const KEEP_BYTES: usize = 2 * 1024 * 1024;

/// How many buffers a thread keeps for connections whose peers take a while.
const SPARE_MAX: usize = 4;

/// The two buffers of a turn.
pub(super) struct Buffers {
    /// What was read; always [`READ_BYTES`] long.
    pub(super) input: Box<[u8]>,
    /// What is to be written; empty between turns.
    pub(super) output: Vec<u8>,
}

thread_local! {
    static TURN: Cell<Option<Buffers>> = const { Cell::new(None) };
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

impl Buffers {
    /// Takes this thread's buffers.
    pub(super) fn borrow() -> Self {
        TURN.take().unwrap_or_else(|| Self { input: vec![0; READ_BYTES].into_boxed_slice(), output: Vec::new() })
    }

    /// Gives them back. `output` has been written or moved elsewhere by now.
    pub(super) fn give_back(mut self) {
        self.output.clear();
        self.output.shrink_to(KEEP_BYTES);
        TURN.set(Some(self));
    }
}

/// An empty buffer for so many bytes, which a connection may hold for long: none that is much larger.
pub(super) fn spare(bytes: usize) -> Vec<u8> {
    let fits = |buffer: &Vec<u8>| fits(buffer.capacity(), bytes) && buffer.capacity() >= bytes;
    let found = SPARE.with_borrow_mut(|spare| spare.iter().position(fits).map(|at| spare.swap_remove(at)));
    found.unwrap_or_else(|| Vec::with_capacity(bytes))
}

/// Whether a buffer with this capacity may be held for these bytes.
pub(super) fn fits(capacity: usize, bytes: usize) -> bool {
    capacity / 2 <= bytes
}

/// Takes back a buffer that is not needed any more.
pub(super) fn recycle(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > KEEP_BYTES {
        return;
    }
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < SPARE_MAX {
            spare.push(buffer);
        }
    });
}
