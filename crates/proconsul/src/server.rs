//! `proconsul server`.
mod announce; // what it prints when it has started
mod reload; // SIGHUP

use std::{
    fs::DirBuilder,
    io::{IsTerminal, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use proconsul_server::{Config, Server};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    cli::ServerArguments,
    config::{self, Loaded},
    telemetry::{self, Memory},
};

/// How long calls in hand may take to end after SIGINT or SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn run(arguments: ServerArguments, json: bool) -> Result<()> {
    if !arguments.dev {
        bail!("only development mode is there yet: run `proconsul server --dev`, which keeps all in memory");
    }
    let loaded = read(&arguments)?;
    let level = arguments.log_level.as_deref().unwrap_or(&loaded.log_level);
    let filter = EnvFilter::try_new(level.to_ascii_lowercase())
        .with_context(|| format!("log level {level:?} is not known: use trace, debug, info, warn or error"))?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(directory) = &loaded.admin.data_dir {
        make(directory)?;
    }
    // Before the server starts: a handle belongs to the recorder that there is when it is made.
    let metrics = telemetry::install()?;
    let restore = arguments.restore.as_deref().map(crate::snapshot::load).transpose()?;
    let config = Config { admin: loaded.admin.listeners(), restore, ..loaded.server };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?
        .block_on(serve(config, arguments, json, metrics))
}

/// Reads the configuration files, with the flags on top, and the certificates that they name.
fn read(arguments: &ServerArguments) -> Result<Loaded> {
    let mut files = arguments.config_file.clone();
    for directory in &arguments.config_dir {
        files.extend(config::files_in(directory)?);
    }
    let mut loaded = config::load(&files, Config::dev())?;
    apply_flags(&mut loaded, arguments);
    loaded.check_certificates()?;
    Ok(loaded)
}

fn apply_flags(loaded: &mut Loaded, arguments: &ServerArguments) {
    let Loaded { server, admin, .. } = loaded;
    if let Some(node) = &arguments.node {
        server.node_name.clone_from(node);
    }
    if let Some(datacenter) = &arguments.datacenter {
        server.datacenter.clone_from(datacenter);
    }
    if let Some(bind) = arguments.bind {
        server.bind_addr = bind;
    }
    if let Some(port) = arguments.server_port {
        server.server_port = port;
    }
    if let Some(port) = arguments.grpc_port {
        server.grpc = port;
    }
    if let Some(port) = arguments.grpc_tls_port {
        server.grpc_tls = port;
    }
    if let Some(port) = arguments.admin_port {
        admin.port = port;
    }
    if let Some(directory) = &arguments.data_dir {
        admin.data_dir = Some(directory.clone());
    }
}

/// Makes the data directory, which nobody else needs to look into.
fn make(directory: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("failed to make the data directory {} (data_dir)", directory.display()))
}

async fn serve(config: Config, arguments: ServerArguments, json: bool, metrics: Memory) -> Result<()> {
    // Listened for from the start: a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut dump = signal(SignalKind::user_defined1())?;
    let server = Server::start_with(config, Some(Arc::new(metrics.clone()))).await?;
    announce::announce(&server, json)?;
    let arguments = Arc::new(arguments);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break tracing::info!("SIGINT: stopping"),
            _ = terminate.recv() => break tracing::info!("SIGTERM: stopping"),
            Some(()) = hangup.recv() => reload::reload(&server, &arguments).await,
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
