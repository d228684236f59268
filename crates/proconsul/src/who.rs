//! `proconsul conns`, `streams`, `slow` and `top`: who is on the port.
use anyhow::{Result, bail};
use clap::Args;

/// What `proconsul conns` takes.
#[derive(Debug, Args)]
pub(crate) struct ConnsArguments {}

/// What `proconsul streams` and `proconsul slow` take.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {}

/// What `proconsul top` takes.
#[derive(Debug, Args)]
pub(crate) struct TopArguments {}

pub(crate) fn conns(_: &ConnsArguments, _: bool) -> Result<()> {
    bail!("not there yet")
}

pub(crate) fn streams(_: &ListArguments, _: bool) -> Result<()> {
    bail!("not there yet")
}

pub(crate) fn slow(_: &ListArguments, _: bool) -> Result<()> {
    bail!("not there yet")
}

pub(crate) fn top(_: &TopArguments, _: bool) -> Result<()> {
    bail!("not there yet")
}
