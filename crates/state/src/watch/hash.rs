//! A hash that knows the hash of every prefix.

use std::hash::{BuildHasher, RandomState};

/// Polynomial hash modulo the prime 2^61 - 1 at a secret random point.
///
/// One pass over a key yields the hash of each of its prefixes, which is what finding prefix watches needs. Two
/// different strings of at most n bytes collide with probability at most n / 2^61, whatever the strings are, as long as
/// the point stays secret; a collision costs one evaluation too many and never one too few.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrefixHash {
    point: u64,
}

const PRIME: u64 = (1 << 61) - 1;

impl PrefixHash {
    pub(super) const EMPTY: u64 = 1;

    pub(super) fn random() -> Self {
        // Any point but the few smallest, whose powers would not spread short strings.
        PrefixHash { point: RandomState::new().hash_one(0u8) % (PRIME - 1024) + 1024 }
    }

    /// The hash of a string that is one byte longer.
    pub(super) fn step(self, hash: u64, byte: u8) -> u64 {
        let product = u128::from(hash) * u128::from(self.point) + u128::from(byte) + 1;
        let folded = (product as u64 & PRIME) + (product >> 61) as u64;
        if folded >= PRIME { folded - PRIME } else { folded }
    }

    pub(super) fn of(self, bytes: &[u8]) -> u64 {
        bytes.iter().fold(Self::EMPTY, |hash, byte| self.step(hash, *byte))
    }
}
