//! `proconsul completion`: scripts that complete commands, flags and names of methods.
use clap::{
    Args, CommandFactory, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};
use clap_complete::{Shell, generate};
use proconsul_methods::AnyMethod;
use proconsul_structs::{METHODS, methods::meaning};

use crate::{cli::Cli, print};

/// How the script is put to use.
pub(crate) const HOW: &str = "To use it:
  bash  proconsul completion bash > ~/.local/share/bash-completion/completions/proconsul
  zsh   proconsul completion zsh > \"${fpath[1]}/_proconsul\"
  fish  proconsul completion fish > ~/.config/fish/completions/proconsul.fish
Then open a new shell.";

/// What `proconsul completion` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell that is to complete.
    shell: For,
}

/// The shells that there are scripts for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum For {
    Bash,
    Zsh,
    Fish,
}

/// Commands of `proconsul rpc` whose first word is a method's name.
const TAKE_A_METHOD: [&str; 2] = ["call", "describe"];

pub(crate) fn run(arguments: &Arguments) {
    let shell = match arguments.shell {
        For::Bash => Shell::Bash,
        For::Zsh => Shell::Zsh,
        For::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut with_methods(Cli::command()), "proconsul", &mut script);
    print::line(String::from_utf8_lossy(&script).trim_end());
    if matches!(arguments.shell, For::Fish) {
        fish_methods().for_each(|line| print::line(&line));
    }
}

/// Names of methods, with what they are for.
fn methods() -> impl Iterator<Item = (&'static str, &'static str)> {
    let netrpc = METHODS.iter().zip(0..).map(|(row, index)| (row.name, meaning(index)));
    let grpc = proconsul_methods::all().filter_map(AnyMethod::grpc).map(|row| (row.row.name, row.meaning));
    netrpc.chain(grpc)
}

/// Names of methods for fish, whose script is made without words that are no flags.
fn fish_methods() -> impl Iterator<Item = String> {
    let after =
        format!("__fish_proconsul_using_subcommand rpc; and __fish_seen_subcommand_from {}", TAKE_A_METHOD.join(" "));
    methods().map(move |(name, meaning)| {
        let meaning = meaning.replace('\\', "\\\\").replace('\'', "\\'");
        format!("complete -c proconsul -n \"{after}\" -f -a \"{}\" -d '{meaning}'", name)
    })
}

/// The command line with the methods as the only words where a method's name stands.
///
/// Only for completion: a name that is not among them is answered better by `rpc call` itself, with the nearest.
fn with_methods(cli: clap::Command) -> clap::Command {
    let methods: Vec<_> = methods().map(|(name, meaning)| PossibleValue::new(name).help(meaning)).collect();
    cli.mut_subcommand("rpc", |rpc| {
        TAKE_A_METHOD.into_iter().fold(rpc, |rpc, name| {
            rpc.mut_subcommand(name, |command| {
                command.mut_arg("method", |method| method.value_parser(PossibleValuesParser::new(methods.clone())))
            })
        })
    })
}
