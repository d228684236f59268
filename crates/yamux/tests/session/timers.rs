//! What time does, by moving the clock.

use crate::common::*;
use proconsul_yamux::{Config, KEEPALIVE_INTERVAL, PINGS_PENDING_MAX, SessionError, Side, StreamId, WRITE_TIMEOUT};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Moves the clock to the next timeout and handles it.
fn next_timeout(peer: &mut Peer) -> Result<(), SessionError> {
    peer.now = peer.session.poll_timeout().expect("something is due");
    peer.session.handle_timeout(peer.now)
}

fn quiet() -> Config {
    Config { keepalive_interval: None, ..Config::default() }
}

#[test]
fn a_silent_peer_is_pinged_and_given_up_without_an_answer() {
    let mut server = Peer::server();
    let start = server.now;
    next_timeout(&mut server).expect("a ping first");
    assert_eq!((server.now - start, server.output()), (KEEPALIVE_INTERVAL, ping(SYN, 0)));
    assert_eq!(next_timeout(&mut server), Err(SessionError::KeepaliveTimeout));
    assert_eq!(server.now - start, KEEPALIVE_INTERVAL + WRITE_TIMEOUT);
    assert_eq!(server.session.poll_timeout(), None);
    assert_eq!(server.try_feed(&[ping(ACK, 0)]).1, Err(SessionError::KeepaliveTimeout));
}

#[test]
fn a_peer_that_answers_is_pinged_every_interval() {
    let mut server = Peer::server();
    for round in 0..3 {
        while server.session.output_len() == 0 {
            next_timeout(&mut server).expect("alive");
        }
        assert_eq!(server.output(), ping(SYN, round));
        server.pass(SECOND);
        assert_eq!(server.feed(&[ping(ACK, round)]), [], "the keepalive's own pings are its own");
    }
}

#[test]
fn a_peer_that_sends_is_not_pinged() {
    let mut server = Peer::server();
    for _ in 0..10 {
        server.pass(KEEPALIVE_INTERVAL - SECOND);
        server.feed(&[ping(SYN, 1)]);
        server.output();
        server.session.handle_timeout(server.now).expect("alive");
        assert_eq!(server.output(), b"");
    }
}

#[test]
fn keepalive_can_be_off() {
    let mut server = Peer::new(Side::Server, quiet());
    assert_eq!(server.session.poll_timeout(), None);
    server.pass(SECOND * 86_400);
    server.session.handle_timeout(server.now).expect("nothing is due");
    assert_eq!(server.output(), b"");
}

#[test]
fn the_answer_to_a_ping_tells_the_time_it_took() {
    let mut client = Peer::client();
    let (first, second) = (client.session.ping(client.now), client.session.ping(client.now));
    client.pass(SECOND);
    assert_eq!(client.feed(&[ping(ACK, second.0)]), [Seen::Pong(second.0, SECOND)]);
    client.pass(SECOND);
    assert_eq!(client.feed(&[ping(ACK, first.0), ping(ACK, first.0)]), [Seen::Pong(first.0, SECOND * 2)]);
}

#[test]
fn pings_that_are_never_answered_are_forgotten() {
    let mut client = Peer::client();
    let ids: Vec<_> = (0..=PINGS_PENDING_MAX).map(|_| client.session.ping(client.now).0).collect();
    assert_eq!(client.feed(&[ping(ACK, ids[0])]), []);
    assert_eq!(client.feed(&[ping(ACK, ids[1])]), [Seen::Pong(ids[1], Duration::ZERO)]);
}

#[test]
fn a_stream_that_is_not_acknowledged_costs_the_session() {
    let mut client = Peer::new(Side::Client, quiet());
    client.open();
    client.pass(SECOND);
    client.open();
    client.feed(&[window(ACK, 1, 0)]);
    let start = client.now;
    assert_eq!(next_timeout(&mut client), Err(SessionError::OpenTimeout(StreamId(3))));
    assert_eq!(client.now - start, SECOND * 75);
}

#[test]
fn the_open_timeout_ends_with_any_sign_that_the_stream_is_known_or_unwanted() {
    let mut client = Peer::new(Side::Client, quiet());
    let keys: Vec<_> = (0..5).map(|_| client.open()).collect();
    client.feed(&[window(ACK, 1, 0), window(FIN, 3, 0), window(RST, 5, 0)]);
    client.session.reset(keys[3]);
    client.session.finish(keys[4]);
    while client.session.poll_timeout().is_some_and(|at| at <= client.now + SECOND * 75) {
        next_timeout(&mut client).expect("nothing waits for an acknowledgement");
    }
}

#[test]
fn a_stream_that_the_peer_never_finishes_is_reset_in_the_end() {
    let mut server = Peer::new(Side::Server, quiet());
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    let other = server.feed_opening(&[window(SYN, 3, 0)]);
    server.output();
    let start = server.now;
    server.session.finish(key);
    assert_eq!(server.output(), window(FIN, 1, 0));
    next_timeout(&mut server).expect("only the stream ends");
    assert_eq!(server.now - start, SECOND * 300);
    assert_eq!(server.output(), window(RST, 1, 0));
    assert_eq!((server.session.get(key), server.session.get(other)), (None, Some(&0)));
    assert_eq!(server.session.poll_timeout(), None);
}

#[test]
fn the_close_timeout_counts_from_when_the_session_was_last_told_the_time() {
    let mut server = Peer::new(Side::Server, quiet());
    let key = server.feed_opening(&[window(SYN, 1, 0)]);
    server.pass(SECOND * 1000);
    server.session.advance(server.now);
    server.session.finish(key);
    assert_eq!(server.session.poll_timeout(), Some(server.now + SECOND * 300));
}

#[test]
fn streams_that_come_and_go_leave_no_timers_behind() {
    let mut client = Peer::new(Side::Client, quiet());
    client.open(); // stays unacknowledged, so that the entries behind it cannot leave at the front
    for round in 0..10_000 {
        let key = client.open();
        let id = client.session.stream_id(key).expect("open").0;
        client.feed(&[window(ACK, id, 0)]);
        client.session.finish(key);
        client.feed(&[window(FIN, id, 0)]);
        client.output();
        client.pass(Duration::from_millis(1));
        assert_eq!(client.session.streams(), 1, "round {round}");
    }
    client.session.shrink();
    assert_eq!(client.session.poll_timeout().map(|at| at > client.now), Some(true));
}
