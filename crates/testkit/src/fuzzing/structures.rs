//! Every structure by its name, read as itself and by its shape.
use proconsul_msgpack::Shape;
use proconsul_structs::{
    json::{Form, Json},
    registry::{self, TypeRow},
};

/// Input: Consul's name of a type, a line feed, then bytes of such a value.
///
/// What was read can be written, and reads as the same again. The structure itself and its shape agree on what can be read and
/// what it means; JSON in either form loses nothing of what is known.
pub fn structures(data: &[u8]) {
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (name, body) = (&data[..at], &data[at + 1..]);
    let Some(row) = std::str::from_utf8(name).ok().and_then(registry::find) else { return };
    structure(row, body);
}

/// The same for one type.
pub fn structure(row: &TypeRow, body: &[u8]) {
    let TypeRow { name, shape, recode, .. } = row;
    let typed = recode(body);
    let by_shape = Json::new(Form::Wire).from_wire(shape(), body);
    // To a shape a protobuf message is any bytes.
    let message = matches!(shape(), Shape::Proto(_));
    assert!(message || typed.is_ok() == by_shape.is_ok(), "{name}: {typed:?}\n{by_shape:?}");
    let Ok(written) = typed else { return };
    let again = recode(&written).unwrap_or_else(|error| panic!("{name}: what was written is not read: {error}"));
    assert!(again == written, "{name} changes\n{}\n{}", written.escape_ascii(), again.escape_ascii());
    for form in [Form::Wire, Form::Cli] {
        let json = Json::new(form);
        let value = json.from_wire(shape(), &written).unwrap_or_else(|error| panic!("{name}: {error}"));
        // There is one NaN in JSON and there are many on the wire.
        let text = value.to_string();
        if text.contains("NaN") {
            return;
        }
        // The word before an entry need not be the one in it, and JSON has one of the two.
        if matches!(shape(), Shape::Sequence(..)) {
            if let Ok(bytes) = json.to_wire(shape(), &value) {
                assert!(recode(&bytes).is_ok(), "{name}\n{text}");
            }
            continue;
        }
        if let Ok(bytes) = json.to_wire(shape(), &value) {
            assert!(bytes == written, "{name}\n{text}\n{}\n{}", written.escape_ascii(), bytes.escape_ascii());
            continue;
        }
        // What only a newer peer knows is shown, and comes back where it is asked for. It means the same then, in our own form.
        let json = Json { keep_unknown: true, ..json };
        let bytes = json.to_wire(shape(), &value).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert_eq!(json.from_wire(shape(), &bytes).ok(), Some(value), "{name}");
    }
}
