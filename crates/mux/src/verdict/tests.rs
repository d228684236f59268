use proptest::prelude::*;

use super::*;
use crate::{H2, ROUTES, Row, STRAY_BYTES};

const PLAIN: Posture = Posture { inside_tls: false, native_tls: false, require_tls: false, http2_preface: false };
const STRICT: Posture = Posture { native_tls: true, require_tls: true, ..PLAIN };
const INSIDE: Posture = Posture { inside_tls: true, ..STRICT };

fn expected(row: &Row) -> Verdict {
    match row.then {
        Then::Serve(route) => Verdict::Serve(route),
        Then::StartTls(policy) => Verdict::StartTls(policy),
        Then::Retired => Verdict::Refuse(Reason::Retired),
    }
}

#[test]
fn every_row_is_reached_by_its_byte_and_by_its_name() {
    for row in ROUTES {
        if let Some(byte) = row.byte
            && row.alpn != Some(H2)
        {
            assert_eq!(by_first_byte(byte, PLAIN), expected(row), "{}", row.label);
        }
        if let Some(name) = row.alpn {
            assert_eq!(by_alpn(name), expected(row), "{}", row.label);
        }
    }
}

#[test]
fn no_byte_and_no_name_is_in_the_table_twice() {
    for (index, row) in ROUTES.iter().enumerate() {
        for other in &ROUTES[index + 1..] {
            assert!(row.byte.is_none() || row.byte != other.byte, "{} {}", row.label, other.label);
            assert!(row.alpn.is_none() || row.alpn != other.alpn, "{} {}", row.label, other.label);
            assert_ne!(row.label, other.label);
        }
    }
}

#[test]
fn where_tls_is_demanded_only_tls_may_begin() {
    for byte in 0..=255 {
        let verdict = by_first_byte(byte, STRICT);
        match byte {
            3 => assert_eq!(verdict, Verdict::StartTls(TlsPolicy::Verify)),
            7 => assert_eq!(verdict, Verdict::StartTls(TlsPolicy::Insecure)),
            0..=LAST_TYPE_BYTE => assert_eq!(verdict, Verdict::Refuse(Reason::PlaintextForbidden), "{byte}"),
            _ => assert_eq!(verdict, Verdict::NativeTls, "{byte}"),
        }
    }
}

#[test]
fn tls_inside_tls_is_refused() {
    for byte in [3, 7] {
        assert_eq!(by_first_byte(byte, INSIDE), Verdict::Refuse(Reason::TlsInTls));
    }
    assert_eq!(by_first_byte(0x16, INSIDE), Verdict::Refuse(Reason::UnknownByte));
    assert_eq!(by_first_byte(0, INSIDE), Verdict::Serve(Route::RpcSingle));
}

#[test]
fn http2_without_a_type_byte_is_spoken_only_where_it_is_turned_on() {
    let on = Posture { http2_preface: true, ..PLAIN };
    assert_eq!(by_first_byte(b'P', on), Verdict::Http2);
    assert_eq!(by_first_byte(b'P', PLAIN), Verdict::Refuse(Reason::UnknownByte));
    let strict = Posture { http2_preface: true, ..STRICT };
    assert_eq!(by_first_byte(b'P', strict), Verdict::Refuse(Reason::PlaintextForbidden));
}

#[test]
fn an_unknown_name_is_refused() {
    assert_eq!(by_alpn("http/1.1"), Verdict::Refuse(Reason::NoAlpn));
    assert_eq!(by_alpn(""), Verdict::Refuse(Reason::NoAlpn));
}

#[test]
fn an_http2_preface_is_waited_for_and_what_is_none_is_decided_at_once() {
    let on = Posture { http2_preface: true, ..PLAIN };
    for end in 1..HTTP2_PREFACE.len() {
        assert_eq!(by_first_bytes(&HTTP2_PREFACE[..end], on), None, "{end}");
        assert_eq!(
            by_first_bytes(&[&HTTP2_PREFACE[..end], b"?"].concat(), on),
            Some(Verdict::Refuse(Reason::UnknownByte)),
            "{end}"
        );
    }
    assert_eq!(by_first_bytes(HTTP2_PREFACE, on), Some(Verdict::Http2));
    assert_eq!(by_first_bytes(&[HTTP2_PREFACE, &b"frames"[..]].concat(), on), Some(Verdict::Http2));
    let strict = Posture { http2_preface: true, ..STRICT };
    assert_eq!(by_first_bytes(HTTP2_PREFACE, strict), Some(Verdict::Refuse(Reason::PlaintextForbidden)));
    assert_eq!(by_first_bytes(b"PRINT", strict), Some(Verdict::NativeTls));
    assert_eq!(by_first_bytes(b"PUT / HTTP/1.1", strict), Some(Verdict::Refuse(Reason::Stray(Stray::Http1))));
    assert_eq!(by_first_bytes(HTTP2_PREFACE, PLAIN), Some(Verdict::Refuse(Reason::Stray(Stray::Http2))));
}

#[test]
fn strays_are_named_without_waiting_where_consul_does_not_wait() {
    assert_eq!(by_first_bytes(b"G", PLAIN), Some(Verdict::Refuse(Reason::UnknownByte)));
    assert_eq!(by_first_bytes(b"G", STRICT), None);
    assert_eq!(by_first_bytes(b"GEX", STRICT), Some(Verdict::NativeTls));
    for on in [PLAIN, STRICT, INSIDE] {
        assert_eq!(by_first_bytes(b"GET / HTTP/1.1", on), Some(Verdict::Refuse(Reason::Stray(Stray::Http1))));
    }
}

#[test]
fn a_client_hello_is_native_tls_a_stray_or_tls_in_tls() {
    let hello = b"\x16\x03\x01\x02\x00";
    assert_eq!(by_first_bytes(hello, STRICT), Some(Verdict::NativeTls));
    assert_eq!(by_first_bytes(&hello[..1], STRICT), Some(Verdict::NativeTls));
    assert_eq!(by_first_bytes(hello, PLAIN), Some(Verdict::Refuse(Reason::Stray(Stray::Tls))));
    assert_eq!(by_first_bytes(hello, INSIDE), Some(Verdict::Refuse(Reason::TlsInTls)));
}

fn any_posture() -> impl Strategy<Value = Posture> {
    any::<[bool; 4]>().prop_map(|[inside_tls, native_tls, require_tls, http2_preface]| Posture {
        inside_tls,
        native_tls,
        require_tls,
        http2_preface,
    })
}

/// Bytes that come near what is known.
fn any_start() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![&HTTP2_PREFACE[..], b"GET ", b"\x16\x03\x01", b"\x0a\0\0\0\0\x01"]);
    let near = (known, 0..24_usize, prop::collection::vec(any::<u8>(), 0..4))
        .prop_map(|(known, end, noise)| [&known[..end.min(known.len())], &noise].concat());
    prop_oneof![prop::collection::vec(any::<u8>(), 1..32), near]
        .prop_filter("at least one byte", |bytes| !bytes.is_empty())
}

proptest! {
    #[test]
    fn whatever_comes_is_decided_by_what_the_posture_allows(bytes in any_start(), on in any_posture()) {
        let verdict = by_first_bytes(&bytes, on);
        prop_assert!(verdict.is_some() || bytes.len() < HTTP2_PREFACE.len().max(STRAY_BYTES));
        let plain = on.require_tls && !on.inside_tls;
        match verdict {
            Some(Verdict::Serve(_)) => prop_assert!(!plain && bytes[0] <= LAST_TYPE_BYTE),
            Some(Verdict::Http2) => prop_assert!(!plain && on.http2_preface && bytes.starts_with(HTTP2_PREFACE)),
            Some(Verdict::NativeTls) => prop_assert!(on.native_tls && !on.inside_tls && bytes[0] > LAST_TYPE_BYTE),
            Some(Verdict::StartTls(_)) => prop_assert!(!on.inside_tls && matches!(bytes[0], 3 | 7)),
            Some(Verdict::Refuse(_)) => {}
            None => prop_assert!(on.http2_preface && bytes[0] == b'P' || on.native_tls && !on.inside_tls),
        }
    }

    #[test]
    fn bytes_that_trickle_in_come_to_a_verdict_that_all_of_them_agree_with(bytes in any_start(), on in any_posture()) {
        // The driver asks again with one more, until there is a verdict.
        let first = (1..=bytes.len()).find_map(|end| by_first_bytes(&bytes[..end], on));
        let all = by_first_bytes(&bytes, on);
        match (first, all) {
            (Some(Verdict::Refuse(_)), Some(Verdict::Refuse(_) | Verdict::NativeTls)) => {}
            // A stray among type bytes, ClientHellos or prefaces is named only if enough of it came at once.
            (Some(_), Some(Verdict::Refuse(Reason::Stray(_)))) => {}
            (first, all) => prop_assert_eq!(first, all),
        }
    }
}
