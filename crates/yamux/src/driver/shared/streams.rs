//! What a stream's handle does to the shared state.

use super::{Cell, CellId, Inner, over, was_reset};
use crate::driver::OUTPUT_WRITERS_MAX;
use crate::session::StreamKey;
use bytes::{Buf, BytesMut};
use std::io;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::ReadBuf;

impl Inner {
    pub(in crate::driver) fn stream_key(&self, id: CellId) -> Option<StreamKey> {
        self.cells.get(id).map(|cell| cell.key)
    }

    pub(in crate::driver) fn poll_read(
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

    pub(in crate::driver) fn poll_write(
        &mut self,
        id: CellId,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let key = match self.writable_key(id) {
            Ok(key) => key,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let room = OUTPUT_WRITERS_MAX.saturating_sub(self.output_waiting());
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
    pub(in crate::driver) fn finish(&mut self, id: CellId, now: Instant) -> io::Result<()> {
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

    pub(in crate::driver) fn reset(&mut self, id: CellId) {
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
    pub(in crate::driver) fn forget(&mut self, id: CellId, now: Instant) {
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
