//! Content as JSON: by the shape of its type where that is known, and by what the bytes say where it is not.
use proconsul_decode::{Body, Encoding};
use proconsul_msgpack::Shape;
use proconsul_structs::{
    json::{Form, Json},
    registry,
};
use serde_json::{Value, json};

use super::{protobuf::Messages, secret};

/// How many bytes of what is not understood are shown.
const HEX_BYTES_MAX: usize = 64;

/// The message whose entries are told one by one.
const APPEND_ENTRIES: &str = "raft.AppendEntriesRequest";

/// Makes JSON of bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    form: Form,
    secrets: bool,
}

/// A body as JSON.
pub(super) struct Shown {
    /// `None`: there is no body.
    pub(super) json: Option<Value>,
    /// Why it is not what its type says, if it is not.
    pub(super) odd: Option<String>,
}

impl Bodies {
    pub(super) fn new(wire: bool, secrets: bool) -> Self {
        Self { form: if wire { Form::Wire } else { Form::Cli }, secrets }
    }

    pub(super) fn show(&self, body: &Body) -> Shown {
        let (json, odd) = match body.encoding {
            Encoding::Nothing => (None, None),
            Encoding::Msgpack => self.msgpack(body),
            Encoding::Protobuf => protobuf(body),
            Encoding::Compressed => (Some(hex(&body.bytes)), Some("compressed".to_owned())),
            Encoding::Opaque => (Some(hex(&body.bytes)), None),
        };
        let json = json.map(|mut json| {
            if !self.secrets {
                secret::hide(&mut json);
            }
            json
        });
        Shown { json, odd }
    }

    fn msgpack(&self, body: &Body) -> (Option<Value>, Option<String>) {
        let reader = Json { protobuf: Some(&Messages), ..Json::new(self.form) };
        let ours = registry::find(body.type_name).map(|row| (row.shape)());
        let known = ours.or_else(|| proconsul_decode::raft_shape(body.type_name));
        match reader.from_wire(known.unwrap_or(Shape::Any), &body.bytes) {
            Ok(mut json) => {
                // Each is an event of its own.
                if body.type_name == APPEND_ENTRIES
                    && let Some(entries) = json.get_mut("Entries")
                {
                    *entries = entries.as_array().map_or(0, Vec::len).into();
                }
                (Some(json), None)
            }
            Err(error) => {
                let why = error.wire_text().to_string();
                // It is some value all the same.
                let any = reader.from_wire(Shape::Any, &body.bytes).unwrap_or_else(|_| hex(&body.bytes));
                (Some(any), Some(why))
            }
        }
    }
}

fn protobuf(body: &Body) -> (Option<Value>, Option<String>) {
    use proconsul_structs::json::Protobuf;
    match Messages.to_json(body.type_name, &body.bytes) {
        Some(json) => (Some(json), None),
        None => (Some(hex(&body.bytes)), Some(format!("no message that is known here {}", body.type_name))),
    }
}

/// The beginning of bytes that are nobody's.
fn hex(bytes: &[u8]) -> Value {
    let digits: String = bytes.iter().take(HEX_BYTES_MAX).map(|byte| format!("{byte:02x}")).collect();
    json!({"$hex": digits, "$bytes": bytes.len()})
}

/// A value without the fields that are zero: what is left is what somebody meant.
pub(super) fn without_zeros(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, without_zeros(value)));
            Value::Object(fields.filter(|(_, value)| !is_zero(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_zeros).collect()),
        other => other,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0s" || text == "0001-01-01T00:00:00Z",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
