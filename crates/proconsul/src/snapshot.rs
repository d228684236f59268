//! `proconsul snapshot`: Consul's snapshot files, ours and theirs.
mod inspect; // what is in a file
mod progress; // how far long work has come
mod restore; // a file to a server
mod save; // a server to a file
pub(crate) mod stream; // byte 5, from the client's side

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use proconsul_snapshot::{ArchiveError, Meta, read_archive};
use proconsul_state::{
    Snapshot,
    snapshot::{Records, RecordsError},
};
use proconsul_structs::Token;

pub(crate) use stream::{NoAnswer, Refused};

/// What there is to do with snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Save what a server has into a file, and check the file.
    #[command(after_help = SAVE_HELP)]
    Save(Box<SaveArguments>),
    /// Put what is in a file in the place of all that a server has.
    #[command(after_help = RESTORE_HELP)]
    Restore(Box<RestoreArguments>),
    /// Show what is in a file: how many records of each type, and how large they are.
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArguments),
}

const SAVE_HELP: &str = "The file appears under its name once it is whole and checked. It has every secret of the cluster in it: tokens, keys of
the CA. Nobody else may read it (mode 0600).

Examples:
  proconsul snapshot save backup.snap
  proconsul snapshot save --server consul-1:8300 --dc east --stale backup.snap";

const RESTORE_HELP: &str = "The file is checked before anything is sent. Where it cannot be restored, the server says why and keeps what it has.

Examples:
  proconsul snapshot restore backup.snap
  proconsul server --dev --restore backup.snap";

const INSPECT_HELP: &str = "FILE may also be the state.bin of a server's data directory, with meta.json beside it.

Examples:
  proconsul snapshot inspect backup.snap
  proconsul snapshot inspect --kvdetails --kvdepth 3 --kvfilter config/ backup.snap";

/// Which server is asked, and as whom.
#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// The server port to ask, ours or Consul's.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8300")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) tls: crate::rpc::TlsArguments,
    /// The ACL token, which needs acl:write. Better in the environment: CONSUL_HTTP_TOKEN; other users can see a command line.
    #[arg(long, value_name = "SECRET", value_parser = crate::rpc::secret)]
    pub(crate) token: Option<Token>,
}

/// What `proconsul snapshot save` takes.
#[derive(Debug, Args)]
pub(crate) struct SaveArguments {
    /// The file to write.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Any server may answer from what it has, however old.
    #[arg(long)]
    pub(crate) stale: bool,
}

/// What `proconsul snapshot restore` takes.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The file to send.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// What `proconsul snapshot inspect` takes.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// The file to look at.
    pub(crate) file: PathBuf,
    /// Show by key prefix too how large what is in the KV store is.
    #[arg(long)]
    pub(crate) kvdetails: bool,
    /// How many parts of a key, split at /, are one prefix.
    #[arg(long, value_name = "N", default_value_t = 2, requires = "kvdetails")]
    pub(crate) kvdepth: usize,
    /// Only keys that begin so.
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true, requires = "kvdetails")]
    pub(crate) kvfilter: String,
    /// How to show it.
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    pub(crate) format: Format,
}

/// How to show what is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tables for people.
    Pretty,
    /// JSON, fields named as Consul names them.
    Json,
}

pub(crate) fn run(command: Command, json: bool) -> Result<()> {
    match command {
        Command::Save(arguments) => stream::block_on(save::run(&arguments, json)),
        Command::Restore(arguments) => stream::block_on(restore::run(&arguments, json)),
        Command::Inspect(arguments) => inspect::run(&arguments, json),
    }
}

/// The store in a file, for a server that begins with it.
///
/// # Errors
/// The file cannot be read, or cannot be restored.
pub(crate) fn load(file: &Path) -> Result<Snapshot> {
    let (opened, bar) = open(file, "Restoring")?;
    let restored = proconsul_server::read_snapshot(opened).map_err(anyhow::Error::msg);
    bar.done();
    let (_, snapshot) = restored.with_context(|| format!("{} cannot be restored", file.display()))?;
    Ok(snapshot)
}

/// Checks a file: its checksums, and that its state is made of records.
fn verify(file: &Path, what: &'static str) -> Result<Meta> {
    let (opened, bar) = open(file, what)?;
    let mut records = Records::new();
    let checked = read_archive(opened, |piece| {
        records.push(piece);
        while records.next_item()?.is_some() {}
        Ok::<(), RecordsError>(())
    });
    bar.done();
    let checked = checked.map_err(failure).and_then(|meta| records.end().map(|()| meta).map_err(Into::into));
    checked.with_context(|| format!("{} is no snapshot that could be restored", file.display()))
}

/// A file, with a bar that follows how far it was read.
fn open(file: &Path, what: &'static str) -> Result<(impl Read + use<>, progress::Bar)> {
    let opened = File::open(file).with_context(|| format!("failed to open {}", file.display()))?;
    let size = opened.metadata().map_or(0, |metadata| metadata.len());
    let bar = progress::Bar::of_bytes(what, Some(size));
    Ok((bar.follow(io::BufReader::with_capacity(READ_BYTES, opened)), bar))
}

/// Files are read in pieces of this size.
const READ_BYTES: usize = 256 * 1024;

fn failure<E: std::error::Error + Send + Sync + 'static>(error: ArchiveError<E>) -> anyhow::Error {
    match error {
        ArchiveError::State(error) => error.into(),
        ArchiveError::Io(error) => anyhow::Error::new(error).context("failed to read the file"),
        ArchiveError::Damaged(damage) => damage.into(),
    }
}
