//! `docs/metrics.md` is what the table of metrics says, and the code emits what stands in the table.
use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proconsul_types::metric::{METRICS, Metric};
use regex::Regex;

/// The table stands between these lines.
const BEGIN: &str = "<!-- metrics: generated, do not edit; UPDATE=1 cargo test -p proconsul-tests --test metrics -->";
const END: &str = "<!-- /metrics -->";

#[test]
fn the_table_in_the_docs_is_that_of_the_code() {
    let file = root().join("docs/metrics.md");
    let text = fs::read_to_string(&file).expect("docs/metrics.md");
    let (before, rest) = text.split_once(BEGIN).expect("the line that the table begins after");
    let (_, after) = rest.split_once(END).expect("the line that the table ends before");
    let new = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table());
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, new).expect("docs/metrics.md");
        return;
    }
    assert!(text == new, "docs/metrics.md is not what proconsul_types::metric says: run this test with UPDATE=1");
}

fn table() -> String {
    let rows = METRICS.iter().map(|metric| row(metric));
    format!("| name | kind | labels | what |\n|---|---|---|---|\n{}", rows.collect::<String>())
}

fn row(metric: &Metric) -> String {
    let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let unit = metric.unit.as_str();
    let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
    format!("| `{}` | {}{unit} | {} | {} |\n", metric.name, metric.kind, labels.join(", "), metric.help)
}

#[test]
fn every_metric_is_emitted_by_the_name_in_its_row() {
    let emits = Regex::new(r"\b(?:counter|gauge|histogram)!\s*[(\[{]\s*([^,)\]}]*)").expect("a pattern");
    let (mut found, mut literal) = (0, Vec::new());
    let crates = root().join("crates");
    // Tests of the recorder itself may record what they like.
    let is_test = |file: &Path| {
        let below = file.strip_prefix(&crates).unwrap_or(file);
        below.ends_with("tests.rs") || below.iter().any(|part| part == "tests")
    };
    for file in sources(&crates).into_iter().filter(|file| !is_test(file)) {
        let text = fs::read_to_string(&file).expect("a source file");
        for emitted in emits.captures_iter(&text) {
            found += 1;
            if !emitted[1].trim_end().ends_with(".name") {
                literal.push(format!("{}: {}", file.display(), &emitted[0]));
            }
        }
    }
    assert!(found > 0, "nothing is emitted: the pattern finds nothing");
    assert!(literal.is_empty(), "take the name from proconsul_types::metric:\n{}", literal.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
