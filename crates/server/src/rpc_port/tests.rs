use std::{io, time::Duration};

use proconsul_yamux::{Code, FrameError};

use super::*;

#[test]
fn every_end_has_a_reason_and_only_broken_rules_ask_for_an_operator() {
    let limit = Duration::from_secs(1);
    for (end, expected, loud) in [
        (End::Closed, Reason::PeerClosed, false),
        (End::Stopped, Reason::Stopped, false),
        (End::Io(io::ErrorKind::ConnectionReset.into()), Reason::Reset, false),
        (End::SlowReader { limit }, Reason::SlowReader, true),
        (End::Session(SessionError::KeepaliveTimeout), Reason::YamuxKeepalive, false),
        (End::Session(SessionError::WriteTimeout), Reason::SlowReader, true),
        (End::SlowRequest { limit }, Reason::SlowRequest, true),
        (End::Malformed, Reason::Malformed, true),
        (End::Session(SessionError::GoAway(Code::ProtocolError)), Reason::YamuxGoAway, true),
        (End::Session(SessionError::Frame(FrameError::Version(9))), Reason::YamuxViolation, true),
    ] {
        assert_eq!(reason(&end), expected, "{end}");
        assert_eq!(expected.is_loud(), loud, "{end}");
    }
}

#[test]
fn a_reason_says_each_cause_once() {
    let end = End::Session(SessionError::Frame(FrameError::Version(9)));
    assert_eq!(
        Chain(&end).to_string(),
        "yamux: the peer sent something that is not yamux: frame of protocol version 9, only 0 is known"
    );
    assert_eq!(Chain(&End::Io(io::ErrorKind::TimedOut.into())).to_string(), "timed out");
}
