//! Byte 5, from the client's side: one request, one answer, each with a stream behind it.

use std::{env, io, time::Duration};

use anyhow::{Context, Result, bail};
use proconsul_msgpack::{GoStr, Scan, Scanner, from_slice, to_vec};
use proconsul_mux::{
    Route,
    driver::dial::{Dialled, dial},
};
use proconsul_structs::{
    Token,
    snapshot::{SnapshotOp, SnapshotRequest, SnapshotResponse},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::ServerArguments;

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// For how long a server may neither send nor take anything. To restore takes a server a while after the last byte.
const IDLE_MAX: Duration = Duration::from_secs(120);
/// The largest answer that is read. It has a few fields, and an error's text.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The datacenter that is asked if none is given.
const DATACENTER: &str = "dc1";

/// The server answered with an error.
#[derive(Debug, thiserror::Error)]
#[error("{server} refused: {text}{}", hint(.text))]
pub(crate) struct Refused {
    server: String,
    text: String,
}

/// The server gave no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("{server} gave no answer: {why} (is it a server port? `proconsul doctor {server}` shows what it serves)")]
pub(crate) struct NoAnswer {
    server: String,
    why: String,
}

fn hint(text: &str) -> &'static str {
    match text {
        "No path to datacenter" => " (--dc names the server's datacenter)",
        text if text.starts_with("Permission denied") => " (--token, CONSUL_HTTP_TOKEN)",
        _ => "",
    }
}

/// A connection on which a snapshot is asked for, or sent.
pub(crate) struct Stream {
    io: Dialled,
    server: String,
}

/// Runs what waits for a server.
pub(super) fn block_on<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?
        .block_on(what)
}

impl Stream {
    /// Connects, and sends the request.
    pub(crate) async fn open(arguments: &ServerArguments, op: SnapshotOp, allow_stale: bool) -> Result<Self> {
        let ServerArguments { server, tls, token } = arguments;
        if tls.route() == Route::RpcInsecure {
            bail!("byte 7 leads to no snapshots: use --tls or --alpn");
        }
        let via = tls.via_to(Route::Snapshot)?;
        let io = dial(server, Route::Snapshot, &via, CONNECT_MAX).await;
        let io = io.with_context(|| format!("cannot ask {server} (--server)"))?;
        let from_environment = || env::var("CONSUL_HTTP_TOKEN").map(Token::new).unwrap_or_default();
        let request = SnapshotRequest {
            datacenter: GoStr::from(tls.dc().unwrap_or(DATACENTER)),
            token: token.clone().unwrap_or_else(from_environment),
            allow_stale,
            op,
        };
        let mut stream = Self { io, server: server.clone() };
        stream.send(&to_vec(&request)?).await?;
        Ok(stream)
    }

    /// Sends what comes next.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = timeout(IDLE_MAX, self.io.write_all(bytes)).await;
        self.had(sent.map_err(io::Error::from).flatten())
    }

    /// Says that nothing more comes.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        let ended = timeout(IDLE_MAX, self.io.shutdown()).await;
        self.had(ended.map_err(io::Error::from).flatten())
    }

    /// Reads the answer, and what came behind it.
    ///
    /// # Errors
    /// [`Refused`] where the answer is an error, [`NoAnswer`] where there is none.
    pub(crate) async fn answer(&mut self) -> Result<(SnapshotResponse, Vec<u8>)> {
        let (mut bytes, mut scanner) = (Vec::new(), Scanner::new());
        loop {
            let mut piece = vec![0; ANSWER_BYTES_MAX];
            let read = self.read(&mut piece).await?;
            if read == 0 {
                bail!(self.no_answer("it closed the connection"));
            }
            let scanned = scanner.feed(&piece[..read]).map_err(|error| self.no_answer(&error.to_string()))?;
            let Scan::Complete { used } = scanned else {
                bytes.extend_from_slice(&piece[..read]);
                if bytes.len() > ANSWER_BYTES_MAX {
                    bail!(self.no_answer("what it answers is no answer"));
                }
                continue;
            };
            bytes.extend_from_slice(&piece[..used]);
            let answer: SnapshotResponse = from_slice(&bytes).map_err(|error| self.no_answer(&error.to_string()))?;
            if !answer.error.is_empty() {
                let text = answer.error.to_str_lossy().into_owned();
                return Err(Refused { server: self.server.clone(), text }.into());
            }
            return Ok((answer, piece[used..read].to_vec()));
        }
    }

    /// Reads what comes next; zero at the end.
    pub(crate) async fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = timeout(IDLE_MAX, self.io.read(into)).await;
        self.had(read.map_err(io::Error::from).flatten())
    }

    fn had<T>(&self, result: io::Result<T>) -> Result<T> {
        result.map_err(|error| self.no_answer(&error.to_string()).into())
    }

    fn no_answer(&self, why: &str) -> NoAnswer {
        NoAnswer { server: self.server.clone(), why: why.to_owned() }
    }
}
