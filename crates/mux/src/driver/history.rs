//! Why the last connections of each peer ended.
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use crate::Reason;

/// How many kinds of ends are kept for one peer.
pub const CLOSES_PER_PEER_MAX: usize = 16;

/// How many peers are remembered; the one that was heard of least recently makes room.
pub const PEERS_REMEMBERED_MAX: usize = 512;

/// Ends of one peer's connections, for one reason on one route.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The last of those connections; `None` where no connection was accepted.
    pub peer: Option<SocketAddr>,
    /// The label of its route, [`DETECTING`](super::DETECTING) if that never was known.
    pub route: &'static str,
    /// Why it ended.
    pub reason: Reason,
    /// What else is known of the last one.
    pub detail: Option<Box<str>>,
    /// When the last one ended.
    pub at: Instant,
    /// How many there were.
    pub count: u64,
}

/// The last ends by peer.
#[derive(Debug, Default)]
pub(super) struct History {
    peers: HashMap<Option<IpAddr>, Peer>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Peer {
    heard: u64,
    /// The newest last.
    closes: Vec<Closed>,
}

impl History {
    pub(super) fn add(&mut self, mut closed: Closed) {
        let key = closed.peer.map(|peer| peer.ip().to_canonical());
        if self.peers.len() >= PEERS_REMEMBERED_MAX && !self.peers.contains_key(&key) {
            let quietest = self.peers.iter().min_by_key(|(_, peer)| peer.heard).map(|(key, _)| *key);
            if let Some(quietest) = quietest {
                self.peers.remove(&quietest);
            }
        }
        self.turn += 1;
        let peer = self.peers.entry(key).or_default();
        peer.heard = self.turn;
        let same = |one: &Closed| one.reason == closed.reason && one.route == closed.route;
        if let Some(at) = peer.closes.iter().position(same) {
            closed.count += peer.closes.remove(at).count;
        } else if peer.closes.len() >= CLOSES_PER_PEER_MAX {
            peer.closes.remove(0);
        }
        peer.closes.push(closed);
    }

    /// All that is kept, the newest first.
    pub(super) fn closes(&self) -> Vec<Closed> {
        let mut closes: Vec<Closed> = self.peers.values().flat_map(|peer| &peer.closes).cloned().collect();
        closes.sort_by_key(|closed| std::cmp::Reverse(closed.at));
        closes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn closed(last: u16, port: u16, reason: Reason, at: Instant) -> Closed {
        let [high, low] = last.to_be_bytes();
        let peer = Some(SocketAddr::from(([127, 0, high, low], port)));
        Closed { peer, route: "rpc", reason, detail: None, at, count: 1 }
    }

    #[test]
    fn the_same_end_of_the_same_peer_is_counted_and_comes_first() {
        let (mut history, start) = (History::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        history.add(closed(1, 1000, Reason::UnknownByte, at(0)));
        history.add(closed(1, 1001, Reason::PeerClosed, at(1)));
        history.add(closed(2, 1002, Reason::UnknownByte, at(2)));
        history.add(closed(1, 1003, Reason::UnknownByte, at(3)));
        let seen: Vec<_> = history.closes().iter().map(|one| (one.peer.map(|peer| peer.port()), one.count)).collect();
        assert_eq!(seen, [(Some(1003), 2), (Some(1002), 1), (Some(1001), 1)]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_quietest_peer_goes_first() {
        let (mut history, start) = (History::default(), Instant::now());
        for last in 0..3 * PEERS_REMEMBERED_MAX as u16 {
            // The first peer is heard of again and again.
            history.add(closed(0, 1, Reason::Reset, start));
            history.add(closed(last, 1, Reason::PeerClosed, start));
        }
        assert_eq!(history.peers.len(), PEERS_REMEMBERED_MAX);
        assert!(history.closes().iter().any(|one| one.peer == Some(SocketAddr::from(([127, 0, 0, 0], 1)))));
        for reason in Reason::all() {
            history.add(closed(7, 1, reason, start));
        }
        let of_seven =
            history.closes().into_iter().filter(|one| one.peer == Some(SocketAddr::from(([127, 0, 0, 7], 1))));
        assert_eq!(of_seven.count(), CLOSES_PER_PEER_MAX);
    }
}
