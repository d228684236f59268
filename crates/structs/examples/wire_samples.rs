//! Writes what we encode, for peers in other languages to decode: from lines of `encodings.jsonl` (standard input) lines with the
//! same type, case and JSON, and the bytes that our structure makes of that JSON.
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
use proconsul_structs::registry;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let Some(row) = line["type"].as_str().and_then(registry::find) else {
            continue; // protobuf messages
        };
        if matches!((row.shape)(), Shape::Proto(_)) {
            continue; // the same, inside a raw: their JSON is not for this crate to read
        }
        let bytes = (row.from_json)(&line["json"]).map_err(|error| format!("{}: {error}", row.name))?;
        let mut hex = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            write!(hex, "{byte:02x}")?;
        }
        let sample = json!({"type": row.name, "case": line["case"], "json": line["json"], "hex": hex});
        writeln!(out, "{sample}")?;
    }
    Ok(())
}
