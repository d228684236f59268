//! Fields of protobuf messages.
use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{node::Node, plain::plain};
use crate::decode::protobuf::pool;

/// How deep messages within each other are described, as one may contain itself.
const DEPTH_MAX: usize = 6;

/// The fields of the message with this full name; none if it is not known.
pub(super) fn fields(name: &str) -> Vec<Node> {
    pool().get_message_by_name(name).map(|message| of(&message, 1)).unwrap_or_default()
}

fn of(message: &MessageDescriptor, depth: usize) -> Vec<Node> {
    message.fields().map(|field| node(&field, depth)).collect()
}

fn node(field: &FieldDescriptor, depth: usize) -> Node {
    let (name, default) = match field.kind() {
        Kind::Bool => ("bool".to_owned(), json!(false)),
        Kind::String => ("text".to_owned(), json!("")),
        Kind::Bytes => ("base64".to_owned(), json!("")),
        Kind::Message(message) => (well_known(&message).unwrap_or(message.name()).to_owned(), Value::Null),
        Kind::Enum(set) => (set.name().to_owned(), json!(set.default_value().name())),
        number => (format!("{number:?}").to_lowercase(), json!(0)),
    };
    let (around, default) = match field.is_list() {
        true => ("list of ", json!([])),
        false if field.is_map() => ("", json!({})),
        false => ("", default),
    };
    let doc = said(&field.parent_file(), field.path());
    let mut node = Node { name: field.json_name().to_owned(), default: Some(default), doc, ..Node::default() };
    node.kind = format!("{around}{name}");
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let value = entry.map_entry_value_field();
            node.kind = format!("map of {}", self::node(&value, depth).kind);
        }
        Kind::Message(message) if depth < DEPTH_MAX && well_known(&message).is_none() => {
            node.fields = of(&message, depth + 1)
        }
        Kind::Enum(set) => {
            let word = |value: prost_reflect::EnumValueDescriptor| {
                (format!("{:?}", value.name()), said(&set.parent_file(), value.path()))
            };
            node.words = set.values().map(word).collect();
        }
        _ => {}
    }
    node
}

/// What messages of protobuf's own are in JSON, where they are no objects.
fn well_known(message: &MessageDescriptor) -> Option<&'static str> {
    match message.full_name().strip_prefix("google.protobuf.")? {
        "Timestamp" => Some("time"),
        "Duration" => Some("duration"),
        _ => Some("any value"),
    }
}

/// What the file says about the thing at this path.
fn said(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let place = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    plain(place.map(|place| place.leading_comments()).unwrap_or_default(), &[])
}
