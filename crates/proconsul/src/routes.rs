//! `proconsul routes`: every way into the server port, from the table that decides.
use proconsul_mux::{TableRow, table};
use proconsul_server::Server;
use serde_json::{Value, json};

use crate::print;

pub(crate) fn run(json: bool) {
    if json {
        return print::value(&table().map(|row| for_programs(&row)).collect(), true);
    }
    let cells = |row: TableRow| {
        let here = if is_served(&row) { "yes" } else { "-" };
        [row.label, &or_none(&row.byte), &or_none(row.alpn), &or_none(row.needs), here, row.leads_to]
            .map(str::to_owned)
            .to_vec()
    };
    print::table(&["ROUTE", "BYTE", "ALPN", "NEEDS", "SERVED HERE", "LEADS TO"], table().map(cells));
}

/// A row for programs; what it does not have is `null`.
fn for_programs(row: &TableRow) -> Value {
    json!({
        "route": row.label,
        "byte": row.row.byte,
        "alpn": row.row.alpn,
        "needs": (!row.needs.is_empty()).then_some(row.needs),
        "served": is_served(row),
        "leads_to": row.leads_to,
    })
}

/// Whether a server of this version has somebody behind it.
fn is_served(row: &TableRow) -> bool {
    Server::served_routes().any(|served| served == row.row)
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
