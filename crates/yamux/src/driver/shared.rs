//! What the driver, the control and the streams of one connection share.

use crate::config::{Config, Side};
use crate::error::{OpenError, SessionError};
use crate::session::{Event, PingId, Session, StreamKey};
use bytes::{Buf, BytesMut};
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::io::ReadBuf;
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

// The driver's side.
impl Inner {
    pub(super) fn register_driver(&mut self, waker: &Waker) {
        match &mut self.driver {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Bytes that wait to be written to the connection.
    pub(super) fn output_waiting(&self) -> usize {
        self.writing + self.session.output_len()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.life == Life::Closing
    }

    pub(super) fn receive(&mut self, mut input: &[u8], now: Instant) -> Result<(), SessionError> {
        while let Some(event) = self.session.receive(&mut input, now)? {
            self.on_event(event);
        }
        Ok(())
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), SessionError> {
        let streams = self.session.streams();
        self.session.handle_timeout(now)?;
        if self.session.streams() < streams {
            for (_, cell) in &mut self.cells {
                if self.session.state(cell.key).is_none() {
                    cell.give_up();
                }
            }
            self.wake_openers();
        }
        Ok(())
    }

    fn on_event(&mut self, event: Event<'_>) {
        match event {
            Event::Opened(key) => self.on_opened(key),
            Event::Acked(_) | Event::GoAway(_) => self.wake_openers(),
            Event::Data { stream, bytes } => {
                // Without a handle nobody reads: the window runs out, or the peer finishes first.
                if let Some(cell) = self.cell_of(stream) {
                    cell.input.extend_from_slice(bytes);
                    wake(&mut cell.reader);
                }
            }
            Event::Writable(stream) => {
                if let Some(cell) = self.cell_of(stream) {
                    wake(&mut cell.writer);
                }
            }
            Event::Finished(stream) => {
                if let Some(cell) = self.cell_of(stream) {
                    cell.finish_input();
                }
                self.wake_openers();
            }
            Event::Reset(stream) => {
                if let Some(cell) = self.cell_of(stream) {
                    cell.give_up();
                }
                self.session.release(stream);
                self.wake_openers();
            }
            Event::Pong { id, rtt } => {
                if let Some(place) = self.pongs.iter().position(|(asked, _)| *asked == id) {
                    let (_, answer) = self.pongs.swap_remove(place);
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(rtt);
                }
            }
        }
    }

    fn on_opened(&mut self, key: StreamKey) {
        let is_full = self.arrived.len() >= self.session.config().accept_backlog as usize;
        if self.accepting.is_off || is_full {
            return self.session.reset(key);
        }
        let cell = self.add_cell(key);
        self.arrived.push_back(cell);
        wake(&mut self.accepting.waker);
    }

    fn add_cell(&mut self, key: StreamKey) -> CellId {
        let id = self.cells.insert(Cell::new(key));
        if let Some(place) = self.session.get_mut(key) {
            *place = Some(id);
        }
        id
    }

    fn cell_of(&mut self, stream: StreamKey) -> Option<&mut Cell> {
        let id = (*self.session.get(stream)?)?;
        self.cells.get_mut(id)
    }

    fn wake_openers(&mut self) {
        self.openers.drain(..).for_each(Waker::wake);
    }

    pub(super) fn wake_writers(&mut self) {
        for id in self.output_waiters.drain(..) {
            if let Some(cell) = self.cells.get_mut(id) {
                wake(&mut cell.writer);
            }
        }
    }

    /// From now on no stream can do anything but read what came.
    pub(super) fn end(&mut self) {
        if matches!(self.life, Life::Over | Life::Ended) {
            return;
        }
        self.life = Life::Over;
        for (_, cell) in &mut self.cells {
            cell.give_up();
        }
        self.output_waiters.clear();
        self.pongs.clear();
        wake(&mut self.accepting.waker);
        self.wake_openers();
    }

    /// The connection is closed.
    pub(super) fn finish_end(&mut self) {
        self.life = Life::Ended;
        self.driver = None;
        self.closers.drain(..).for_each(Waker::wake);
    }

    fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    fn wake_driver(&mut self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}

// The control's side.
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

// A stream's side.
impl Inner {
    pub(super) fn stream_key(&self, id: CellId) -> Option<StreamKey> {
        self.cells.get(id).map(|cell| cell.key)
    }

    pub(super) fn poll_read(
        &mut self,
        id: CellId,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_over = !self.is_running();
        let Some(cell) = self.cells.get_mut(id) else { return Poll::Ready(Err(over())) };
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if cell.input.is_empty() {
            // A reset takes nothing from what was complete before it.
            return match cell {
                Cell { is_finished: true, .. } => Poll::Ready(Ok(())),
                Cell { is_reset: true, .. } => Poll::Ready(Err(if is_over { over() } else { was_reset() })),
                Cell { reader, .. } => {
                    *reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let count = cell.input.len().min(into.remaining());
        into.put_slice(&cell.input[..count]);
        cell.input.advance(count);
        if cell.input.is_empty() {
            cell.input = BytesMut::new(); // an idle stream holds no buffer
        }
        let key = cell.key;
        let before = self.session.output_len();
        self.session.consumed(key, count);
        if self.session.output_len() > before {
            self.wake_driver();
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(&mut self, id: CellId, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let key = match self.writable_key(id) {
            Ok(key) => key,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let room = super::OUTPUT_WRITERS_MAX.saturating_sub(self.output_waiting());
        let window = self.session.send_window(key) as usize;
        let count = bytes.len().min(room).min(window);
        if count > 0 {
            self.session.write(key, &bytes[..count]);
            self.wake_driver();
            return Poll::Ready(Ok(count));
        }
        if let Some(cell) = self.cells.get_mut(id) {
            cell.writer = Some(cx.waker().clone());
        }
        if room == 0 && !self.output_waiters.contains(&id) {
            self.output_waiters.push(id);
        }
        Poll::Pending
    }

    fn writable_key(&self, id: CellId) -> io::Result<StreamKey> {
        let cell = self.cells.get(id).filter(|_| self.is_running()).ok_or_else(over)?;
        if self.session.is_open_for_write(cell.key) {
            Ok(cell.key)
        } else if cell.is_reset {
            Err(was_reset())
        } else {
            Err(io::Error::new(io::ErrorKind::BrokenPipe, "the yamux stream was finished"))
        }
    }

    /// Sends FIN after all that was written. Doing so again changes nothing.
    pub(super) fn finish(&mut self, id: CellId, now: Instant) -> io::Result<()> {
        let cell = self.cells.get(id).filter(|_| self.is_running()).ok_or_else(over)?;
        if cell.is_reset {
            return Err(was_reset());
        }
        let key = cell.key;
        self.session.advance(now);
        self.session.finish(key);
        self.wake_openers();
        self.wake_driver();
        Ok(())
    }

    pub(super) fn reset(&mut self, id: CellId) {
        let Some(cell) = self.cells.get_mut(id) else { return };
        cell.give_up();
        let key = cell.key;
        if self.is_running() {
            self.session.reset(key);
            self.wake_openers();
            self.wake_driver();
        }
    }

    /// The handle is gone. The stream is finished if it was not, and stays until the peer finishes too or its time is up.
    pub(super) fn forget(&mut self, id: CellId, now: Instant) {
        let Some(cell) = self.cells.try_remove(id) else { return };
        self.output_waiters.retain(|waiting| *waiting != id);
        if let Some(place) = self.session.get_mut(cell.key) {
            *place = None;
        }
        if self.is_running() {
            self.session.advance(now);
            self.session.finish(cell.key);
            self.wake_openers();
            self.wake_driver();
        }
    }
}
