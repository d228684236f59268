//! The `proconsul` command: Consul's server RPC system, and tools for whoever looks at one.
mod cli; // the command line
mod config; // configuration files
mod exit; // exit codes
mod json; // values as people write them
mod print; // tables for people, JSON for programs
mod rpc; // proconsul rpc
mod server; // proconsul server
mod telemetry; // metrics, kept in memory until somebody asks

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let result = match cli.command {
        cli::Command::Server(arguments) => server::run(arguments, cli.json),
        cli::Command::Rpc(command) => rpc::run(command, cli.json),
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
