//! The workspace's own commands: `cargo xtask`. Start at [`COMMANDS`].
mod bench; // our server beside the Go floor, as a table
mod ci; // what the build machine runs
mod codegen; // Rust from .proto files
mod cross; // tests that need more than one crate
mod fuzz; // every fuzz target for a while
mod interop; // peers made of HashiCorp's Go modules
mod licences; // the licence of every dependency
mod metadata; // what cargo knows of the workspace
mod routes; // the routing diagram
mod run; // programs that are run
mod tidy; // rules that no compiler checks

use std::process::ExitCode;

use anyhow::{Context, Result};

/// One command: its name, what it does in a line, and the function that does it with the arguments that follow.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    command("test", "all cross-crate tests: recorded behaviour, fuzz corpora", cross::run),
    command("interop", "Go peers made of HashiCorp's modules against our server, and the reverse", interop::run),
    command("bench", "our server beside a Go server on HashiCorp's modules, as a table", bench::run),
    command("tidy", "layers, code map, cores without tokio, file ratchets, paths, READMEs", tidy::run),
    command("codegen", "Rust from the .proto files; --check says what is not as generated", codegen::run),
    command("routes", "the routing diagram in docs/rpc, from the route table", routes::run),
    command("licences", "the licence and the source of every dependency, by deny.toml", licences::run),
    command("fuzz", "every fuzz target for a while (default 60 s each), on its corpus", fuzz::run),
    command("ci", "all that the build machine checks, step by step", ci::main),
];

const fn command(name: &'static str, about: &'static str, run: fn(&[String]) -> Result<()>) -> Command {
    Command { name, about, run }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first().filter(|(name, _)| !matches!(name.as_str(), "-h" | "--help" | "help"))
    else {
        println!("{}", usage());
        return Ok(());
    };
    let command = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .with_context(|| format!("no command {name:?}\n\n{}", usage()))?;
    (command.run)(rest)
}

fn usage() -> String {
    let mut text = String::from("cargo xtask COMMAND [--help]\n");
    for command in COMMANDS {
        text += &format!("\n  {:<9} {}", command.name, command.about);
    }
    text
}
