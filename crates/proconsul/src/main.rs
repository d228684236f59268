//! The `proconsul` command: Consul's server RPC system, and tools for whoever looks at one.
mod bench; // proconsul bench
mod cli; // the command line
mod completion; // proconsul completion
mod config; // configuration files
mod decode; // proconsul decode
mod doctor; // proconsul doctor
mod exit; // exit codes
mod grpc_proxy; // proconsul grpc-proxy
mod print; // tables for people, JSON for programs
mod routes; // proconsul routes
mod rpc; // proconsul rpc
mod server; // proconsul server
mod snapshot; // proconsul snapshot
mod telemetry; // metrics, kept in memory until somebody asks
mod tls; // proconsul tls
mod validate; // proconsul validate
mod who; // proconsul conns, streams, slow and top

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(cli::arguments(std::env::args_os()));
    let result = match cli.command {
        cli::Command::Server(arguments) => server::run(arguments, cli.json),
        cli::Command::Rpc(command) => rpc::run(command, cli.json),
        cli::Command::Validate(arguments) => validate::run(&arguments, cli.json),
        cli::Command::Conns(arguments) => who::conns(&arguments, cli.json),
        cli::Command::Streams(arguments) => who::streams(&arguments, cli.json),
        cli::Command::Slow(arguments) => who::slow(&arguments, cli.json),
        cli::Command::Top(arguments) => who::top(&arguments, cli.json),
        cli::Command::Routes => {
            routes::run(cli.json);
            Ok(())
        }
        cli::Command::Decode(arguments) => decode::run(&arguments, cli.json),
        cli::Command::Doctor(arguments) => doctor::run(&arguments, cli.json),
        cli::Command::Bench(arguments) => bench::run(&arguments, cli.json),
        cli::Command::GrpcProxy(arguments) => grpc_proxy::run(&arguments, cli.json),
        cli::Command::Snapshot(command) => snapshot::run(command, cli.json),
        cli::Command::Tls(command) => tls::run(command, cli.json),
        cli::Command::Completion(arguments) => {
            completion::run(&arguments);
            Ok(())
        }
        cli::Command::Version => {
            print::version(cli.json);
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            exit::code(&error)
        }
    }
}
