//! What is known of one live connection.
use std::{
    net::SocketAddr,
    sync::{
        OnceLock,
        atomic::{
            AtomicBool, AtomicU8, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Instant,
};

use parking_lot::Mutex;
use proconsul_tls::PeerCertificate;
use tokio::task::AbortHandle;

use crate::{ROW_COUNT, Row, rows};

/// As many bytes are kept of what is noted about a connection.
pub const NOTE_BYTES_MAX: usize = 256;

/// The label of a connection that has not said yet what it wants.
pub const DETECTING: &str = "detecting";

/// Stands for no row.
const NO_ROW: u8 = u8::MAX;

/// A connection of the port: who it is, what it took, and how much went over it. Kept for as long as somebody holds it; the
/// registry holds those that live.
#[derive(Debug)]
pub struct Entry {
    id: u64,
    peer: SocketAddr,
    since: Instant,
    row: AtomicU8,
    tls: OnceLock<Box<TlsFacts>>,
    read: AtomicU64,
    written: AtomicU64,
    task: OnceLock<AbortHandle>,
    killed: AtomicBool,
    note: Mutex<Option<Box<str>>>,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug)]
pub struct TlsFacts {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The protocol name, if one was agreed on.
    pub alpn: Option<&'static str>,
    /// The server name that the client asked for, at most as long as a DNS name.
    pub sni: Option<Box<str>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The client's certificate, if it showed one that can be read.
    pub certificate: Option<PeerCertificate>,
}

impl Entry {
    pub(super) fn new(id: u64, peer: SocketAddr, since: Instant) -> Self {
        Self {
            id,
            peer,
            since,
            row: AtomicU8::new(NO_ROW),
            tls: OnceLock::new(),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            task: OnceLock::new(),
            killed: AtomicBool::new(false),
            note: Mutex::new(None),
        }
    }

    /// Its number: no other connection of this process has had it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Who is on the other side.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// When it was accepted.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// The row of the route that it took; `None` for as long as that is not known.
    pub fn row(&self) -> Option<&'static Row> {
        rows().nth(usize::from(self.row.load(Relaxed)))
    }

    /// The label of the route that it took, or [`DETECTING`].
    pub fn label(&self) -> &'static str {
        self.row().map_or(DETECTING, |row| row.label)
    }

    /// What its TLS handshake agreed on, if it had one.
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.get().map(|facts| &**facts)
    }

    /// How many bytes its handler read, without TLS's own.
    pub fn bytes_in(&self) -> u64 {
        self.read.load(Relaxed)
    }

    /// How many bytes its handler wrote, without TLS's own.
    pub fn bytes_out(&self) -> u64 {
        self.written.load(Relaxed)
    }

    /// Says in words what will be kept and logged with the reason when the connection ends. The last note counts, and no more
    /// than [`NOTE_BYTES_MAX`] of it.
    pub fn note(&self, text: impl Into<String>) {
        let mut text = text.into();
        let end = (0..=NOTE_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        *self.note.lock() = Some(text.into_boxed_str());
    }

    pub(super) fn take_note(&self) -> Option<Box<str>> {
        self.note.lock().take()
    }

    pub(super) fn set_row(&self, row: &'static Row) -> usize {
        let index = rows().position(|one| one == row).unwrap_or(ROW_COUNT);
        // The table has fewer rows than a byte has values; a test says so.
        self.row.store(u8::try_from(index).unwrap_or(NO_ROW), Relaxed);
        index
    }

    pub(super) fn set_tls(&self, facts: TlsFacts) {
        // A connection has one handshake.
        let _again = self.tls.set(Box::new(facts));
    }

    /// Only the connection's own task counts, so that no two add at once.
    pub(super) fn count_read(&self, bytes: usize) {
        self.read.store(self.read.load(Relaxed) + bytes as u64, Relaxed);
    }

    pub(super) fn count_written(&self, bytes: usize) {
        self.written.store(self.written.load(Relaxed) + bytes as u64, Relaxed);
    }

    pub(super) fn set_task(&self, task: AbortHandle) {
        let _once = self.task.set(task);
        // Whoever killed it before could not.
        if self.is_killed() {
            self.kill();
        }
    }

    pub(super) fn kill(&self) {
        self.killed.store(true, SeqCst);
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(SeqCst)
    }
}
