//! Metrics, kept in memory until somebody asks for them.
//!
//! SIGUSR1 asks, and the admin listener. What is kept is bounded and of fixed size; recording takes no lock and allocates nothing.
mod dump; // what is kept, as lines for people
mod exposition; // what is kept, as Prometheus reads it
mod methods; // calls by method, for the admin listener
mod recent; // what of it is of the last minute
mod recorder; // who is asked for handles
mod series; // the numbers of one series

use anyhow::{Result, anyhow};
pub(crate) use recorder::Memory;

/// Makes everything that is recorded in this process from now on go to memory. Handles that were taken before record nothing.
///
/// # Errors
/// Another recorder is installed.
pub(crate) fn install() -> Result<Memory> {
    let memory = Memory::default();
    metrics::set_global_recorder(memory.clone()).map_err(|_| anyhow!("metrics are recorded by somebody else"))?;
    Ok(memory)
}

#[cfg(test)]
mod tests;
