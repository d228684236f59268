//! Queries that wait, and are woken.
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use proconsul_client::{CallOptions, Client};
use proconsul_structs::{
    GoDuration,
    kvs::IndexedDirEntries,
    methods::kvs::{Apply, Get},
    {HasQueryOptions, Method},
};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use super::{
    Arguments, cpu,
    load::micros,
    report::{Row, latencies},
    scenario::{Kind, ONCE, Scenario, key_request, set},
};

/// Queries that wait where none were counted.
const CROWD: u32 = 10_000;
/// How long they would wait by themselves.
const WAIT: Duration = Duration::from_secs(300);
/// How many are on their way to their places at once.
const ARRIVING: usize = 256;
/// How long the last ones have to be in their places, which nobody says.
const SETTLE: Duration = Duration::from_millis(500);
/// And so much longer for each of them: one that comes late would find that the write has moved the index.
const SETTLE_EACH: Duration = Duration::from_micros(200);
/// How long all may take to be woken.
const WAKING_MAX: Duration = Duration::from_secs(60);

pub(super) async fn run(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<Row> {
    let count = arguments.count.unwrap_or(CROWD);
    let index = index_of(&clients[0]).await?;
    let empty = cpu::of(arguments.pid)?;
    let mut crowd = JoinSet::new();
    for number in 0..count {
        let client = clients[number as usize % clients.len()].clone();
        let key = if scenario.kind == Kind::Wake { "key".to_owned() } else { format!("parked/{number:08}") };
        let mut request = key_request(&key, index);
        request.options_mut().max_query_time = GoDuration::from(WAIT);
        let request = proconsul_msgpack::to_vec(&request)?;
        crowd.spawn(async move {
            let options = CallOptions { timeout: Some(Duration::ZERO), once: true };
            let answer = client.call_raw(Get::ROW, &request, options).await;
            answer.map(|_| Instant::now()).map_err(|error| anyhow!("{}", error.in_full()))
        });
        if number as usize % ARRIVING == ARRIVING - 1 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    sleep(SETTLE + SETTLE_EACH * count).await;
    if let Some(early) = crowd.try_join_next() {
        let why = early?.map_or_else(|error| error.to_string(), |_| "it was answered".to_owned());
        bail!("a query that was to wait did not: {why}");
    }
    let parked = cpu::of(arguments.pid)?;
    let mut row = Row {
        scenario: scenario.name,
        shape: format!("{} waiting", count),
        calls: 0,
        errors: 0,
        took: Duration::ZERO,
        latency: latencies()?,
        usage: None,
        facts: Vec::new(),
    };
    if let (Some(empty), Some(parked)) = (empty, parked) {
        let each = (parked.resident as f64 - empty.resident as f64) / f64::from(count);
        row.facts.push(("bytes_per_query", format!("{each:.0} bytes each"), json!(each)));
    }
    let key = if scenario.kind == Kind::Wake { "key" } else { "elsewhere" };
    let began = Instant::now();
    let write = set(key, bytes::Bytes::from_static(b"woken"))?;
    clients[0].call_raw(Apply::ROW, &write, ONCE).await.map_err(|error| anyhow!("{}", error.in_full()))?;
    let written = began.elapsed();
    match scenario.kind {
        Kind::Wake => {
            let woken = tokio::time::timeout(WAKING_MAX, async {
                while let Some(answered) = crowd.join_next().await {
                    match answered? {
                        Ok(at) => row.latency.saturating_record(micros(at.saturating_duration_since(began))),
                        Err(_) => row.errors += 1,
                    }
                }
                anyhow::Ok(())
            });
            woken.await.map_err(|_| anyhow!("not all were woken within {WAKING_MAX:?}"))??;
            row.calls = row.latency.len();
            row.took = began.elapsed();
        }
        _ => {
            sleep(SETTLE).await;
            if crowd.try_join_next().is_some() {
                bail!("a write that concerns nobody woke somebody");
            }
            row.latency.saturating_record(micros(written));
            (row.calls, row.took) = (1, written);
        }
    }
    row.usage = parked.zip(cpu::of(arguments.pid)?);
    crowd.shutdown().await;
    Ok(row)
}

/// The index to wait after: that of the keys as a whole.
async fn index_of(client: &Client) -> Result<u64> {
    // So that the table has an index, and every key that is not there goes by it.
    let write = set("parked", bytes::Bytes::from_static(b"-"))?;
    client.call_raw(Apply::ROW, &write, ONCE).await.map_err(|error| anyhow!("{}", error.in_full()))?;
    let answer: IndexedDirEntries =
        client.call::<Get>(&key_request("none", 0)).await.map_err(|error| anyhow!("{}", error.in_full()))?;
    Ok(answer.query_meta.index)
}
