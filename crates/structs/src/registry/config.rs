//! Config entries, and the requests and replies that carry them or are made of them.

use super::TypeRow;

/// Sorted by name.
pub(super) const TYPES: &[TypeRow] = &[];
