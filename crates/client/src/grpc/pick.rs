//! Which server is tried next. Pure.
use std::sync::Arc;

/// Servers, and when each was tried last.
#[derive(Debug, Default)]
pub(super) struct Servers {
    known: Vec<Known>,
    turn: u64,
}

#[derive(Debug)]
struct Known {
    name: Arc<str>,
    /// The turn in which it was tried; 0: never.
    tried: u64,
    /// Whether it was tried since it was last told that it is there.
    is_fresh: bool,
}

impl Servers {
    /// These servers are there, the first `max` of them, and no others.
    pub(super) fn set(&mut self, names: impl IntoIterator<Item = String>, max: usize) {
        let mut known: Vec<Known> = Vec::new();
        for name in names {
            if known.len() == max {
                break;
            }
            if known.iter().all(|other| *other.name != *name) {
                let tried = self.known.iter().find(|old| *old.name == *name).map_or(0, |old| old.tried);
                known.push(Known { name: name.into(), tried, is_fresh: true });
            }
        }
        self.known = known;
    }

    /// One that was not tried since it was told of: the one whose turn is the longest ago, or any of those that never had one.
    /// `None`: all were tried. `random` is any number.
    pub(super) fn next(&mut self, random: u64) -> Option<Arc<str>> {
        let fresh = || self.known.iter().enumerate().filter(|(_, known)| known.is_fresh);
        let oldest = fresh().map(|(_, known)| known.tried).min()?;
        let among: Vec<usize> = fresh().filter(|(_, known)| known.tried == oldest).map(|(at, _)| at).collect();
        let at = *among.get(usize::try_from(random % among.len() as u64).ok()?)?;
        self.turn += 1;
        let known = self.known.get_mut(at)?;
        known.tried = self.turn;
        known.is_fresh = false;
        Some(Arc::clone(&known.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_is_tried_once_until_they_are_told_of_again() {
        let mut servers = Servers::default();
        assert_eq!(servers.next(0), None);
        servers.set(names(&["a", "b", "a", "c", "d"]), 3);
        let mut tried: Vec<_> = (0..3).map(|turn| servers.next(turn * 7 + 1).expect("one")).collect();
        assert_eq!(servers.next(0), None);
        let last = tried[2].clone();
        tried.sort();
        assert_eq!(tried, [Arc::from("a"), Arc::from("b"), Arc::from("c")]);
        // Told of again: who was tried last comes last, and who is new comes first.
        servers.set(names(&["a", "b", "c", "e"]), 9);
        let again: Vec<_> = (0..4).map(|_| servers.next(u64::MAX).expect("one")).collect();
        assert_eq!((&*again[0], &again[3]), ("e", &last));
    }

    #[test]
    fn chance_decides_among_those_that_were_never_tried() {
        let first = |random| {
            let mut servers = Servers::default();
            servers.set(names(&["a", "b"]), 9);
            servers.next(random).expect("one")
        };
        assert_ne!(first(0), first(1));
    }
}
