//! Calls one after another, on as many streams as are asked for.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;
use proconsul_client::Client;
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    Arguments, cpu,
    report::{Row, latencies},
    scenario::{ONCE, Scenario},
};

/// Keys that are written where none were counted.
const KEYS: u32 = 100_000;
/// Requests that one stream makes before it begins anew: they are made before the clock runs.
const PREPARED: u64 = 64;

/// How long the calls go on.
#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    Number(u64),
}

/// Calls for a time.
pub(super) async fn calls(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<Row> {
    // The first call says whether the scenario is served at all.
    first(scenario, &clients[0]).await?;
    run(scenario, arguments, clients, |began| Until::Time(began + arguments.duration)).await
}

/// Writes so many keys, and nothing else.
pub(super) async fn fill(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<(Row, u64)> {
    let count = u64::from(arguments.count.unwrap_or(KEYS));
    Ok((run(scenario, arguments, clients, |_| Until::Number(count)).await?, count))
}

/// Writes so many keys, and tells what they take.
pub(super) async fn keys(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<Row> {
    let (mut row, count) = fill(scenario, arguments, clients).await?;
    if let Some((before, after)) = row.usage {
        let each = (after.resident as f64 - before.resident as f64) / count as f64;
        row.facts.push(("bytes_per_key", format!("{each:.0} bytes a key"), json!(each)));
    }
    Ok(row)
}

async fn first(scenario: &'static Scenario, client: &Client) -> Result<()> {
    let answer = client.call_raw(scenario.row, &scenario.request(0)?, ONCE).await;
    answer.map_err(|error| anyhow!("{}", error.in_full()))?;
    Ok(())
}

async fn run(
    scenario: &'static Scenario,
    arguments: &Arguments,
    clients: &[Client],
    until: impl Fn(Instant) -> Until,
) -> Result<Row> {
    let streams = usize::from(arguments.in_flight);
    let numbers = Arc::new(AtomicU64::new(0));
    let before = cpu::of(arguments.pid)?;
    let began = Instant::now();
    let until = until(began);
    let mut workers = JoinSet::new();
    for client in clients {
        for _ in 0..streams {
            workers.spawn(work(scenario, client.clone(), Arc::clone(&numbers), until));
        }
    }
    let (mut latency, mut errors) = (latencies()?, 0);
    while let Some(worker) = workers.join_next().await {
        let (own, failed) = worker??;
        latency.add(own)?;
        errors += failed;
    }
    let took = began.elapsed();
    let usage = before.zip(cpu::of(arguments.pid)?);
    let shape = format!("{}x{streams}", clients.len());
    Ok(Row { scenario: scenario.name, shape, calls: latency.len(), errors, took, latency, usage, facts: Vec::new() })
}

/// One stream's calls: their latencies, and how many were answered with an error or not at all.
async fn work(
    scenario: &'static Scenario,
    client: Client,
    numbers: Arc<AtomicU64>,
    until: Until,
) -> Result<(Histogram<u64>, u64)> {
    let (mut latency, mut errors) = (latencies()?, 0);
    loop {
        let first = numbers.fetch_add(PREPARED, Relaxed);
        for number in first..first + PREPARED {
            match until {
                Until::Time(end) if Instant::now() >= end => return Ok((latency, errors)),
                Until::Number(count) if number >= count => return Ok((latency, errors)),
                _ => {}
            }
            let request = scenario.request(number)?;
            let began = Instant::now();
            let answer = client.call_raw(scenario.row, &request, ONCE).await;
            errors += u64::from(answer.is_err());
            latency.saturating_record(micros(began.elapsed()));
        }
    }
}

/// Whole microseconds, one at least.
pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1)
}
