//! `proconsul bench`: bounded load on a test server, with latencies.
//!
//! Every scenario is a row of one table ([`scenario::SCENARIOS`]): what is written first, what is asked, and what is taken away
//! again. All that it writes has names that begin with [`scenario::PREFIX`].
mod cpu; // what the server's process used
mod crowd; // queries that wait, and are woken
mod load; // calls one after another on many streams
mod paced; // reads and writes at a rate
mod report; // what is printed
mod scenario; // what there is to do
mod snapshot; // the whole store, out and in again

use std::{net::IpAddr, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use proconsul_client::{Client, Options, Transport};
use tokio::{net::lookup_host, runtime};

use crate::rpc::TlsArguments;
use scenario::{Kind, Scenario};

/// Connections at most.
pub(crate) const CONNECTIONS_MAX: usize = 100;
/// Calls in flight on each connection at most.
pub(crate) const IN_FLIGHT_MAX: usize = 1024;
/// How long a scenario may load a server.
pub(crate) const DURATION_MAX: Duration = Duration::from_secs(60);
/// Writes a second at most.
pub(crate) const RATE_MAX: u32 = 100_000;
/// Queries that wait, or keys that are written, at most.
pub(crate) const COUNT_MAX: u32 = 2_000_000;

/// What `proconsul bench` takes.
#[derive(Debug, Args)]
#[command(after_help = scenario::help())]
pub(crate) struct Arguments {
    /// Server port of a test server, ours or Consul's. Not one that others need: this is load, and it writes.
    #[arg(value_name = "HOST:PORT")]
    pub(crate) server: String,
    /// What to do; `all` does each in turn.
    #[arg(value_name = "SCENARIO", value_parser = scenario::names())]
    pub(crate) scenario: String,
    /// Connections.
    #[arg(long, short = 'c', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=CONNECTIONS_MAX as i64))]
    pub(crate) connections: u16,
    /// Calls in flight on each connection.
    #[arg(long, short = 'f', value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=IN_FLIGHT_MAX as i64))]
    pub(crate) in_flight: u16,
    /// How long to load the server, at most a minute.
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = crate::config::parse_duration)]
    pub(crate) duration: Duration,
    /// How many queries wait (parked, wake), or keys are written (load, snapshot).
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    pub(crate) count: Option<u32>,
    /// Writes a second (mixed).
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    pub(crate) rate: u32,
    /// The server's process, on this machine: its CPU and memory are shown too.
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// Load a server that is not on this machine, too.
    #[arg(long)]
    pub(crate) remote: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArguments,
}

/// Runs the command.
///
/// # Errors
/// The server cannot be reached, is not on this machine, or does not answer a scenario's first call.
pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<()> {
    if arguments.duration > DURATION_MAX {
        bail!("--duration is at most {DURATION_MAX:?}: this is a measurement, not a siege");
    }
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        if !arguments.remote && !is_here(&arguments.server).await? {
            bail!("{} is not on this machine: --remote if it is a test server all the same", arguments.server);
        }
        let mut printed = report::Report::new(json);
        for scenario in scenario::chosen(&arguments.scenario) {
            let clients = connect(arguments).await?;
            let measured = measure(scenario, arguments, &clients).await;
            let swept = scenario.sweep(&clients[0]).await;
            for client in &clients {
                client.close().await;
            }
            printed.add(measured.with_context(|| format!("{}: not measured", scenario.name))?);
            swept.with_context(|| format!("{}: what it wrote may still be there", scenario.name))?;
        }
        printed.end();
        Ok(())
    })
}

async fn measure(scenario: &'static Scenario, arguments: &Arguments, clients: &[Client]) -> Result<report::Row> {
    scenario.prepare(&clients[0]).await?;
    match scenario.kind {
        Kind::Calls => load::calls(scenario, arguments, clients).await,
        Kind::Keys => load::keys(scenario, arguments, clients).await,
        Kind::Mixed => paced::run(scenario, arguments, clients).await,
        Kind::Snapshot => snapshot::run(scenario, arguments, clients).await,
        Kind::Parked | Kind::Wake => crowd::run(scenario, arguments, clients).await,
    }
}

async fn connect(arguments: &Arguments) -> Result<Vec<Client>> {
    let via = arguments.tls.via()?;
    let mut clients = Vec::new();
    for _ in 0..arguments.connections {
        // A call that fails is to be seen, not made again.
        let options = Options {
            hold: Duration::ZERO,
            calls_max: COUNT_MAX as usize,
            waiting_max: 1,
            idle_streams_max: IN_FLIGHT_MAX,
            ..Options::default()
        };
        clients.push(Client::lazy([arguments.server.clone()], Transport::Via(via.clone()), options));
    }
    Ok(clients)
}

/// Whether all that a name stands for is the loopback.
async fn is_here(server: &str) -> Result<bool> {
    let mut addresses = lookup_host(server).await.with_context(|| format!("{server} is no address"))?.peekable();
    if addresses.peek().is_none() {
        bail!("{server} is no address");
    }
    Ok(addresses.all(|address| match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }))
}
