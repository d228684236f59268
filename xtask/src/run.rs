//! Programs that are run, with their output as ours.
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::interop::servers::{cargo, workspace_root};

/// A command in the workspace's folder. `cargo` is the one that runs us.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = if program == "cargo" { Command::new(cargo()) } else { Command::new(program) };
    command.args(args).current_dir(workspace_root());
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started, or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
