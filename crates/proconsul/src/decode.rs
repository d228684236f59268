//! `proconsul decode`: what took place on a server port, out of a recording.
mod body; // content as JSON
mod filter; // what is shown
mod line; // an event as a line for people
mod object; // an event as an object for programs
pub(crate) mod protobuf; // messages by their descriptors
mod secret; // what is not shown unless asked for

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::PathBuf,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use proconsul_decode::{
    Direction,
    input::{self, Item, Options},
};

use self::{body::Bodies, filter::Filter};

/// What `proconsul decode` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The recording: hex as any program prints it, a cassette, pcap or pcapng; -: standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A server's port, for captures; may be given more than once.
    #[arg(long, value_name = "PORT", default_values_t = [8300])]
    port: Vec<u16>,
    /// Who sent the bytes of hex. Default: what they look like, or what a > or < before a line says.
    #[arg(long, value_name = "WHO")]
    from: Option<From>,
    /// Only this connection, by its number; may be given more than once.
    #[arg(long, value_name = "N")]
    conn: Vec<u64>,
    /// Only this stream, by its number; may be given more than once.
    #[arg(long, value_name = "N")]
    stream: Vec<u32>,
    /// Only calls, raft messages and gRPC calls whose name contains this, whatever its case.
    #[arg(long, value_name = "PATTERN")]
    method: Option<String>,
    /// Only calls and messages, no frames.
    #[arg(long)]
    calls: bool,
    /// How much of what calls carry: none, short (one line, cut, without zeros), full. JSON has all or none.
    #[arg(long, value_name = "HOW", default_value = "short")]
    bodies: How,
    /// Bodies in the form of the wire: durations as nanoseconds.
    #[arg(long)]
    wire_json: bool,
    /// Show tokens, keys and other secrets, which are hidden otherwise.
    #[arg(long)]
    secrets: bool,
}

/// Who sent bytes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    /// The one that opened the connection.
    Client,
    /// The one that accepted it.
    Server,
}

/// How much of a body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    None,
    Short,
    Full,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let source: Box<dyn Read + Send> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&arguments.file).with_context(|| format!("failed to open {}", arguments.file.display()))?)
    };
    let direction = arguments.from.map(|from| match from {
        From::Client => Direction::ToServer,
        From::Server => Direction::ToClient,
    });
    let options = Options { ports: arguments.port.clone(), direction };
    let filter = Filter::new(&arguments.conn, &arguments.stream, arguments.method.as_deref(), arguments.calls);
    let bodies = Bodies::new(arguments.wire_json, arguments.secrets);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let mut encrypted = false;
    let read = input::read(source, &options, &mut |item| {
        encrypted |= matches!(&item, Item::Event(event) if matches!(event.what, proconsul_decode::What::Tls(_)));
        if written.is_ok() {
            written = match &item {
                Item::Event(event) if !filter.shows(event) => Ok(()),
                Item::Event(event) if json => writeln!(out, "{}", object::event(event, &bodies, arguments.bodies)),
                Item::Event(event) => line::event(&mut out, event, &bodies, arguments.bodies),
                Item::Note(note) if json => writeln!(out, "{}", object::note(note)),
                Item::Note(note) => writeln!(out, "-- {note}"),
            };
        }
    });
    let written = written.and_then(|()| out.flush());
    // A reader that has seen enough (`| head`) is no failure.
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(error).context("failed to write the output");
    }
    if encrypted {
        eprintln!(
            "TLS is not decrypted, with or without a key log: its records are named and that is all. Record where it is plain, \
             or decrypt it with another tool and decode the plain bytes."
        );
    }
    read.with_context(|| format!("failed to decode {}", arguments.file.display()))
}
