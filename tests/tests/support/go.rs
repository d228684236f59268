//! The Go server of `tests/interop/go/cmd/server`, started for one test.
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where `cargo xtask interop` says that the Go server is.
const GO_SERVER_VAR: &str = "PROCONSUL_GO_SERVER";

/// A Go server of the test's own, killed when the test ends.
pub(crate) struct GoServer {
    pub(crate) child: Child,
    pub(crate) addr: String,
}

impl GoServer {
    /// Starts one with arguments, paths in which are seen from `tests/golden`; or says why the test is skipped.
    pub(crate) fn start(args: &[&str]) -> Option<Self> {
        let Some(binary) = go_server() else {
            eprintln!("skipped: the Go server is not built; `cargo xtask interop` builds it");
            return None;
        };
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
        let binary = std::path::absolute(binary).expect("there is a current folder");
        let mut command = Command::new(binary);
        let mut child =
            command.args(args).current_dir(golden).stdout(Stdio::piped()).spawn().expect("the Go server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("asked for above")).read_line(&mut line).expect("it prints a line");
        let addr = line.trim().strip_prefix("listening ").expect("the line names its address").to_owned();
        Some(Self { child, addr })
    }
}

impl Drop for GoServer {
    fn drop(&mut self) {
        let _ = self.child.kill(); // an error means that it has ended
        let _ = self.child.wait();
    }
}

/// The binary that was named, which must be there, or one built earlier.
fn go_server() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(GO_SERVER_VAR) {
        return Some(named.into());
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/go/bin/server");
    built.exists().then_some(built)
}
