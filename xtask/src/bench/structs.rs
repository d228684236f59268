//! Large replies written and read by our codec and by Go's: the same bytes, one run, time and allocations.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::micro;
use super::table::{Rows, number};
use crate::interop::servers::{cargo, workspace_root};

/// What `--only` calls it.
pub(super) const NAME: &str = "structs";
/// Tells the Go bench where the bytes are.
const FIXTURES_VAR: &str = "PROCONSUL_CODEC_FIXTURES";
/// Our share of Go's time and of its allocations that is aimed at.
const GOAL: f64 = 0.2;
/// The replies by the names that all programs have for them, and for people.
const REPLIES: [(&str, &str); 2] =
    [("service-nodes", "Health.ServiceNodes, 100 instances"), ("keys", "KVS.List, 1,000 keys")];
/// What is done to them.
const DEEDS: [&str; 2] = ["encode", "decode"];

/// What one deed costs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    nanos: f64,
    allocations: f64,
}

/// Costs by `reply/deed`; in Go also by `reply/deed-stream`.
type Costs = BTreeMap<String, Cost>;

/// Measures both, and gives the table.
///
/// # Errors
/// A program that fails, or does not print a figure that the table needs.
pub(super) fn run(quick: bool) -> Result<String> {
    let folder = std::env::temp_dir().join(format!("proconsul-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let costs = ours(&folder, quick).and_then(|ours| Ok((ours, go(&folder, quick)?)));
    let _ = std::fs::remove_dir_all(&folder); // what is left behind is in the folder for such things
    let (ours, go) = costs?;
    table(&ours, &go)
}

/// Writes the bytes, counts allocations and runs the criterion bench.
fn ours(folder: &Path, quick: bool) -> Result<Costs> {
    let mut example = Command::new(cargo());
    example.args(["run", "--quiet", "--release", "-p", "proconsul-structs", "--example", "codec_fixtures", "--"]);
    let counted = output(example.arg(folder).current_dir(workspace_root()))?;
    let times: BTreeMap<String, f64> = micro::one("proconsul-structs", "codec", quick)?
        .into_iter()
        .filter_map(|figure| Some((figure.name, nanos(&figure.time)?)))
        .collect();
    let mut costs = Costs::new();
    for (name, count) in counted.lines().filter_map(|line| line.split_once(' ')) {
        let nanos = *times.get(name).with_context(|| format!("the bench gave no time for {name}"))?;
        costs.insert(name.to_owned(), Cost { nanos, allocations: count.parse().context("counted allocations")? });
    }
    Ok(costs)
}

/// Runs the Go bench on the same bytes.
fn go(folder: &Path, quick: bool) -> Result<Costs> {
    eprintln!("Go: structbench");
    let time = if quick { "200ms" } else { "3s" };
    let mut command = Command::new("go");
    command.args(["test", "-run", "^$", "-bench", ".", "-benchtime", time, "./structbench"]);
    let text = output(command.env(FIXTURES_VAR, folder).current_dir(workspace_root().join("tests/interop/go")))?;
    Ok(text.lines().filter_map(go_line).collect())
}

fn output(command: &mut Command) -> Result<String> {
    let run = command.stdout(Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let out = run.with_context(|| format!("running {command:?}"))?;
    ensure!(out.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&out.stdout).trim());
    String::from_utf8(out.stdout).with_context(|| format!("what {command:?} printed"))
}

/// `BenchmarkStructs/keys/decode-2  471  1168324 ns/op  281777 B/op  10034 allocs/op`; the number of cores is cut off.
fn go_line(line: &str) -> Option<(String, Cost)> {
    let words: Vec<&str> = line.strip_prefix("BenchmarkStructs/")?.split_whitespace().collect();
    let name = words.first()?;
    let name = name.rsplit_once('-').filter(|(_, cores)| cores.parse::<u16>().is_ok()).map_or(*name, |(name, _)| name);
    let before = |unit| words.windows(2).find(|pair| pair[1] == unit)?[0].parse().ok();
    Some((name.to_owned(), Cost { nanos: before("ns/op")?, allocations: before("allocs/op")? }))
}

/// A criterion estimate with its unit.
fn nanos(estimate: &str) -> Option<f64> {
    let (value, unit) = estimate.split_once(' ')?;
    let factor = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(value.parse::<f64>().ok()? * factor)
}

fn table(ours: &Costs, go: &Costs) -> Result<String> {
    let mut rows = Rows::new(&[
        "reply",
        "",
        "ours, µs",
        "Go, µs",
        "Go, stream, µs",
        "ratio",
        "ours, allocations",
        "Go",
        "Go, stream",
        "ratio",
        "reached",
    ]);
    for (reply, label) in REPLIES {
        for deed in DEEDS {
            let of = |costs: &Costs, whose: &str, name: String| {
                costs.get(&name).copied().with_context(|| format!("{whose}: no figure for {name}"))
            };
            let ours = of(ours, "ours", format!("{reply}/{deed}"))?;
            let slice = of(go, "Go", format!("{reply}/{deed}"))?;
            let stream = of(go, "Go", format!("{reply}/{deed}-stream"))?;
            let time = ours.nanos / slice.nanos.min(stream.nanos);
            let allocations = ours.allocations / slice.allocations.min(stream.allocations);
            let micros = |cost: Cost| number(Some(cost.nanos / 1e3));
            let reached = match (time <= GOAL, allocations < GOAL) {
                (true, true) => "yes",
                (true, false) => "time only",
                (false, true) => "allocations only",
                (false, false) => "no",
            };
            rows.push(vec![
                label.to_owned(),
                deed.to_owned(),
                micros(ours),
                micros(slice),
                micros(stream),
                number(Some(time)),
                format!("{:.0}", ours.allocations),
                format!("{:.0}", slice.allocations),
                format!("{:.0}", stream.allocations),
                number(Some(allocations)),
                reached.to_owned(),
            ]);
        }
    }
    Ok(format!("Ratios are to the better of Go's two ways; the goal is {GOAL} for both.\n\n{rows}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_go_are_read_whatever_the_number_of_cores() {
        let cost = Cost { nanos: 1_168_324.0, allocations: 10_034.0 };
        for (line, name) in [
            ("BenchmarkStructs/keys/decode-2  471  1168324 ns/op  281777 B/op  10034 allocs/op", "keys/decode"),
            (
                "BenchmarkStructs/keys/decode-stream-16  471  1168324 ns/op  1 B/op  10034 allocs/op",
                "keys/decode-stream",
            ),
            ("BenchmarkStructs/keys/decode-stream  471  1168324 ns/op  1 B/op  10034 allocs/op", "keys/decode-stream"),
        ] {
            assert_eq!(go_line(line), Some((name.to_owned(), cost)));
        }
        assert_eq!(go_line("PASS"), None);
    }

    #[test]
    fn estimates_become_nanoseconds() {
        assert_eq!(nanos("102.5 ns"), Some(102.5));
        assert_eq!(nanos("2 µs"), Some(2_000.0));
        assert_eq!(nanos("1.5 ms"), Some(1_500_000.0));
        assert_eq!(nanos("3 parsecs"), None);
    }

    #[test]
    fn ratios_are_to_the_better_of_gos_ways() {
        let cost = |nanos, allocations| Cost { nanos, allocations };
        let (mut ours, mut go) = (Costs::new(), Costs::new());
        for (reply, _) in REPLIES {
            for deed in DEEDS {
                ours.insert(format!("{reply}/{deed}"), cost(1_000.0, 10.0));
                go.insert(format!("{reply}/{deed}"), cost(8_000.0, 20.0));
                go.insert(format!("{reply}/{deed}-stream"), cost(5_000.0, 100.0));
            }
        }
        let text = table(&ours, &go).expect("all figures are there");
        assert_eq!(text.matches("0.200").count(), 4, "{text}");
        assert_eq!(text.matches("time only").count(), 4, "{text}");
        go.remove("keys/decode");
        assert!(table(&ours, &go).is_err());
    }
}
