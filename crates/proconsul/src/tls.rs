//! `proconsul tls`: a CA and certificates to try with.
use anyhow::{Result, bail};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Certificate authorities.
    Ca,
    /// Certificates.
    Cert,
}

pub(crate) fn run(_: &Command, _: bool) -> Result<()> {
    bail!("not there yet")
}
