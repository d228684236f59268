//! What the driver, the control and the streams of one connection share.

mod driving; // what the driver does to it
mod streams; // what a stream's handle does to it

use crate::config::{Config, Side};
use crate::error::OpenError;
use crate::session::{PingId, Session, StreamKey};
use bytes::BytesMut;
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A [`Cell`]'s place. The session keeps it per stream; `None` once the stream's handle is gone.
pub(super) type CellId = usize;

#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Inner>>);

impl Shared {
    pub(super) fn new(side: Side, config: Arc<Config>, now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            session: Session::new(side, config, now),
            cells: Slab::new(),
            arrived: VecDeque::new(),
            accepting: Accepting::default(),
            driver: None,
            openers: Vec::new(),
            output_waiters: Vec::new(),
            pongs: Vec::new(),
            closers: Vec::new(),
            writing: 0,
            life: Life::Running,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing here is left half done by a panic that matters to anyone else.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Running,
    /// [`super::Control::close`] was called.
    Closing,
    /// No stream can do anything any more; output may still be written.
    Over,
    /// The driver is done.
    Ended,
}

#[derive(Debug, Default)]
struct Accepting {
    is_off: bool,
    waker: Option<Waker>,
}

/// The handle's half of a stream.
#[derive(Debug)]
struct Cell {
    key: StreamKey,
    /// Data that came and was not read.
    input: BytesMut,
    /// The peer finished.
    is_finished: bool,
    /// The stream was reset by either side, or given up.
    is_reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Cell {
    fn new(key: StreamKey) -> Self {
        Self { key, input: BytesMut::new(), is_finished: false, is_reset: false, reader: None, writer: None }
    }

    fn finish_input(&mut self) {
        self.is_finished = true;
        wake(&mut self.reader);
    }

    fn give_up(&mut self) {
        self.is_reset = true;
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) session: Session<Option<CellId>>,
    cells: Slab<Cell>,
    /// Streams of the peer's that were not accepted yet.
    arrived: VecDeque<CellId>,
    accepting: Accepting,
    driver: Option<Waker>,
    /// Tasks that wait to open a stream.
    openers: Vec<Waker>,
    /// Streams whose writers wait for output to be written.
    output_waiters: Vec<CellId>,
    pongs: Vec<(PingId, oneshot::Sender<Duration>)>,
    closers: Vec<Waker>,
    /// Bytes that the driver took from the session's output and did not write yet.
    pub(super) writing: usize,
    life: Life,
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the yamux session is over")
}

fn was_reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the yamux stream was reset")
}

/// What the control does to it.
impl Inner {
    /// Opens a stream; pending while the peer has enough unacknowledged ones.
    pub(super) fn poll_open(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Result<CellId, OpenError>> {
        if !self.is_running() {
            return Poll::Ready(Err(OpenError::Over));
        }
        match self.session.open(now, None) {
            Ok(key) => {
                self.wake_driver();
                Poll::Ready(Ok(self.add_cell(key)))
            }
            Err(OpenError::Unacknowledged(_)) => {
                if !self.openers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    self.openers.push(cx.waker().clone());
                }
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<CellId>> {
        if let Some(id) = self.arrived.pop_front() {
            return Poll::Ready(Some(id));
        }
        if !self.is_running() {
            return Poll::Ready(None);
        }
        self.accepting.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nobody accepts any more: streams that the peer starts are reset.
    pub(super) fn stop_accepting(&mut self) {
        self.accepting.is_off = true;
        while let Some(id) = self.arrived.pop_front() {
            let cell = self.cells.remove(id);
            self.session.reset(cell.key);
        }
        self.wake_driver();
    }

    pub(super) fn ping(&mut self, now: Instant) -> Option<oneshot::Receiver<Duration>> {
        if !self.is_running() {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        self.pongs.retain(|(_, waiting)| !waiting.is_closed());
        self.pongs.push((self.session.ping(now), answer));
        self.wake_driver();
        Some(answered)
    }

    pub(super) fn go_away(&mut self) {
        if self.is_running() && !self.session.is_local_gone() {
            self.session.go_away(crate::Code::Normal);
            self.wake_driver();
        }
    }

    pub(super) fn close(&mut self) {
        if self.is_running() {
            self.life = Life::Closing;
            self.wake_driver();
        }
    }

    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.life == Life::Ended {
            return Poll::Ready(());
        }
        self.closers.retain(|waker| !waker.will_wake(cx.waker()));
        self.closers.push(cx.waker().clone());
        Poll::Pending
    }
}
