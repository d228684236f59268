//! Every protobuf line of the recorded encodings: the same bytes again, from bytes and from JSON, and the same JSON.
use proconsul_msgpack::{GoStr, from_slice};
use proconsul_proto::{pbautoconf, pbpeering, pbstorage};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, MapKey, MessageDescriptor, ReflectMessage, SerializeOptions, Value,
    prost::{
        Message,
        encoding::{WireType, encode_key, encode_varint},
    },
};
use serde::de::DeserializeSeed;
use serde_json::Value as Json;

use crate::{POOL, recorded};

/// A line that holds protobuf, by itself or in a raw of msgpack.
struct Line {
    /// Go's name of the type: the folder of its `.proto` file, a dot, the message.
    name: String,
    case: String,
    json: Json,
    bytes: Vec<u8>,
}

/// The protobuf lines, and how many lines of other kinds there are.
fn lines() -> (Vec<Line>, usize) {
    let (mut lines, mut others) = (Vec::new(), 0);
    for text in recorded("encodings.jsonl").lines() {
        let line: Json = serde_json::from_str(text).expect("a line is JSON");
        let field = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("{key}: {text}")).to_owned();
        let bytes = match line.get("protobuf_hex") {
            Some(_) => from_hex(&field("protobuf_hex")),
            None if find(&field("type")).is_some() => {
                let raw: GoStr = from_slice(&from_hex(&field("msgpack_hex"))).expect(text);
                raw.to_vec()
            }
            None => {
                assert!(line.get("msgpack_hex").is_some(), "neither kind: {text}");
                others += 1;
                continue;
            }
        };
        lines.push(Line { name: field("type"), case: field("case"), json: line["json"].clone(), bytes });
    }
    (lines, others)
}

fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("hex is ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair} is not hex"))).collect()
}

/// The message that Go calls by this name, if it is one.
fn find(go_name: &str) -> Option<MessageDescriptor> {
    let (folder, name) = go_name.split_once('.')?;
    let mut files = POOL.files().filter(|file| file.name().split('/').any(|part| part == folder));
    files.find_map(|file| file.messages().find(|message| message.name() == name))
}

/// The message that Go calls by this name.
fn descriptor(go_name: &str) -> MessageDescriptor {
    find(go_name).unwrap_or_else(|| panic!("no message {go_name}"))
}

/// Go's JSON of a message: names of fields as they are declared, numbers of enum values.
fn to_json(message: &DynamicMessage) -> Json {
    let options = SerializeOptions::new().use_proto_field_name(true).use_enum_numbers(true);
    message.serialize_with_options(serde_json::value::Serializer, &options).expect("it has a JSON form")
}

fn from_json(of: &MessageDescriptor, json: &Json) -> DynamicMessage {
    of.clone().deserialize(json.clone()).unwrap_or_else(|error| panic!("{}: {error}", of.full_name()))
}

/// A message as bytes, entries of maps sorted by key: the library writes them in any order.
fn to_bytes(message: &DynamicMessage) -> Vec<u8> {
    let mut out = Vec::new();
    for (field, value) in message.fields() {
        match value {
            Value::Message(inner) => put_message(&mut out, &field, &to_bytes(inner)),
            Value::List(all) if field.kind().as_message().is_some() => {
                for inner in all.iter().filter_map(Value::as_message) {
                    put_message(&mut out, &field, &to_bytes(inner));
                }
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| match key {
                    MapKey::String(key) => key.as_str(),
                    other => panic!("{}: a key that is no text: {other:?}", field.full_name()),
                });
                for (key, value) in entries {
                    let of_entry = field.kind().as_message().expect("entries are messages").clone();
                    let mut entry = DynamicMessage::new(of_entry.clone());
                    entry.set_field(&of_entry.map_entry_key_field(), key.clone().into());
                    entry.set_field(&of_entry.map_entry_value_field(), value.clone());
                    put_message(&mut out, &field, &to_bytes(&entry));
                }
            }
            plain => {
                let mut alone = DynamicMessage::new(message.descriptor());
                alone.set_field(&field, plain.clone());
                out.extend(alone.encode_to_vec());
            }
        }
    }
    out
}

fn put_message(out: &mut Vec<u8>, field: &FieldDescriptor, bytes: &[u8]) {
    encode_key(field.number(), WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[test]
fn encodings_in_protobuf_are_the_same_bytes_again_from_bytes_and_from_json() {
    let (lines, others) = lines();
    let mut checked = 0;
    for line in &lines {
        let about = format!("{} {}", line.name, line.case);
        let of = descriptor(&line.name);
        let decoded = DynamicMessage::decode(of.clone(), line.bytes.as_slice()).expect(&about);
        assert_eq!(to_bytes(&decoded), line.bytes, "{about}, from its bytes");
        assert_eq!(to_json(&decoded), line.json, "{about}, to JSON");
        assert_eq!(to_bytes(&from_json(&of, &line.json)), line.bytes, "{about}, from JSON");
        checked += 1;
    }
    let in_file = recorded("encodings.jsonl").lines().count();
    println!("{checked} of {in_file} lines are protobuf, and all of them were checked");
    assert!(checked > 0 && checked + others == in_file);
}

/// Through the generated type: bytes again, and what differs between it and the descriptors would show.
fn typed<M: Message + Default>(line: &Line) {
    let about = format!("{} {}", line.name, line.case);
    let message = M::decode(line.bytes.as_slice()).expect(&about);
    assert_eq!(message.encode_to_vec(), line.bytes, "{about}");
    let dynamic = from_json(&descriptor(&line.name), &line.json);
    assert_eq!(dynamic.transcode_to::<M>().expect(&about).encode_to_vec(), line.bytes, "{about}, from JSON");
}

/// What checks a line through a generated type.
type Check = fn(&Line);

/// The generated type of a recorded name.
const TYPES: &[(&str, Check)] = &[
    ("pbautoconf.AutoConfigRequest", typed::<pbautoconf::AutoConfigRequest>),
    ("pbautoconf.AutoConfigResponse", typed::<pbautoconf::AutoConfigResponse>),
    ("pbpeering.Peering", typed::<pbpeering::Peering>),
    ("pbpeering.PeeringDeleteRequest", typed::<pbpeering::PeeringDeleteRequest>),
    ("pbpeering.PeeringTerminateByIDRequest", typed::<pbpeering::PeeringTerminateByIdRequest>),
    ("pbpeering.PeeringSecrets", typed::<pbpeering::PeeringSecrets>),
    ("pbpeering.PeeringTrustBundle", typed::<pbpeering::PeeringTrustBundle>),
    ("pbpeering.PeeringTrustBundleDeleteRequest", typed::<pbpeering::PeeringTrustBundleDeleteRequest>),
    ("pbpeering.PeeringTrustBundleWriteRequest", typed::<pbpeering::PeeringTrustBundleWriteRequest>),
    ("pbpeering.PeeringWriteRequest", typed::<pbpeering::PeeringWriteRequest>),
    ("pbpeering.SecretsWriteRequest", typed::<pbpeering::SecretsWriteRequest>),
    ("pbstorage.Log", typed::<pbstorage::Log>),
];

#[test]
fn encodings_in_protobuf_go_through_the_generated_types_too() {
    let (lines, _) = lines();
    for (name, check) in TYPES {
        let of_type: Vec<&Line> = lines.iter().filter(|line| line.name == *name).collect();
        assert!(!of_type.is_empty(), "no line of {name}");
        of_type.into_iter().for_each(check);
    }
}
