//! `proconsul validate`.
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

/// What `proconsul validate` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Configuration files, or directories of them.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

pub(crate) fn run(_: &Arguments, _: bool) -> Result<()> {
    bail!("not there yet")
}
