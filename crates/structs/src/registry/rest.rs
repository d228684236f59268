//! Certificates, federation, prepared queries, operators' tools, events, and records of snapshots.

use super::TypeRow;

/// Sorted by name.
pub(super) const TYPES: &[TypeRow] = &[];
