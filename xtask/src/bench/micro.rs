//! The crates' own criterion benches: run, and their figures read from what criterion prints.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::interop::servers::{cargo, workspace_root};

/// Package and bench target.
const BENCHES: &[(&str, &str)] = &[
    ("proconsul-msgpack", "codec"),
    ("proconsul-yamux", "frames"),
    ("proconsul-state", "store"),
    ("proconsul-mux", "detection"),
    ("proconsul-tls", "handshake"),
    ("proconsul-netrpc", "turn"),
    ("proconsul-layers", "call"),
];

/// One figure.
pub(crate) struct Micro {
    pub(crate) package: &'static str,
    pub(crate) name: String,
    /// The estimate, with its unit.
    pub(crate) time: String,
}

/// All figures, and which benches did not run.
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Micro>,
    pub(crate) failures: Vec<String>,
}

/// Runs them all, one after another.
pub(crate) fn run(quick: bool) -> Outcome {
    let mut outcome = Outcome { figures: Vec::new(), failures: Vec::new() };
    for &(package, bench) in BENCHES {
        eprintln!("{package}: {bench}");
        match one(package, bench, quick) {
            Ok(figures) => outcome.figures.extend(figures),
            Err(error) => outcome.failures.push(format!("{package} {bench}: {error:#}")),
        }
    }
    outcome
}

/// Runs one of them.
pub(super) fn one(package: &'static str, bench: &str, quick: bool) -> Result<Vec<Micro>> {
    let mut command = Command::new(cargo());
    command.args(["bench", "--quiet", "-p", package, "--bench", bench, "--", "--noplot"]);
    if quick {
        command.arg("--quick");
    }
    let out = command
        .current_dir(workspace_root())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .context("running cargo")?;
    ensure!(out.status.success(), "the bench failed");
    let figures: Vec<Micro> =
        times(&String::from_utf8_lossy(&out.stdout)).map(|(name, time)| Micro { package, name, time }).collect();
    ensure!(!figures.is_empty(), "the bench printed no times");
    Ok(figures)
}

/// Name and estimate of each `name  time: [low estimate high]`. A long name stands on the line before.
fn times(text: &str) -> impl Iterator<Item = (String, String)> {
    let mut before = "";
    text.lines().filter_map(move |line| {
        let name_line = std::mem::replace(&mut before, line);
        let (name, rest) = line.split_once("time:")?;
        let name = if name.trim().is_empty() { name_line } else { name };
        let words: Vec<&str> = rest.trim().trim_matches(['[', ']']).split_whitespace().collect();
        match words.as_slice() {
            [_, _, estimate, unit, _, _] => Some((name.trim().to_owned(), format!("{estimate} {unit}"))),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn estimates_are_found_beside_short_and_below_long_names() {
        let text = "encode/kv               time:   [101.1 ns 102.2 ns 103.3 ns]\n\
                    \x20                       thrpt:  [1.0 MiB/s 1.1 MiB/s 1.2 MiB/s]\n\
                    a name that is longer than the column\n\
                    \x20                       time:   [1.1 µs 1.2 µs 1.3 µs]\n\
                    Found 2 outliers among 100 measurements\n";
        let found: Vec<_> = times(text).collect();
        let want = [("encode/kv", "102.2 ns"), ("a name that is longer than the column", "1.2 µs")];
        assert_eq!(found, want.map(|(name, time)| (name.to_owned(), time.to_owned())));
    }
}
