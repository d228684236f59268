//! Keys of secondary indexes: several names in one byte string that still sorts by the first, then the next.

use crate::fold::fold;
use crate::peer::Peer;

/// [`compose`], with whose names they are in front.
pub(crate) fn of_peer<const N: usize>(peer: Peer<'_>, names: [&[u8]; N]) -> Vec<u8> {
    let mut key = Vec::with_capacity(
        peer.name().len() + END.len() + names.iter().map(|name| name.len() + END.len()).sum::<usize>(),
    );
    append(&mut key, peer.name());
    names.iter().for_each(|name| append(&mut key, name));
    key
}

/// Folded names, each with an end that no name contains, so that no two lists of names share a key and the key of
/// fewer names is a prefix of the keys of more.
pub(crate) fn compose(names: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(names.iter().map(|name| name.len() + END.len()).sum());
    names.iter().for_each(|name| append(&mut key, name));
    key
}

fn append(key: &mut Vec<u8>, name: &[u8]) {
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

/// The names in a key, folded.
pub(crate) fn decompose(key: &[u8]) -> Vec<Vec<u8>> {
    let (mut names, mut name) = (Vec::new(), Vec::new());
    let mut bytes = key.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            0 if bytes.next() == Some(&ESCAPED) => name.push(0),
            0 => names.push(std::mem::take(&mut name)),
            byte => name.push(byte),
        }
    }
    names
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
            prop_assert_eq!(&decompose(&key(&left)), &left);
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
            prop_assert!(key(&left).starts_with(&key(&left[..1])));
            prop_assert_eq!(key(&left).starts_with(&key(&right[..1])), left[0] == right[0]);
        }
    }
}
