use std::time::Duration;

use proconsul_yamux::{Code, FrameError};

use super::*;

#[test]
fn every_end_has_its_reason() {
    let limit = Duration::from_secs(1);
    for (end, expected) in [
        (End::Stopped, Reason::Stopped),
        (End::Io(ErrorKind::ConnectionReset.into()), Reason::Reset),
        (End::Io(ErrorKind::UnexpectedEof.into()), Reason::PeerClosed),
        (End::SlowReader { limit }, Reason::SlowReader),
        (End::Session(SessionError::WriteTimeout), Reason::SlowReader),
        (End::Session(SessionError::KeepaliveTimeout), Reason::YamuxKeepalive),
        (End::SlowRequest { limit }, Reason::SlowRequest),
        (End::Malformed, Reason::Malformed),
        (End::Refused, Reason::RequestRefused),
        (End::Session(SessionError::GoAway(Code::ProtocolError)), Reason::YamuxGoAway),
        (End::Session(SessionError::Frame(FrameError::Version(9))), Reason::YamuxViolation),
    ] {
        assert_eq!(judge(&end), expected, "{end}");
    }
}

#[test]
fn a_reason_says_each_cause_once() {
    let end = End::Session(SessionError::Frame(FrameError::Version(9)));
    assert_eq!(
        Chain(&end).to_string(),
        "yamux: the peer sent something that is not yamux: frame of protocol version 9, only 0 is known"
    );
    assert_eq!(Chain(&End::Io(ErrorKind::TimedOut.into())).to_string(), "timed out");
}
