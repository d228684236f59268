//! Collections that nearly always have one element, which then costs no allocation.
use proconsul_state::WatchKey;
use slab::Slab;

use super::places::Waiter;

/// What one entry watches.
pub(super) enum Watched {
    One(WatchKey),
    Many(Box<[WatchKey]>),
}

impl Watched {
    pub(super) fn as_slice(&self) -> &[WatchKey] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Many(keys) => keys,
        }
    }
}

impl FromIterator<WatchKey> for Watched {
    fn from_iter<I: IntoIterator<Item = WatchKey>>(keys: I) -> Self {
        let mut keys = keys.into_iter();
        match (keys.next(), keys.next()) {
            (Some(only), None) => Self::One(only),
            (first, second) => Self::Many(first.into_iter().chain(second).chain(keys).collect()),
        }
    }
}

/// Those who wait for one entry, each at a place of its own.
pub(super) enum Waiters {
    /// Nobody, or somebody at place zero.
    One(Option<Waiter>),
    Many(Box<Slab<Waiter>>),
}

impl Waiters {
    /// Nobody.
    pub(super) const NONE: Self = Self::One(None);

    /// The place that the waiter gets.
    pub(super) fn insert(&mut self, waiter: Waiter) -> u32 {
        if let Self::One(first) = self {
            let Some(held) = first.take() else {
                *first = Some(waiter);
                return 0;
            };
            let mut slab = Slab::with_capacity(2);
            slab.insert(held);
            *self = Self::Many(Box::new(slab));
        }
        match self {
            Self::Many(slab) => slab.insert(waiter) as u32,
            Self::One(_) => 0,
        }
    }

    pub(super) fn get(&self, place: u32) -> Option<&Waiter> {
        match self {
            Self::One(waiter) => waiter.as_ref().filter(|_| place == 0),
            Self::Many(slab) => slab.get(place as usize),
        }
    }

    pub(super) fn remove(&mut self, place: u32) -> Option<Waiter> {
        match self {
            Self::One(waiter) if place == 0 => waiter.take(),
            Self::One(_) => None,
            Self::Many(slab) => slab.try_remove(place as usize),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(waiter) => usize::from(waiter.is_some()),
            Self::Many(slab) => slab.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everybody, with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Waiter)> {
        let (one, many) = match self {
            Self::One(waiter) => (waiter.as_ref(), None),
            Self::Many(slab) => (None, Some(slab)),
        };
        let many = many.into_iter().flat_map(|slab| slab.iter()).map(|(place, waiter)| (place as u32, waiter));
        one.map(|waiter| (0, waiter)).into_iter().chain(many)
    }

    /// Everybody, taken out.
    pub(super) fn into_all(self) -> impl Iterator<Item = Waiter> {
        let (one, many) = match self {
            Self::One(waiter) => (waiter, None),
            Self::Many(slab) => (None, Some(*slab)),
        };
        one.into_iter().chain(many.into_iter().flatten().map(|(_, waiter)| waiter))
    }
}
