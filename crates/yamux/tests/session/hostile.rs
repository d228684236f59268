//! Whatever a peer sends: no panic, and memory within bounds that do not grow with what it claims.

use crate::common::*;
use proconsul_yamux::{Config, Event, Flags, Header, INITIAL_WINDOW_BYTES, Kind, STREAMS_MAX, Session, Side};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Frames that make sense often enough to reach deep states: few ids, plausible lengths, any flags.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let header = (0..5_u8, prop_oneof![0..16_u16, any::<u16>()], 0..6_u32, prop_oneof![0..40_u32, any::<u32>()]);
    (header, vec(any::<u8>(), 0..40)).prop_map(|((kind, flags, stream, length), payload)| {
        let kind = match kind {
            0 => return data(Flags(flags), stream, &payload),
            1 => Kind::WindowUpdate,
            2 => Kind::Ping,
            3 => Kind::GoAway,
            _ => Kind::Data, // with a length that the payload does not have
        };
        let mut frame = Header { kind, flags: Flags(flags), stream, length }.encode().to_vec();
        if kind == Kind::Data {
            frame.extend_from_slice(&payload);
        }
        frame
    })
}

/// What an embedder might do at any moment.
#[derive(Clone, Debug)]
enum Act {
    Receive(Vec<u8>),
    Open,
    Write(usize, usize),
    Finish(usize),
    Reset(usize),
    Consume(usize, usize),
    Ping,
    Pass(u64),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => any_frame().prop_map(Act::Receive),
        1 => vec(any::<u8>(), 0..20).prop_map(Act::Receive),
        1 => Just(Act::Open),
        2 => (0..8_usize, 0..400_000_usize).prop_map(|(at, count)| Act::Write(at, count)),
        1 => (0..8_usize).prop_map(Act::Finish),
        1 => (0..8_usize).prop_map(Act::Reset),
        1 => (0..8_usize, 0..300_000_usize).prop_map(|(at, count)| Act::Consume(at, count)),
        1 => Just(Act::Ping),
        1 => (0..100_u64).prop_map(Act::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic_and_cost_no_more_output_than_they_are_long(bytes in vec(any::<u8>(), 0..2000)) {
        let mut server = Peer::server();
        let _ = server.try_feed(std::slice::from_ref(&bytes));
        prop_assert!(server.session.output_len() <= bytes.len() + 12);
    }

    #[test]
    fn no_sequence_of_frames_and_calls_panics_or_passes_a_bound(acts in vec(any_act(), 0..200)) {
        let config = Config { streams_max: 4, accept_backlog: 3, backlog_bytes_max: 500_000, ..Config::default() };
        let mut peer = Peer::new(Side::Client, config);
        let mut keys = Vec::new();
        for act in acts {
            let nth = |at: usize| keys.get(at % keys.len().max(1)).copied();
            match act {
                Act::Receive(bytes) => {
                    let (seen, result) = peer.try_feed(&[bytes]);
                    keys.extend(seen.iter().filter_map(|event| if let Seen::Opened(key) = event { Some(*key) } else { None }));
                    prop_assert_eq!(result.err(), peer.session.over());
                }
                Act::Open => keys.extend(peer.session.open(peer.now, 0)),
                Act::Write(at, count) => {
                    if let Some(key) = nth(at) {
                        peer.session.write(key, &vec![0; count]);
                    }
                }
                Act::Finish(at) => nth(at).into_iter().for_each(|key| peer.session.finish(key)),
                Act::Reset(at) => nth(at).into_iter().for_each(|key| peer.session.reset(key)),
                Act::Consume(at, count) => nth(at).into_iter().for_each(|key| peer.session.consumed(key, count)),
                Act::Ping => {
                    peer.session.ping(peer.now);
                }
                Act::Pass(seconds) => {
                    peer.pass(Duration::from_secs(seconds));
                    let _ = peer.session.handle_timeout(peer.now);
                }
            }
            prop_assert!(peer.session.streams() <= 4);
            prop_assert!(peer.session.backlog_bytes_total() < 500_000 + 400_000);
            let sum: usize = peer.session.keys().map(|key| peer.session.backlog_bytes(key)).sum();
            prop_assert_eq!(sum, peer.session.backlog_bytes_total());
            frames_of(&peer.output());
        }
    }
}

#[test]
fn a_declared_length_allocates_nothing() {
    let mut session =
        Session::<u32>::new(Side::Server, Config { window_bytes: u32::MAX, ..Config::default() }, Instant::now());
    let frame = Header { kind: Kind::Data, flags: SYN, stream: 1, length: u32::MAX }.encode();
    let mut input = frame.as_slice();
    let event = session.receive(&mut input, Instant::now()).expect("legal with this window");
    assert!(matches!(event, Some(Event::Opened(_))));
    assert_eq!(session.receive(&mut input, Instant::now()), Ok(None));
    assert!(session.output_mut().capacity() < 1024);
}

#[test]
fn a_flood_of_streams_stops_at_the_bound_and_each_refusal_costs_one_frame() {
    let mut server = Peer::server();
    let flood: Vec<_> = (1..=STREAMS_MAX + 1000).map(|id| window(SYN, id, 0)).collect();
    let opened = server.feed(&flood);
    assert_eq!((opened.len(), server.session.streams()), (STREAMS_MAX as usize, STREAMS_MAX as usize));
    assert_eq!(server.output().len(), flood.len() * 12);
}

#[test]
fn streams_opened_and_reset_at_once_take_one_place_each_time() {
    let mut server = Peer::server();
    for id in 0..100_000 {
        let seen = server.feed(&[window(SYN, id, 0), window(RST, id, 0)]);
        let [Seen::Opened(_), Seen::Reset(key)] = seen.as_slice() else { panic!("{seen:?}") };
        server.session.release(*key);
        server.output();
    }
    assert_eq!(server.session.streams(), 0);
}

#[test]
fn a_flood_of_pings_costs_no_more_output_than_it_is_long() {
    let mut server = Peer::server();
    server.feed(&vec![ping(SYN, 1); 10_000]);
    assert_eq!(server.session.output_len(), 120_000, "which is what the embedder looks at before it reads on");
}

#[test]
fn window_grants_beyond_four_gigabytes_are_enough() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, u32::MAX), window(NONE, 1, u32::MAX)]);
    assert_eq!(server.session.send_window(key), u32::MAX);
    server.session.write(key, b"x");
    assert_eq!(server.session.send_window(key), u32::MAX - 1);
}

#[test]
fn a_peer_that_never_reads_is_told_no_more_than_its_windows_allow() {
    let mut server = Peer::server();
    let keys: Vec<_> = (0..4).map(|n| server.feed_opening(&[window(SYN, 1 + 2 * n, 0)])).collect();
    for key in &keys {
        server.session.write(*key, &vec![0; 1 << 20]);
    }
    let bound = keys.len() * (INITIAL_WINDOW_BYTES as usize + 24);
    assert!(server.session.output_len() <= bound);
}

#[test]
fn an_idle_session_is_small_and_holds_no_heap_but_its_configuration() {
    let size = size_of::<Session<u32>>();
    assert!(size <= 400, "{size} bytes");
    let shared = std::sync::Arc::new(Config::default());
    let mut session = Session::<u32>::new(Side::Server, shared.clone(), Instant::now());
    assert_eq!((session.output_mut().capacity(), std::sync::Arc::strong_count(&shared)), (0, 2));
}
