use std::fmt::{self, Display, Write};

use super::{Gate, INSECURE, NATIVE, PLAIN, TYPE_BYTE, live_id, row_id};
use crate::{Needs, TableRow, Then, table};

const WIDTH: u32 = 1080;
const MARGIN: u32 = 16;

/// The four ways to begin stand side by side above the table.
const GATES: [(&str, &Gate); 4] =
    [("plain", &PLAIN), ("tls", &TYPE_BYTE), ("native", &NATIVE), ("insecure", &INSECURE)];
const ACCEPT_TOP: u32 = 16;
const ACCEPT_HEIGHT: u32 = 34;
const GATE_TOP: u32 = 86;
const GATE_HEIGHT: u32 = 92;
const GATE_GAP: u32 = 12;

/// The table: a byte, a name, an arrow with a live count, and where it leads.
const ROWS_TOP: u32 = 262;
const ROW_HEIGHT: u32 = 40;
const BOX_HEIGHT: u32 = 32;
const BYTE_X: u32 = 70;
const NAME_X: u32 = 140;
const ARROW_X: u32 = 372;
const BOX_X: u32 = 512;

/// Colours by the reader's preference, under names that no page around the picture uses.
const STYLE: &str = "\
.rt{--rt-ink:#1f2328;--rt-dim:#59636e;--rt-line:#8c959f;--rt-fill:#f6f8fa;--rt-tls:#ddf4ff;--rt-server:#fff8c5;--rt-live:#1a7f37}
@media(prefers-color-scheme:dark){.rt{--rt-ink:#e6edf3;--rt-dim:#9198a1;--rt-line:#656c76;--rt-fill:#161b22;--rt-tls:#0c2d4d;\
--rt-server:#3a2e00;--rt-live:#3fb950}}
.rt text{font:13px system-ui,sans-serif;fill:var(--rt-ink)}
.rt .rt-code{font-family:ui-monospace,monospace}
.rt .rt-name{font-weight:600}
.rt .rt-dim{fill:var(--rt-dim);font-size:11.5px}
.rt .rt-live{fill:var(--rt-live);font-weight:600;text-anchor:middle}
.rt .rt-mid{text-anchor:middle}
.rt rect{fill:var(--rt-fill);stroke:var(--rt-line)}
.rt .rt-tls rect{fill:var(--rt-tls)}
.rt .rt-server rect{fill:var(--rt-server)}
.rt .rt-closed rect{stroke-dasharray:4 3}
.rt path{stroke:var(--rt-line);fill:none;stroke-width:1.4;marker-end:url(#rt-tip)}
.rt marker path{fill:var(--rt-line);stroke:none;marker-end:none}
";

/// The diagram as SVG, for a page or a file. Each row of the table is a group with the id [`row_id`], and on its arrow is an empty
/// text with the id [`live_id`].
pub fn svg() -> String {
    let mut text = String::new();
    let _written = write(&mut text); // a String takes everything
    text
}

fn write(out: &mut String) -> fmt::Result {
    let rows: Vec<TableRow> = table().collect();
    let height = ROWS_TOP + ROW_HEIGHT * rows.len() as u32 + MARGIN;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rt\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"rt-title\">"
    )?;
    writeln!(out, "<title id=\"rt-title\">How a connection to the server port finds its route</title>")?;
    writeln!(out, "<style>\n{STYLE}</style>")?;
    writeln!(
        out,
        "<defs><marker id=\"rt-tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    )?;
    gates(out)?;
    for (index, row) in rows.iter().enumerate() {
        draw_row(out, row, ROWS_TOP + ROW_HEIGHT * index as u32)?;
    }
    writeln!(out, "</svg>")
}

fn gates(out: &mut String) -> fmt::Result {
    let accept_width = 420;
    let accept_x = (WIDTH - accept_width) / 2;
    rect(out, accept_x, ACCEPT_TOP, accept_width, ACCEPT_HEIGHT)?;
    text(out, "rt-mid", WIDTH / 2, ACCEPT_TOP + 22, &"accept: a limit of connections per client, a limit of time")?;
    let width = (WIDTH - 2 * MARGIN - GATE_GAP * (GATES.len() as u32 - 1)) / GATES.len() as u32;
    for (index, (id, gate)) in GATES.into_iter().enumerate() {
        let x = MARGIN + (width + GATE_GAP) * index as u32;
        let middle = x + width / 2;
        let from = ACCEPT_TOP + ACCEPT_HEIGHT;
        // The outer two begin at the box's ends, so that the arrows do not lie on it.
        let start = middle.clamp(accept_x + 30, accept_x + accept_width - 30);
        writeln!(out, "<path d=\"M{start} {from}C{start} {} {middle} {from} {middle} {}\"/>", from + 24, GATE_TOP - 2)?;
        writeln!(out, "<g id=\"gate-{id}\" class=\"{}\">", if id == "plain" { "rt-plain" } else { "rt-tls" })?;
        rect(out, x, GATE_TOP, width, GATE_HEIGHT)?;
        text(out, "rt-name", x + 10, GATE_TOP + 21, &gate.begins)?;
        text(out, "", x + 10, GATE_TOP + 41, &gate.does)?;
        for (line, words) in gate.condition.split("; ").enumerate() {
            text(out, "rt-dim", x + 10, GATE_TOP + 61 + 16 * line as u32, &words)?;
        }
        writeln!(out, "</g>")?;
        // Bytes lead to the byte column, names to that of the names; byte 7 has one row.
        let (to, below) = match id {
            "native" => (NAME_X + 90, ROWS_TOP - 36),
            "insecure" => continue,
            _ => (BYTE_X, ROWS_TOP - 36),
        };
        let from = GATE_TOP + GATE_HEIGHT;
        writeln!(out, "<path d=\"M{middle} {from}C{middle} {} {to} {from} {to} {below}\"/>", from + 34)?;
    }
    text(out, "rt-dim rt-mid", BYTE_X, ROWS_TOP - 16, &"byte")?;
    text(out, "rt-dim", NAME_X, ROWS_TOP - 16, &"ALPN name")?;
    text(out, "rt-dim rt-mid", (ARROW_X + BOX_X) / 2, ROWS_TOP - 16, &"connections")?;
    text(out, "rt-dim", BOX_X, ROWS_TOP - 16, &"leads to")
}

fn draw_row(out: &mut String, row: &TableRow, top: u32) -> fmt::Result {
    let class = match (row.row.then, row.row.needs) {
        (Then::Retired, _) => "rt-closed",
        (Then::StartTls(_), _) | (_, Needs::Tls) => "rt-tls",
        (_, Needs::ServerCertificate) => "rt-server",
        (Then::Serve(_), Needs::Nothing) => "rt-plain",
    };
    let middle = top + BOX_HEIGHT / 2;
    let baseline = middle + 5;
    writeln!(out, "<g id=\"{}\" class=\"{class}\">", row_id(row.label))?;
    text(out, "rt-code rt-mid", BYTE_X, baseline, &row.byte)?;
    text(out, "rt-code", NAME_X, baseline, &row.alpn)?;
    writeln!(out, "<path d=\"M{ARROW_X} {middle}H{}\"/>", BOX_X - 2)?;
    let id = live_id(row.label);
    writeln!(out, "<text id=\"{id}\" class=\"rt-live\" x=\"{}\" y=\"{}\"></text>", (ARROW_X + BOX_X) / 2, middle - 5)?;
    rect(out, BOX_X, top, WIDTH - MARGIN - BOX_X, BOX_HEIGHT)?;
    text(out, "rt-name rt-code", BOX_X + 10, baseline, &row.label)?;
    text(out, "", BOX_X + 150, baseline, &row.leads_to)?;
    let note = match row.row.needs {
        Needs::Nothing => "",
        Needs::Tls => "in TLS only",
        Needs::ServerCertificate => "for servers",
    };
    if !note.is_empty() {
        text(out, "rt-dim", BOX_X + 460, baseline, &note)?;
    }
    writeln!(out, "</g>")
}

fn rect(out: &mut String, x: u32, y: u32, width: u32, height: u32) -> fmt::Result {
    writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>")
}

/// A text, unless it is empty.
fn text(out: &mut String, class: &str, x: u32, y: u32, words: &dyn Display) -> fmt::Result {
    let words = words.to_string().replace('&', "&amp;").replace('<', "&lt;");
    if words.is_empty() {
        return Ok(());
    }
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    writeln!(out, "<text{class} x=\"{x}\" y=\"{y}\">{words}</text>")
}
