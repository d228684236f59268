use super::*;

/// The rows of `tests/golden/wire/raftlog.json`: byte, name, encoding, type, message.
fn facts() -> Vec<serde_json::Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/wire/raftlog.json");
    let text = std::fs::read_to_string(path).expect("the facts are in the project");
    let facts: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    facts["log"].as_array().expect("a list").clone()
}

#[test]
fn every_message_has_the_payload_that_the_facts_say() {
    let facts = facts();
    assert_eq!(facts.len(), 44);
    for fact in facts {
        let byte = fact["byte"].as_u64().expect("a byte");
        let kind = MessageType::ALL.iter().find(|kind| u64::from(u8::from(**kind)) == byte);
        let kind = kind.unwrap_or_else(|| panic!("{fact}: not in the list"));
        assert_eq!(kind.name(), fact["name"]);
        let text = |key: &str| fact[key].as_str().unwrap_or_default();
        match kind.log_payload() {
            Some(Payload::Msgpack(name)) => assert_eq!((text("encoding"), text("type")), ("msgpack", name)),
            Some(Payload::Protobuf(name)) => assert_eq!((text("encoding"), text("proto")), ("protobuf", name)),
            Some(Payload::Opaque) | None => assert_eq!(text("encoding"), "none", "{fact}"),
        }
    }
}

#[test]
fn a_type_that_may_be_ignored_is_named_without_its_flag() {
    let (name, body) = command(Bytes::from_static(&[2 | IGNORE_UNKNOWN_TYPE_FLAG, 0x80]));
    assert_eq!((name.as_deref(), body.type_name), (Some("KVSRequestType"), "structs.KVSRequest"));
    let (name, body) = command(Bytes::from_static(&[99, 0x80]));
    assert_eq!((name.as_deref(), body.encoding), (Some("type 99"), crate::Encoding::Opaque));
}
