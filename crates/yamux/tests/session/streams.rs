//! Opening, writing, windows and closing, seen from one side or with two sessions back to back.

use crate::common::*;
use bytes::Bytes;
use proconsul_yamux::{
    ACCEPT_BACKLOG, Code, Config, INITIAL_WINDOW_BYTES, OpenError, SessionError, Side, StreamId, StreamState, Written,
};

const WINDOW: usize = INITIAL_WINDOW_BYTES as usize;

#[test]
fn each_side_opens_with_ids_of_its_parity() {
    for (mut peer, ids) in [(Peer::client(), [1, 3, 5]), (Peer::server(), [2, 4, 6])] {
        for id in ids {
            peer.open();
            assert_eq!(peer.output(), window(SYN, id, 0));
        }
    }
}

#[test]
fn an_id_of_ours_that_the_peer_holds_is_passed_over() {
    let mut client = Peer::client();
    client.feed(&[window(SYN, 1, 0), window(SYN, 3, 0)]);
    let key = client.open();
    assert_eq!(client.session.stream_id(key), Some(StreamId(5)));
}

#[test]
fn a_larger_window_is_granted_with_the_first_frame_of_a_stream() {
    let config = Config { window_bytes: 1 << 20, ..Config::default() };
    let extra = (1 << 20) - INITIAL_WINDOW_BYTES;
    let mut client = Peer::new(Side::Client, config.clone());
    client.open();
    assert_eq!(client.output(), window(SYN, 1, extra));
    let mut server = Peer::new(Side::Server, config);
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.output(), window(ACK, 1, extra));
    let big = vec![7; 1 << 20];
    assert_eq!(server.feed(&[data(NONE, 1, &big)]), [Seen::Data(key, big)], "one frame as large as the window");
}

#[test]
fn a_window_below_what_peers_assume_counts_as_that() {
    let mut server = Peer::new(Side::Server, Config { window_bytes: 1, ..Config::default() });
    server.feed_opening(&[window(SYN, 1, 0), data(NONE, 1, &[0; WINDOW])]);
    assert_eq!(server.output(), window(ACK, 1, 0));
}

#[test]
fn only_so_many_streams_wait_for_their_acknowledgement() {
    let mut client = Peer::client();
    let keys: Vec<_> = (0..ACCEPT_BACKLOG).map(|_| client.open()).collect();
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::Unacknowledged(ACCEPT_BACKLOG)));
    assert_eq!(client.feed(&[window(ACK, 1, 0), window(ACK, 1, 0)]), [Seen::Acked(keys[0])], "once");
    client.open();
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::Unacknowledged(ACCEPT_BACKLOG)));
    // A stream that ends unacknowledged gives its place back too: reset by us, reset by the peer, finished by both.
    client.session.reset(keys[1]);
    client.open();
    assert_eq!(client.feed(&[window(RST, 5, 0)]), [Seen::Reset(keys[2])]);
    client.open();
    client.session.finish(keys[3]);
    client.feed(&[window(FIN, 7, 0)]);
    client.open();
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::Unacknowledged(ACCEPT_BACKLOG)));
}

#[test]
fn opening_fails_after_a_go_away_an_end_or_at_the_limit() {
    let mut client = Peer::client();
    client.feed(&[go_away(0)]);
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::RemoteGoAway));

    let mut client = Peer::client();
    let _ = client.try_feed(&[vec![9; 12]]);
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::Over));

    let mut client = Peer::new(Side::Client, Config { streams_max: 1, ..Config::default() });
    client.open();
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::TooManyStreams(1)));
}

#[test]
fn a_stream_carries_data_before_it_is_acknowledged() {
    let mut client = Peer::client();
    let key = client.open();
    assert_eq!(client.session.write(key, b"ask"), Written::Framed);
    assert_eq!(client.output(), [window(SYN, 1, 0), data(NONE, 1, b"ask")].concat());
    assert_eq!(client.feed(&[data(ACK, 1, b"answer")]), [Seen::Acked(key), Seen::Data(key, b"answer".to_vec())]);
    assert_eq!(client.session.state(key), Some(StreamState::Established));
}

/// The two ways to write bytes that are at hand, and the one that appends them to the output.
fn write_in_every_way(check: impl Fn(&dyn Fn(&mut Peer, proconsul_yamux::StreamKey, &[u8]) -> Written)) {
    check(&|peer, key, bytes| peer.session.write(key, bytes));
    check(&|peer, key, bytes| peer.session.write_shared(key, Bytes::copy_from_slice(bytes)));
    check(&|peer, key, bytes| {
        let frame = peer.session.begin_data(key);
        peer.session.output_mut().extend_from_slice(bytes);
        peer.session.end_data(frame)
    });
}

#[test]
fn what_exceeds_the_window_waits_and_goes_in_order_as_the_peer_grants() {
    // window-exhaustion
    let content: Vec<u8> = (0..409_676_u32).map(|i| (i % 251) as u8).collect();
    write_in_every_way(|write| {
        let mut server = Peer::server();
        let key = server.feed_opening(&[window(SYN, 1, 0)]);
        server.output();
        assert_eq!(write(&mut server, key, &content[..400_000]), Written::Backlogged);
        assert_eq!(write(&mut server, key, &content[400_000..]), Written::Backlogged);
        let first = server.output();
        assert!(first == data(NONE, 1, &content[..WINDOW]), "a frame as large as the window");
        assert_eq!(server.session.backlog_bytes(key), content.len() - WINDOW);
        assert_eq!(server.feed(&[window(NONE, 1, 100_000)]), []);
        assert!(server.output() == data(NONE, 1, &content[WINDOW..WINDOW + 100_000]));
        assert_eq!(server.feed(&[window(NONE, 1, 1_000_000)]), [Seen::Writable(key)]);
        assert!(server.output() == data(NONE, 1, &content[WINDOW + 100_000..]));
        assert_eq!((server.session.backlog_bytes(key), server.session.backlog_bytes_total()), (0, 0));
        assert_eq!(server.session.send_window(key), 1_000_000 - 47_532);
    });
}

#[test]
fn a_stream_without_window_does_not_hold_up_another() {
    // window-exhaustion-other-stream-lives
    let mut server = Peer::server();
    let stuck = server.feed_opening(&[window(SYN, 1, 0)]);
    server.session.write(stuck, &[0; WINDOW + 1]);
    let other = server.feed_opening(&[window(SYN, 3, 0)]);
    server.output();
    server.session.write(other, b"answer");
    assert_eq!(server.output(), data(NONE, 3, b"answer"));
}

#[test]
fn a_frame_taken_back_leaves_no_trace() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    let empty = server.session.begin_data(key);
    assert_eq!(server.session.end_data(empty), Written::Framed);
    assert_eq!(server.output(), b"");
    server.session.finish(key);
    server.output();
    write_in_every_way(|write| {
        let mut server = Peer::server();
        let key = server.feed_opening(&[window(SYN, 1, 0)]);
        server.session.finish(key);
        server.output();
        assert_eq!(write(&mut server, key, b"late"), Written::Closed);
        assert_eq!(server.output(), b"");
    });
}

#[test]
fn a_full_backlog_costs_the_stream_that_writes_into_it() {
    write_in_every_way(|write| {
        let mut server = Peer::new(Side::Server, Config { backlog_bytes_max: 10, ..Config::default() });
        let first = server.feed_opening(&[window(SYN, 1, 0)]);
        let second = server.feed_opening(&[window(SYN, 3, 0)]);
        server.output();
        assert_eq!(write(&mut server, first, &[1; WINDOW + 1000]), Written::Backlogged, "one write of any size");
        assert_eq!(write(&mut server, second, &[2; WINDOW]), Written::Framed);
        server.output();
        assert_eq!(write(&mut server, second, b"x"), Written::Overflowed);
        assert_eq!(server.output(), window(RST, 3, 0));
        assert_eq!(server.session.state(second), Some(StreamState::Reset));
        assert_eq!(server.session.release(second), Some(0));
        assert!(server.session.is_open_for_write(first));
    });
}

#[test]
fn the_window_is_granted_anew_from_half_on_once_per_frame() {
    // server-grants-window: 200,000 bytes consumed in pieces bring one update of 200,000
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    let frame = data(NONE, 1, &[5; 200_000]);
    for piece in frame.chunks(65_536) {
        let mut input = piece;
        while let Some(event) = server.session.receive(&mut input, server.now).expect("legal") {
            let Seen::Data(stream, bytes) = event.into() else { panic!("only data") };
            server.session.consumed(stream, bytes.len());
        }
    }
    assert_eq!(server.output(), window(NONE, 1, 200_000));
    // Below half nothing is granted; what makes it half does.
    server.feed(&[data(NONE, 1, &[5; 131_072])]);
    server.session.consumed(key, 131_071);
    assert_eq!(server.output(), b"");
    server.session.consumed(key, 1);
    assert_eq!(server.output(), window(NONE, 1, 131_072));
}

#[test]
fn a_reader_that_holds_the_end_of_a_frame_does_not_starve_the_writer() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    let frame = data(NONE, 1, &[5; WINDOW]);
    let (head, tail) = frame.split_at(frame.len() - 1);
    server.feed(&[head.to_vec()]);
    server.session.consumed(key, WINDOW - 1);
    assert_eq!(server.output(), b"", "not in the middle of a frame");
    server.feed(&[tail.to_vec()]); // the last byte stays with the reader
    assert_eq!(server.output(), window(NONE, 1, INITIAL_WINDOW_BYTES - 1));
}

#[test]
fn nothing_is_granted_to_a_peer_that_has_finished() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0), data(FIN, 1, &[5; WINDOW])]);
    server.output();
    server.session.consumed(key, WINDOW);
    assert_eq!(server.output(), b"");
}

#[test]
fn closing_in_either_order_frees_the_stream() {
    // We first.
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    server.session.finish(key);
    server.session.finish(key);
    assert_eq!(server.output(), window(FIN, 1, 0), "once");
    assert_eq!(server.feed(&[data(NONE, 1, b"still")]), [Seen::Data(key, b"still".to_vec())]);
    assert_eq!(server.feed(&[window(FIN, 1, 0)]), [Seen::Finished(key)]);
    assert_eq!((server.session.streams(), server.session.release(key)), (0, None));
    // The peer first.
    let key = server.feed_opening(&[window(SYN, 3, 0), window(FIN, 3, 0)]);
    server.output();
    server.session.write(key, b"answer");
    server.session.finish(key);
    assert_eq!(server.output(), [data(NONE, 3, b"answer"), window(FIN, 3, 0)].concat());
    assert_eq!(server.session.streams(), 0);
}

#[test]
fn the_key_of_a_stream_closed_by_the_peer_is_good_while_its_event_is_handled() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.session.finish(key);
    let fin = window(FIN, 1, 0);
    let mut input = fin.as_slice();
    let event = server.session.receive(&mut input, server.now).expect("legal").map(Seen::from);
    assert_eq!(event, Some(Seen::Finished(key)));
    assert_eq!((server.session.get(key), server.session.state(key)), (Some(&0), Some(StreamState::Closed)));
    assert_eq!(server.session.receive(&mut input, server.now), Ok(None));
    assert_eq!(server.session.get(key), None);
}

#[test]
fn fin_waits_for_the_backlog() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0), window(FIN, 1, 0)]);
    server.output();
    server.session.write(key, &[1; WINDOW + 5]);
    server.session.finish(key);
    assert_eq!(server.session.write(key, b"more"), Written::Closed);
    assert_eq!(server.output(), data(NONE, 1, &[1; WINDOW]));
    assert_eq!(server.feed(&[window(NONE, 1, 4)]), []);
    assert_eq!(server.output(), data(NONE, 1, &[1; 4]));
    assert_eq!(server.feed(&[window(NONE, 1, 4)]), []);
    assert_eq!(server.output(), [data(NONE, 1, &[1; 1]), window(FIN, 1, 0)].concat());
    assert_eq!(server.session.streams(), 0);
}

#[test]
fn window_and_fin_in_one_frame_end_a_stream_that_waited_for_both() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.session.write(key, &[1; WINDOW + 5]);
    server.session.finish(key);
    assert_eq!(server.feed(&[window(FIN, 1, 100)]), [Seen::Finished(key)]);
    assert_eq!((server.session.streams(), server.session.backlog_bytes_total()), (0, 0));
}

#[test]
fn a_reset_tells_the_peer_once_and_drops_what_waited() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.session.write(key, &[1; WINDOW + 5]);
    server.output();
    server.session.reset(key);
    server.session.reset(key);
    assert_eq!(server.output(), window(RST, 1, 0));
    assert_eq!((server.session.streams(), server.session.backlog_bytes_total()), (0, 0));
    assert_eq!(server.feed(&[data(NONE, 1, b"crossed"), window(NONE, 1, 10)]), []);
}

#[test]
fn the_rest_of_a_frame_whose_stream_was_released_is_dropped() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    let frame = data(FIN, 1, b"one two");
    assert_eq!(server.feed(&[frame[..15].to_vec()]), [Seen::Data(key, b"one".to_vec())]);
    assert_eq!(server.session.release(key), Some(0));
    let next = [frame[15..].to_vec(), window(SYN, 3, 0)];
    assert!(matches!(server.feed(&next).as_slice(), [Seen::Opened(_)]));
}

#[test]
fn a_stale_key_never_reaches_another_stream() {
    let mut server = Peer::server();
    let stale = server.feed_opening(&[window(SYN, 1, 0)]);
    server.session.reset(stale);
    let fresh = server.feed_opening(&[window(SYN, 3, 0)]);
    server.output();
    server.session.write(stale, b"x");
    server.session.finish(stale);
    server.session.consumed(stale, 1_000_000);
    server.session.reset(stale);
    assert_eq!(server.session.get(stale), None);
    assert_eq!(server.session.release(stale), None);
    assert_eq!(server.session.send_window(stale), 0);
    assert_eq!(server.output(), b"");
    assert!(server.session.is_open_for_write(fresh));
    assert_eq!(server.session.keys().collect::<Vec<_>>(), [fresh]);
}

#[test]
fn a_blocked_stream_without_backlog_hears_of_new_window() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.feed(&[window(NONE, 1, 1)]), [], "it was not blocked");
    server.session.write(key, &[0; WINDOW + 1]);
    assert_eq!(server.session.send_window(key), 0);
    assert_eq!(server.feed(&[window(NONE, 1, 0)]), [], "no window, no news");
    assert_eq!(server.feed(&[window(NONE, 1, 1)]), [Seen::Writable(key)]);
}

#[test]
fn the_output_buffer_can_be_lent() {
    let mut server = Peer::server();
    let mut buffer = Vec::with_capacity(4096);
    server.session.swap_output(&mut buffer);
    server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.session.output_len(), 12);
    server.session.swap_output(&mut buffer);
    assert_eq!((buffer.as_slice(), server.session.output_mut().capacity()), (window(ACK, 1, 0).as_slice(), 0));
}

#[test]
fn an_error_go_away_of_ours_is_an_end_for_the_peer() {
    let (mut client, mut server) = (Peer::client(), Peer::server());
    server.session.go_away(Code::InternalError);
    let (_, end) = client.try_feed(&[server.output()]);
    assert_eq!(end, Err(SessionError::GoAway(Code::InternalError)));
    assert_eq!(client.session.open(client.now, 0), Err(OpenError::RemoteGoAway));
}
