//! Two sessions over a virtual wire that loses nothing and cuts anywhere.

use crate::common::*;
use proconsul_yamux::{Config, Event, Session, Side, StreamKey};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// One end with what its embedder remembers by wire id.
struct End {
    session: Session<u32>,
    /// What came, and whether it was all.
    got: HashMap<u32, (Vec<u8>, bool)>,
    /// Bytes that came and are not consumed yet.
    held: VecDeque<(StreamKey, usize)>,
    /// Answer with what comes, and finish when the peer does.
    echoes: bool,
}

impl End {
    fn new(side: Side, config: Config, now: Instant, echoes: bool) -> Self {
        Self { session: Session::new(side, config, now), got: HashMap::new(), held: VecDeque::new(), echoes }
    }

    fn receive(&mut self, mut input: &[u8], now: Instant) {
        while let Some(event) = self.session.receive(&mut input, now).expect("both ends keep the rules") {
            match event {
                Event::Data { stream, bytes, .. } => {
                    let id = self.session.stream_id(stream).expect("open").0;
                    self.got.entry(id).or_default().0.extend_from_slice(bytes);
                    self.held.push_back((stream, bytes.len()));
                    if self.echoes {
                        self.session.write(stream, bytes);
                    }
                }
                Event::Finished(stream) => {
                    let id = self.session.stream_id(stream).expect("good until the next call").0;
                    self.got.entry(id).or_default().1 = true;
                    if self.echoes {
                        self.session.finish(stream);
                    }
                }
                Event::Reset(stream) => panic!("{stream:?} was reset"),
                Event::Opened(_) | Event::Acked(_) | Event::Writable(_) | Event::GoAway(_) | Event::Pong { .. } => {}
            }
        }
    }

    fn consume_some(&mut self, count: usize) {
        for (stream, bytes) in self.held.drain(..count.min(self.held.len())) {
            self.session.consumed(stream, bytes);
        }
    }
}

/// Moves up to `cut` bytes from one end's output to the other's input.
fn carry(from: &mut End, to: &mut End, cut: usize, now: Instant) -> bool {
    let output = from.session.output_mut();
    let piece: Vec<u8> = output.drain(..cut.min(output.len())).collect();
    to.receive(&piece, now);
    !piece.is_empty()
}

fn content(seed: u32, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u32).wrapping_mul(2_654_435_761).wrapping_add(seed).to_be_bytes()[0]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_comes_back_whole_whatever_the_cuts_and_the_order(
        lengths in vec(prop_oneof![0..2000_usize, 200_000..900_000_usize], 1..6),
        cuts in vec(prop_oneof![1..40_usize, 1000..300_000_usize], 1..8),
        consume in 1..5_usize,
        grown in any::<bool>(),
    ) {
        let now = Instant::now();
        let config = Config { window_bytes: if grown { 1 << 20 } else { 0 }, ..Config::default() };
        let mut client = End::new(Side::Client, config.clone(), now, false);
        let mut server = End::new(Side::Server, config, now, true);
        let mut sent = HashMap::new();
        for (n, length) in lengths.iter().enumerate() {
            let key = client.session.open(now, 0).expect("few");
            let bytes = content(n as u32, *length);
            client.session.write(key, &bytes);
            client.session.finish(key);
            sent.insert(1 + 2 * n as u32, (bytes, true));
        }
        // Small cuts come often at first, then the wire widens so that the test ends.
        for round in 0..1_000_000_usize {
            let cut = cuts[round % cuts.len()] * (1 + round / 50);
            let there = carry(&mut client, &mut server, cut, now);
            let back = carry(&mut server, &mut client, cut, now);
            if !there && !back && client.held.is_empty() && server.held.is_empty() {
                break;
            }
            client.consume_some(consume);
            server.consume_some(consume);
        }
        for ((id, got), end) in client.got.iter().map(|got| (got, "client")).chain(server.got.iter().map(|got| (got, "server"))) {
            prop_assert!(sent.get(id) == Some(got), "stream {} at the {}: {} bytes, finished: {}", id, end, got.0.len(), got.1);
        }
        prop_assert_eq!((client.got.len(), server.got.len()), (sent.len(), sent.len()));
        prop_assert_eq!((client.session.streams(), server.session.streams()), (0, 0));
        prop_assert_eq!((client.session.backlog_bytes_total(), server.session.backlog_bytes_total()), (0, 0));
    }
}

#[test]
fn each_half_of_a_stream_closes_alone() {
    let (mut client, mut server) = (Peer::client(), Peer::server());
    let here = client.open();
    client.session.write(here, b"question");
    client.session.finish(here);
    let seen = server.feed(&[client.output()]);
    let [Seen::Opened(there), Seen::Data(..), Seen::Finished(_)] = seen.as_slice() else { panic!("{seen:?}") };
    server.session.write(*there, b"long answer");
    let seen = client.feed(&[server.output()]);
    assert_eq!(seen, [Seen::Acked(here), Seen::Data(here, b"long answer".to_vec())]);
    server.session.finish(*there);
    assert_eq!(client.feed(&[server.output()]), [Seen::Finished(here)]);
    assert_eq!((client.session.streams(), server.session.streams()), (0, 0));
}

#[test]
fn both_ends_may_start_streams_at_once() {
    let (mut client, mut server) = (Peer::client(), Peer::server());
    let (mine, theirs) = (client.open(), server.open());
    let (to_server, to_client) = (client.output(), server.output());
    assert!(matches!(server.feed(&[to_server]).as_slice(), [Seen::Opened(_)]));
    assert!(matches!(client.feed(&[to_client]).as_slice(), [Seen::Opened(_)]));
    assert_eq!(client.feed(&[server.output()]), [Seen::Acked(mine)]);
    assert_eq!(server.feed(&[client.output()]), [Seen::Acked(theirs)]);
}
