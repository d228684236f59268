//! The first bytes of a connection.
use proconsul_mux::{
    HTTP2_PREFACE, Posture, ROUTES, Row, Stray, Then, Unserved, Verdict, by_alpn, by_first_byte, by_first_bytes,
};

use super::pieces::pieces;

/// Input: what is known of the connection (four bits), then what comes.
pub fn detection(data: &[u8]) {
    let Some((facts, bytes)) = data.split_first() else { return };
    let fact = |bit: u8| facts & (1 << bit) != 0;
    let on = Posture { inside_tls: fact(0), native_tls: fact(1), require_tls: fact(2), http2_preface: fact(3) };
    if let Some(first) = bytes.first() {
        let verdict = by_first_byte(*first, on);
        assert_eq!(verdict, by_first_byte(*first, on), "the same facts give the same verdict");
        if on.require_tls && !on.inside_tls {
            assert!(!matches!(verdict, Verdict::Serve(_) | Verdict::Http2), "served in plain: {verdict:?}");
        }
        if on.inside_tls {
            assert!(!matches!(verdict, Verdict::StartTls(_) | Verdict::NativeTls), "TLS in TLS: {verdict:?}");
        }
        if let Some(row) = ROUTES.iter().find(|row| row.byte == Some(*first)) {
            let _kept = hold(row, *facts, &bytes[1..]);
        }
    }
    trickle(bytes, on);
    let name = String::from_utf8_lossy(bytes);
    let known = ROUTES.iter().any(|row| row.alpn == Some(&name));
    assert!(known || matches!(by_alpn(&name), Verdict::Refuse(_)), "a name that nobody offered was accepted: {name:?}");
}

/// Bytes that come one by one are decided before there are many, and as the posture allows.
fn trickle(bytes: &[u8], on: Posture) {
    let decided = (1..=bytes.len()).find_map(|end| by_first_bytes(&bytes[..end], on).map(|verdict| (end, verdict)));
    let Some((end, verdict)) = decided else {
        assert!(bytes.len() < HTTP2_PREFACE.len(), "still nothing after {} bytes", bytes.len());
        return;
    };
    if on.require_tls && !on.inside_tls {
        assert!(!matches!(verdict, Verdict::Serve(_) | Verdict::Http2), "served in plain: {verdict:?}");
    }
    assert!(verdict != Verdict::Http2 || bytes.starts_with(HTTP2_PREFACE), "no preface");
    assert!(
        !Stray::may_become(&bytes[..end]) || Stray::classify(&bytes[..end]).is_none(),
        "a name that may become one"
    );
}

/// A connection on a route that nobody serves: a peer that is dropped sent something wrong, in whatever pieces.
fn hold(row: &Row, seed: u8, bytes: &[u8]) -> bool {
    let mut unserved = Unserved::new(row.then);
    let kept = pieces(seed, bytes).all(|piece| unserved.receive(piece));
    let mut whole = Unserved::new(row.then);
    if !bytes.is_empty() && row.then != Then::Retired {
        assert_eq!(kept, whole.receive(bytes), "{}: the pieces matter", row.label);
    }
    kept
}
