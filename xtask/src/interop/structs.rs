//! What our structures encode, decoded by HashiCorp's codec, and by `consul/api` what that has types for, compared field by field.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::servers::{cargo, golden_folder, workspace_root};

/// Pipes what the Rust example `wire_samples` makes of the golden values into the Go program.
pub(super) fn decoded_by_go(decoder: &Path) -> Result<()> {
    let golden = golden_folder().join("wire");
    let path = golden.join("encodings.jsonl");
    let lines = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
    let mut ours = Command::new(cargo())
        .args(["run", "--quiet", "-p", "proconsul-structs", "--example", "wire_samples"])
        .current_dir(workspace_root())
        .stdin(lines)
        .stdout(Stdio::piped())
        .spawn()
        .context("running cargo")?;
    let samples = ours.stdout.take().expect("it was asked for above");
    let go = Command::new(decoder)
        .arg("-types")
        .arg(golden.join("types.json"))
        .arg("-golden")
        .arg(&path)
        .stdin(samples)
        .status();
    let encoded = ours.wait().context("waiting for the encoder")?;
    ensure!(encoded.success(), "not every golden value could be encoded");
    ensure!(go.context("running the Go decoder")?.success(), "Go does not read what we encode");
    Ok(())
}
