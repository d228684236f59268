use std::fmt::{self, Write};

use super::{Gate, INSECURE, NATIVE, PLAIN, TYPE_BYTE};
use crate::{Needs, TableRow, Then, TlsPolicy, table};

/// The diagram as a Mermaid flowchart.
pub fn mermaid() -> String {
    let mut text = String::new();
    let _written = write(&mut text); // a String takes everything
    text
}

fn write(out: &mut String) -> fmt::Result {
    writeln!(out, "flowchart LR")?;
    writeln!(out, "  accept([\"accept: limit of connections per client\"]) --> first{{\"first byte, in time\"}}")?;
    gate(out, "plain", &PLAIN)?;
    gate(out, "tls", &TYPE_BYTE)?;
    gate(out, "native", &NATIVE)?;
    gate(out, "insecure", &INSECURE)?;
    for row in table() {
        let shape = if row.row.then == Then::Retired { ("[/\"", "\"/]") } else { ("[\"", "\"]") };
        writeln!(out, "  route_{}{}{}: {}{}", row.label, shape.0, row.label, row.leads_to, shape.1)?;
        edges(out, &row)?;
    }
    Ok(())
}

fn gate(out: &mut String, id: &str, gate: &Gate) -> fmt::Result {
    writeln!(out, "  first -- \"{}\" --> {id}[\"{}<br/>{}\"]", gate.begins, gate.does, gate.condition)
}

fn edges(out: &mut String, row: &TableRow) -> fmt::Result {
    let label = row.label;
    let sure = if row.row.needs == Needs::ServerCertificate { ", a server's certificate" } else { "" };
    match row.row.then {
        // The gate itself.
        Then::StartTls(TlsPolicy::Verify) => return writeln!(out, "  route_{label} --- tls"),
        Then::StartTls(TlsPolicy::Insecure) => return writeln!(out, "  insecure --> route_{label}"),
        Then::Serve(_) | Then::Retired => {}
    }
    if !row.byte.is_empty() {
        writeln!(out, "  plain -- \"{}\" --> route_{label}", row.byte)?;
        writeln!(out, "  tls -- \"{}{sure}\" --> route_{label}", row.byte)?;
    }
    if !row.alpn.is_empty() {
        writeln!(out, "  native -- \"{}{sure}\" --> route_{label}", row.alpn)?;
    }
    Ok(())
}
