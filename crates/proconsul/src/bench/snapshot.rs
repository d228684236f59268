//! The whole store, out and in again.
use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use proconsul_client::Client;
use proconsul_snapshot::read_archive;
use proconsul_structs::snapshot::SnapshotOp;
use serde_json::json;

use super::{
    Arguments, cpu, load,
    load::micros,
    report::{Row, latencies},
    scenario::Scenario,
};
use crate::snapshot::{ServerArguments, stream::Stream};

/// The largest file that is taken: a test server has no more.
const FILE_BYTES_MAX: usize = 1 << 30;
/// A connection is read, and written, in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) async fn run(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<Row> {
    let (filled, keys) = load::fill(scenario, arguments, clients).await?;
    if filled.errors > 0 {
        bail!("{} of {keys} keys were not written", filled.errors);
    }
    let server = ServerArguments { server: arguments.server.clone(), tls: arguments.tls.clone(), token: None };
    let before = cpu::of(arguments.pid)?;
    let began = Instant::now();
    let file = save(&server).await?;
    let saved = began.elapsed();
    let between = cpu::of(arguments.pid)?;
    let meta = read_archive(&file[..], |_| Ok::<(), Infallible>(()))?;
    let began = Instant::now();
    restore(&server, &file).await?;
    let restored = began.elapsed();
    let mut latency = latencies()?;
    [saved, restored].into_iter().for_each(|took| latency.saturating_record(micros(took)));
    let rate = |took: Duration| meta.size as f64 / 1e6 / took.as_secs_f64().max(1e-9);
    let mut facts = vec![
        ("state_bytes", format!("{:.1} MB of state", meta.size as f64 / 1e6), json!(meta.size)),
        ("file_bytes", format!("{:.1} MB of file", file.len() as f64 / 1e6), json!(file.len())),
        ("save_mb_per_second", format!("saved {:.0} MB/s", rate(saved)), json!(rate(saved))),
        ("restore_mb_per_second", format!("restored {:.0} MB/s", rate(restored)), json!(rate(restored))),
    ];
    let after = cpu::of(arguments.pid)?;
    if let (Some(before), Some(between), Some(after)) = (before, between, after) {
        let (save, restore) = (between.cpu - before.cpu, after.cpu - between.cpu);
        facts.push(("save_cpu_seconds", format!("{save:.2} s of CPU"), json!(save)));
        facts.push(("restore_cpu_seconds", format!("and {restore:.2} s"), json!(restore)));
    }
    Ok(Row {
        scenario: scenario.name,
        shape: format!("{keys} keys"),
        calls: 2,
        errors: 0,
        took: saved + restored,
        latency,
        usage: before.zip(after),
        facts,
    })
}

async fn save(server: &ServerArguments) -> Result<Vec<u8>> {
    let mut stream = Stream::open(server, SnapshotOp::SAVE, false).await?;
    stream.finish().await?;
    let (_, mut file) = stream.answer().await?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match stream.read(&mut piece).await? {
            0 => return Ok(file),
            read if file.len() + read > FILE_BYTES_MAX => bail!("the snapshot has more than {FILE_BYTES_MAX} bytes"),
            read => file.extend_from_slice(&piece[..read]),
        }
    }
}

async fn restore(server: &ServerArguments, file: &[u8]) -> Result<()> {
    let mut stream = Stream::open(server, SnapshotOp::RESTORE, false).await?;
    for piece in file.chunks(PIECE_BYTES) {
        stream.send(piece).await?;
    }
    stream.finish().await?;
    stream.answer().await?;
    Ok(())
}
