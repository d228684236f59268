//! The tables, in markdown that reads well as plain text too.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result};

use super::loads::{Goal, Load};
use super::micro::Micro;
use super::samples::{Samples, Side};
use crate::interop::servers::workspace_root;

/// When, where and how.
pub(crate) fn head(arguments: &str, rounds: usize) -> Result<String> {
    let date = first_line(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])).context("asking for the date")?;
    let commit = first_line(Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(workspace_root()))
        .unwrap_or_else(|| "unknown".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let command = format!("cargo xtask bench {arguments}");
    Ok(format!(
        "{date}, {cores} cores ({cpu}), commit {commit}; medians of {rounds} rounds, servers in turn in every round. To \
         repeat: `{command}`. CPU is user and system time of the server's process, memory its growth in a fresh process; \
         \"AxB\" is A connections with B calls in flight on each. Trust ratios, not absolutes.\n",
        cpu = processor(),
        command = command.trim_end(),
    ))
}

fn first_line(command: &mut Command) -> Option<String> {
    let out = command.output().ok().filter(|out| out.status.success())?;
    Some(String::from_utf8_lossy(&out.stdout).lines().next()?.trim().to_owned())
}

fn processor() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// Every figure that has a goal, beside the floor.
pub(crate) fn goals(samples: &Samples, title: impl Fn(&Load) -> String, against: bool) -> String {
    let mut rows = Rows::new(&["load", "figure", "ours", "Go floor", "ratio", "goal", "reached"]);
    if against {
        rows.head.extend(["other", "ours to other"].map(str::to_owned));
    }
    for load in samples.loads() {
        for figure in load.figures {
            let of = |side| samples.median(load, side, figure.key);
            let (ours, floor, other) = (of(Side::Ours), of(Side::Floor), of(Side::Against));
            let (goal, reached) = match figure.goal {
                Goal::OfFloor(most) => (format!("≤ {most} of floor"), ratio(ours, floor).map(|part| part <= most)),
                Goal::OfOther(most) => (format!("≤ {most} of Consul"), ratio(ours, other).map(|part| part <= most)),
                Goal::Unset => ("–".to_owned(), None),
                Goal::AtMost(most) => (format!("≤ {}", number(Some(most))), ours.map(|value| value <= most)),
            };
            let mut row = vec![
                title(load),
                figure.label.to_owned(),
                number(ours),
                number(floor),
                number(ratio(ours, floor)),
                goal,
                reached.map_or("–", |yes| if yes { "yes" } else { "no" }).to_owned(),
            ];
            if against {
                row.extend([number(other), number(ratio(ours, other))]);
            }
            rows.push(row);
        }
    }
    rows.to_string()
}

/// Rate, CPU and latency of every load that is made of calls.
pub(crate) fn calls(samples: &Samples, title: impl Fn(&Load) -> String) -> String {
    const COLUMNS: [(&str, &str); 5] = [
        ("calls/s", "ops_per_s"),
        ("CPU per call, µs", "server_cpu_us_per_op"),
        ("p50, µs", "p50_us"),
        ("p99, µs", "p99_us"),
        ("cores busy", "server_cores"),
    ];
    let mut rows = Rows::new(&["load", "server"]);
    rows.head.extend(COLUMNS.map(|(label, _)| label.to_owned()));
    for load in samples.loads() {
        for (side, name) in [(Side::Ours, "ours"), (Side::Floor, load.port.floor_name()), (Side::Against, "other")] {
            if samples.median(load, side, "ops_per_s").is_some() {
                let mut row = vec![title(load), name.to_owned()];
                row.extend(COLUMNS.map(|(_, key)| number(samples.median(load, side, key))));
                rows.push(row);
            }
        }
    }
    rows.to_string()
}

/// The crates' own benches.
pub(crate) fn micro(figures: &[Micro]) -> String {
    let mut rows = Rows::new(&["crate", "bench", "time"]);
    for figure in figures {
        rows.push(vec![figure.package.to_owned(), figure.name.clone(), figure.time.clone()]);
    }
    rows.to_string()
}

fn ratio(ours: Option<f64>, other: Option<f64>) -> Option<f64> {
    ours.zip(other.filter(|other| *other > 0.0)).map(|(ours, other)| ours / other)
}

/// Three digits are more than the machine can promise.
pub(super) fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) if value.abs() >= 1.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.3}"),
    }
}

/// A table under construction.
pub(super) struct Rows {
    head: Vec<String>,
    body: Vec<Vec<String>>,
}

impl Rows {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&cell| cell.to_owned()).collect(), body: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.body.push(row);
    }
}

impl std::fmt::Display for Rows {
    /// Columns are padded, so that the source reads as a table too.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.body.is_empty() {
            return Ok(());
        }
        let mut widths: Vec<usize> = self.head.iter().map(|cell| cell.chars().count()).collect();
        for row in &self.body {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: &[String]| {
            let mut line = String::from("|");
            for (cell, width) in cells.iter().zip(&widths) {
                // Writing to a String does not fail.
                let _ = write!(line, " {cell:width$} |");
            }
            line
        };
        let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        writeln!(f, "{}\n{}", line(&self.head), line(&rule))?;
        self.body.iter().try_for_each(|row| writeln!(f, "{}", line(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, number, ratio};

    #[test]
    fn cells_are_padded_to_their_column() {
        let mut rows = Rows::new(&["a", "long"]);
        rows.push(vec!["µµµ".to_owned(), "1".to_owned()]);
        assert_eq!(rows.to_string(), "| a   | long |\n| --- | ---- |\n| µµµ | 1    |\n");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        assert_eq!(number(None), "–");
        assert_eq!(ratio(Some(1.0), None), None);
        assert_eq!(ratio(Some(1.0), Some(0.0)), None);
        assert_eq!(ratio(Some(1.0), Some(4.0)), Some(0.25));
    }
}
