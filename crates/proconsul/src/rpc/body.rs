//! Requests and replies between JSON and the wire, by what their types look like.
use anyhow::{Context, Result};
use proconsul_msgpack::{Shape, StructShape};
use proconsul_structs::{
    json::{self, Json},
    registry,
};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::decode::protobuf::{Messages, pool};

pub(super) use json::Form;

/// The form that the flags ask for.
pub(super) fn form(wire: bool) -> Form {
    if wire { Form::Wire } else { Form::Cli }
}

/// What the type with this name of Consul's looks like.
///
/// # Errors
/// There is no such type here.
pub(super) fn shape(name: &str) -> Result<Shape> {
    let row = registry::find(name).with_context(|| format!("there is nothing known about {name}"))?;
    Ok((row.shape)())
}

/// The fields of the type with this name; `None` if it has none.
pub(super) fn fields(name: &str) -> Option<StructShape> {
    fields_of(shape(name).ok()?)
}

/// The fields of a shape; `None` if it has none.
pub(super) fn fields_of(shape: Shape) -> Option<StructShape> {
    match shape {
        Shape::Struct(fields) | Shape::Sequence(_, fields) => Some(fields()),
        Shape::Optional(inner) | Shape::Nested(inner) => fields_of(inner()),
        _ => None,
    }
}

/// A value as it goes on the wire.
///
/// # Errors
/// It is not what the type looks like: which field, and what was probably meant.
pub(super) fn encode(name: &str, value: &Value, form: Form) -> Result<Vec<u8>> {
    Ok(reader(form).to_wire(shape(name)?, value)?)
}

/// What came, as JSON.
///
/// # Errors
/// It is not of this type.
pub(super) fn decode(name: &str, bytes: &[u8], form: Form) -> Result<Value> {
    reader(form).from_wire(shape(name)?, bytes).map_err(|error| anyhow::Error::msg(error.wire_text().into_owned()))
}

/// A value of this type with every field filled in; a structure of which there are several kinds is of this one, if it is given.
pub(super) fn example(shape: Shape, form: Form, kind: Option<&str>) -> Value {
    if let Shape::Proto(message) = shape {
        return example_of_message(message).unwrap_or(Value::Null);
    }
    let mut example = json::example(shape, form);
    if let Some(kind) = kind {
        choose(&mut example, shape, form, kind);
    }
    example
}

/// Words that stand for structures in a shape, or in its fields.
pub(super) fn kinds(shape: Shape, words: &mut Vec<&'static str>) {
    match within(shape) {
        Shape::OneOf(of) => words.extend(of.arms.iter().map(|arm| arm.word)),
        shape => {
            let fields = fields_of(shape).map(|of| of.fields).unwrap_or_default();
            for field in fields {
                if let Shape::OneOf(of) = within((field.shape)()) {
                    words.extend(of.arms.iter().map(|arm| arm.word));
                }
            }
        }
    }
}

/// Makes the structures of several kinds in an example to ones of this kind, where [`kinds`] looks for them.
fn choose(example: &mut Value, shape: Shape, form: Form, kind: &str) {
    if let Value::Array(items) = example {
        items.iter_mut().for_each(|item| choose(item, within(shape), form, kind));
        return;
    }
    if let Shape::OneOf(of) = within(shape) {
        let Some(arm) = of.arm(kind) else { return };
        *example = json::example((arm.shape)(), form);
        if let Value::Object(fields) = example {
            fields.insert(of.tag.to_owned(), kind.into());
        }
        return;
    }
    for field in fields_of(within(shape)).map(|of| of.fields).unwrap_or_default() {
        let inner = (field.shape)();
        if let (Some(value), Shape::OneOf(_)) = (example.get_mut(field.key), within(inner)) {
            choose(value, inner, form, kind);
        }
    }
}

/// What there is one or several of.
fn within(shape: Shape) -> Shape {
    match shape {
        Shape::Optional(inner) | Shape::Nested(inner) | Shape::List(inner) | Shape::Map(inner) => within(inner()),
        shape => shape,
    }
}

/// A reader and writer that knows the protobuf messages, too.
fn reader(form: Form) -> Json<'static> {
    Json { protobuf: Some(&Messages), ..Json::new(form) }
}

/// A protobuf message with every field, as zero.
fn example_of_message(name: &str) -> Option<Value> {
    let message = DynamicMessage::new(pool().get_message_by_name(name)?);
    let options = SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).ok()
}
