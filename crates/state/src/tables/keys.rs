//! Keys of secondary indexes: several names in one byte string that still sorts by the first, then the next.

use crate::fold::fold;

/// Folded names, each with an end that no name contains, so that no two lists of names share a key and the key of
/// fewer names is a prefix of the keys of more.
pub(crate) fn compose(names: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(names.iter().map(|name| name.len() + END.len()).sum());
    for name in names {
        let folded = fold(name);
        if folded.contains(&0) {
            for byte in folded.iter() {
                key.push(*byte);
                if *byte == 0 {
                    key.push(ESCAPED);
                }
            }
        } else {
            key.extend_from_slice(&folded);
        }
        key.extend_from_slice(&END);
    }
    key
}

/// Sorts before every other byte, so that `a` stands before `ab`.
const END: [u8; 2] = [0, 0];
/// What follows a zero byte that is part of a name.
const ESCAPED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn different_names_make_different_keys_in_the_same_order(
            left in vec(vec(0u8..4, 0..4), 2), right in vec(vec(0u8..4, 0..4), 2),
        ) {
            let key = |names: &[Vec<u8>]| compose(&names.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
            prop_assert!(key(&left).starts_with(&key(&left[..1])));
            prop_assert_eq!(key(&left).starts_with(&key(&right[..1])), left[0] == right[0]);
        }
    }
}
