//! What is due when.
use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use foldhash::fast::RandomState;
use tokio::time::Instant;

/// Keys with a time each, and the next one at hand. Every key costs two entries, and nothing else: no timer, no task.
#[derive(Debug)]
pub(super) struct Deadlines<K> {
    times: HashMap<K, Instant, RandomState>,
    order: BTreeSet<(Instant, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { times: HashMap::default(), order: BTreeSet::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Deadlines<K> {
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn get(&self, key: &K) -> Option<Instant> {
        self.times.get(key).copied()
    }

    /// When the first key is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Gives a key this time instead of any that it had. True if it is now the first.
    pub(super) fn set(&mut self, key: K, at: Instant) -> bool {
        if let Some(before) = self.times.insert(key.clone(), at) {
            self.order.remove(&(before, key.clone()));
        }
        let first = self.next().is_none_or(|next| at < next);
        self.order.insert((at, key));
        first
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some((key, at)) = self.times.remove_entry(key) {
            self.order.remove(&(at, key));
        }
    }

    /// Takes out the first key if it is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.next()? > now { None } else { self.pop() }
    }

    /// Takes out the first key.
    pub(super) fn pop(&mut self) -> Option<K> {
        let (_, key) = self.order.pop_first()?;
        self.times.remove(&key);
        Some(key)
    }

    pub(super) fn clear(&mut self) {
        self.times = HashMap::default();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_come_out_in_the_order_of_their_last_times() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadlines = Deadlines::default();
        assert!(deadlines.set("a", at(3)) && deadlines.set("b", at(2)));
        assert!(!deadlines.set("c", at(2)) && !deadlines.set("b", at(5)));
        deadlines.remove(&"nobody");
        assert_eq!((deadlines.next(), deadlines.len(), deadlines.get(&"b")), (Some(at(2)), 3, Some(at(5))));
        assert_eq!(deadlines.pop_due(at(1)), None);
        assert_eq!(
            [deadlines.pop_due(at(3)), deadlines.pop_due(at(3)), deadlines.pop_due(at(3))],
            [Some("c"), Some("a"), None]
        );
        deadlines.remove(&"b");
        assert_eq!((deadlines.next(), deadlines.len(), deadlines.pop()), (None, 0, None));
    }
}
