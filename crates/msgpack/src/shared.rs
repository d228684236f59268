//! Byte strings that share the buffer they were read from.
//!
//! Serde's data model has no way to hand a visitor more than a slice. So [`from_bytes`] leaves the buffer where the visitors
//! of this crate's types find it, on this thread, while it runs; a slice that lies within that buffer then becomes a
//! reference to it. A slice from anywhere else is copied: a type that is read another way is merely not shared.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;
use crate::go_str::INLINE_BYTES_MAX;

/// Parts shorter than this are copied: a copy is as cheap as a reference, and does not hold on to the whole buffer. A string
/// that is shorter is kept in place.
pub const SHARED_BYTES_MIN: usize = INLINE_BYTES_MAX + 1;

/// A buffer that is being read.
struct Parent {
    bytes: Bytes,
    /// The same, counted for strings, once there is one that refers to it.
    counted: OnceCell<Arc<Bytes>>,
}

thread_local! {
    static PARENT: RefCell<Option<Parent>> = const { RefCell::new(None) };
}

/// Reads the one value that `bytes` hold; [`crate::GoStr`]s and, with the derive, `bytes::Bytes` fields of at least
/// [`SHARED_BYTES_MIN`] bytes share the buffer instead of copying from it. They keep all of it alive: to keep little of a large
/// reply for long, copy it (`GoStr::from(text.as_bytes())`).
///
/// # Errors
/// As [`crate::from_slice`].
pub fn from_bytes<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, DecodeError> {
    let _restore = Restore(PARENT.replace(Some(Parent { bytes: bytes.clone(), counted: OnceCell::new() })));
    crate::from_slice(bytes)
}

/// Puts back what was there, so that calls nest and panics leave nothing behind.
struct Restore(Option<Parent>);

impl Drop for Restore {
    fn drop(&mut self) {
        PARENT.set(self.0.take());
    }
}

/// `part` as bytes of its own: a reference to the buffer being read if it lies there, otherwise a copy.
pub(crate) fn share(part: &[u8]) -> Bytes {
    let shared = within_parent(part, |parent, at| Some(parent.bytes.slice(at..at.checked_add(part.len())?)));
    shared.unwrap_or_else(|| Bytes::copy_from_slice(part))
}

/// The buffer being read and where `part` lies in it, unless it is short or from elsewhere.
pub(crate) fn counted(part: &[u8]) -> Option<(Arc<Bytes>, usize)> {
    within_parent(part, |parent, at| {
        let counted = parent.counted.get_or_init(|| Arc::new(parent.bytes.clone()));
        Some((Arc::clone(counted), at))
    })
}

fn within_parent<T>(part: &[u8], refer: impl FnOnce(&Parent, usize) -> Option<T>) -> Option<T> {
    if part.len() < SHARED_BYTES_MIN {
        return None;
    }
    PARENT.with_borrow(|parent| {
        let parent = parent.as_ref()?;
        let at = part.as_ptr().addr().checked_sub(parent.bytes.as_ptr().addr())?;
        if at < parent.bytes.len() { refer(parent, at) } else { None }
    })
}
