//! Answers in the order of how far away they are.
//!
//! Source: `rtt.go`, `librtt`; golden facts `distance`.
use std::cmp::Ordering;

use proconsul_msgpack::GoStr;
use proconsul_state::Snapshot;
use proconsul_structs::{
    coordinate::{Coordinate, Point},
    query::QuerySource,
};

use crate::View;

/// Puts what is nearest to the question's source first. `node_of` tells an item's node, and the peer that it was imported
/// from: of those nobody knows where they are. What is as far away as another, or nobody knows how far, keeps its order.
///
/// Nothing happens if the question does not say where it comes from, comes from another datacenter, or nobody knows where that
/// is. An order that changes since nodes moved is no news to those who wait.
pub(crate) fn sort_near<T>(
    View { context, at, .. }: View<'_>,
    source: &QuerySource,
    list: &mut [T],
    node_of: impl Fn(&T) -> (&GoStr, &GoStr),
) {
    if source.node.is_empty() || source.datacenter != context.datacenter || list.len() < 2 {
        return;
    }
    let Some(here) = Place::of(at, &source.node) else { return };
    list.sort_by_cached_key(|item| {
        let (node, peer) = node_of(item);
        let there = if peer.is_empty() { Place::of(at, node) } else { None };
        Distance(there.map_or(f64::INFINITY, |there| here.distance_to(&there)))
    });
}

/// Where a node is, in each of its network segments.
struct Place<'a>(Vec<&'a Coordinate>);

impl<'a> Place<'a> {
    /// `None` if nobody knows.
    fn of(at: &'a Snapshot, node: &GoStr) -> Option<Self> {
        let known: Vec<_> = at.whereabouts(node).collect();
        (!known.is_empty()).then_some(Self(known))
    }

    /// Who is in one segment only is compared there, and otherwise the default segment counts: who is in several is a server,
    /// and these are in all of them.
    fn distance_to(&self, other: &Self) -> f64 {
        let only = |place: &Self| match place.0[..] {
            [only] => Some(&only.segment),
            _ => None,
        };
        let segment = only(other).or(only(self)).map_or(&[][..], |segment| segment.as_bytes());
        match (self.within(segment), other.within(segment)) {
            (Some(here), Some(there)) => here.distance_to(there),
            _ => f64::INFINITY,
        }
    }

    fn within(&self, segment: &[u8]) -> Option<&'a Point> {
        self.0.iter().find(|at| at.segment.as_bytes() == segment).and_then(|at| at.coord.as_ref())
    }
}

/// A distance that can be compared: none is `NaN`.
struct Distance(f64);

impl PartialEq for Distance {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Distance {}

impl PartialOrd for Distance {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Distance {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests;
