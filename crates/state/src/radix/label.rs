//! The bytes on an edge.

use std::sync::Arc;

/// Labels up to this many bytes live inside their node; copying such a node allocates nothing for its label.
pub(super) const INLINE_BYTES_MAX: usize = 22;

/// A short byte string that is cheap to copy.
#[derive(Clone)]
pub(super) enum Label {
    Inline { length: u8, bytes: [u8; INLINE_BYTES_MAX] },
    Shared(Arc<[u8]>),
}

impl Label {
    pub(super) fn new(from: &[u8]) -> Self {
        if from.len() > INLINE_BYTES_MAX {
            return Label::Shared(from.into());
        }
        let mut bytes = [0; INLINE_BYTES_MAX];
        bytes[..from.len()].copy_from_slice(from);
        Label::Inline { length: from.len() as u8, bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Label::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Label::Shared(bytes) => bytes,
        }
    }
}

/// How many bytes two strings have in common at their start.
pub(super) fn shared_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}
