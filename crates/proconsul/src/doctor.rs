//! `proconsul doctor`: walks every route of a server and says which check fails, and why.
//!
//! Probes make facts, and a pure function makes findings of facts: start at [`diagnose`](diagnose::diagnose). What is asked of a
//! server changes nothing there, see [`facts::Ask`].
mod certificate; // what a certificate says, and what a verification says of it
mod diagnose; // from facts to findings
mod dial; // the connections
mod facts; // what was seen
mod finding; // what is wrong, and what to change
mod given; // the files that were given
mod names; // server.<dc>.<domain>
mod plan; // which connections to make
mod reading; // what an outcome means for one route
mod report; // for people, and for programs

use std::{
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use proconsul_server::Config;
use rustls::pki_types::ServerName;
use tokio::{
    net::{TcpStream, lookup_host},
    runtime,
    time::timeout,
};

use dial::{Dialer, provider};
use facts::{Expected, Facts, Outcome, Port, Probe, Unconnected};
use finding::Severity;
use given::{Files, Given};

/// Consul's port for gRPC in clear.
const GRPC_PORT: u16 = 8502;

/// Consul's port for gRPC in TLS.
const GRPC_TLS_PORT: u16 = 8503;

/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 8;

/// What `proconsul doctor` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes:
  0  all is as it should be
  1  there are problems; the table and the lines below it say which, and what to change
  2  the command line is not understood
  4  the server is not reachable, or does not answer

What each line means: docs/rpc/doctor.md")]
pub(crate) struct Arguments {
    /// The server port to look at, ours or Consul's.
    #[arg(value_name = "HOST:PORT")]
    pub(crate) server: String,
    /// CA certificates to check the server's with (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A directory of such files.
    #[arg(long, value_name = "DIR", conflicts_with = "ca_file")]
    pub(crate) ca_path: Option<PathBuf>,
    /// The certificate to show to the server (PEM). Every route is tried without it, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,
    /// The server's datacenter, part of the name that its certificate must have; by default any.
    #[arg(long, value_name = "NAME")]
    pub(crate) dc: Option<String>,
    /// The domain of that name.
    #[arg(long, value_name = "NAME")]
    pub(crate) domain: Option<String>,
    /// The server's node name: checks NODE.server.DC.DOMAIN too, as those do who dial by ALPN name.
    #[arg(long, value_name = "NAME", requires = "dc")]
    pub(crate) node: Option<String>,
    /// The certificate is a server's own: Raft must be open to it.
    #[arg(long)]
    pub(crate) as_server: bool,
    /// An agent's configuration file: its tls.internal_rpc, datacenter and domain are used where no flag says otherwise.
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// The gRPC port in clear [default: port 8502 of the same host].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) grpc: Option<String>,
    /// The gRPC port in TLS [default: port 8503 of the same host].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) grpc_tls: Option<String>,
    /// Leave the gRPC ports alone.
    #[arg(long, conflicts_with_all = ["grpc", "grpc_tls"])]
    pub(crate) no_grpc: bool,
    /// How long to wait for each step: connect, handshake, answer.
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = crate::config::parse_duration)]
    pub(crate) timeout: Duration,
}

/// The server is not as it should be. What is wrong is printed already.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwell {
    /// Nothing answers.
    #[error("{0} does not answer")]
    NoAnswer(String),
    /// There are problems.
    #[error("{count} {} found with {server}", if *count == 1 { "problem" } else { "problems" })]
    Problems { server: String, count: usize },
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<()> {
    if arguments.timeout.is_zero() {
        bail!("--timeout is 0s, in which nothing answers: give a longer one");
    }
    let (files, expected) = settings(arguments)?;
    let provider = provider();
    let given = Given::read(&files, &provider);
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let facts = runtime.block_on(examine(arguments, given, &expected));
    let findings = diagnose::diagnose(&facts, &expected);
    if json {
        crate::print::value(&report::json(&facts, &expected, &findings), true);
    } else {
        report::print(&facts, &expected, &findings);
    }
    let server = arguments.server.clone();
    let count = findings.iter().filter(|finding| finding.severity == Severity::Problem).count();
    if findings.iter().any(|finding| finding.cause.is_no_answer()) {
        return Err(Unwell::NoAnswer(server).into());
    }
    if count > 0 { Err(Unwell::Problems { server, count }.into()) } else { Ok(()) }
}

/// What flags and the configuration file say; flags win.
fn settings(arguments: &Arguments) -> Result<(Files, Expected)> {
    let config = match &arguments.config_file {
        None => None,
        Some(file) => Some(
            crate::config::load(std::slice::from_ref(file), Config::dev())
                .with_context(|| format!("{} is of no use (--config-file)", file.display()))?
                .server,
        ),
    };
    let policy = config.as_ref().map(|config| &config.tls.internal_rpc);
    let or = |flag: &Option<PathBuf>, key: fn(&proconsul_tls::Policy) -> &Option<PathBuf>| {
        flag.clone().or_else(|| policy.and_then(|policy| key(policy).clone()))
    };
    let files = Files {
        ca_file: if arguments.ca_path.is_some() { None } else { or(&arguments.ca_file, |policy| &policy.ca_file) },
        ca_path: or(&arguments.ca_path, |policy| &policy.ca_path),
        client_cert: or(&arguments.client_cert, |policy| &policy.cert_file),
        client_key: or(&arguments.client_key, |policy| &policy.key_file),
    };
    let domain =
        arguments.domain.as_deref().or(config.as_ref().map(|config| config.domain.as_str())).unwrap_or_default();
    let domain = domain.trim_end_matches('.');
    let expected = Expected {
        datacenter: arguments.dc.clone().or_else(|| config.as_ref().map(|config| config.datacenter.clone())),
        domain: if domain.is_empty() { proconsul_tls::names::DOMAIN.to_owned() } else { domain.to_owned() },
        node: arguments.node.clone(),
        verify_incoming: policy.map(|policy| policy.verify_incoming),
        as_server: arguments.as_server,
        grpc_asked: arguments.grpc.is_some(),
        grpc_tls_asked: arguments.grpc_tls.is_some(),
    };
    Ok((files, expected))
}

/// Makes all connections.
async fn examine(arguments: &Arguments, given: Given, expected: &Expected) -> Facts {
    let limit = arguments.timeout;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut facts = Facts {
        server: arguments.server.clone(),
        given: given.facts,
        now: i64::try_from(now).unwrap_or(i64::MAX),
        timeout: limit,
        ..Facts::default()
    };
    let address = match resolve(&arguments.server, limit).await {
        Ok(address) => address,
        Err(why) => {
            facts.probed = plan::first().into_iter().map(|probe| (probe, Outcome::Unconnected(why.clone()))).collect();
            return facts;
        }
    };
    facts.address = Some(address);
    let datacenter = expected.datacenter.as_deref().unwrap_or("dc1");
    let server = names::server_name(datacenter, &expected.domain);
    let native = expected.node.as_deref().map(|node| names::node_server_name(node, datacenter, &expected.domain));
    let dialer = Dialer {
        provider: provider(),
        client: given.client,
        native_name: asked_for(native.as_deref().unwrap_or(&server), address),
        server_name: asked_for(&server, address),
        timeout: limit,
    };
    let to = |probes: Vec<Probe>| probes.into_iter().map(|probe| (probe, address)).collect::<Vec<_>>();
    facts.probed = dialer.all(to(plan::first())).await;
    if !reading::is_server_port(&facts) {
        return facts;
    }
    let certificate = dialer.client.is_some();
    let mut probes = to(plan::rest(certificate));
    if !arguments.no_grpc {
        for (port, asked, default) in
            [(Port::Grpc, &arguments.grpc, GRPC_PORT), (Port::GrpcTls, &arguments.grpc_tls, GRPC_TLS_PORT)]
        {
            let at = match asked {
                None => Ok(SocketAddr::new(address.ip(), default)),
                Some(name) => resolve(name, limit).await,
            };
            for probe in plan::grpc(certificate).into_iter().filter(|probe| probe.port == port) {
                match &at {
                    Ok(at) => probes.push((probe, *at)),
                    Err(why) => facts.probed.push((probe, Outcome::Unconnected(why.clone()))),
                }
            }
        }
    }
    facts.probed.extend(dialer.all(probes).await);
    facts
}

/// The name to ask for in a handshake; the address, where the name is none.
fn asked_for(name: &str, address: SocketAddr) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).unwrap_or_else(|_| ServerName::IpAddress(address.ip().into()))
}

/// The address to look at: of several, the first that takes a connection.
async fn resolve(server: &str, limit: Duration) -> Result<SocketAddr, Unconnected> {
    let addresses: Vec<SocketAddr> = match timeout(limit, lookup_host(server)).await {
        Err(_) => return Err(Unconnected::Unresolved(format!("the name was not resolved within {limit:?}"))),
        Ok(Err(error)) => return Err(Unconnected::Unresolved(error.to_string())),
        Ok(Ok(addresses)) => addresses.take(ADDRESSES_MAX).collect(),
    };
    let Some(first) = addresses.first() else {
        return Err(Unconnected::Unresolved("the name has no address".to_owned()));
    };
    if addresses.len() > 1 {
        for address in &addresses {
            if matches!(timeout(limit, TcpStream::connect(address)).await, Ok(Ok(_))) {
                return Ok(*address);
            }
        }
    }
    Ok(*first)
}
