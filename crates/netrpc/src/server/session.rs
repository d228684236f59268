//! Many streams over yamux: type byte 4.
mod describe; // what it says of itself

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use proconsul_msgpack::GoStr;
use proconsul_yamux::{Code, Event, Session, Side, StreamKey, StreamState};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Connection, End, OUTPUT_BYTES_STOP_READING, OUTPUT_BYTES_STOP_SERVING, RpcService, Server, Stop,
    buffers::Buffers,
    calls::Calls,
    farewell::Farewell,
    output::Unsent,
    stream::Stream,
    timer::Timer,
    turn::{After, Answered, Lane, Turn},
};
use crate::{Answer, Fault};

/// How many bytes of requests that are not whole, or wait behind one in hand, a session holds before nothing further is read
/// from it. Twice the largest request, so that one such request never stops the session's others.
pub const HELD_BYTES_MAX: usize = 2 * crate::BODY_BYTES_MAX;

/// With this much waiting for streams' windows, no further call of the session is answered: streams that are not read from
/// cost a bounded amount, and one more answer.
pub const BACKLOG_BYTES_STOP_SERVING: usize = 32 * 1024 * 1024;

/// Shared answers up to this size are copied behind their header instead of being framed on their own.
const COPY_BYTES_MAX: usize = 4 * 1024;

/// Lists of streams shorter than this are not cleared of those that are gone.
const FORGET_FROM: usize = 64;

/// How often a connection reads in one turn before it lets others have theirs.
const READS_PER_TURN: usize = 16;

/// Gossip that comes on a stream of a session; Consul's community edition refuses it.
const GOSSIP: u8 = 6;

/// A connection that carries many net/rpc streams: a future that ends when it does.
pub struct SessionServer<IO, S, F> {
    io: IO,
    turn: Turn<S, F, StreamKey>,
    session: Session<Lodger>,
    unsent: Unsent,
    timer: Timer,
    /// Bytes held by all streams together.
    held: usize,
    /// Streams whose requests are put off until the peer takes its answers.
    put_off: Vec<StreamKey>,
    /// Streams with a request that was not whole when they were put here, in the order of when those began. At most one entry
    /// a stream.
    slow: VecDeque<(Instant, StreamKey)>,
    /// The session ends once its output is written.
    closing: bool,
    farewell: Farewell,
}

/// What a session keeps of a stream besides yamux's own.
#[derive(Debug, Default)]
struct Lodger {
    stream: Stream,
    /// Bytes that the peer has not been granted anew, because they wait behind the call in hand.
    uncredited: u32,
    /// Its first byte has come: it is net/rpc.
    begun: bool,
    /// The peer will send no more.
    ended: bool,
    /// It has an entry in [`SessionServer::slow`].
    watched: bool,
    /// It has an entry in [`SessionServer::put_off`].
    put_off: bool,
}

impl<S> Server<S> {
    /// Serves a yamux session of net/rpc streams on `io`. The type byte has been read already.
    pub fn session<IO, F>(&self, io: IO, connection: Arc<Connection>) -> SessionServer<IO, S, F>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        S: RpcService<F>,
        F: Future<Output = Result<Answer, Fault>> + Unpin,
    {
        let yamux = Arc::clone(&self.limits.yamux);
        SessionServer {
            io,
            turn: Turn::new(self.clone(), connection),
            session: Session::new(Side::Server, yamux, Instant::now()),
            unsent: Unsent::default(),
            timer: Timer::default(),
            held: 0,
            put_off: Vec::new(),
            slow: VecDeque::new(),
            closing: false,
            farewell: Farewell::default(),
        }
    }
}

impl Lane for Session<Lodger> {
    type Stream = StreamKey;

    fn id(&self, stream: StreamKey) -> Option<u32> {
        self.stream_id(stream).map(|id| id.0)
    }

    fn takes_more(&self, stream: StreamKey) -> bool {
        self.output_len() < OUTPUT_BYTES_STOP_SERVING && self.backlog_bytes(stream) == 0
    }

    fn send(&mut self, stream: StreamKey, write: impl FnOnce(&mut Vec<u8>)) {
        let frame = self.begin_data(stream);
        write(self.output_mut());
        self.end_data(frame);
    }

    fn send_shared(&mut self, stream: StreamKey, write: impl FnOnce(&mut Vec<u8>), shared: Bytes) {
        let frame = self.begin_data(stream);
        write(self.output_mut());
        if shared.len() <= COPY_BYTES_MAX {
            self.output_mut().extend_from_slice(&shared);
            self.end_data(frame);
        } else {
            self.end_data(frame);
            self.write_shared(stream, shared);
        }
    }
}

impl<IO, S, F> Future for SessionServer<IO, S, F>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: RpcService<F> + Unpin,
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    type Output = Result<(), End>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.turn.connection.listen(cx);
        let mut buffers = Buffers::borrow();
        this.session.swap_output(&mut buffers.output);
        let polled = this.take_turn(&mut buffers.input, cx);
        this.session.swap_output(&mut buffers.output);
        buffers.give_back();
        polled
    }
}

impl<IO, S, F> SessionServer<IO, S, F>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: RpcService<F>,
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    fn take_turn(&mut self, input: &mut [u8], cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let now = Instant::now();
        let asked = self.turn.connection.asked();
        if asked.describe {
            self.turn.connection.tell(self.describe(now));
        }
        match asked.stop {
            Stop::Now => return Poll::Ready(Err(End::Stopped)),
            Stop::Drain if !self.session.is_local_gone() => self.session.go_away(Code::Normal),
            Stop::Drain | Stop::No => {}
        }
        if self.farewell.has_begun() {
            return self.part(input, now, cx);
        }
        self.session.advance(now);
        self.take_answers(now, cx);
        for read in 0.. {
            self.flush(now, cx)?;
            self.take_up(now, cx);
            if self.closing || self.unsent.len() >= OUTPUT_BYTES_STOP_READING || self.held >= HELD_BYTES_MAX {
                break;
            }
            if read == READS_PER_TURN {
                cx.waker().wake_by_ref();
                break;
            }
            let mut buffer = ReadBuf::new(input);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(result) => result?,
            }
            let mut chunk = buffer.filled();
            if chunk.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if let Err(error) = self.receive(&mut chunk, now, cx) {
                // What was answered before goes out, if the peer still listens.
                self.flush(now, cx)?;
                return Poll::Ready(Err(error));
            }
        }
        self.flush(now, cx)?;
        if (self.closing || self.is_drained()) && self.unsent.len() == 0 {
            // Whatever still waits is freed now: nobody will hear of it.
            self.turn.calls = Calls::default();
            return self.part(input, now, cx);
        }
        self.unsent.check(self.turn.server.limits.write_timeout, now)?;
        self.wait(now, cx)
    }

    /// Ends a session whose peer has not closed it: we stop, or one of its streams was nothing.
    fn part(&mut self, input: &mut [u8], now: Instant, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        ready!(self.farewell.poll(&mut self.io, input, &mut self.timer, now, cx))?;
        Poll::Ready(if self.closing { Err(End::Malformed) } else { Ok(()) })
    }

    fn flush(&mut self, now: Instant, cx: &mut Context<'_>) -> Result<(), End> {
        Ok(self.unsent.write(&mut self.io, self.session.output_mut(), now, cx)?)
    }

    /// Writes what has been answered since the last turn.
    fn take_answers(&mut self, now: Instant, cx: &mut Context<'_>) {
        for (number, answer) in self.turn.connection.take_answers() {
            if let Some(to) = self.turn.calls.answered(number, answer.is_ok()) {
                let errors = self.turn.errors;
                let answered = self.turn.deliver(&mut self.session, to, answer);
                self.note(to.stream, answered, self.turn.errors - errors, now, cx);
            }
        }
        while let Poll::Ready((to, received_ms, result)) = self.turn.calls.poll_ready(cx) {
            let errors = self.turn.errors;
            let answered = self.turn.settle(&mut self.session, to, received_ms, result);
            self.note(to.stream, answered, self.turn.errors - errors, now, cx);
        }
    }

    /// Records what became of a stream's call in hand, and serves what waits behind it.
    fn note(&mut self, key: StreamKey, answered: Answered, errors: u64, now: Instant, cx: &mut Context<'_>) {
        let Some(lodger) = self.session.get_mut(key) else { return };
        lodger.stream.count_errors(errors);
        match answered {
            Answered::Later(number) => lodger.stream.wait_for(number),
            Answered::Close | Answered::ReadOn => self.close(key),
            Answered::Open => {
                lodger.stream.answered();
                if lodger.stream.held() > 0 || lodger.ended {
                    self.serve(key, &[], now, cx);
                }
            }
        }
    }

    fn receive(&mut self, chunk: &mut &[u8], now: Instant, cx: &mut Context<'_>) -> Result<(), End> {
        while let Some(event) = self.session.receive(chunk, now)? {
            match event {
                Event::Data { stream, bytes, more } => self.data(stream, bytes, more, now, cx),
                Event::Finished(stream) => self.finished(stream, now, cx),
                Event::Reset(stream) => self.reset(stream),
                Event::Writable(stream) => self.writable(stream, now, cx),
                Event::Opened(_) | Event::Acked(_) | Event::GoAway(_) | Event::Pong { .. } => {}
            }
        }
        Ok(())
    }

    fn data(&mut self, key: StreamKey, bytes: &[u8], more: bool, now: Instant, cx: &mut Context<'_>) {
        let Some(lodger) = self.session.get_mut(key) else { return };
        if !lodger.begun {
            lodger.begun = true;
            if bytes.first() == Some(&GOSSIP) {
                self.close(key);
                return;
            }
        }
        if more {
            self.keep(key, bytes, now);
        } else {
            self.serve(key, bytes, now, cx);
        }
    }

    /// Keeps a part of a frame. Nothing of a frame is looked at before all of it is there, as Go's reader sees none of it
    /// either; the stream's window bounds what is kept.
    fn keep(&mut self, key: StreamKey, bytes: &[u8], now: Instant) {
        let Some(lodger) = self.session.get_mut(key) else { return };
        if lodger.stream.is_closed() {
            self.session.consumed(key, bytes.len());
            return;
        }
        lodger.stream.begin(bytes, now);
        self.held += bytes.len();
        lodger.uncredited = lodger.uncredited.saturating_add(bytes.len() as u32);
        if !std::mem::replace(&mut lodger.watched, true) {
            self.forget_the_gone();
            self.slow.push_back((now, key));
        }
    }

    fn finished(&mut self, key: StreamKey, now: Instant, cx: &mut Context<'_>) {
        let Some(lodger) = self.session.get_mut(key) else { return };
        lodger.ended = true;
        lodger.stream.end();
        if !lodger.begun {
            // Consul cannot see what kind of stream it was to be, and ends the session.
            self.close(key);
            self.closing = true;
        } else if lodger.stream.pending().is_none() {
            self.serve(key, &[], now, cx);
        }
    }

    /// The peer has room again for what a stream has to say: what waited for that is served.
    fn writable(&mut self, key: StreamKey, now: Instant, cx: &mut Context<'_>) {
        let Some(lodger) = self.session.get_mut(key) else { return };
        if lodger.stream.pending().is_none() && (lodger.stream.held() > 0 || lodger.ended) {
            self.serve(key, &[], now, cx);
        }
    }

    fn reset(&mut self, key: StreamKey) {
        let Some(lodger) = self.session.release(key) else { return };
        self.held -= lodger.stream.held();
        if let Some(number) = lodger.stream.pending() {
            self.turn.calls.cancel(number);
        }
        self.closing |= !lodger.begun;
    }

    /// Lets a stream serve what it holds and `bytes`; puts it off while the peer does not take what is written to it.
    fn serve(&mut self, key: StreamKey, bytes: &[u8], now: Instant, cx: &mut Context<'_>) {
        let Some(place) = self.session.get_mut(key) else { return };
        if place.stream.is_closed() {
            // Dropped, and granted anew: a peer that writes on, out of window, would never come to read why we closed.
            self.session.consumed(key, bytes.len());
            return;
        }
        let mut lodger = std::mem::take(place);
        self.held -= lodger.stream.held();
        let credit = bytes.len() as u32;
        let unread = self.is_behind() || self.session.backlog_bytes(key) > 0;
        let after = if unread && lodger.stream.held() + bytes.len() > 0 {
            lodger.stream.hold(bytes);
            lodger.uncredited = lodger.uncredited.saturating_add(credit);
            After::PutOff
        } else {
            let waits = lodger.stream.pending().is_some();
            let after = lodger.stream.serve(&mut self.turn, &mut self.session, key, bytes, now, cx);
            // What waits behind a call in hand is not granted anew: the window bounds what a peer can make us hold.
            if waits || after == After::PutOff {
                lodger.uncredited = lodger.uncredited.saturating_add(credit);
            } else {
                let used = std::mem::take(&mut lodger.uncredited).saturating_add(credit);
                self.session.consumed(key, used as usize);
            }
            after
        };
        self.held += lodger.stream.held();
        // What waits for the stream's own window is taken up when that opens.
        if after == After::PutOff && self.is_behind() && !lodger.put_off {
            lodger.put_off = true;
            self.forget_the_gone();
            self.put_off.push(key);
        }
        if let Some(since) = lodger.stream.since()
            && !lodger.watched
        {
            lodger.watched = true;
            self.forget_the_gone();
            self.slow.push_back((since, key));
        }
        if let Some(place) = self.session.get_mut(key) {
            *place = lodger;
        }
        if after == After::Close {
            self.close(key);
        }
        if self.session.state(key) == Some(StreamState::Reset) {
            // The session's backlog had no room for the answer.
            self.reset(key);
        }
    }

    /// Drops what is remembered of streams that are gone, once that is more than what is remembered of those that are here:
    /// a peer that opens and resets streams makes no list grow.
    fn forget_the_gone(&mut self) {
        let most = 2 * self.session.streams() + FORGET_FROM;
        let session = &self.session;
        if self.slow.len() > most {
            self.slow.retain(|(_, key)| session.get(*key).is_some_and(|lodger| lodger.watched));
        }
        if self.put_off.len() > most {
            self.put_off.retain(|key| session.get(*key).is_some_and(|lodger| lodger.put_off));
        }
    }

    /// Whether we have said that we go, and everything that came before is answered.
    fn is_drained(&self) -> bool {
        self.session.is_local_gone()
            && self.turn.calls.len() == 0
            && self.put_off.is_empty()
            && self.session.backlog_bytes_total() == 0
            && !self.has_requests_on_the_way()
    }

    /// Whether some request has begun and is not all there.
    fn has_requests_on_the_way(&self) -> bool {
        let begun = |key: &StreamKey| self.session.get(*key).is_some_and(|lodger| lodger.stream.since().is_some());
        self.slow.iter().any(|(_, key)| begun(key))
    }

    /// Whether the peer takes its answers so slowly that no further call is answered for now.
    fn is_behind(&self) -> bool {
        self.unsent.len() + self.session.output_len() >= OUTPUT_BYTES_STOP_SERVING
            || self.session.backlog_bytes_total() >= BACKLOG_BYTES_STOP_SERVING
    }

    /// Serves the streams that were put off, as far as the peer takes the answers.
    fn take_up(&mut self, now: Instant, cx: &mut Context<'_>) {
        while !self.put_off.is_empty() && !self.is_behind() {
            let key = self.put_off.swap_remove(0);
            if let Some(lodger) = self.session.get_mut(key) {
                lodger.put_off = false;
                self.serve(key, &[], now, cx);
            }
        }
    }

    /// Our side of a stream ends after what is written to it. Whatever it waited on is freed.
    fn close(&mut self, key: StreamKey) {
        if let Some(lodger) = self.session.get_mut(key) {
            self.held -= lodger.stream.held();
            if let Some(number) = lodger.stream.pending() {
                self.turn.calls.cancel(number);
            }
            lodger.stream.close();
            let dropped = std::mem::take(&mut lodger.uncredited);
            self.session.consumed(key, dropped as usize);
        }
        self.session.finish(key);
    }

    /// Does what is due, and arms the timer for what is due next.
    fn wait(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let limits = Arc::clone(&self.turn.server.limits);
        let slow = self.give_up_slow(limits.request_read_timeout, now);
        if self.session.poll_timeout().is_some_and(|due| due <= now) {
            self.session.handle_timeout(now)?;
        }
        if self.session.output_len() > 0 {
            self.flush(now, cx)?;
        }
        let next = [slow, self.unsent.deadline(limits.write_timeout), self.session.poll_timeout()];
        if self.timer.poll(next.into_iter().flatten().min(), cx) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Ends the streams whose request took too long from its first byte; says when to look again.
    fn give_up_slow(&mut self, limit: Duration, now: Instant) -> Option<Instant> {
        while let Some((since, key)) = self.slow.front().copied() {
            if since + limit > now {
                return Some(since + limit);
            }
            self.slow.pop_front();
            let Some(lodger) = self.session.get_mut(key) else { continue };
            lodger.watched = false;
            match lodger.stream.since() {
                None => {}
                Some(began) if began + limit > now => {
                    lodger.watched = true;
                    self.slow.push_back((began, key));
                }
                Some(_) => {
                    let mut lodger = std::mem::take(lodger);
                    self.held -= lodger.stream.held();
                    let text = GoStr::from(format!("rpc: request was not whole {limit:?} after its first byte"));
                    lodger.stream.give_up(&mut self.turn, &mut self.session, key, text);
                    if let Some(place) = self.session.get_mut(key) {
                        *place = lodger;
                    }
                    self.close(key);
                }
            }
        }
        None
    }
}
