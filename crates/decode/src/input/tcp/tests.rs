use super::*;
use crate::{Event, What};

const CLIENT: &str = "10.0.0.9:40000";
const SERVER: &str = "10.0.0.1:8300";

/// A call of `Status.Ping` behind type byte 0.
const CALL: &[u8] = b"\x00\x82\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";

fn segment<'p>(to_server: bool, sequence: u32, flags: &str, payload: &'p [u8]) -> Segment<'p> {
    let (client, server): (SocketAddr, SocketAddr) = (CLIENT.parse().unwrap(), SERVER.parse().unwrap());
    let (from, to) = if to_server { (client, server) } else { (server, client) };
    let has = |flag| flags.contains(flag);
    Segment { from, to, sequence, syn: has('S'), ack: has('A'), fin: has('F'), rst: has('R'), payload }
}

/// What is told of segments to the server, each with its sequence number, and notes.
fn told(segments: &[(u32, &str, &[u8])]) -> (Vec<Event>, Vec<String>) {
    let (mut tcp, mut decoder, mut notes) = (Tcp::new(&[8300]), Decoder::default(), Vec::new());
    for (number, (sequence, flags, payload)) in segments.iter().enumerate() {
        tcp.segment(&mut decoder, Duration::from_millis(number as u64), &segment(true, *sequence, flags, payload));
    }
    tcp.finish(&mut decoder, &mut |note| notes.push(note));
    decoder.finish();
    (std::iter::from_fn(|| decoder.next_event()).collect(), notes)
}

fn calls(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.what, What::Call(_))).count()
}

#[test]
fn order_and_repetition_do_not_matter() {
    // Sequence numbers wrap around within the message.
    for isn in [0, 1000, u32::MAX, u32::MAX - 20] {
        let first = isn.wrapping_add(1);
        let at = |offset: u32| first.wrapping_add(offset);
        let whole = [(isn, "S", &[][..]), (first, "A", CALL), (at(CALL.len() as u32), "FA", &[])];
        let orders: [&[(u32, &str, &[u8])]; 3] = [
            &[(isn, "S", &[]), (at(20), "A", &CALL[20..]), (at(5), "A", &CALL[5..20]), (first, "A", &CALL[..5])],
            &[(isn, "S", &[]), (first, "A", &CALL[..9]), (first, "A", &CALL[..9]), (at(4), "A", &CALL[4..])],
            &[(isn, "S", &[]), (at(9), "A", &CALL[9..12]), (at(9), "A", &CALL[9..]), (first, "A", &CALL[..11])],
        ];
        for order in [&whole[..]].into_iter().chain(orders) {
            let (events, notes) = told(order);
            assert_eq!(calls(&events), 1, "{isn} {order:?}: {events:?}");
            assert!(notes.is_empty() && !events.iter().any(|event| matches!(event.what, What::Lost { .. })));
        }
    }
}

#[test]
fn what_is_missing_is_told_with_its_size() {
    let (events, _) = told(&[(0, "S", &[]), (1, "A", &CALL[..9]), (1 + 13, "A", &CALL[13..])]);
    let lost: Vec<u64> = events
        .iter()
        .filter_map(|event| match event.what {
            What::Lost { bytes } => Some(bytes),
            _ => None,
        })
        .collect();
    assert_eq!((lost.as_slice(), calls(&events)), (&[4][..], 0));
}

#[test]
fn what_is_held_has_a_bound() {
    let (mut tcp, mut decoder) = (Tcp::new(&[8300]), Decoder::default());
    tcp.segment(&mut decoder, Duration::ZERO, &segment(true, 0, "S", &[]));
    let piece = vec![0; 60_000];
    for number in 0..200u32 {
        tcp.segment(&mut decoder, Duration::ZERO, &segment(true, 100 + number * 60_000, "A", &piece));
        let held = tcp.open.values().flat_map(|open| &open.halves).map(|half| half.early_bytes).max();
        assert!(held <= Some(EARLY_BYTES_MAX + piece.len()));
    }
    let events: Vec<_> = std::iter::from_fn(|| decoder.next_event()).collect();
    assert!(events.iter().any(|event| matches!(event.what, What::Lost { bytes: 99 })));
}

#[test]
fn the_same_two_ends_may_meet_again() {
    let (events, _) = told(&[(0, "S", &[]), (1, "A", CALL), (1, "R", &[]), (77, "S", &[]), (78, "A", CALL)]);
    assert_eq!(calls(&events), 2);
    let opened: Vec<_> = events.iter().filter(|event| matches!(event.what, What::Opened { .. })).collect();
    assert_eq!(opened.iter().map(|event| event.conn.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn when_nothing_is_of_the_port_the_others_are_named() {
    let (mut tcp, mut decoder, mut notes) = (Tcp::new(&[1]), Decoder::default(), Vec::new());
    tcp.segment(&mut decoder, Duration::ZERO, &segment(true, 0, "S", &[]));
    tcp.finish(&mut decoder, &mut |note| notes.push(note));
    assert!(notes.len() == 1 && notes[0].contains("8300 (1 packets)") && notes[0].contains("--port"), "{notes:?}");
}
