//! Tokens, policies, roles, auth methods and binding rules.

use super::TypeRow;

/// Sorted by name.
pub(super) const TYPES: &[TypeRow] = &[];
