//! Numbers that spread pauses.
use std::hash::{BuildHasher, RandomState};

/// Any number: the standard library's own source of randomness for hash maps is enough for this.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}
