use super::{StreamState::*, *};

/// Every pair of state and flag. `None` is a violation.
const TABLE: [(StreamState, [Option<StreamState>; 4]); 7] = [
    // state          Syn   Ack                 Fin                 Rst
    (SynSent, [None, Some(Established), Some(RemoteClosed), Some(Reset)]),
    (SynReceived, [None, Some(SynReceived), Some(RemoteClosed), Some(Reset)]),
    (Established, [None, Some(Established), Some(RemoteClosed), Some(Reset)]),
    (LocalClosed, [None, Some(LocalClosed), Some(Closed), Some(Reset)]),
    (RemoteClosed, [None, Some(RemoteClosed), None, Some(Reset)]),
    (Closed, [None, Some(Closed), None, Some(Reset)]),
    (Reset, [None, Some(Reset), None, Some(Reset)]),
];

#[test]
fn every_pair_of_state_and_flag_has_the_answer_of_the_table() {
    assert_eq!(TABLE.map(|(state, _)| state), StreamState::ALL);
    for (state, answers) in TABLE {
        for (flag, expected) in Flag::ALL.into_iter().zip(answers) {
            let expected = expected.ok_or(Violation { state, flag });
            assert_eq!(on_flag(state, flag), expected, "{state:?} {flag:?}");
        }
    }
}

#[test]
fn a_flag_never_reopens_what_was_closed() {
    for state in StreamState::ALL {
        for flag in Flag::ALL {
            let Ok(next) = on_flag(state, flag) else { continue };
            assert!(state.can_send() || !next.can_send(), "{state:?} {flag:?}");
            assert!(state.can_receive() || !next.can_receive(), "{state:?} {flag:?}");
        }
    }
}

#[test]
fn our_fin_closes_our_half_only() {
    for state in StreamState::ALL {
        let next = state.after_local_fin();
        assert!(!next.can_send(), "{state:?}");
        assert_eq!(next.can_receive(), state.can_receive(), "{state:?}");
    }
}
