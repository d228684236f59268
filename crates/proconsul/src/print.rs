//! Tables for people, JSON for programs.
use std::io::{self, Write};

use comfy_table::{Table, presets::NOTHING};
use proconsul_server::CONSUL_VERSION;
use serde_json::{Value, json};

/// Prints a value as JSON, one line for programs, several for people.
pub(crate) fn value(value: &Value, compact: bool) {
    line(&json(value, compact));
}

/// A value as JSON, one line for programs, several for people.
pub(crate) fn json(value: &Value, compact: bool) -> String {
    if compact { format!("{value}") } else { format!("{value:#}") }
}

/// Prints one line.
pub(crate) fn line(text: &str) {
    let _ = is_read(text);
}

/// Prints one line, and tells whether there may be somebody who reads it. A reader that has seen enough (`| head`) is no
/// failure.
pub(crate) fn is_read(text: &str) -> bool {
    let Err(error) = writeln!(io::stdout(), "{text}") else { return true };
    if error.kind() != io::ErrorKind::BrokenPipe {
        eprintln!("Error: failed to write the output: {error}");
    }
    false
}

/// Prints rows under a header.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    line(&aligned(header, rows));
}

/// Rows under a header, as text without white space at the ends of lines.
pub(crate) fn aligned(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// Prints our version and the one of Consul that we are compatible with.
pub(crate) fn version(json: bool) {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        value(&json!({"version": version, "consul_version": CONSUL_VERSION}), true);
    } else {
        line(&format!("proconsul v{version} (compatible with Consul {CONSUL_VERSION})"));
    }
}
