//! Chance from a seed: the same seed gives the same order, so that an answer can be repeated.

/// A source of numbers that look random (SplitMix64). For orders of answers, never for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Shuffle(u64);

impl Shuffle {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Puts a list in any order.
    pub(crate) fn list<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let with = self.next() % (at as u64 + 1);
            list.swap(at, with as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_up_and_a_seed_repeats_it() {
        let order = |seed| {
            let mut list = [1, 2, 3];
            Shuffle::new(seed).list(&mut list);
            list
        };
        let mut seen: Vec<_> = (0..100).map(order).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6);
        assert_eq!(order(7), order(7));
    }
}
