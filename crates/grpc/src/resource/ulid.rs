//! ULIDs: ids that sort by when they were made. 48 bits of milliseconds, then 80 of chance.
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use uuid::Uuid;

/// How long one is as text.
pub(super) const ULID_BYTES: usize = 26;

/// Crockford's digits: none that is taken for another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const CHANCE_BITS: u32 = 80;
const CHANCE: u128 = (1 << CHANCE_BITS) - 1;

/// The last one that was made.
static LAST: Mutex<u128> = Mutex::new(0);

/// A new one, greater than all that this program has made.
pub(super) fn make() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let fresh = ((since.as_millis() & ((1 << 48) - 1)) << CHANCE_BITS) | chance();
    let mut last = LAST.lock();
    // In the same millisecond, or after a clock was set back, one counts on from the last by chance.
    *last = if fresh >> CHANCE_BITS > *last >> CHANCE_BITS { fresh } else { *last + 1 + (fresh & 0xffff_ffff) };
    text(*last)
}

/// 80 bits of chance, from those of a random UUID that are.
fn chance() -> u128 {
    let random = Uuid::new_v4().as_u128();
    ((random >> 80) << 32 | random & 0xffff_ffff) & CHANCE
}

fn text(value: u128) -> String {
    (0..ULID_BYTES).rev().map(|digit| DIGITS[(value >> (5 * digit)) as usize & 31] as char).collect()
}

/// Whether a text is one, in either case.
pub(super) fn is_ulid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == ULID_BYTES
        && bytes.iter().all(|digit| DIGITS.contains(&digit.to_ascii_uppercase()))
        && bytes.first().is_some_and(|first| *first <= b'7')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_grow_and_are_such() {
        let made: Vec<String> = (0..1000).map(|_| make()).collect();
        assert!(made.iter().all(|made| is_ulid(made)) && made.windows(2).all(|two| two[0] < two[1]));
    }

    #[test]
    fn what_is_none_is_not_taken_for_one() {
        assert_eq!(text(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        for (given, is) in [
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", true),
            ("01arz3ndektsv4rrffq69g5fav", true),
            ("81ARZ3NDEKTSV4RRFFQ69G5FAV", false),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAU", false),
            ("01ARZ3NDEKTSV4RRFFQ69G5FA", false),
            ("", false),
        ] {
            assert_eq!(is_ulid(given), is, "{given}");
        }
    }
}
