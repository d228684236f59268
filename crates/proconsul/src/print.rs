//! Tables for people, JSON for programs.
use comfy_table::{Table, presets::NOTHING};
use proconsul_server::CONSUL_VERSION;
use serde_json::{Value, json};

/// Prints a value as JSON, one line for programs, several for people.
pub(crate) fn value(value: &Value, compact: bool) {
    if compact { println!("{value}") } else { println!("{value:#}") }
}

/// Prints rows under a header.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    println!("{table}");
}

/// Prints our version and the one of Consul that we are compatible with.
pub(crate) fn version(json: bool) {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        value(&json!({"version": version, "consul_version": CONSUL_VERSION}), true);
    } else {
        println!("proconsul v{version} (compatible with Consul {CONSUL_VERSION})");
    }
}
