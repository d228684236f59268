//! `proconsul snapshot save`.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use proconsul_structs::snapshot::SnapshotOp;
use serde_json::json;

use super::{READ_BYTES, SaveArguments, progress::Bar, stream::Stream, verify};
use crate::print;

pub(super) async fn run(arguments: &SaveArguments, json: bool) -> Result<()> {
    let mut stream = Stream::open(&arguments.server, SnapshotOp::SAVE, arguments.stale).await?;
    stream.finish().await?;
    let (answer, first) = stream.answer().await?;
    // Only what was checked gets the name: a file that is cut short must not be taken for a backup.
    let unverified = Unverified::new(&arguments.file)?;
    let received = receive(&mut stream, &first, &unverified.file).await?;
    let meta = verify(&unverified.path, "Verifying")?;
    unverified.keep(&arguments.file)?;
    let index = answer.query_meta.index;
    if json {
        print::value(
            &json!({"File": arguments.file, "Index": index, "ID": meta.id, "Bytes": received, "StateBytes": meta.size}),
            true,
        );
    } else {
        print::line(&format!("Saved and verified snapshot to index {index}"));
    }
    Ok(())
}

async fn receive(stream: &mut Stream, first: &[u8], mut to: &File) -> Result<u64> {
    let bar = Bar::of_bytes("Saving", None);
    let (mut piece, mut received) = (vec![0; READ_BYTES], first.len() as u64);
    to.write_all(first).context("failed to write the file")?;
    loop {
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            break;
        }
        bar.add(read);
        received += read as u64;
        to.write_all(&piece[..read]).context("failed to write the file")?;
    }
    bar.done();
    Ok(received)
}

/// A file that goes away unless it is kept.
struct Unverified {
    path: PathBuf,
    file: File,
}

impl Unverified {
    fn new(for_file: &Path) -> Result<Self> {
        let mut path = OsString::from(for_file);
        path.push(".unverified");
        let path = PathBuf::from(path);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("failed to make {}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Gives it its name, once it is on the disk.
    fn keep(self, name: &Path) -> Result<()> {
        self.file.sync_all().context("failed to write the file to the disk")?;
        fs::rename(&self.path, name)
            .with_context(|| format!("failed to rename {} to {}", self.path.display(), name.display()))?;
        let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).context("failed to write the folder to the disk")
    }
}

impl Drop for Unverified {
    fn drop(&mut self) {
        // Gone already if it was kept.
        let _ = fs::remove_file(&self.path);
    }
}
