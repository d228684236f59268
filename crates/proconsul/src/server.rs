//! `proconsul server`.
use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use proconsul_server::{Config, Server};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    cli::ServerArguments,
    config::{self, Admin},
    telemetry::{self, Memory},
};

/// How long calls in hand may take to end after SIGINT or SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn run(arguments: ServerArguments, json: bool) -> Result<()> {
    if !arguments.dev {
        bail!("only development mode is there yet: run `proconsul server --dev`, which keeps all in memory");
    }
    let mut files = arguments.config_file.clone();
    for directory in &arguments.config_dir {
        files.extend(config::files_in(directory)?);
    }
    let config::Loaded { mut server, log_level, mut admin, warnings, .. } = config::load(&files, Config::dev())?;
    apply_flags(&mut server, &mut admin, &arguments);
    server.admin = admin.listeners();
    let level = arguments.log_level.as_deref().unwrap_or(&log_level);
    let filter = EnvFilter::try_new(level.to_ascii_lowercase())
        .with_context(|| format!("log level {level:?} is not known: use trace, debug, info, warn or error"))?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    // Before the server starts: a handle belongs to the recorder that there is when it is made.
    let metrics = telemetry::install()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?
        .block_on(serve(server, json, metrics))
}

fn apply_flags(config: &mut Config, admin: &mut Admin, arguments: &ServerArguments) {
    if let Some(node) = &arguments.node {
        config.node_name.clone_from(node);
    }
    if let Some(datacenter) = &arguments.datacenter {
        config.datacenter.clone_from(datacenter);
    }
    if let Some(bind) = arguments.bind {
        config.bind_addr = bind;
    }
    if let Some(port) = arguments.server_port {
        config.server_port = port;
    }
    if let Some(port) = arguments.admin_port {
        admin.port = port;
    }
    if let Some(directory) = &arguments.data_dir {
        admin.data_dir = Some(directory.clone());
    }
}

async fn serve(config: Config, json: bool, metrics: Memory) -> Result<()> {
    // Listened for from the start: a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut dump = signal(SignalKind::user_defined1())?;
    let server = Server::start(config).await?;
    announce(&server, json)?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => break tracing::info!("SIGINT: stopping"),
            _ = terminate.recv() => break tracing::info!("SIGTERM: stopping"),
            Some(()) = dump.recv() => print(&metrics),
        }
    }
    server.stop(GRACE).await;
    Ok(())
}

/// Prints all metrics where the log goes, at once, so that no line of the log comes between.
fn print(metrics: &Memory) {
    if let Err(error) = std::io::stderr().lock().write_all(metrics.dump().as_bytes()) {
        tracing::debug!(%error, "metrics could not be printed");
    }
}

/// Says where the server listens, and what to try.
fn announce(server: &Server, json: bool) -> Result<()> {
    let address = server.rpc_address();
    let mut out = std::io::stdout().lock();
    if json {
        let line = json!({
            "listening": {"rpc": address.to_string()},
            "node": server.node_name(),
            "datacenter": server.datacenter(),
        });
        writeln!(out, "{line}")?;
    } else {
        let at = at(address);
        writeln!(
            out,
            "proconsul server (dev): node {}, datacenter {}\n  server RPC  {address}\n\n\
             Nothing is kept when it stops. Try:\n  \
             proconsul rpc call Catalog.ListServices{at}\n  \
             proconsul rpc call KVS.Apply -d '{{\"Op\":\"set\",\"DirEnt\":{{\"Key\":\"a\",\"Value\":\"aGk=\"}}}}'{at}\n  \
             proconsul rpc call KVS.Get -d '{{\"Key\":\"a\"}}'{at}\n",
            server.node_name(),
            server.datacenter(),
        )?;
    }
    out.flush()?;
    Ok(())
}

/// The flag that the commands need when the server is not where they look.
fn at(address: SocketAddr) -> String {
    if address == SocketAddr::from(([127, 0, 0, 1], 8300)) { String::new() } else { format!(" --server {address}") }
}
