//! The files of the checkout.
use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::interop::servers::workspace_root;

/// Folders that no rule looks into where there is no git to say what is ignored.
const NOT_OURS: &[&str] = &[".git", "target"];

/// Every file that is in git or could be added to it; without git, every file that is no build output.
pub(super) fn list() -> Result<Vec<String>> {
    let root = workspace_root();
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let mut files = match Command::new("git").args(args).current_dir(&root).output() {
        Ok(out) if out.status.success() => {
            String::from_utf8_lossy(&out.stdout).split_terminator('\0').map(str::to_owned).collect()
        }
        _ => walk(&root)?,
    };
    // One that was deleted and not committed yet is still listed.
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

fn walk(root: &Path) -> Result<Vec<String>> {
    let (mut files, mut dirs) = (Vec::new(), vec![String::new()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(root.join(&dir)).with_context(|| format!("reading {dir:?}"))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            if !entry.file_type()?.is_dir() {
                files.push(path);
            } else if !NOT_OURS.contains(&name.as_str()) {
                dirs.push(path);
            }
        }
    }
    Ok(files)
}

/// The text of a file; `None` for one that is not text.
pub(super) fn text(file: &str) -> Result<Option<String>> {
    let bytes = fs::read(workspace_root().join(file)).with_context(|| format!("reading {file}"))?;
    Ok(String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_git_the_sources_are_found() -> Result<()> {
        for files in [list()?, walk(&workspace_root())?] {
            for file in ["Cargo.toml", "xtask/src/main.rs", "crates/mux/src/lib.rs"] {
                assert!(files.iter().any(|found| found == file), "{file}");
            }
            assert!(!files.iter().any(|file| file.starts_with(".git/") || file.starts_with("target/")));
        }
        Ok(())
    }
}
