//! Where bytes are cut: a peer's writes end anywhere.

/// Cuts `data` into pieces whose lengths follow from `seed`; 0 cuts off one byte after the other.
pub(super) fn pieces(seed: u8, data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut state) = (data, u32::from(seed));
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // A linear congruential generator: its high bits are good enough to choose a length.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = if seed == 0 { 1 } else { 1 + (state >> 24) as usize % 29 };
        let piece;
        (piece, rest) = rest.split_at(length.min(rest.len()));
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole_and_none_is_empty() {
        let data: Vec<u8> = (0..200).collect();
        for seed in 0..=255 {
            let cut: Vec<_> = pieces(seed, &data).collect();
            assert!(cut.iter().all(|piece| !piece.is_empty()));
            assert_eq!(cut.concat(), data);
            assert!(cut.len() > 5, "it is cut at all");
        }
    }
}
