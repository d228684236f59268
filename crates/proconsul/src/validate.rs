//! `proconsul validate`: configuration files, held against what `server` would make of them.
use std::{fmt, path::PathBuf, time::SystemTime};

use anyhow::Result;
use clap::Args;
use proconsul_server::Config;
use proconsul_tls::Expiry;
use serde_json::{Value, json};

use crate::{
    config::{self, ConfigError, PlacedProblem, Warning},
    print,
};

/// What `proconsul validate` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Configuration files, or directories of them, in the order in which `server` is given them.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Say nothing if all is well, and of warnings.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// The files cannot be what a server starts with.
#[derive(Debug)]
struct Invalid(Vec<PlacedProblem>);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.0.len();
        write!(f, "Config validation failed: {problems} {}", if problems == 1 { "problem" } else { "problems" })?;
        self.0.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl std::error::Error for Invalid {}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for given in &arguments.files {
        if given.is_dir() {
            match config::files_in(given) {
                Ok(found) => files.extend(found),
                Err(error) => problems.extend(error.problems()),
            }
        } else {
            files.push(given.clone());
        }
    }
    let (loaded, errors) = config::examine(&files, Config::dev());
    problems.extend(errors.iter().flat_map(ConfigError::problems));
    let mut warnings: Vec<String> = Vec::new();
    // What the stanza comes to is only known once every file is understood.
    if problems.is_empty() {
        match loaded.check_certificates() {
            Ok(expiries) => warnings.extend(expiries.iter().filter_map(|expiry| ending(expiry, SystemTime::now()))),
            Err(error) => problems.extend(error.problems()),
        }
    }
    if json {
        let warned = loaded.warnings.iter().map(warning);
        let warned: Vec<Value> =
            warned.chain(warnings.iter().map(|text| json!({"text": text, "harmful": true}))).collect();
        let valid = problems.is_empty();
        print::value(
            &json!({"valid": valid, "problems": problems.iter().map(problem).collect::<Vec<_>>(), "warnings": warned}),
            true,
        );
    } else if !arguments.quiet {
        loaded.warnings.iter().for_each(|warning| print::line(&format!("warning: {warning}")));
        warnings.iter().for_each(|warning| print::line(&format!("warning: {warning}")));
    }
    if !problems.is_empty() {
        return Err(Invalid(problems).into());
    }
    if !json && !arguments.quiet {
        print::line("Configuration is valid!");
    }
    Ok(())
}

fn problem(problem: &PlacedProblem) -> Value {
    json!({
        "file": problem.place.file.display().to_string(),
        "line": (problem.place.line > 0).then_some(problem.place.line),
        "key": problem.key,
        "text": problem.text,
    })
}

fn warning(warning: &Warning) -> Value {
    json!({
        "file": warning.file.display().to_string(),
        "line": warning.line,
        "key": warning.key,
        "text": warning.text,
        "harmful": warning.harmful,
    })
}

/// What to say of a certificate that has ended, or soon will.
fn ending(expiry: &Expiry, now: SystemTime) -> Option<String> {
    let what = format!("the certificate of {} ({})", expiry.place, expiry.names.join(", "));
    match expiry.days_left(now) {
        _ if expiry.seconds_left(now) <= 0 => {
            Some(format!("{what} has expired: no peer that checks it will talk to this server; replace it"))
        }
        days => expiry.soon(now).then(|| format!("{what} expires in {days} days: replace it")),
    }
}
