//! `proconsul grpc-proxy`: a plain local port in front of a server's internal gRPC.
//!
//! Source: Consul's `tools/internal-grpc-proxy`, which knows one server, in clear.
mod relay; // bytes from one side to the other
mod targets; // which server to dial, and what to say when none can be had

use std::{
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use proconsul_mux::{
    Route,
    driver::{Quiet, dial::Via},
    row_of,
};
use proconsul_tls::{Outgoing, Policy, Settings, Tls};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

use relay::relay;
use targets::Targets;

/// How many connections are passed on at once; others wait until one of them ends.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// How long connections may take to end after SIGINT or SIGTERM.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// A connection on which nothing passes for this long is at rest, and is closed when the proxy stops.
pub(crate) const AT_REST: Duration = Duration::from_millis(500);

/// How long accepting pauses when it fails, for want of descriptors for one.
const PAUSE: Duration = Duration::from_millis(100);

/// What `proconsul grpc-proxy` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The address to use is printed alone on the standard output; all else goes to the standard error.
SIGINT or SIGTERM: takes no more connections, lets those that are busy end, and stops after 5s at the latest."
)]
pub(crate) struct Arguments {
    /// Server ports to pass connections to; the next is tried where one does not answer.
    #[arg(value_name = "HOST:PORT", required = true)]
    pub(crate) servers: Vec<String>,
    /// Address to listen on; port 0: the operating system chooses. Whoever can connect there has the rights of the
    /// certificate.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Dial in TLS after type byte 3.
    #[arg(long, conflicts_with = "alpn")]
    pub(crate) tls: bool,
    /// Dial in TLS by the ALPN name consul/rpc-grpc, which needs a client certificate.
    #[arg(long)]
    pub(crate) alpn: bool,
    /// CA certificates to check servers with (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A directory of such files.
    #[arg(long, value_name = "DIR", conflicts_with = "ca_file")]
    pub(crate) ca_path: Option<PathBuf>,
    /// The certificate to show to servers (PEM).
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// The servers' datacenter: their certificates must have the name server.DC.DOMAIN.
    #[arg(long, value_name = "NAME", default_value = "dc1")]
    pub(crate) dc: String,
    /// The domain of that name.
    #[arg(long, value_name = "NAME", default_value = "consul")]
    pub(crate) domain: String,
    /// The server's node name; with --alpn its certificate must have NODE.server.DC.DOMAIN.
    #[arg(long, value_name = "NAME", default_value = "*", hide_default_value = true)]
    pub(crate) node: String,
    /// Take any name on a certificate of the CA, as Consul does without verify_server_hostname.
    #[arg(long, requires = "tls")]
    pub(crate) any_name: bool,
    /// How long a server may take to be connected to, handshake included.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = crate::config::parse_duration)]
    pub(crate) timeout: Duration,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let targets = Targets::new(arguments.servers.clone(), via(arguments)?, arguments.timeout);
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments, targets, json))
}

/// How servers are dialled.
fn via(arguments: &Arguments) -> Result<Via> {
    if !arguments.tls && !arguments.alpn {
        if arguments.ca_file.is_some() || arguments.ca_path.is_some() || arguments.client_cert.is_some() {
            bail!("certificates are of use in TLS only: say --tls (type byte 3) or --alpn");
        }
        return Ok(Via::Plain);
    }
    if arguments.ca_file.is_none() && arguments.ca_path.is_none() {
        bail!("TLS needs a CA to check servers with: give --ca-file or --ca-path");
    }
    let settings = Settings {
        internal_rpc: Policy {
            ca_file: arguments.ca_file.clone(),
            ca_path: arguments.ca_path.clone(),
            cert_file: arguments.client_cert.clone(),
            key_file: arguments.client_key.clone(),
            verify_outgoing: true,
            verify_server_hostname: !arguments.any_name,
            ..Policy::default()
        },
        datacenter: arguments.dc.clone(),
        domain: arguments.domain.clone(),
        ..Settings::default()
    };
    let tls = Tls::load(settings)?;
    let to = if arguments.alpn {
        let name = row_of(Route::InternalGrpc).and_then(|row| row.alpn).context("the route has an ALPN name")?;
        Outgoing::Alpn { name, dc: &arguments.dc, node: &arguments.node }
    } else {
        Outgoing::TypeByte { dc: &arguments.dc }
    };
    let dial = tls.outgoing(to)?.context("these settings lead to no TLS")?;
    Ok(if arguments.alpn { Via::Native(dial) } else { Via::TypeByte(dial) })
}

async fn serve(arguments: &Arguments, targets: Targets, json: bool) -> Result<()> {
    // Listened for from the start: a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| anyhow!("failed to listen on {} (--listen): {error}", arguments.listen))?;
    let address = listener.local_addr()?;
    announce(address, &targets, json)?;
    let stop = watch::Sender::new(false);
    let door = Arc::new(Door {
        targets,
        places: Semaphore::new(CONNECTIONS_MAX),
        said: Quiet::default(),
        stopping: stop.subscribe(),
    });
    tokio::select! {
        _ = interrupt.recv() => eprintln!("SIGINT: stopping"),
        _ = terminate.recv() => eprintln!("SIGTERM: stopping"),
        () = accept(listener, &door) => {}
    }
    stop.send_replace(true);
    drop(door);
    // The door is gone when the last connection is.
    tokio::select! {
        ended = timeout(GRACE, stop.closed()) => if ended.is_err() {
            eprintln!("connections that are still busy after {GRACE:?} are closed");
        },
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Prints the address alone where programs read it, and for people what it is.
fn announce(address: SocketAddr, targets: &Targets, json: bool) -> Result<()> {
    eprintln!("passing connections on to {targets}; stop with Ctrl-C. Use this address:");
    if !address.ip().is_loopback() {
        eprintln!("Warning: {address} is open to other machines, which need no certificate to pass here");
    }
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", json!({"address": address.to_string()}))?;
    } else {
        writeln!(out, "{address}")?;
    }
    out.flush()?;
    Ok(())
}

/// What connections share.
struct Door {
    targets: Targets,
    places: Semaphore,
    /// What was said of late, so that a client that tries again and again does not fill the log.
    said: Quiet<String>,
    stopping: watch::Receiver<bool>,
}

async fn accept(listener: TcpListener, door: &Arc<Door>) {
    loop {
        let Ok(place) = door.places.acquire().await else { return };
        match listener.accept().await {
            Ok((client, from)) => {
                place.forget(); // given back when the connection has ended
                let door = Arc::clone(door);
                tokio::spawn(async move {
                    if let Err(error) = pass_on(client, from, &door).await {
                        door.say(from, &format!("{error:#}"));
                    }
                    door.places.add_permits(1);
                });
            }
            Err(error) => {
                eprintln!("failed to accept a connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

/// One connection, from its first byte to its last.
async fn pass_on(client: TcpStream, from: SocketAddr, door: &Door) -> Result<()> {
    let mut stopping = door.stopping.clone();
    client.set_nodelay(true)?;
    let server = tokio::select! {
        server = door.targets.connect() => server?,
        // A sender that is gone has stopped, too.
        _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
    };
    for failure in &server.passed_over {
        door.say(from, &format!("passed over a server: {failure}"));
    }
    relay(client, server, stopping).await
}

impl Door {
    fn say(&self, from: SocketAddr, error: &str) {
        if let Some(repeated) = self.said.pass(error.to_owned(), Instant::now()) {
            let again = if repeated > 0 { format!(" (and {repeated} more of late)") } else { String::new() };
            eprintln!("connection from {from}: {error}{again}");
        }
    }
}
