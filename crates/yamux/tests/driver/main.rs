//! The tokio driver: over in-memory pipes, against hand-written peers, and against another implementation.

mod endings; // closes, failures, timeouts
mod flow; // data, half-close, windows, wake-ups
mod oracle; // the `yamux` crate on the other end

use proconsul_yamux::{Config, Connection, ConnectionError, Control, Flags, Header, Incoming, Kind, Side};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

/// Longer than anything here takes; with the clock paused, longer than every timeout of the protocol together.
const FOREVER: Duration = Duration::from_secs(3600);

type Task = JoinHandle<Result<(), ConnectionError>>;

/// The result of a future that must not hang.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(FOREVER, future).await.expect("something was never woken")
}

fn start(io: DuplexStream, side: Side, config: Config) -> (Control, Incoming, Task) {
    let (control, incoming, driver) = Connection::new(io, side, Arc::new(config));
    (control, incoming, tokio::spawn(driver))
}

/// A client and a server of ours on a pipe of `capacity` bytes each way.
fn pair(capacity: usize) -> ((Control, Incoming, Task), (Control, Incoming, Task)) {
    let (here, there) = tokio::io::duplex(capacity);
    (start(here, Side::Client, Config::default()), start(there, Side::Server, Config::default()))
}

/// A server of ours, and a peer that speaks by hand.
fn by_hand(capacity: usize) -> (DuplexStream, (Control, Incoming, Task)) {
    let (here, there) = tokio::io::duplex(capacity);
    (here, start(there, Side::Server, Config::default()))
}

fn frame(kind: Kind, flags: Flags, stream: u32, length: u32) -> [u8; 12] {
    Header { kind, flags, stream, length }.encode()
}

async fn send(io: &mut DuplexStream, kind: Kind, flags: Flags, stream: u32, length: u32) {
    io.write_all(&frame(kind, flags, stream, length)).await.expect("the other end reads");
}

/// The next frame's header, its data skipped.
async fn next(io: &mut DuplexStream) -> Header {
    let mut bytes = [0; 12];
    soon(io.read_exact(&mut bytes)).await.expect("a frame");
    let header = Header::decode(&bytes).expect("a frame");
    if header.kind == Kind::Data {
        let mut payload = vec![0; header.length as usize];
        soon(io.read_exact(&mut payload)).await.expect("its data");
    }
    header
}

fn header(kind: Kind, flags: Flags, stream: u32, length: u32) -> Header {
    Header { kind, flags, stream, length }
}

/// Bytes that tell their place.
fn content(seed: u32, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u32).wrapping_mul(2_654_435_761).wrapping_add(seed).to_be_bytes()[0]).collect()
}

/// Accepts streams and sends back what comes on each.
fn echo(mut incoming: Incoming) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(stream) = incoming.accept().await {
            tokio::spawn(async move {
                let (mut reader, mut writer) = tokio::io::split(stream);
                // A stream that is cut off by its test is no concern of the echo's.
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
                let _ = writer.shutdown().await;
            });
        }
    })
}
