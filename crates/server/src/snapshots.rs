//! Byte 5: a snapshot of the store, saved or restored. One request, one answer, each with a stream behind it.
//!
//! Neither way is the state in memory twice: saved, it is encoded piece by piece from tables that do not change any more;
//! restored, each record becomes part of new tables as it comes, and these replace the old ones at the end, all at once or not at
//! all. Packing and unpacking keep a core busy, so they have a thread; between it and the connection are a few pieces.

mod answer; // what is answered, and to what
mod pipe; // pieces between a thread and a connection
mod request; // a request in a stream of bytes
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use proconsul_msgpack::{GoStr, to_vec};
use proconsul_mux::Reason;
use proconsul_netrpc::server::Stop;
use proconsul_services::{Context, LeadershipFacts};
use proconsul_snapshot::{ArchiveError, Configuration, Meta, Server, read_archive, write_archive};
use proconsul_state::{
    Snapshot,
    snapshot::{Restore, snapshot_bytes, write_snapshot},
};
use proconsul_structs::{
    query::QueryMeta,
    snapshot::{SnapshotRequest, SnapshotResponse},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

use self::{
    answer::{Todo, refusal},
    request::Intake,
};
use crate::sole_log::SoleLog;

pub use self::request::REQUEST_BYTES_MAX;

/// How many snapshots are saved or restored at a time; further ones wait for their turn.
pub const SNAPSHOTS_AT_ONCE: usize = 4;
/// For how long a client may neither send nor take anything. A restore of a large snapshot takes longer in all.
pub const SNAPSHOT_IDLE_MAX: Duration = Duration::from_secs(60);
/// For how long what a refused client still sends is read and dropped, so that it gets to read why.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// Bytes are read from a connection in pieces of this size.
const READ_BYTES: usize = 64 * 1024;

/// Serves snapshots.
pub(crate) struct Snapshots {
    context: Arc<Context>,
    log: Arc<SoleLog>,
    node_id: String,
    turns: Semaphore,
    stops: watch::Sender<Stop>,
}

/// Why a connection ended before it was done.
#[derive(Debug)]
enum End {
    /// The client has gone, or the network.
    Io(io::Error),
    /// It was silent, or took nothing, for too long.
    Idle,
    /// Its request is none.
    Malformed(String),
    /// The state cannot be packed. The client sees a file that is cut short.
    Broken(String),
    /// The server stops.
    Stopped,
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        End::Io(error)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Idle => write!(f, "nothing was sent or taken for {SNAPSHOT_IDLE_MAX:?}"),
            Self::Malformed(cause) | Self::Broken(cause) => f.write_str(cause),
            Self::Stopped => f.write_str("the server stops"),
        }
    }
}

impl Snapshots {
    pub(crate) fn new(context: Arc<Context>, log: Arc<SoleLog>, node_id: String) -> Self {
        Self { context, log, node_id, turns: Semaphore::new(SNAPSHOTS_AT_ONCE), stops: watch::Sender::new(Stop::No) }
    }

    /// Asks what is under way to end.
    pub(crate) fn stop(&self, how: Stop) {
        self.stops.send_replace(how);
    }

    /// Serves a connection until it ends. `note` is told why, where it did not go well.
    pub(crate) async fn serve<IO>(&self, io: IO, note: impl Fn(String)) -> Reason
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let served = tokio::select! {
            served = self.converse(io) => served,
            () = self.stopped(|stop| stop == Stop::Now) => Err(End::Stopped),
        };
        let Err(end) = served else { return Reason::PeerClosed };
        note(end.to_string());
        match end {
            End::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Reason::PeerClosed,
            End::Io(_) => Reason::Reset,
            End::Idle => Reason::SlowRequest,
            End::Malformed(_) => Reason::Malformed,
            End::Broken(_) | End::Stopped => Reason::Stopped,
        }
    }

    /// Waits until it was asked to end so.
    async fn stopped(&self, so: impl Fn(Stop) -> bool) {
        // The sender lives as long as this does.
        let _ = self.stops.subscribe().wait_for(|stop| so(*stop)).await;
    }

    async fn converse<IO: AsyncRead + AsyncWrite + Send + Unpin>(&self, mut io: IO) -> Result<(), End> {
        // A drain lets what is in hand end, and who has asked nothing yet has nothing in hand.
        let (request, rest) = tokio::select! {
            asked = request(&mut io) => asked?,
            () = self.stopped(|stop| stop != Stop::No) => return Err(End::Stopped),
        };
        let Ok(_turn) = self.turns.acquire().await else { return Err(End::Stopped) };
        match answer::todo(&request, &self.context) {
            Err(text) => self.refuse(&mut io, text).await,
            Ok(Todo::Save) => self.save(&mut io).await,
            Ok(Todo::Restore) => match self.restore(&mut io, rest).await? {
                Ok(()) => {
                    answer(&mut io, &SnapshotResponse::default()).await?;
                    finish(&mut io).await
                }
                Err(text) => self.refuse(&mut io, text).await,
            },
        }
    }

    async fn refuse<IO: AsyncRead + AsyncWrite + Unpin>(&self, io: &mut IO, text: GoStr) -> Result<(), End> {
        answer(io, &refusal(text)).await?;
        finish(io).await
    }

    /// Answers, then sends the snapshot of this moment.
    async fn save<IO: AsyncRead + AsyncWrite + Unpin>(&self, io: &mut IO) -> Result<(), End> {
        let snapshot = self.context.store.snapshot();
        let facts = self.context.leadership.facts();
        let query_meta =
            QueryMeta { index: snapshot.index, known_leader: !facts.leader.is_empty(), ..QueryMeta::default() };
        answer(io, &SnapshotResponse { error: GoStr::EMPTY, query_meta }).await?;
        let (to_connection, mut pieces) = pipe::to_connection();
        let node_id = self.node_id.clone();
        let packing = spawn_blocking(move || pack(&snapshot, &facts, node_id, to_connection));
        while let Some(piece) = pieces.recv().await {
            in_time(io.write_all(&piece)).await?;
        }
        match packing.await {
            Ok(Ok(())) => finish(io).await,
            Ok(Err(error)) => Err(End::Broken(error.to_string())),
            Err(error) => Err(End::Broken(error.to_string())),
        }
    }

    /// Takes a snapshot in and puts it in the store's place. The inner error is for the client, and nothing has changed.
    async fn restore<IO: AsyncRead + Unpin>(&self, io: &mut IO, rest: Vec<u8>) -> Result<Result<(), GoStr>, End> {
        let (pieces, from_connection) = pipe::from_connection();
        let unpacking = spawn_blocking(move || unpack(from_connection));
        let mut piece = rest;
        loop {
            // Whoever unpacks may have seen enough, or too much.
            if !piece.is_empty() && pieces.send(piece).await.is_err() {
                break;
            }
            piece = vec![0; READ_BYTES];
            let read = in_time(io.read(&mut piece)).await?;
            piece.truncate(read);
            if read == 0 {
                break;
            }
        }
        drop(pieces);
        let unpacked = unpacking.await.map_err(|error| End::Broken(error.to_string()))?;
        Ok(unpacked.map(|snapshot| self.log.restore(snapshot)))
    }
}

/// Reads the request, and what came behind it.
async fn request<IO: AsyncRead + Unpin>(io: &mut IO) -> Result<(SnapshotRequest, Vec<u8>), End> {
    let mut intake = Intake::default();
    let mut piece = vec![0; REQUEST_BYTES_MAX];
    loop {
        let read = in_time(io.read(&mut piece)).await?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match intake.take(&piece[..read]) {
            Ok(Some(taken)) => return Ok(taken),
            Ok(None) => {}
            Err(error) => return Err(End::Malformed(error.to_string())),
        }
    }
}

async fn answer<IO: AsyncWrite + Unpin>(io: &mut IO, response: &SnapshotResponse) -> Result<(), End> {
    let bytes = to_vec(response).map_err(|error| End::Broken(error.to_string()))?;
    in_time(io.write_all(&bytes)).await?;
    in_time(io.flush()).await
}

/// Closes our side, then reads until the client has closed its own: a reset would take away what it has not read yet.
async fn finish<IO: AsyncRead + AsyncWrite + Unpin>(io: &mut IO) -> Result<(), End> {
    in_time(io.shutdown()).await?;
    let mut dropped = vec![0; READ_BYTES];
    let drain = async { while matches!(io.read(&mut dropped).await, Ok(read) if read > 0) {} };
    // Whoever sends for longer is cut off.
    let _ = timeout(DRAIN_TIME_MAX, drain).await;
    Ok(())
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> Result<T, End> {
    match timeout(SNAPSHOT_IDLE_MAX, step).await {
        Ok(done) => done.map_err(End::Io),
        Err(_) => Err(End::Idle),
    }
}

/// Packs a snapshot into a file.
fn pack(snapshot: &Snapshot, facts: &LeadershipFacts, node_id: String, to: impl io::Write) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Encoded twice, so that it need not be kept: an archive tells the size in front.
    let size = snapshot_bytes(snapshot).map_err(io::Error::other)?;
    let meta = meta(snapshot.index, facts, node_id, now, size);
    let mut to = write_archive(to, &meta, now.as_secs(), |to| write_snapshot(snapshot, to).map_err(io::Error::other))?;
    to.flush()
}

fn meta(index: u64, facts: &LeadershipFacts, node_id: String, now: Duration, size: u64) -> Meta {
    let server = Server { suffrage: 0, id: node_id, address: facts.leader.to_str_lossy().into_owned() };
    Meta {
        version: 1,
        id: format!("{}-{index}-{}", facts.last_term, now.as_millis()),
        index,
        term: facts.last_term,
        peers: to_vec(&facts.peers).unwrap_or_default(),
        configuration: Configuration { servers: Some(vec![server]) },
        configuration_index: 1,
        size: i64::try_from(size).unwrap_or(i64::MAX),
    }
}

/// Unpacks a file into tables. The error is what the client is told.
fn unpack(from: impl io::Read) -> Result<Snapshot, GoStr> {
    read_snapshot(from).map(|(_, snapshot)| snapshot).map_err(GoStr::from)
}

/// Reads a snapshot file: what it says of itself, and the store in it, with the index of the last entry that is part of it.
///
/// # Errors
/// The file does not come, is damaged, or has what no table takes. The text names it.
pub fn read_snapshot(from: impl io::Read) -> Result<(Meta, Snapshot), String> {
    let mut restore = Restore::new();
    let meta = read_archive(from, |piece| restore.feed(piece)).map_err(|error| match error {
        ArchiveError::State(error) => failed(&error),
        other => other.to_string(),
    })?;
    let mut snapshot = restore.finish().map_err(|error| failed(&error))?;
    snapshot.index = snapshot.index.max(meta.index);
    Ok((meta, snapshot))
}

fn failed(error: &dyn std::error::Error) -> String {
    let mut text = format!("failed to restore snapshot: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
