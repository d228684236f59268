//! Requests and replies between JSON and the wire, by what their types look like.
use anyhow::{Context, Result};
use proconsul_msgpack::{Shape, StructShape};
use proconsul_structs::{json, registry};
use serde_json::Value;

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
    Ok(json::to_wire(shape(name)?, form, value)?)
}

/// What came, as JSON.
///
/// # Errors
/// It is not of this type.
pub(super) fn decode(name: &str, bytes: &[u8], form: Form) -> Result<Value> {
    json::from_wire(shape(name)?, form, bytes).map_err(|error| anyhow::Error::msg(error.wire_text().into_owned()))
}

/// A value of this type with every field filled in.
///
/// # Errors
/// There is no such type here.
pub(super) fn example(name: &str, form: Form) -> Result<Value> {
    Ok(json::example(shape(name)?, form))
}
