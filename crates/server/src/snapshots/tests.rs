use proconsul_structs::snapshot::SnapshotOp;

use super::{answer::GoRune, request::*};

#[test]
fn a_request_may_come_in_pieces_with_a_snapshot_behind_it() {
    let bytes = b"\x82\xaaDatacenter\xa3dc1\xa2Op\x01\xde\xad";
    for cut in 1..bytes.len() - 2 {
        let mut intake = Intake::default();
        assert!(intake.take(&bytes[..cut]).expect("so far it is fine").is_none());
        let (request, rest) = intake.take(&bytes[cut..]).expect("it is one").expect("it is whole");
        assert_eq!((&*request.datacenter, request.op), (&b"dc1"[..], SnapshotOp::RESTORE));
        assert_eq!(rest, b"\xde\xad");
    }
}

#[test]
fn a_request_has_a_bound() {
    let mut long = b"\x81\xa5Token\xda\xff\xff".to_vec();
    long.resize(REQUEST_BYTES_MAX + 1, b'x');
    assert!(Intake::default().take(&long).is_err());
    assert!(Intake::default().take(b"\xc1").is_err());
    assert!(Intake::default().take(b"GET / HTTP/1.1\r\n\r\n").is_err(), "a number is no request");
}

#[test]
fn an_unknown_operation_is_shown_as_go_shows_it() {
    let shown = |op| GoRune(op).to_string();
    assert_eq!(shown(2), r"'\x02'");
    assert_eq!([shown(9), shown(11)], [r"'\t'", r"'\v'"]);
    assert_eq!([shown(34), shown(39), shown(92)], [r#"'"'"#, r"'\''", r"'\\'"]);
    assert_eq!(shown(65), "'A'");
    assert_eq!(shown(-1), "'\u{fffd}'");
}
