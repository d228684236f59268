//! `proconsul grpc-proxy`: a plain local port in front of a server's internal gRPC.
use anyhow::{Result, bail};
use clap::Args;

/// What `proconsul grpc-proxy` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Server ports to pass connections to; the next is tried where one does not answer.
    #[arg(value_name = "HOST:PORT", required = true)]
    pub(crate) servers: Vec<String>,
}

pub(crate) fn run(_: &Arguments, _: bool) -> Result<()> {
    bail!("not there yet")
}
