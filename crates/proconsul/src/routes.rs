//! `proconsul routes`.
use anyhow::{Result, bail};

pub(crate) fn run(_: bool) -> Result<()> {
    bail!("not there yet")
}
