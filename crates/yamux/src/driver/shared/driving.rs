//! What the driver does to the shared state: input, timeouts, the end.

use super::{Cell, CellId, Inner, Life, wake};
use crate::error::SessionError;
use crate::session::{Event, StreamKey};
use std::task::Waker;
use std::time::Instant;

impl Inner {
    pub(in crate::driver) fn register_driver(&mut self, waker: &Waker) {
        match &mut self.driver {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Bytes that wait to be written to the connection.
    pub(in crate::driver) fn output_waiting(&self) -> usize {
        self.writing + self.session.output_len()
    }

    pub(in crate::driver) fn is_closing(&self) -> bool {
        self.life == Life::Closing
    }

    pub(in crate::driver) fn receive(&mut self, mut input: &[u8], now: Instant) -> Result<(), SessionError> {
        while let Some(event) = self.session.receive(&mut input, now)? {
            self.on_event(event);
        }
        Ok(())
    }

    pub(in crate::driver) fn handle_timeout(&mut self, now: Instant) -> Result<(), SessionError> {
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
            Event::Data { stream, bytes, .. } => {
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

    pub(super) fn add_cell(&mut self, key: StreamKey) -> CellId {
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

    pub(super) fn wake_openers(&mut self) {
        self.openers.drain(..).for_each(Waker::wake);
    }

    pub(in crate::driver) fn wake_writers(&mut self) {
        for id in self.output_waiters.drain(..) {
            if let Some(cell) = self.cells.get_mut(id) {
                wake(&mut cell.writer);
            }
        }
    }

    /// From now on no stream can do anything but read what came.
    pub(in crate::driver) fn end(&mut self) {
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
    pub(in crate::driver) fn finish_end(&mut self) {
        self.life = Life::Ended;
        self.driver = None;
        self.closers.drain(..).for_each(Waker::wake);
    }

    pub(super) fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    pub(super) fn wake_driver(&mut self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}
