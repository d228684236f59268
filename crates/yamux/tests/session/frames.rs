//! What each frame does to a session, mostly as recorded from Consul 1.21.4 (golden group `yamux`, cases in comments).

use crate::common::*;
use proconsul_yamux::{Code, Config, FrameError, INITIAL_WINDOW_BYTES, SessionError, Side, StreamId, StreamState};

#[test]
fn a_stream_is_acknowledged_at_once_and_before_its_data() {
    // syn-without-data-not-acked-yet, syn-by-window-update
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.output(), window(ACK, 1, 0));
    assert_eq!(server.feed(&[data(NONE, 1, b"ask")]), [Seen::Data(key, b"ask".to_vec())]);
    server.session.write(key, b"answer");
    assert_eq!(server.output(), data(NONE, 1, b"answer"));
}

#[test]
fn a_stream_may_start_with_data_with_window_or_with_everything() {
    // syn-on-data, syn-with-window-delta
    let mut server = Peer::server();
    let first = server.feed(&[data(SYN, 1, b"ask")]);
    assert!(matches!(first.as_slice(), [Seen::Opened(a), Seen::Data(b, bytes)] if a == b && bytes == b"ask"));
    let key = server.feed_opening(&[window(SYN, 3, 65536)]);
    assert_eq!(server.session.send_window(key), INITIAL_WINDOW_BYTES + 65536);
    let all = server.feed(&[data(SYN | FIN, 5, b"ask")]);
    assert!(matches!(all.as_slice(), [Seen::Opened(a), Seen::Data(b, _), Seen::Finished(c)] if a == b && b == c));
    assert_eq!(server.output(), [window(ACK, 1, 0), window(ACK, 3, 0), window(ACK, 5, 0)].concat());
}

#[test]
fn any_id_that_is_free_starts_a_stream() {
    // stream-even-id, stream-id-decreasing; 0 too: HashiCorp's implementation does not look at it
    let mut server = Peer::server();
    for id in [2, 9, 5, u32::MAX, 0] {
        let key = server.feed_opening(&[window(SYN, id, 0)]);
        assert_eq!(server.session.stream_id(key), Some(StreamId(id)));
    }
}

#[test]
fn frames_for_unknown_streams_are_dropped_with_their_data() {
    // stream-id-zero-data, window-update-on-unknown-stream, fin-on-unknown-stream
    let mut server = Peer::server();
    let frames = [
        data(NONE, 0, b"\x01\x02"),
        data(NONE, 7, &[9; 500_000]),
        data(ACK | FIN | RST, 7, b"x"),
        window(NONE, 7, 1000),
        window(FIN, 7, 0),
        window(RST, 7, 0),
    ];
    assert_eq!(server.feed(&frames), []);
    assert_eq!(server.output(), b"");
    server.feed(&[ping(SYN, 5)]);
    assert_eq!(server.output(), ping(ACK, 5));
}

#[test]
fn unknown_flags_are_ignored() {
    // unknown-flags-ignored
    let mut server = Peer::server();
    server.feed(&[ping(proconsul_yamux::Flags(0x8001), 5)]);
    assert_eq!(server.output(), ping(ACK, 5));
    let key = server.feed_opening(&[window(proconsul_yamux::Flags(0xfff1), 1, 0)]);
    assert_eq!(server.session.state(key), Some(StreamState::Established));
}

#[test]
fn what_is_not_a_frame_ends_the_session_without_a_word() {
    // bad-version, unknown-type, unknown-type-255
    for (bytes, error) in [
        (vec![1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], FrameError::Version(1)),
        (vec![0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], FrameError::Kind(4)),
        (vec![0, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], FrameError::Kind(255)),
    ] {
        let mut server = Peer::server();
        let expected = SessionError::Frame(error);
        assert_eq!(server.try_feed(&[bytes]), (vec![], Err(expected)));
        assert_eq!(server.output(), b"");
        assert_eq!(server.try_feed(&[ping(SYN, 1)]), (vec![], Err(expected)), "it stays over");
        assert_eq!((server.output(), server.session.over()), (vec![], Some(expected)));
    }
}

#[test]
fn a_ping_is_answered_with_its_value_and_an_answer_to_nothing_is_ignored() {
    // ping-ack-ignored
    let mut server = Peer::server();
    assert_eq!(server.feed(&[ping(ACK, 153), ping(NONE, 0)]), []);
    assert_eq!(server.output(), b"");
    server.feed(&[ping(SYN, 1), ping(SYN | ACK, u32::MAX)]);
    assert_eq!(server.output(), [ping(ACK, 1), ping(ACK, u32::MAX)].concat());
}

#[test]
fn an_error_go_away_ends_the_session_without_a_word() {
    // go-away-protocol-error, go-away-internal-error, go-away-unknown-code
    for (value, code) in [(1, Code::ProtocolError), (2, Code::InternalError), (77, Code::Other(77))] {
        let mut server = Peer::server();
        assert_eq!(server.try_feed(&[go_away(value)]), (vec![], Err(SessionError::GoAway(code))));
        assert_eq!(server.output(), b"");
    }
}

#[test]
fn a_normal_go_away_leaves_streams_in_flight() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.feed(&[go_away(0)]), [Seen::GoAway]);
    assert!(server.session.is_remote_gone());
    server.output();
    server.session.write(key, b"late");
    assert_eq!(server.output(), data(NONE, 1, b"late"));
    assert_eq!(server.feed(&[data(NONE, 1, b"more")]), [Seen::Data(key, b"more".to_vec())]);
}

#[test]
fn after_our_go_away_a_new_stream_is_reset_alone_with_its_data() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    server.session.go_away(Code::Normal);
    assert_eq!(server.output(), go_away(0));
    assert_eq!(server.feed(&[data(SYN, 3, b"ask"), data(NONE, 3, b"more")]), []);
    assert_eq!(server.output(), window(RST, 3, 0));
    assert_eq!(server.feed(&[data(NONE, 1, b"old")]), [Seen::Data(key, b"old".to_vec())]);
}

#[test]
fn a_stream_over_the_limit_is_reset_alone() {
    let mut server = Peer::new(Side::Server, Config { streams_max: 2, ..Config::default() });
    server.feed(&[window(SYN, 1, 0), window(SYN, 3, 0)]);
    server.output();
    assert_eq!(server.feed(&[data(SYN, 5, b"ask")]), []);
    assert_eq!(server.output(), window(RST, 5, 0));
    assert_eq!(server.feed(&[data(NONE, 5, b"more")]), []);
    let gone = server.feed(&[window(RST, 1, 0)]);
    let [Seen::Reset(key)] = gone.as_slice() else { panic!("{gone:?}") };
    server.session.release(*key);
    server.feed_opening(&[window(SYN, 7, 0)]);
}

#[test]
fn a_syn_on_an_open_id_costs_the_session() {
    // syn-on-open-id
    let mut server = Peer::server();
    server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    let (seen, end) = server.try_feed(&[window(SYN, 1, 0)]);
    assert_eq!((seen, end), (vec![], Err(SessionError::DuplicateStream(StreamId(1)))));
    assert_eq!(server.output(), [], "HashiCorp's closes before it tells");
}

#[test]
fn a_second_fin_costs_the_session() {
    let mut server = Peer::server();
    server.feed(&[window(SYN, 1, 0), window(FIN, 1, 0)]);
    server.output();
    let (_, end) = server.try_feed(&[window(FIN, 1, 0)]);
    assert!(matches!(end, Err(SessionError::Flag { stream: StreamId(1), .. })), "{end:?}");
    assert_eq!(server.output(), [], "HashiCorp's closes before it tells");
}

#[test]
fn data_over_the_window_costs_the_session_before_any_of_it_is_taken() {
    // data-larger-than-window
    let mut server = Peer::server();
    server.feed_opening(&[window(SYN, 1, 0)]);
    server.output();
    let mut frame = data(NONE, 1, &[0; 1]);
    frame[8..12].copy_from_slice(&(INITIAL_WINDOW_BYTES + 1).to_be_bytes());
    let (seen, end) = server.try_feed(&[frame]);
    let granted = INITIAL_WINDOW_BYTES;
    assert_eq!(seen, []);
    assert_eq!(end, Err(SessionError::WindowExceeded { stream: StreamId(1), sent: granted + 1, granted }));
    assert_eq!(server.output(), [], "HashiCorp's closes before it tells");
}

#[test]
fn a_reset_stream_is_off_the_wire_at_once_and_addressable_until_released() {
    // rst-after-request
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0), data(NONE, 1, b"ask")]);
    *server.session.get_mut(key).expect("open") = 42;
    server.output();
    assert_eq!(server.feed(&[window(RST, 1, 0), data(NONE, 1, b"stray")]), [Seen::Reset(key)]);
    assert!(!server.session.is_open_for_write(key));
    server.session.write(key, b"answer");
    server.session.finish(key);
    assert_eq!(server.output(), b"");
    let again = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_ne!(again, key);
    server.output();
    assert_eq!((server.session.release(key), server.session.release(key)), (Some(42), None));
    assert_eq!(server.output(), b"", "the peer is not told what it said itself");
    assert_eq!(server.feed(&[data(NONE, 1, b"new")]), [Seen::Data(again, b"new".to_vec())]);
}

#[test]
fn data_that_comes_with_a_reset_is_dropped() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.feed(&[data(RST, 1, b"gone"), ping(SYN, 1)]), [Seen::Reset(key)]);
}

#[test]
fn fin_with_data_is_seen_after_the_data() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    let frame = data(FIN, 1, b"last words");
    let (head, tail) = frame.split_at(16);
    assert_eq!(server.feed(&[head.to_vec()]), [Seen::Data(key, b"last".to_vec())]);
    assert_eq!(server.feed(&[tail.to_vec()]), [Seen::Data(key, b" words".to_vec()), Seen::Finished(key)]);
}

#[test]
fn data_after_the_peers_own_fin_is_dropped() {
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    assert_eq!(server.feed(&[window(FIN, 1, 0), data(NONE, 1, b"afterthought")]), [Seen::Finished(key)]);
    assert!(server.session.is_open_for_write(key));
}

#[test]
fn a_fin_before_any_data_can_be_answered_with_a_fin() {
    // fin-before-data
    let mut server = Peer::server();
    let key = server.feed_opening(&[window(SYN, 1, 0), window(FIN, 1, 0)]);
    server.session.finish(key);
    assert_eq!(server.output(), [window(ACK, 1, 0), window(FIN, 1, 0)].concat());
    assert_eq!((server.session.state(key), server.session.streams()), (None, 0));
}

#[test]
fn a_frame_cut_anywhere_gives_the_same_events_but_for_the_cut_of_data() {
    let wire = [window(SYN, 1, 9), data(NONE, 1, b"payload"), ping(SYN, 3), data(FIN, 1, b"end"), go_away(0)].concat();
    for cut in 0..=wire.len() {
        let mut server = Peer::server();
        let mut seen = server.feed(&[wire[..cut].to_vec()]);
        assert!(cut == 0 || cut == wire.len() || server.session.output_len() < 36);
        seen.extend(server.feed(&[wire[cut..].to_vec()]));
        let payload: Vec<u8> = seen
            .iter()
            .filter_map(|e| if let Seen::Data(_, b) = e { Some(b.clone()) } else { None })
            .flatten()
            .collect();
        assert_eq!(payload, b"payloadend", "cut at {cut}");
        assert!(matches!(seen.first(), Some(Seen::Opened(_))));
        assert!(matches!(seen.as_slice(), [.., Seen::Finished(_), Seen::GoAway]), "cut at {cut}");
        assert_eq!(server.output(), [window(ACK, 1, 0), ping(ACK, 3)].concat());
        assert!(server.session.is_between_frames());
    }
}

#[test]
fn input_that_ends_inside_a_frame_is_told_from_input_that_ends_between_frames() {
    // truncated-frame-then-close
    let mut server = Peer::server();
    assert!(server.session.is_between_frames());
    server.feed(&[vec![0, 0, 0]]);
    assert!(!server.session.is_between_frames());
    let mut server = Peer::server();
    server.feed(&[data(SYN, 1, b"whole")[..14].to_vec()]);
    assert!(!server.session.is_between_frames());
}
