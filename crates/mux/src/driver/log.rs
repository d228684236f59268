//! One line a minute for what repeats.
use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// How many things are remembered; past that, everything is forgotten and the count begins anew.
const REMEMBERED_MAX: usize = 1024;

/// Lets through the first of its kind and then one a minute, with how many were held back.
#[derive(Debug)]
pub struct Quiet<K> {
    seen: Mutex<HashMap<K, (Instant, u64)>>,
    every: Duration,
}

impl<K> Default for Quiet<K> {
    fn default() -> Self {
        Self { seen: Mutex::new(HashMap::new()), every: Duration::from_secs(60) }
    }
}

impl<K: Hash + Eq> Quiet<K> {
    /// `Some(held back since the last one)` if `key` is to be logged at `now`.
    pub fn pass(&self, key: K, now: Instant) -> Option<u64> {
        let mut seen = self.seen.lock();
        if seen.len() >= REMEMBERED_MAX && !seen.contains_key(&key) {
            seen.clear();
        }
        match seen.get_mut(&key) {
            None => {
                seen.insert(key, (now, 0));
                Some(0)
            }
            Some((last, held)) if now.duration_since(*last) >= self.every => {
                *last = now;
                Some(std::mem::take(held))
            }
            Some((_, held)) => {
                *held += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_passes_then_one_a_minute_with_a_count() {
        let quiet = Quiet::default();
        let start = Instant::now();
        assert_eq!(quiet.pass("a", start), Some(0));
        assert_eq!(quiet.pass("a", start + Duration::from_secs(1)), None);
        assert_eq!(quiet.pass("a", start + Duration::from_secs(59)), None);
        assert_eq!(quiet.pass("b", start), Some(0));
        assert_eq!(quiet.pass("a", start + Duration::from_secs(60)), Some(2));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let quiet = Quiet::default();
        let now = Instant::now();
        for key in 0..10 * REMEMBERED_MAX {
            quiet.pass(key, now);
        }
        assert!(quiet.seen.lock().len() <= REMEMBERED_MAX);
    }
}
