//! `proconsul rpc`: a server's methods by name, those of net/rpc and those of gRPC.
mod arguments; // the command line
mod body; // requests and replies between JSON and the wire
mod call; // rpc call
mod describe; // rpc describe
mod exchange; // a connection, and calls on it
mod grpc; // rpc call of a gRPC method
mod list; // rpc list
mod method; // a method by its name
mod options; // flags that fill what requests have in common
mod via; // how the server is dialled
mod watch; // rpc call --watch

use anyhow::Result;
use tokio::runtime;

pub(crate) use arguments::{Command, secret};
pub(crate) use exchange::NoAnswer;
pub(crate) use grpc::Refused;
pub(crate) use via::TlsArguments;

pub(crate) fn run(command: Command, json: bool) -> Result<()> {
    match command {
        Command::List(arguments) => {
            list::run(&arguments, json);
            Ok(())
        }
        Command::Describe(arguments) => describe::run(&arguments, json),
        Command::Call(arguments) => {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(call::run(&arguments, json))
        }
    }
}
