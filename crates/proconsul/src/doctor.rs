//! `proconsul doctor`: walks every route of a server and says which check fails, and why.
use anyhow::{Result, bail};
use clap::Args;

/// What `proconsul doctor` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server port to look at, ours or Consul's.
    #[arg(value_name = "HOST:PORT")]
    pub(crate) server: String,
}

pub(crate) fn run(_: &Arguments, _: bool) -> Result<()> {
    bail!("not there yet")
}
