//! `proconsul snapshot restore`.

use std::io::Read;

use anyhow::{Context, Result};
use proconsul_structs::snapshot::SnapshotOp;
use serde_json::json;

use super::{READ_BYTES, RestoreArguments, open, stream::Stream, verify};
use crate::print;

pub(super) async fn run(arguments: &RestoreArguments, json: bool) -> Result<()> {
    let meta = verify(&arguments.file, "Verifying")?;
    let mut stream = Stream::open(&arguments.server, SnapshotOp::RESTORE, false).await?;
    let sent = send(&mut stream, arguments).await;
    // A server that refuses may have closed while we still sent: why is what it answered, if it did.
    match (sent, stream.answer().await) {
        (_, Ok(_)) => {}
        (Err(not_sent), Err(error)) if error.is::<super::NoAnswer>() => return Err(not_sent),
        (_, Err(error)) => return Err(error),
    }
    if json {
        print::value(&json!({"File": arguments.file, "Index": meta.index, "ID": meta.id}), true);
    } else {
        print::line("Restored snapshot");
    }
    Ok(())
}

async fn send(stream: &mut Stream, arguments: &RestoreArguments) -> Result<()> {
    let (mut file, bar) = open(&arguments.file, "Restoring")?;
    let mut piece = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut piece).context("failed to read the file")?;
        if read == 0 {
            break;
        }
        stream.send(&piece[..read]).await?;
    }
    bar.done();
    stream.finish().await
}
