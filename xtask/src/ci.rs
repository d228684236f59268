//! `cargo xtask ci`: all that the build machine checks. `.ci/run` installs what it needs and runs this.
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    fuzz, interop, licences,
    run::{command, succeed},
    tidy,
};

/// What `cargo xtask ci --help` prints, before the steps.
const USAGE: &str = "\
cargo xtask ci [--only STEP] [--from STEP]

Runs these steps in order, stops at the first that fails, and says how long each took:
";

/// One step: a name, what it runs as one would type it, and what runs it.
struct Step {
    name: &'static str,
    what: &'static str,
    how: How,
}

enum How {
    /// The words of `what`, with these variables.
    Command(&'static [(&'static str, &'static str)]),
    /// A command of ours, which need not be started anew.
    Ours(fn() -> Result<()>),
}

const STEPS: &[Step] = &[
    run("fmt", "cargo fmt --all --check"),
    run("fmt-fuzz", "cargo fmt --manifest-path fuzz/Cargo.toml --check"),
    ours("tidy", "cargo xtask tidy", || tidy::run(&[])),
    ours("licences", "cargo xtask licences", || licences::run(&[])),
    run("clippy", "cargo clippy --workspace --all-targets --locked -- -D warnings"),
    run(
        "cores",
        "cargo clippy --locked --no-default-features -p proconsul-mux -p proconsul-yamux -p proconsul-netrpc -p proconsul-msgpack -p proconsul-tls -- -D warnings",
    ),
    run("tests", "cargo test --workspace --locked"),
    Step {
        name: "docs",
        what: "cargo doc --workspace --no-deps --locked",
        how: How::Command(&[("RUSTDOCFLAGS", "-D warnings")]),
    },
    ours("interop", "cargo xtask interop --require-go", || interop::run(&["--require-go".to_owned()])),
    // Short, and with chance beginning at one place: whether a change passes does not depend on luck.
    ours("fuzz", "cargo xtask fuzz --if-available --seconds 8 --seed 1", || {
        fuzz::run(&["--if-available", "--seconds", "8", "--seed", "1"].map(str::to_owned))
    }),
];

const fn run(name: &'static str, what: &'static str) -> Step {
    Step { name, what, how: How::Command(&[]) }
}

const fn ours(name: &'static str, what: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, what, how: How::Ours(run) }
}

/// Runs the command with the arguments that follow `cargo xtask ci`.
///
/// # Errors
/// The first step that fails.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let steps = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => STEPS,
        ["--only", name] => {
            let at = position(name)?;
            &STEPS[at..=at]
        }
        ["--from", name] => &STEPS[position(name)?..],
        ["-h" | "--help"] => {
            println!("{}", usage());
            return Ok(());
        }
        other => bail!("{other:?}: no such arguments\n\n{}", usage()),
    };
    let (mut done, mut failure) = (Vec::new(), None);
    for step in steps {
        println!("\n==== {}: {}", step.name, step.what);
        let started = Instant::now();
        let result = step.run();
        done.push((step.name, started.elapsed(), result.is_ok()));
        if let Err(error) = result {
            failure = Some(error.context(format!("step {} failed", step.name)));
            break;
        }
    }
    println!("\n{}", summary(&done, steps.len()));
    failure.map_or(Ok(()), Err)
}

fn position(name: &str) -> Result<usize> {
    STEPS.iter().position(|step| step.name == name).with_context(|| format!("no step {name:?}\n\n{}", usage()))
}

fn usage() -> String {
    let steps: Vec<String> = STEPS.iter().map(|step| format!("  {:<9} {}", step.name, step.what)).collect();
    format!("{USAGE}\n{}", steps.join("\n"))
}

impl Step {
    fn run(&self) -> Result<()> {
        match self.how {
            How::Ours(run) => run(),
            How::Command(variables) => {
                let (program, args) = self.words();
                ensure!(!program.is_empty(), "a step runs something");
                succeed(command(program, &args).envs(variables.iter().copied()))
            }
        }
    }

    fn words(&self) -> (&'static str, Vec<&'static str>) {
        let mut words = self.what.split(' ');
        (words.next().unwrap_or_default(), words.collect())
    }
}

/// One line for each step that ran, and how many did not.
fn summary(done: &[(&str, Duration, bool)], steps: usize) -> String {
    let mut text = String::from("==== summary\n");
    for (name, took, ok) in done {
        text += &format!("{name:<9} {:>7.1} s  {}\n", took.as_secs_f64(), if *ok { "ok" } else { "FAILED" });
    }
    let total: Duration = done.iter().map(|(_, took, _)| *took).sum();
    text += &format!("{:<9} {:>7.1} s  {} of {steps} steps ran", "total", total.as_secs_f64(), done.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_what_failed_and_what_did_not_run() {
        let text = summary(&[("fmt", Duration::from_millis(1500), true), ("tests", Duration::from_secs(60), false)], 5);
        assert_eq!(
            text,
            "==== summary\nfmt           1.5 s  ok\ntests        60.0 s  FAILED\ntotal        61.5 s  2 of 5 steps ran"
        );
    }

    #[test]
    fn a_step_that_does_not_exist_is_no_success() {
        assert!(main(&["--only".to_owned(), "nothing".to_owned()]).is_err());
        assert!(main(&["fmt".to_owned()]).is_err());
    }
}
