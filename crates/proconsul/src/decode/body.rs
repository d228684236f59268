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
        let known = registry::find(body.type_name).map(|row| (row.shape)());
        match reader.from_wire(known.unwrap_or(Shape::Any), &body.bytes) {
            Ok(json) => (Some(json), None),
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
