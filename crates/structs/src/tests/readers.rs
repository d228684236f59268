//! What a peer may send that we never would: keys we do not know, fields left out, nil in place of a value.

use proconsul_msgpack::from_slice;

use crate::{
    kvs::{KeyRequest, KvOp, KvsRequest},
    service::{NodeService, ServiceKind},
};

#[test]
fn unknown_keys_are_passed_over_and_missing_ones_keep_their_default() {
    // {"Key": "a", "Zzz": {"x": [1, nil]}}
    let request: KeyRequest = from_slice(b"\x82\xa3Key\xa1a\xa3Zzz\x81\xa1x\x92\x01\xc0").expect("it is a request");
    assert_eq!(request, KeyRequest { key: "a".into(), ..KeyRequest::default() });
}

#[test]
fn nil_reads_as_the_zero_value_of_any_field() {
    // {"Op": nil, "DirEnt": nil, "Token": nil}
    let request: KvsRequest = from_slice(b"\x83\xa2Op\xc0\xa6DirEnt\xc0\xa5Token\xc0").expect("it is a request");
    assert_eq!(request, KvsRequest::default());
}

#[test]
fn a_word_that_nobody_knows_is_kept() {
    let request: KvsRequest = from_slice(b"\x81\xa2Op\xaafrobnicate").expect("it is a request");
    assert_eq!(request.op, KvOp::Unknown("frobnicate".into()));
    assert_eq!(request.op.to_string(), "frobnicate");
}

#[test]
fn the_empty_word_is_a_kind_but_no_operation() {
    assert_eq!(ServiceKind::default(), ServiceKind::Typical);
    assert_eq!(KvOp::default(), KvOp::Unknown("".into()));
    assert_eq!(NodeService::default().kind, ServiceKind::Typical);
}

#[test]
fn debug_of_a_request_hides_its_token() {
    let request: KeyRequest = from_slice(b"\x81\xa5Token\xa8sesame-1").expect("it is a request");
    assert_eq!(request.query_options.token.reveal().as_bytes(), b"sesame-1");
    assert!(!format!("{request:?}").contains("sesame"));
}

/// A service whose nested definitions nest `depth` times.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = b"\x81\xa7Connect".to_vec();
    for _ in 0..depth {
        bytes.extend_from_slice(b"\x81\xaeSidecarService\x81\xa7Connect");
    }
    bytes.push(0x80);
    bytes
}

#[test]
fn definitions_nested_without_end_are_refused_and_harm_nobody() {
    // The test's own stack, 2 MiB, is no larger than that of a server's threads.
    assert!(from_slice::<NodeService>(&nested(1)).is_ok());
    assert!(from_slice::<NodeService>(&nested(80)).is_ok());
    assert!(from_slice::<NodeService>(&nested(100_000)).is_err());
}
