//! One stream on a connection of its own: type byte 0.
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Connection, Description, End, OUTPUT_BYTES_STOP_READING, OUTPUT_BYTES_STOP_SERVING, RpcService, Server, Stop,
    buffers::Buffers,
    farewell::Farewell,
    output::Unsent,
    stream::Stream,
    timer::Timer,
    turn::{Answered, Lane, Turn},
};
use crate::{Answer, Fault};

/// How many bytes of requests are held behind one that is being answered before nothing further is read.
const PIPELINED_BYTES_MAX: usize = 64 * 1024;

/// How often a connection reads in one turn before it lets others have theirs.
const READS_PER_TURN: usize = 16;

/// A connection that carries one net/rpc stream: a future that ends when it does.
pub struct SingleServer<IO, S, F> {
    io: IO,
    turn: Turn<S, F, ()>,
    stream: Stream,
    unsent: Unsent,
    timer: Timer,
    /// The peer will send no more.
    ended: bool,
    farewell: Farewell,
}

impl<S> Server<S> {
    /// Serves one net/rpc stream on `io`. The type byte has been read already.
    pub fn single<IO, F>(&self, io: IO, connection: Arc<Connection>) -> SingleServer<IO, S, F>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        S: RpcService<F>,
        F: Future<Output = Result<Answer, Fault>> + Unpin,
    {
        SingleServer {
            io,
            turn: Turn::new(self.clone(), connection),
            stream: Stream::default(),
            unsent: Unsent::default(),
            timer: Timer::default(),
            ended: false,
            farewell: Farewell::default(),
        }
    }
}

/// The only stream's answers go straight into the output.
struct Output<'o> {
    bytes: &'o mut Vec<u8>,
    /// How much waits from earlier turns.
    unsent: usize,
}

impl Lane for Output<'_> {
    type Stream = ();

    fn id(&self, (): ()) -> Option<u32> {
        None
    }

    fn takes_more(&self, (): ()) -> bool {
        self.unsent + self.bytes.len() < OUTPUT_BYTES_STOP_SERVING
    }

    fn send(&mut self, (): (), write: impl FnOnce(&mut Vec<u8>)) {
        write(self.bytes);
    }

    fn send_shared(&mut self, (): (), write: impl FnOnce(&mut Vec<u8>), shared: Bytes) {
        write(self.bytes);
        self.bytes.extend_from_slice(&shared);
    }
}

impl<IO, S, F> Future for SingleServer<IO, S, F>
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
        let polled = this.take_turn(&mut buffers, cx);
        buffers.give_back();
        polled
    }
}

impl<IO, S, F> SingleServer<IO, S, F>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: RpcService<F>,
    F: Future<Output = Result<Answer, Fault>> + Unpin,
{
    fn take_turn(&mut self, buffers: &mut Buffers, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let now = Instant::now();
        let asked = self.turn.connection.asked();
        if asked.describe {
            self.turn.connection.tell(self.describe(now));
        }
        if asked.stop == Stop::Now {
            return Poll::Ready(Err(End::Stopped));
        }
        if self.farewell.has_begun() {
            return self.part(&mut buffers.input, now, cx);
        }
        self.take_answers(&mut buffers.output, now, cx);
        for read in 0.. {
            self.unsent.write(&mut self.io, &mut buffers.output, now, cx)?;
            let put_off = self.stream.is_put_off();
            let may_go_on = if put_off { self.unsent.len() < OUTPUT_BYTES_STOP_SERVING } else { self.may_read() };
            if self.stream.is_closed() || !may_go_on {
                break;
            }
            if read == READS_PER_TURN {
                cx.waker().wake_by_ref();
                break;
            }
            let mut lane = Output { bytes: &mut buffers.output, unsent: self.unsent.len() };
            if put_off {
                self.stream.serve(&mut self.turn, &mut lane, (), &[], now, cx);
                continue;
            }
            let mut buffer = ReadBuf::new(&mut buffers.input);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(result) => result?,
            }
            let chunk = buffer.filled();
            if chunk.is_empty() {
                self.ended = true;
                self.stream.end();
            }
            self.stream.serve(&mut self.turn, &mut lane, (), chunk, now, cx);
        }
        let idle = self.stream.pending().is_none() && self.stream.since().is_none() && !self.stream.is_put_off();
        if self.turn.connection.stopping() == Stop::Drain && idle {
            self.stream.close();
        }
        if self.stream.is_closed() && self.unsent.len() == 0 {
            if self.ended {
                // The peer has closed its side: there is nothing to wait for or to take off the connection.
                return Pin::new(&mut self.io).poll_shutdown(cx).map_err(End::Io);
            }
            return self.part(&mut buffers.input, now, cx);
        }
        self.unsent.check(self.turn.server.limits.write_timeout, now)?;
        self.wait(now, cx)
    }

    /// Ends a connection whose peer has not closed it: we stop, or what came was no request.
    fn part(&mut self, input: &mut [u8], now: Instant, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        ready!(self.farewell.poll(&mut self.io, input, &mut self.timer, now, cx))?;
        let stops = self.turn.connection.stopping() != Stop::No;
        Poll::Ready(match self.turn.refused {
            _ if stops => Ok(()),
            true => Err(End::Refused),
            false => Err(End::Malformed),
        })
    }

    fn may_read(&self) -> bool {
        let busy = self.stream.pending().is_some();
        !self.ended
            && self.unsent.len() < if busy { OUTPUT_BYTES_STOP_READING } else { OUTPUT_BYTES_STOP_SERVING }
            && !(busy && self.stream.held() >= PIPELINED_BYTES_MAX)
    }

    /// What the connection does at `now`.
    fn describe(&self, now: Instant) -> Description {
        let start = self.turn.connection.since();
        Description {
            calls: self.turn.served,
            errors: self.turn.errors,
            held_bytes: self.stream.held(),
            unsent_bytes: self.unsent.len(),
            streams_total: 1,
            streams: vec![self.stream.describe(None, &self.turn.calls, start, now)],
        }
    }

    /// Writes what has been answered since the last turn.
    fn take_answers(&mut self, output: &mut Vec<u8>, now: Instant, cx: &mut Context<'_>) {
        let mut lane = Output { bytes: output, unsent: self.unsent.len() };
        let mut any = false;
        for (number, answer) in self.turn.connection.take_answers() {
            if let Some(to) = self.turn.calls.answered(number, answer.is_ok()) {
                let errors = self.turn.errors;
                let answered = self.turn.deliver(&mut lane, to, answer);
                self.stream.count_errors(self.turn.errors - errors);
                any |= note(&mut self.stream, answered);
            }
        }
        while let Poll::Ready((to, received_ms, result)) = self.turn.calls.poll_ready(cx) {
            let errors = self.turn.errors;
            let answered = self.turn.settle(&mut lane, to, received_ms, result);
            self.stream.count_errors(self.turn.errors - errors);
            any |= note(&mut self.stream, answered);
        }
        if any && !self.stream.is_closed() {
            self.stream.serve(&mut self.turn, &mut lane, (), &[], now, cx);
        }
    }

    /// Arms the timer for what has a deadline.
    fn wait(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let limits = &self.turn.server.limits;
        let limit = limits.request_read_timeout;
        let request = self.stream.since().map(|since| since + limit);
        if request.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(Err(End::SlowRequest { limit }));
        }
        let next = [request, self.unsent.deadline(limits.write_timeout)].into_iter().flatten().min();
        if self.timer.poll(next, cx) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Records what became of the call in hand. True if the stream may go on.
fn note(stream: &mut Stream, answered: Answered) -> bool {
    match answered {
        Answered::Open => {
            stream.answered();
            true
        }
        Answered::Close | Answered::ReadOn => {
            stream.close();
            false
        }
        Answered::Later(number) => {
            stream.wait_for(number);
            false
        }
    }
}
