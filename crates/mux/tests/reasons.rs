//! `docs/rpc/port.md` lists the reasons that the code has.
use std::{env, fs, path::Path};

use proconsul_mux::{Reason, Stage};

/// The table stands between these lines.
const BEGIN: &str = "<!-- reasons: generated, do not edit; UPDATE=1 cargo test -p proconsul-mux --test reasons -->";
const END: &str = "<!-- /reasons -->";

#[test]
fn the_table_in_the_docs_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rpc/port.md");
    let text = fs::read_to_string(&file).expect("docs/rpc/port.md");
    let (before, rest) = text.split_once(BEGIN).expect("the line that the table begins after");
    let (_, after) = rest.split_once(END).expect("the line that the table ends before");
    let new = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table());
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, new).expect("docs/rpc/port.md");
        return;
    }
    assert!(text == new, "docs/rpc/port.md is not what proconsul_mux::Reason says: run this test with UPDATE=1");
}

fn table() -> String {
    let mut table = String::from("| reason | what happened | what to do |\n|---|---|---|\n");
    for (stage, title) in [
        (Stage::Refused, "Refused before anybody served it"),
        (Stage::Handshake, "Closed in or after its TLS handshake"),
        (Stage::Ended, "Ended while it was served"),
    ] {
        table += &format!("| **{title}** | | |\n");
        for reason in Reason::all().filter(|reason| reason.stage() == stage) {
            let advice = if reason.advice() == "nothing" { "" } else { reason.advice() };
            let quiet = if reason.is_loud() { "" } else { " (logged at debug)" };
            table += &format!("| `{}` | {}{quiet} | {advice} |\n", reason.label(), reason.what());
        }
    }
    // Names in angle brackets are not tags.
    table.replace('<', "&lt;")
}
