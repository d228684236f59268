//! Reads while others write, both at their rates: a call is made when it is due, whether or not those before it are answered, so that a
//! server that stalls is seen to stall.
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use proconsul_client::Client;
use proconsul_structs::{
    Method,
    methods::kvs::{Apply, Get},
};
use proconsul_types::MethodRow;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    Arguments, cpu,
    load::micros,
    report::{Row, latencies},
    scenario::{ONCE, Scenario, other_write},
};

/// Reads a second.
const READS: u32 = 1_000;
/// How many calls may be unanswered when others are due. With more, the server does not keep up, and there is nothing to measure.
const LATE_MAX: usize = 8_192;
/// How long a call that is due waits for others that will be.
const TICK: Duration = Duration::from_millis(1);
/// How long the last ones may take.
const LAST_MAX: Duration = Duration::from_secs(30);

pub(super) async fn run(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<Row> {
    let before = cpu::of(arguments.pid)?;
    let began = Instant::now();
    let end = began + arguments.duration;
    // Reads have a connection of their own where there are several.
    let (reader, writer) = (&clients[0], &clients[clients.len() - 1]);
    let reads = paced(reader, Get::ROW, READS, end, |number| scenario.request(number));
    let writes = paced(writer, Apply::ROW, arguments.rate, end, other_write);
    let (reads, writes) = tokio::try_join!(reads, writes)?;
    let took = began.elapsed();
    let usage = before.zip(cpu::of(arguments.pid)?);
    let written = writes.latency.len() as f64 / took.as_secs_f64().max(1e-9);
    let write_p99 = writes.latency.value_at_quantile(0.99);
    Ok(Row {
        scenario: scenario.name,
        shape: format!("{READS}+{}/s", arguments.rate),
        calls: reads.latency.len(),
        errors: reads.errors + writes.errors,
        took,
        latency: reads.latency,
        usage,
        facts: vec![
            ("writes_per_second", format!("{written:.0} writes/s"), json!(written)),
            ("write_p99_us", format!("p99 of these {write_p99} µs"), json!(write_p99)),
        ],
    })
}

struct Paced {
    latency: Histogram<u64>,
    errors: u64,
}

/// Makes so many calls a second until `end`, and waits for the last answers.
async fn paced(
    client: &Client,
    row: &'static MethodRow,
    rate: u32,
    end: Instant,
    request: impl Fn(u64) -> Result<Bytes>,
) -> Result<Paced> {
    let mut paced = Paced { latency: latencies()?, errors: 0 };
    let mut calls: JoinSet<Result<u64>> = JoinSet::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, mut made) = (Instant::now(), 0);
    while Instant::now() < end {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * f64::from(rate)) as u64;
        for number in made..due {
            if calls.len() == LATE_MAX {
                bail!("{LATE_MAX} calls were not answered when others were due, {rate} a second: a lower --rate?");
            }
            let (client, request) = (client.clone(), request(number)?);
            calls.spawn(async move {
                let began = Instant::now();
                let answer = client.call_raw(row, &request, ONCE).await;
                answer.map(|_| micros(began.elapsed())).map_err(|error| anyhow!("{}", error.in_full()))
            });
        }
        made = due;
        while let Some(answered) = calls.try_join_next() {
            paced.note(answered?);
        }
    }
    let last = async {
        while let Some(answered) = calls.join_next().await {
            paced.note(answered?);
        }
        anyhow::Ok(())
    };
    timeout(LAST_MAX, last).await.map_err(|_| anyhow!("not all calls were answered within {LAST_MAX:?}"))??;
    Ok(paced)
}

impl Paced {
    fn note(&mut self, answered: Result<u64>) {
        match answered {
            Ok(us) => self.latency.saturating_record(us),
            Err(_) => self.errors += 1,
        }
    }
}
