use std::collections::HashSet;

use super::*;

#[test]
fn every_reason_has_a_label_of_its_own_that_may_be_one_of_a_metric() {
    let mut seen = HashSet::new();
    for reason in Reason::all() {
        let label = reason.label();
        assert!(
            label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
            "{label}"
        );
        assert!(seen.insert(label), "{label} stands twice");
    }
    assert_eq!(seen.len(), PLAIN.len() + Stray::ALL.len());
}

#[test]
fn every_reason_says_what_happened_and_what_to_do() {
    for reason in Reason::all() {
        let (what, advice) = (reason.what(), reason.advice());
        assert!(what.len() > 10 && !what.ends_with('.') && !what.contains('|'), "{reason:?}: {what}");
        assert!(!advice.is_empty() && !advice.ends_with('.') && !advice.contains('|'), "{reason:?}: {advice}");
        assert!(reason.to_string().starts_with(what));
    }
    assert_eq!(Reason::PeerClosed.to_string(), "the peer closed the connection");
    assert_eq!(
        Reason::TlsCertificateExpired.to_string(),
        "the client's certificate has expired (renew it, and compare the clocks)"
    );
}

#[test]
fn what_ends_well_is_not_a_warning() {
    for reason in [Reason::Empty, Reason::PeerClosed, Reason::Reset, Reason::Stopped] {
        assert!(!reason.is_loud(), "{reason:?}");
    }
    for reason in [Reason::PlaintextForbidden, Reason::TlsUnknownCa, Reason::Stray(Stray::Ssh), Reason::Malformed] {
        assert!(reason.is_loud(), "{reason:?}");
    }
}
