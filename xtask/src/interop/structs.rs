//! What our structures encode, decoded by HashiCorp's codec, and by `consul/api` what that has types for, compared field by field; and bad
//! input, of which the codec says what our tests say that it does.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::servers::{cargo, golden_folder, workspace_root};

/// Pipes what the Rust examples make of the golden values, and their table of bad input, into the Go program.
pub(super) fn decoded_by_go(decoder: &Path) -> Result<()> {
    let golden = golden_folder().join("wire");
    let path = golden.join("encodings.jsonl");
    let lines = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
    let go = || {
        let mut go = Command::new(decoder);
        go.arg("-types").arg(golden.join("types.json"));
        go
    };
    piped("wire_samples", lines.into(), go().arg("-golden").arg(&path)).context("Go and what we encode")?;
    piped("bad_input", Stdio::null(), go().arg("-verdicts")).context("Go and bad input")
}

/// Runs an example of the structures and gives what it prints to a program. Both have to succeed.
fn piped(example: &str, input: Stdio, to: &mut Command) -> Result<()> {
    let mut ours = Command::new(cargo())
        .args(["run", "--quiet", "-p", "proconsul-structs", "--example", example])
        .current_dir(workspace_root())
        .stdin(input)
        .stdout(Stdio::piped())
        .spawn()
        .context("running cargo")?;
    let printed = ours.stdout.take().expect("it was asked for above");
    let status = to.stdin(printed).status();
    let ended = ours.wait().with_context(|| format!("waiting for the example {example}"))?;
    ensure!(ended.success(), "the example {example} failed");
    ensure!(status.context("running the Go decoder")?.success(), "Go sees it differently");
    Ok(())
}
