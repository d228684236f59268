//! The command line. Flags are named like Consul's.
use std::{ffi::OsString, net::IpAddr, path::PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand};
use proconsul_server::PortAt;

use crate::config::AdminPort;

/// Consul's server RPC system: a server, and tools for whoever looks at one.
#[derive(Debug, Parser)]
#[command(name = "proconsul", disable_version_flag = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Print JSON where the output is data.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed; the message says why
  2  the command line is not understood
  3  the server answered with an error
  4  no answer: not reachable, closed, or too late";

const SIGNALS: &str = "Signals:
  SIGINT, SIGTERM  stop: take no more calls, answer those in hand, close
  SIGHUP           read the configuration files again, and take their tls stanza and its certificates
  SIGUSR1          print all metrics on the standard error; what they mean: docs/metrics.md";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server.
    #[command(after_help = SIGNALS)]
    Server(ServerArguments),
    /// List, describe and call methods of a server by name.
    #[command(subcommand)]
    Rpc(crate::rpc::Command),
    /// Check configuration files as `server` would read them.
    Validate(crate::validate::Arguments),
    /// List the connections on the server port, or kill one.
    Conns(crate::who::ConnsArguments),
    /// List streams and the calls in hand on them.
    Streams(crate::who::ListArguments),
    /// List the slowest recent calls.
    Slow(crate::who::ListArguments),
    /// Watch who is on the port, in the terminal.
    Top(crate::who::TopArguments),
    /// Print the routes of the server port.
    Routes,
    /// Print frames, calls and raft messages of a recording: hex, a cassette, pcap or pcapng.
    Decode(crate::decode::Arguments),
    /// Walk every route of a server and say which check fails, and why.
    Doctor(crate::doctor::Arguments),
    /// Load a test server, ours or Consul's, and print latencies.
    Bench(crate::bench::Arguments),
    /// Open a plain local port in front of a server's internal gRPC.
    GrpcProxy(crate::grpc_proxy::Arguments),
    /// Save, restore and look into Consul's snapshot files.
    #[command(subcommand)]
    Snapshot(crate::snapshot::Command),
    /// Make a CA and certificates to try with.
    #[command(subcommand)]
    Tls(crate::tls::Command),
    /// Print a script that completes commands, flags and names of methods in a shell.
    #[command(after_help = crate::completion::HOW)]
    Completion(crate::completion::Arguments),
    /// Print the version.
    Version,
}

/// What `proconsul server` takes.
#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// Development mode: in memory, on 127.0.0.1, a cluster of one.
    #[arg(long)]
    pub(crate) dev: bool,
    /// Begin with what is in a snapshot file, ours or Consul's, and with nothing besides.
    #[arg(long, value_name = "FILE", requires = "dev")]
    pub(crate) restore: Option<PathBuf>,
    /// A configuration file, .hcl or .json; may be given more than once, later ones win.
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: Vec<PathBuf>,
    /// A directory of configuration files, read in order of their names, after those of --config-file.
    #[arg(long, value_name = "DIR")]
    pub(crate) config_dir: Vec<PathBuf>,
    /// Name of this node. Must be unique in the cluster.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// Datacenter of this server.
    #[arg(long, value_name = "NAME")]
    pub(crate) datacenter: Option<String>,
    /// Address to listen on.
    #[arg(long, value_name = "IP")]
    pub(crate) bind: Option<IpAddr>,
    /// Server port; 0: the operating system chooses.
    #[arg(long, value_name = "PORT")]
    pub(crate) server_port: Option<u16>,
    /// gRPC port; -1: none, 0: the operating system chooses. Default: 8502, if free.
    #[arg(long, value_name = "PORT", value_parser = crate::config::grpc_port_flag, allow_negative_numbers = true)]
    pub(crate) grpc_port: Option<PortAt>,
    /// gRPC port with TLS; -1: none, 0: the operating system chooses. Default: 8503, if free and tls.grpc has a certificate.
    #[arg(long, value_name = "PORT", value_parser = crate::config::grpc_port_flag, allow_negative_numbers = true)]
    pub(crate) grpc_tls_port: Option<PortAt>,
    /// Port of 127.0.0.1 where the server shows who is on it; -1: none, 0: the operating system chooses. Default: 8310, if free.
    #[arg(long, value_name = "PORT", value_parser = crate::config::admin_port, allow_negative_numbers = true)]
    pub(crate) admin_port: Option<AdminPort>,
    /// Directory in which the unix socket `admin.sock` is made. Nothing else is kept in it yet.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// trace, debug, info, warn or error; also a filter of the tracing-subscriber kind.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// The command line, with flags that are written with one dash, as Consul's users write them, made flags with two.
///
/// Only what is the name of a flag of that command is changed, so `-d '{}'` stays what it is.
pub(crate) fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let root = Cli::command();
    let mut command = &root;
    let mut words = given.into_iter();
    let mut changed: Vec<OsString> = words.next().into_iter().collect();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            changed.push(word);
            changed.extend(words);
            return changed;
        }
        let name = text.strip_prefix('-').map(|rest| rest.split('=').next().unwrap_or(rest));
        let is_flag = |name: &str| {
            let known = |command: &clap::Command| command.get_arguments().any(|flag| flag.get_long() == Some(name));
            name == "help" || known(command) || known(&root)
        };
        match name {
            None => {
                command = command.find_subcommand(text).unwrap_or(command);
                changed.push(word);
            }
            Some(name) if name.len() > 1 && is_flag(name) => {
                let mut flag = OsString::from("-");
                flag.push(&word);
                changed.push(flag);
            }
            Some(_) => changed.push(word),
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_flag_may_have_one_dash_as_consuls_have() {
        for (given, meant) in [
            ("proconsul tls cert create -server -dc=dc2", "proconsul tls cert create --server --dc=dc2"),
            ("proconsul -json tls ca create -days 3", "proconsul --json tls ca create --days 3"),
            ("proconsul server -dev -json", "proconsul server --dev --json"),
            ("proconsul rpc call KVS.Get -d {} -server h:1", "proconsul rpc call KVS.Get -d {} --server h:1"),
            ("proconsul rpc call KVS.Get -d{} -x -nonsense", "proconsul rpc call KVS.Get -d{} -x -nonsense"),
            ("proconsul tls ca create -- -days", "proconsul tls ca create -- -days"),
            ("proconsul server --admin-port -1", "proconsul server --admin-port -1"),
            ("proconsul server -help", "proconsul server --help"),
        ] {
            assert_eq!(arguments(words(given)), words(meant), "{given}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
