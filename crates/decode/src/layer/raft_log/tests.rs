use super::*;

#[test]
fn a_type_that_may_be_ignored_is_named_without_its_flag() {
    let (name, body) = command(Bytes::from_static(&[2 | IGNORE_UNKNOWN_TYPE_FLAG, 0x80]));
    assert_eq!((name.as_deref(), body.type_name), (Some("KVSRequestType"), "structs.KVSRequest"));
    let (name, body) = command(Bytes::from_static(&[99, 0x80]));
    assert_eq!((name.as_deref(), body.encoding), (Some("type 99"), crate::Encoding::Opaque));
}
