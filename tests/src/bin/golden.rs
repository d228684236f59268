//! Replays recorded cases against a running server: `golden --target 127.0.0.1:8300 --file base [--case kv/] [--strict]`.
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use proconsul_tests::golden::{
    Suite, Target, Verdict,
    case::{VARIANTS, golden_dir, load, project_golden_dir},
    lists::load_deviations,
    needs::{Needs, Served},
};

/// Replays recorded cases against a running server, ours or Consul's.
#[derive(Parser)]
struct Args {
    /// The server port.
    #[arg(long)]
    target: SocketAddr,
    /// The second server's port (variants wan and cluster).
    #[arg(long)]
    rpc2: Option<SocketAddr>,
    /// The external gRPC port.
    #[arg(long)]
    grpc: Option<SocketAddr>,
    /// The external gRPC port with TLS.
    #[arg(long)]
    grpc_tls: Option<SocketAddr>,
    /// The variant that the server runs with: a file of cases.
    #[arg(long, default_value = "base")]
    file: String,
    /// Only cases whose name begins like this (repeatable); the preparing one always runs.
    #[arg(long)]
    case: Vec<String>,
    /// The order of keys counts.
    #[arg(long)]
    strict: bool,
    /// A JSON list of what the server has; without it, everything.
    #[arg(long)]
    served: Option<PathBuf>,
    /// Judge by DEVIATIONS.md, as our own server is.
    #[arg(long)]
    deviations: bool,
    /// The server's datacenter.
    #[arg(long, default_value = "dc1")]
    dc: String,
    /// The server's node name.
    #[arg(long, default_value = "probe-srv1")]
    node: String,
    /// Dial from this address.
    #[arg(long)]
    source: Option<IpAddr>,
    /// Say only what did not pass.
    #[arg(long, short)]
    quiet: bool,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut target = Target::at(args.target).for_variant(&args.file);
    (target.rpc2, target.grpc, target.grpc_tls) = (args.rpc2, args.grpc, args.grpc_tls);
    (target.dc, target.node) = (args.dc, args.node);
    target.source = args.source.or(target.source);
    let served = match &args.served {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Served::listed(serde_json::from_str::<Vec<String>>(&text)?, &target, VARIANTS)
        }
        None => Served::everything(),
    };
    let deviations = match args.deviations {
        true => load_deviations(&project_golden_dir().join("DEVIATIONS.md"))?,
        false => Vec::new(),
    };
    let needs = Needs::from_recordings(&golden_dir())?;
    let mut cases = load(&golden_dir(), &args.file)?;
    let is_wanted = |name: &str| args.case.is_empty() || args.case.iter().any(|start| name.starts_with(start));
    cases.retain(|case| case.group == "setup" || is_wanted(&case.name));

    target.wait_ready()?;
    let suite = Suite { target: &target, served: &served, needs: &needs, deviations: &deviations, strict: args.strict };
    let report = suite.run(&cases, |line| {
        if !args.quiet || line.second_try || !matches!(line.verdict, Verdict::Passed) {
            println!("{line}");
        }
    });
    println!("{}", report.summary());
    Ok(if report.bad().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
