//! Prints the table of bad and odd input, a line of JSON each, for a peer in another language to say what it makes of it: type, bytes, and
//! what Go's verdict is said to be (`taken`, which is what was read; `refused`, its words; `refused_alone`; `dies`).

#[path = "../src/tests/bad_input/cases.rs"]
mod cases;

use cases::Verdict;
use serde_json::json;

fn main() {
    for group in cases::groups() {
        for (bytes, verdict) in group.cases {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let (verdict, what) = match verdict {
                Verdict::Taken(value) => ("taken", value),
                Verdict::Refused(words) => ("refused", words.into()),
                Verdict::RefusedByGoAlone(value) => ("refused_alone", value),
                Verdict::Dies => ("dies", json!(null)),
            };
            println!("{}", json!({"type": group.name, "hex": hex, "verdict": verdict, "what": what}));
        }
    }
}
