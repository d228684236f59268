//! `cargo xtask fuzz`: every fuzz target for a while, on its corpus.
mod seeds; // the seed corpora, from the recordings

use std::{fs, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    interop::servers::workspace_root,
    run::{command, succeed},
};

/// What `cargo xtask fuzz --help` prints.
const USAGE: &str = "\
cargo xtask fuzz [--seconds N] [--seed N] [--only TARGET] [--if-available] [--seeds]

  --seconds N      how long each target runs (default 60)
  --seed N         where chance begins: the same inputs in the same order, as far as the time goes (default: another each run)
  --only TARGET    this one alone
  --if-available   without cargo-fuzz or a nightly toolchain, replay the corpora on this toolchain and say so
  --seeds          write the seed corpora in fuzz/corpus from tests/golden anew, and run nothing

The target `structures` begins with every golden encoding as well as with its corpus.
Needs a nightly toolchain (rustup toolchain install nightly) and cargo-fuzz (cargo install cargo-fuzz). What a run finds
worth keeping goes to fuzz/corpus-run, which is not committed; a crash is in fuzz/artifacts, with the command that repeats it.";

/// No code here is unsafe: there is nothing for it to find, and building with it takes half as long again.
const SANITIZER: &str = "--sanitizer=none";

/// How long each target runs.
const SECONDS: u32 = 60;

/// Runs the command with the arguments that follow `cargo xtask fuzz`.
///
/// # Errors
/// A target that crashes, or cargo-fuzz missing where `--if-available` was not given.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(options) = Options::parse(args)? else {
        println!("{USAGE}");
        return Ok(());
    };
    if options.seeds {
        return seeds::write();
    }
    let targets: Vec<String> =
        targets()?.into_iter().filter(|name| options.only.as_ref().is_none_or(|only| only == name)).collect();
    ensure!(!targets.is_empty(), "no fuzz target has that name: see fuzz/Cargo.toml");
    if let Some(missing) = what_is_missing() {
        ensure!(options.if_available, "{missing}\n\n{USAGE}");
        println!("{missing}: no target is fuzzed, the corpora are replayed instead");
        return succeed(&mut command("cargo", &["test", "-p", "proconsul-testkit", "--test", "corpus"]));
    }
    succeed(&mut cargo_fuzz(&["build", SANITIZER])).context("building the fuzz targets")?;
    for target in targets {
        println!("\n== {target}: {} s", options.seconds);
        let (found, corpus) = (format!("fuzz/corpus-run/{target}"), format!("fuzz/corpus/{target}"));
        fs::create_dir_all(workspace_root().join(&found))?;
        let time = format!("-max_total_time={}", options.seconds);
        let mut args = vec!["run", SANITIZER, &target, &found, &corpus];
        if target == seeds::STRUCTURES {
            args.push(seeds::structures()?);
        }
        let seed = format!("-seed={}", options.seed);
        args.extend(["--", &time, &seed, "-timeout=10", "-verbosity=0", "-print_final_stats=1"]);
        succeed(&mut cargo_fuzz(&args)).with_context(|| format!("fuzz target {target}"))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u32,
    /// 0: one that libFuzzer chooses.
    seed: u32,
    only: Option<String>,
    if_available: bool,
    seeds: bool,
}

impl Options {
    /// `None` when help was asked for.
    fn parse(args: &[String]) -> Result<Option<Self>> {
        let mut options = Self { seconds: SECONDS, seed: 0, only: None, if_available: false, seeds: false };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--seconds" => options.seconds = value()?.parse().context("--seconds")?,
                "--seed" => options.seed = value()?.parse().context("--seed")?,
                "--only" => options.only = Some(value()?.clone()),
                "--if-available" => options.if_available = true,
                "--seeds" => options.seeds = true,
                "-h" | "--help" => return Ok(None),
                other => bail!("{other}: no such argument\n\n{USAGE}"),
            }
        }
        Ok(Some(options))
    }
}

/// The names of the targets: the binaries of `fuzz/Cargo.toml`.
fn targets() -> Result<Vec<String>> {
    let manifest = fs::read_to_string(workspace_root().join("fuzz/Cargo.toml")).context("fuzz/Cargo.toml")?;
    Ok(bins(&manifest))
}

fn bins(manifest: &str) -> Vec<String> {
    let sections = manifest.split("[[bin]]").skip(1);
    sections.filter_map(|section| Some(section.split("name = \"").nth(1)?.split('"').next()?.to_owned())).collect()
}

/// The nightly cargo's `fuzz`. The cargo that runs us is of another toolchain: rustup's is the one in the path.
fn cargo_fuzz(args: &[&str]) -> Command {
    let mut fuzz = Command::new("cargo");
    fuzz.args(["+nightly", "fuzz"]).args(args).current_dir(workspace_root());
    fuzz
}

fn what_is_missing() -> Option<&'static str> {
    let works = |args: &[&str]| Command::new("cargo").args(args).output().is_ok_and(|out| out.status.success());
    if !works(&["+nightly", "--version"]) {
        Some("there is no nightly toolchain")
    } else if !works(&["+nightly", "fuzz", "--version"]) {
        Some("cargo-fuzz is not installed")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_the_binaries_of_the_manifest() {
        let manifest = "[package]\nname = \"fuzz\"\n[[bin]]\nname = \"one\"\npath = \"x\"\n\n[[bin]]\nname = \"two\"\n";
        assert_eq!(bins(manifest), ["one", "two"]);
    }

    #[test]
    fn every_target_has_seeds() -> Result<()> {
        for target in targets()? {
            let dir = workspace_root().join("fuzz/corpus").join(&target);
            let count = fs::read_dir(&dir).with_context(|| target.clone())?.count();
            assert!(count > 0, "{target}");
        }
        Ok(())
    }

    #[test]
    fn arguments_are_read() {
        let parse = |args: &[&str]| Options::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        let options = parse(&["--seconds", "5", "--only", "yamux"]).expect("right").expect("no help");
        assert_eq!((options.seconds, options.only.as_deref(), options.if_available), (5, Some("yamux"), false));
        assert_eq!(parse(&["--help"]).expect("right"), None);
        assert!(parse(&["--seconds"]).is_err());
        assert!(parse(&["--seconds", "soon"]).is_err());
        assert!(parse(&["--nonsense"]).is_err());
    }
}
