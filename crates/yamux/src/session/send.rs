//! What goes out: writes to frames, as far as the windows let them.

use super::{Session, StreamKey, waits_for_fin};
use crate::backlog::Backlog;
use crate::frame::{Flags, HEADER_BYTES, Header, Kind};
use crate::stream::{StreamId, StreamState};
use bytes::Bytes;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it is in the output.
    Framed,
    /// Some of it waits for window in the stream's backlog.
    Backlogged,
    /// The session's backlog was full ([`crate::Config::backlog_bytes_max`]): the stream has been reset.
    Overflowed,
    /// The stream is not open for writing: nothing was done.
    Closed,
}

/// A data frame being written into the output. Give it back to [`Session::end_data`] in the same turn.
#[derive(Debug)]
#[must_use = "the frame's header is not complete before end_data"]
pub struct FrameStart {
    stream: StreamKey,
    at: usize,
}

impl<T> Session<T> {
    /// Sends `bytes`: what the send window allows goes into the output, the rest waits in the stream's backlog.
    pub fn write(&mut self, stream: StreamKey, bytes: &[u8]) -> Written {
        match self.frame_prefix(stream, bytes) {
            Err(closed) => closed,
            Ok(framed) if framed == bytes.len() => Written::Framed,
            Ok(framed) => self.keep(stream, bytes.len() - framed, |backlog| backlog.push_copy(&bytes[framed..])),
        }
    }

    /// As [`write`](Self::write), but what has to wait is kept without a copy.
    pub fn write_shared(&mut self, stream: StreamKey, mut bytes: Bytes) -> Written {
        match self.frame_prefix(stream, &bytes) {
            Err(closed) => closed,
            Ok(framed) if framed == bytes.len() => Written::Framed,
            Ok(framed) => {
                let rest = bytes.split_off(framed);
                self.keep(stream, rest.len(), |backlog| backlog.push_shared(rest))
            }
        }
    }

    /// Begins a data frame in the output: append the payload to [`output_mut`](Self::output_mut), then call
    /// [`end_data`](Self::end_data). Nothing else may happen to the session in between.
    pub fn begin_data(&mut self, stream: StreamKey) -> FrameStart {
        let at = self.output.len();
        self.output.extend_from_slice(&[0; HEADER_BYTES]);
        FrameStart { stream, at }
    }

    /// Completes the frame. What exceeds the send window is moved to the backlog; if nothing was appended, or the stream
    /// is not open for writing, the frame is taken back.
    pub fn end_data(&mut self, frame: FrameStart) -> Written {
        let FrameStart { stream, at } = frame;
        let payload = at + HEADER_BYTES;
        let length = self.output.len().saturating_sub(payload);
        let Some(entry) = self.stream_mut(stream).filter(|entry| entry.is_writable()) else {
            self.output.truncate(at);
            return Written::Closed;
        };
        let id = entry.id;
        let allowed = if entry.backlog.is_some() { 0 } else { entry.send.take(length) };
        let written = if allowed == length {
            Written::Framed
        } else {
            let mut output = std::mem::take(&mut self.output);
            let written =
                self.keep(stream, length - allowed, |backlog| backlog.push_copy(&output[payload + allowed..]));
            // A reset of the stream, if the backlog overflowed, was put into the empty output.
            let after = std::mem::take(&mut self.output);
            output.truncate(payload + allowed);
            if allowed == 0 {
                output.truncate(at);
            }
            output.extend_from_slice(&after);
            self.output = output;
            written
        };
        match self.output.get_mut(at..payload) {
            Some(place) if allowed > 0 => place.copy_from_slice(&data_header(id, allowed).encode()),
            _ if length == 0 => self.output.truncate(at),
            _ => {}
        }
        written
    }

    /// Says that nothing more will be written to the stream: FIN follows what waits in its backlog. If the peer has
    /// finished too, the stream is freed once FIN is in the output, which may be at once; its `T` is dropped then.
    pub fn finish(&mut self, stream: StreamKey) {
        let Some(entry) = self.stream_mut(stream).filter(|entry| entry.is_writable()) else { return };
        entry.finishing = true;
        if entry.backlog.is_none() && self.send_fin(stream) {
            self.remove(stream);
        }
    }

    /// Frames what fits of a stream without backlog, and returns how much that is.
    fn frame_prefix(&mut self, stream: StreamKey, bytes: &[u8]) -> Result<usize, Written> {
        let entry = self.stream_mut(stream).filter(|entry| entry.is_writable()).ok_or(Written::Closed)?;
        if entry.backlog.is_some() {
            return Ok(0);
        }
        let (id, allowed) = (entry.id, entry.send.take(bytes.len()));
        if allowed > 0 {
            self.output.reserve(HEADER_BYTES + allowed);
            self.output.extend_from_slice(&data_header(id, allowed).encode());
            self.output.extend_from_slice(&bytes[..allowed]);
        }
        Ok(allowed)
    }

    /// Puts the `count` bytes that `push` adds into the stream's backlog.
    fn keep(&mut self, stream: StreamKey, count: usize, push: impl FnOnce(&mut Backlog)) -> Written {
        if count == 0 {
            return Written::Framed;
        }
        if self.backlog_bytes >= self.config.backlog_bytes_max {
            self.overflow(stream);
            return Written::Overflowed;
        }
        let Some(entry) = self.stream_mut(stream) else { return Written::Closed };
        push(entry.backlog.get_or_insert_default());
        self.backlog_bytes += count;
        Written::Backlogged
    }

    /// Resets a stream that the backlog has no room for. It keeps its place until it is released, as if the peer had
    /// reset it: the embedder is in the middle of using it.
    fn overflow(&mut self, stream: StreamKey) {
        let Some(entry) = self.stream_mut(stream) else { return };
        entry.state = StreamState::Reset;
        let id = entry.id;
        self.unlink(stream);
        self.control(Kind::WindowUpdate, Flags::RST, id.0, 0);
    }

    /// Frames as much of the backlog as the window allows, and FIN after it if that was asked for. True if both sides are
    /// closed then; the caller frees the stream.
    pub(super) fn drain_backlog(&mut self, stream: StreamKey) -> bool {
        let Some(entry) = self.stream_mut(stream) else { return false };
        let Some(mut backlog) = entry.backlog.take() else { return false };
        let (id, count) = (entry.id, entry.send.take(backlog.len()));
        if count > 0 {
            self.output.extend_from_slice(&data_header(id, count).encode());
            backlog.pop_into(count, &mut self.output);
            self.backlog_bytes -= count;
        }
        let is_done = backlog.len() == 0;
        let Some(entry) = self.stream_mut(stream) else { return false };
        if !is_done {
            entry.backlog = Some(backlog);
            return false;
        }
        entry.finishing && self.send_fin(stream)
    }

    /// Puts FIN into the output. True if both sides are closed then.
    fn send_fin(&mut self, stream: StreamKey) -> bool {
        let Some(entry) = self.stream_mut(stream) else { return false };
        let was_unacked = entry.state == StreamState::SynSent;
        entry.state = entry.state.after_local_fin();
        let (id, state) = (entry.id, entry.state);
        self.control(Kind::WindowUpdate, Flags::FIN, id.0, 0);
        if state == StreamState::LocalClosed {
            self.start_close_timer(stream);
        }
        if was_unacked {
            let Self { opens, streams, .. } = self;
            opens.prune(|key| super::waits_for_ack(streams, key));
        }
        state == StreamState::Closed
    }

    fn start_close_timer(&mut self, stream: StreamKey) {
        let Some(timeout) = self.config.stream_close_timeout else { return };
        let Self { closes, streams, clock, .. } = self;
        closes.push(*clock + timeout, stream, streams.len(), |key| waits_for_fin(streams, key));
    }
}

fn data_header(stream: StreamId, length: usize) -> Header {
    let length = u32::try_from(length).expect("a send window is a u32, so what it allows is");
    Header { kind: Kind::Data, flags: Flags::NONE, stream: stream.0, length }
}
