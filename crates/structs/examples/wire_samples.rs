//! Writes what we encode, for peers in other languages to decode: from lines of `encodings.jsonl` (standard input) lines with the
//! same type, case and JSON, the bytes that our structure makes of that JSON, and the JSON that we show of those bytes. Lines of
//! protobuf messages, whose JSON is not for this crate to read, come without bytes.
//!
//! ```text
//! cargo run -p proconsul-structs --example wire_samples < tests/golden/wire/encodings.jsonl
//! ```

use std::{
    error::Error,
    fmt::Write as _,
    io::{BufRead, Write, stdin, stdout},
};

use proconsul_msgpack::Shape;
use proconsul_structs::{
    json::{self, Form},
    registry,
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let row = line["type"].as_str().and_then(registry::find);
        let Some(row) = row.filter(|row| !matches!((row.shape)(), Shape::Proto(_))) else {
            writeln!(out, "{}", json!({"type": line["type"], "case": line["case"]}))?;
            continue;
        };
        let bytes = (row.from_json)(&line["json"]).map_err(|error| format!("{}: {error}", row.name))?;
        let mut hex = String::with_capacity(2 * bytes.len());
        for byte in &bytes {
            write!(hex, "{byte:02x}")?;
        }
        let cli =
            json::from_wire((row.shape)(), Form::Cli, &bytes).map_err(|error| format!("{}: {error}", row.name))?;
        let sample = json!({"type": row.name, "case": line["case"], "json": line["json"], "hex": hex, "cli": cli});
        writeln!(out, "{sample}")?;
    }
    Ok(())
}
