//! Byte strings that share the buffer they were read from.
//!
//! Serde's data model has no way to hand a visitor more than a slice. So [`from_bytes`] leaves the buffer where the visitors
//! of this crate's types find it, on this thread, while it runs; a slice that lies within that buffer then becomes a
//! reference to it. A slice from anywhere else is copied: a type that is read another way is merely not shared.

use std::cell::RefCell;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;

/// Parts shorter than this are copied: a copy is as cheap as a reference, and does not hold on to the whole buffer.
pub const SHARED_BYTES_MIN: usize = 64;

thread_local! {
    static PARENT: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Reads the one value that `bytes` hold; [`crate::GoStr`]s and, with the derive, `bytes::Bytes` fields of at least
/// [`SHARED_BYTES_MIN`] bytes share the buffer instead of copying from it. They keep all of it alive.
///
/// # Errors
/// As [`crate::from_slice`].
pub fn from_bytes<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, DecodeError> {
    let _restore = Restore(PARENT.replace(Some(bytes.clone())));
    crate::from_slice(bytes)
}

/// Puts back what was there, so that calls nest and panics leave nothing behind.
struct Restore(Option<Bytes>);

impl Drop for Restore {
    fn drop(&mut self) {
        PARENT.set(self.0.take());
    }
}

/// `part` as bytes of its own: a reference to the buffer being read if it lies there, otherwise a copy.
pub(crate) fn share(part: &[u8]) -> Bytes {
    if part.len() < SHARED_BYTES_MIN {
        return Bytes::copy_from_slice(part);
    }
    PARENT.with_borrow(|parent| match parent {
        Some(parent) if parent.as_ptr_range().contains(&part.as_ptr()) => parent.slice_ref(part),
        _ => Bytes::copy_from_slice(part),
    })
}
