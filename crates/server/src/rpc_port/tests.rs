use std::{io, time::Duration};

use proconsul_yamux::{Code, FrameError};

use super::*;

#[test]
fn only_broken_rules_ask_for_an_operator() {
    let limit = Duration::from_secs(1);
    for (end, expected) in [
        (End::Closed, Verdict::Well),
        (End::Stopped, Verdict::Well),
        (End::Io(io::ErrorKind::ConnectionReset.into()), Verdict::Failed),
        (End::SlowReader { limit }, Verdict::Gone),
        (End::Session(SessionError::KeepaliveTimeout), Verdict::Gone),
        (End::Session(SessionError::WriteTimeout), Verdict::Gone),
        (End::SlowRequest { limit }, Verdict::Fault("slow")),
        (End::Malformed, Verdict::Fault("malformed")),
        (End::Session(SessionError::GoAway(Code::ProtocolError)), Verdict::Fault("go-away")),
        (End::Session(SessionError::Frame(FrameError::Version(9))), Verdict::Fault("yamux")),
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
    assert_eq!(Chain(&End::Io(io::ErrorKind::TimedOut.into())).to_string(), "timed out");
}
