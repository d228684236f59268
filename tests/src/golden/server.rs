//! Our binary, started for a variant, and asked what it has.
use std::{
    collections::VecDeque,
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::target::Target;

/// How long the binary may take to say where it listens.
pub const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How many lines of its log are kept for a failure's report.
const LOG_LINES: usize = 40;

/// A running server, killed when dropped.
pub struct Server {
    /// Where it listens.
    pub target: Target,
    child: Child,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    fn keep(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > LOG_LINES {
            lines.pop_front();
        }
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }
}

impl Server {
    /// The last lines of its log.
    pub fn last_words(&self) -> String {
        self.log.text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts our server with a variant's configuration on a port of its own, and waits until it answers.
///
/// # Errors
/// When there is no binary, or it does not say where it listens, or never becomes ready; its last log lines are in the error.
pub fn start_server(variant: &Path) -> Result<Server> {
    let name = variant.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut command = Command::new(binary()?);
    command
        .args([
            "server",
            "--dev",
            "--server-port",
            "0",
            "--grpc-port",
            "0",
            "--grpc-tls-port",
            "0",
            "--admin-port",
            "-1",
            "--json",
            "--config-file",
        ])
        .arg(variant);
    if let Some(golden) = variant.parent().and_then(Path::parent) {
        command.current_dir(golden); // a variant names its certificates relative to here
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting {command:?}"))?;
    let log = Log::default();
    let (heard, listening) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        let log = log.clone();
        follow(output, move |line| {
            if let Some(target) = announced(&line) {
                let _ = heard.send(target);
            }
            log.keep(line);
        });
    }
    if let Some(output) = child.stderr.take() {
        let log = log.clone();
        follow(output, move |line| log.keep(line));
    }
    let mut server = Server { target: Target::at(([127, 0, 0, 1], 0).into()), child, log };
    let told = listening.recv_timeout(START_TIMEOUT).map_err(|_| anyhow!("it did not say where it listens"));
    let ready = told.and_then(|target| {
        server.target = target.for_variant(name);
        server.target.wait_ready()
    });
    ready.with_context(|| format!("the server for {name} did not start; its last words:\n{}", server.last_words()))?;
    Ok(server)
}

fn follow(output: impl std::io::Read + Send + 'static, mut each: impl FnMut(String) + Send + 'static) {
    thread::spawn(move || BufReader::new(output).lines().map_while(std::result::Result::ok).for_each(&mut each));
}

/// The target in a line like `{"listening":{"rpc":"127.0.0.1:8300"}}`.
fn announced(line: &str) -> Option<Target> {
    let line: Value = serde_json::from_str(line).ok()?;
    let listening = line.get("listening")?;
    let address = |name: &str| listening.get(name)?.as_str()?.parse().ok();
    let mut target = Target::at(address("rpc")?);
    target.grpc = address("grpc");
    target.grpc_tls = address("grpc_tls");
    Some(target)
}

/// The names of what our server has: methods as they are, routes as `route:5`.
///
/// # Errors
/// When the binary does not print a JSON list of names.
pub fn served_names() -> Result<Vec<String>> {
    let output = Command::new(binary()?).args(["rpc", "list", "--served", "--json"]).output()?;
    if !output.status.success() {
        bail!("rpc list --served --json: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("rpc list --served --json does not print a list of names")
}

/// The binary: what `PROCONSUL_BIN` names, else our own, built beside this test.
///
/// # Errors
/// When it does not build.
pub fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    if let Some(named) = env::var_os("PROCONSUL_BIN") {
        return Ok(std::path::absolute(named)?); // a server is started in another folder
    }
    BUILT.get_or_init(|| built().map_err(|error| format!("{error:#}"))).clone().map_err(|error| anyhow!(error))
}

/// Builds even when there is one already: an old binary would pass or fail for code that is gone.
fn built() -> Result<PathBuf> {
    let exe = env::current_exe()?;
    let dir = exe.parent().context("a test runs from a folder")?;
    let profile_dir = if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir };
    let target_dir = profile_dir.parent().context("a profile's folder is in the target folder")?;
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--package", "proconsul", "--target-dir"]).arg(target_dir);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let output = build.current_dir(env!("CARGO_MANIFEST_DIR")).output().context("running cargo")?;
    if !output.status.success() {
        bail!("building the binary: {}", String::from_utf8_lossy(&output.stderr));
    }
    let binary = profile_dir.join(format!("proconsul{}", env::consts::EXE_SUFFIX));
    anyhow::ensure!(binary.is_file(), "no {} after building it", binary.display());
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_where_the_server_listens() {
        let target = announced(r#"{"listening":{"rpc":"127.0.0.1:4000","grpc":"127.0.0.1:4001"},"node":"x"}"#).unwrap();
        assert_eq!(target.rpc.port(), 4000);
        assert_eq!(target.grpc.map(|grpc| grpc.port()), Some(4001));
        assert!(announced("started").is_none() && announced("{}").is_none());
    }
}
