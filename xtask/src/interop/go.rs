//! Go, if it is there, and the programs of `tests/interop/go`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A Go toolchain that answers.
pub(crate) struct Go;

/// The built programs.
pub(crate) struct Peers {
    pub(crate) client: PathBuf,
    pub(crate) server: PathBuf,
    pub(crate) load: PathBuf,
    pub(crate) structs: PathBuf,
}

impl Go {
    /// Looks for `go` on the path.
    pub(crate) fn find() -> Result<Option<Self>> {
        match Command::new("go").arg("version").output() {
            Ok(out) => {
                ensure!(out.status.success(), "`go version` failed");
                eprintln!("{}", String::from_utf8_lossy(&out.stdout).trim());
                Ok(Some(Self))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("running `go version`"),
        }
    }

    /// Builds every program of the module into its `bin`, which git ignores.
    pub(crate) fn build(&self, module: &Path) -> Result<Peers> {
        let bin = module.join("bin");
        std::fs::create_dir_all(&bin).with_context(|| format!("making {}", bin.display()))?;
        let status = Command::new("go")
            .args(["build", "-o"])
            .arg(&bin)
            .args(["./cmd/client", "./cmd/server", "./cmd/load", "./cmd/structs"])
            .current_dir(module)
            .status()
            .context("running `go build`")?;
        ensure!(status.success(), "the Go programs do not build");
        let program = |name| bin.join(name);
        Ok(Peers {
            client: program("client"),
            server: program("server"),
            load: program("load"),
            structs: program("structs"),
        })
    }
}
