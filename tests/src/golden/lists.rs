//! Two lists about the recordings: cases that wait for something (`WAITING.json`), and cases that we answer otherwise on purpose
//! (`DEVIATIONS.md`).
use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Cases not yet run: by variant, then by case, what is missing.
pub type Waiting = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Reads the waiting list.
///
/// # Errors
/// When the file is missing or malformed.
pub fn load_waiting(path: &Path) -> Result<Waiting> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))
}

/// Writes the waiting list, one case per line, so that a change to it reads well.
///
/// # Errors
/// When the file cannot be written.
pub fn store_waiting(path: &Path, waiting: &Waiting) -> Result<()> {
    let variants = waiting.iter().map(|(variant, cases)| {
        let lines = cases
            .iter()
            .map(|(case, needs)| format!("    {}: {}", Value::from(case.as_str()), Value::from(needs.clone())));
        format!("  {}: {{\n{}\n  }}", Value::from(variant.as_str()), lines.collect::<Vec<_>>().join(",\n"))
    });
    let text = format!("{{\n{}\n}}\n", variants.collect::<Vec<_>>().join(",\n"));
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// What is wrong with the list as it stands, given what is really missing: one sentence per case.
pub fn stale(listed: &Waiting, missing: &Waiting) -> Vec<String> {
    let flat = |waiting: &Waiting| -> BTreeMap<(String, String), Vec<String>> {
        let cases = waiting.iter().flat_map(|(variant, cases)| {
            cases.iter().map(move |(case, needs)| ((variant.clone(), case.clone()), needs.clone()))
        });
        cases.collect()
    };
    let (listed, missing) = (flat(listed), flat(missing));
    let mut complaints = Vec::new();
    for ((variant, case), needs) in &listed {
        match missing.get(&(variant.clone(), case.clone())) {
            None => complaints.push(format!("{variant} {case} waits for {needs:?}, but nothing is missing any more")),
            Some(really) if really != needs => {
                complaints.push(format!("{variant} {case} waits for {needs:?}, but what is missing is {really:?}"));
            }
            Some(_) => {}
        }
    }
    for ((variant, case), needs) in missing.iter().filter(|(case, _)| !listed.contains_key(*case)) {
        complaints.push(format!("{variant} {case} cannot run without {needs:?}, but is not on the list"));
    }
    complaints
}

/// What we do in place of what was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Ours {
    /// The case is not run.
    Skipped,
    /// The outcome differs, in a way that varies.
    Differs,
    /// The outcome is this.
    Is(Value),
}

/// One line of `DEVIATIONS.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// The case's name.
    pub case: String,
    /// The step that differs, counted from 0; unused when the case is skipped.
    pub step: usize,
    /// What it does.
    pub ours: Ours,
    /// Why an operator should prefer it.
    pub why: String,
}

/// Reads the deviations: the rows of the table whose head is `| case | step | ours | why |`.
///
/// # Errors
/// When the file is missing, or a row is malformed.
pub fn load_deviations(path: &Path) -> Result<Vec<Deviation>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    parse_deviations(&text).with_context(|| format!("parsing {}", path.display()))
}

fn parse_deviations(text: &str) -> Result<Vec<Deviation>> {
    let rows = text.lines().skip_while(|line| *line != "| case | step | ours | why |").skip(2);
    rows.take_while(|line| line.starts_with('|')).map(parse_row).collect()
}

fn parse_row(line: &str) -> Result<Deviation> {
    let inner = line.trim_matches('|').replace("\\|", "\u{0}");
    let cells: Vec<_> = inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect();
    let [case, step, ours, why] = cells.as_slice() else { bail!("not four cells: {line}") };
    anyhow::ensure!(!why.is_empty(), "no reason: {line}");
    let ours = match ours.as_str() {
        "skipped" => Ours::Skipped,
        "differs" => Ours::Differs,
        json => {
            Ours::Is(serde_json::from_str(json.trim_matches('`')).with_context(|| format!("ours is no JSON: {line}"))?)
        }
    };
    let step = match &ours {
        Ours::Skipped => 0,
        _ => step.parse().with_context(|| format!("no step: {line}"))?,
    };
    Ok(Deviation { case: case.trim_matches('`').into(), step, ours, why: why.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waiting(cases: &[(&str, &str)]) -> Waiting {
        let cases = cases.iter().map(|(case, need)| ((*case).to_owned(), vec![(*need).to_owned()]));
        BTreeMap::from([("base".to_owned(), cases.collect())])
    }

    #[test]
    fn the_list_is_stale_when_a_need_is_met_or_a_case_is_not_on_it() {
        let listed = waiting(&[("a", "X.Y"), ("b", "X.Y")]);
        assert!(stale(&listed, &listed).is_empty());
        assert_eq!(stale(&listed, &waiting(&[("a", "X.Y")])).len(), 1, "b has what it needs");
        assert_eq!(stale(&listed, &waiting(&[("a", "X.Y"), ("b", "X.Z")])).len(), 1, "b needs something else");
        assert_eq!(stale(&waiting(&[("a", "X.Y")]), &listed).len(), 1, "b is not on the list");
    }

    #[test]
    fn deviations_are_rows_of_one_table() {
        let text = "# T\n\n| a | b |\n|---|---|\n| x | y |\n\n| case | step | ours | why |\n|---|---|---|---|\n\
                    | `a/b` | 3 | `{\"error\":\"x\\|y\"}` | safer |\n| `a/c` | 1 | differs | smaller |\n| `a/d` | | skipped | gone |\n\nend\n";
        let seen = parse_deviations(text).unwrap();
        assert_eq!(seen[0].ours, Ours::Is(json!({"error": "x|y"})));
        let others: Vec<_> = seen.iter().map(|row| (row.case.as_str(), row.step)).collect();
        assert_eq!(others, [("a/b", 3), ("a/c", 1), ("a/d", 0)]);
        assert!(parse_row("| a | 1 | differs | |").is_err(), "without a reason");
        assert!(parse_row("| a | | differs | why |").is_err(), "without a step");
    }

    #[test]
    fn the_projects_own_lists_are_readable() {
        let dir = crate::golden::case::project_golden_dir();
        load_deviations(&dir.join("DEVIATIONS.md")).unwrap();
        let waiting = load_waiting(&dir.join("WAITING.json")).unwrap();
        assert!(waiting.values().flatten().all(|(_, needs)| !needs.is_empty()));
    }
}
