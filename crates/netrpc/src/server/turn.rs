//! From bytes to answers, for either kind of connection.
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use proconsul_msgpack::{DecodeError, GoStr};
use proconsul_types::{CallInfo, RequestSeq};

use super::{
    Connection, RpcService, Server,
    calls::{Calls, To, millis_since},
    spans,
};
use crate::{Answer, Call, Fault, Intake, Park, Reply, Step, Then, write_error, write_response_header};

/// Where a connection's answers are written.
pub(super) trait Lane {
    /// Names a stream of the connection.
    type Stream: Copy;

    /// The stream's number on the wire, where streams have one.
    fn id(&self, stream: Self::Stream) -> Option<u32>;

    /// Whether another call of the stream may be answered: the peer takes what was written before.
    fn takes_more(&self, stream: Self::Stream) -> bool;

    /// Appends to the stream's output what `write` appends to the buffer.
    fn send(&mut self, stream: Self::Stream, write: impl FnOnce(&mut Vec<u8>));

    /// As [`send`](Self::send), then `shared`, which may be kept without being copied.
    fn send_shared(&mut self, stream: Self::Stream, write: impl FnOnce(&mut Vec<u8>), shared: Bytes);
}

/// What is to happen to a stream after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// More bytes are needed.
    Wait,
    /// More calls are there, and are put off until the peer takes what was written to it.
    PutOff,
    /// The call with this number has to be waited for.
    Pending(u64),
    /// Nothing more is read or answered on it.
    Close,
}

/// The serving half of a connection, whatever its streams are.
pub(super) struct Turn<S, F, K> {
    pub(super) server: Server<S>,
    pub(super) connection: Arc<Connection>,
    pub(super) calls: Calls<K, F>,
    /// How many whole requests have been taken, and how many calls were answered with an error.
    pub(super) served: u64,
    pub(super) errors: u64,
    /// A request was answered with an error that ended its stream.
    pub(super) refused: bool,
}

impl<S, F, K> Drop for Turn<S, F, K> {
    fn drop(&mut self) {
        self.connection.over();
    }
}

impl<S, F, K> Turn<S, F, K>
where
    S: RpcService<F>,
    F: Future<Output = Result<Answer, Fault>> + Unpin,
    K: Copy,
{
    pub(super) fn new(server: Server<S>, connection: Arc<Connection>) -> Self {
        Self { server, connection, calls: Calls::default(), served: 0, errors: 0, refused: false }
    }

    /// Serves what is in `data`, from `*at` on, of one stream: answers calls until one has to wait or more bytes are needed.
    #[expect(clippy::too_many_arguments, reason = "one call per read; a struct of the seven would only rename them")]
    pub(super) fn serve<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        stream: K,
        intake: &mut Intake,
        data: &[u8],
        at: &mut usize,
        received: Instant,
        cx: &mut Context<'_>,
    ) -> After {
        loop {
            // A short request may have a long answer: what one read brings is not answered whatever it costs.
            if *at < data.len() && !lane.takes_more(stream) {
                return After::PutOff;
            }
            match intake.next(data, at, self.server.registry.methods()) {
                Step::Wait => return After::Wait,
                Step::Close => return After::Close,
                Step::Refuse { seq, method, text } => {
                    self.served += 1;
                    self.refuse(lane, stream, seq, &method, &text);
                    return After::Close;
                }
                Step::Measure { method, bytes } => match self.server.registry.probe(method, bytes) {
                    Ok(()) => intake.ends_after(bytes.len()),
                    Err(DecodeError::Trailing(more)) => intake.ends_after(bytes.len().saturating_sub(more)),
                    Err(error) if error.is_incomplete() => return After::Wait,
                    // Its decoder will say the same to whoever counts calls.
                    Err(_) => intake.ends_after(bytes.len()),
                },
                Step::Call { method, seq, timeout, body } => {
                    self.served += 1;
                    let Some(row) = self.server.registry.methods().row(method) else { return After::Close };
                    let info = CallInfo {
                        method: row,
                        method_index: method,
                        peer: self.connection.peer(),
                        received,
                        deadline: timeout.and_then(|timeout| received.checked_add(timeout)),
                    };
                    let to = To { stream, seq, method: row };
                    match self.call(lane, to, Call { info, body }, cx) {
                        Answered::Open => intake.answered(),
                        Answered::ReadOn => {
                            *at -= body.len();
                            self.served -= 1;
                            intake.read_on(method, seq, timeout, body.len());
                        }
                        Answered::Close => {
                            intake.closed();
                            return After::Close;
                        }
                        Answered::Later(number) => return After::Pending(number),
                    }
                }
            }
        }
    }

    fn call<L: Lane<Stream = K>>(&mut self, lane: &mut L, to: To<K>, call: Call<'_>, cx: &mut Context<'_>) -> Answered {
        let _spans = spans::enter(lane, &to);
        let received = call.info.received;
        tracing::trace!("call");
        let mut future = match self.server.service.poll_ready(cx) {
            Poll::Ready(Ok(())) => self.server.service.call(call),
            Poll::Ready(Err(fault)) => return self.fault(lane, to, &fault),
            // Layers here say no by answering, never by keeping a connection waiting.
            Poll::Pending => return self.fault(lane, to, &Fault::answer("rpc: server is overloaded")),
        };
        match Pin::new(&mut future).poll(cx) {
            Poll::Ready(Err(fault)) if fault.then == Then::ReadOn => Answered::ReadOn,
            Poll::Ready(Ok(Answer::Now(reply))) => self.reply(lane, to, reply),
            Poll::Ready(Ok(Answer::Later(park))) => self.park(to, self.received_ms(received), park),
            Poll::Ready(Err(fault)) => self.fault(lane, to, &fault),
            Poll::Pending => {
                tracing::trace!("in hand");
                Answered::Later(self.calls.keep(to, self.received_ms(received), future))
            }
        }
    }

    /// Writes the result of a call of an earlier turn, or parks it.
    pub(super) fn settle<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        to: To<K>,
        received_ms: u32,
        result: Result<Answer, Fault>,
    ) -> Answered {
        let _spans = spans::enter(lane, &to);
        match result {
            Ok(Answer::Now(reply)) => self.reply(lane, to, reply),
            Ok(Answer::Later(park)) => self.park(to, received_ms, park),
            Err(fault) => self.fault(lane, to, &fault),
        }
    }

    fn park(&mut self, to: To<K>, received_ms: u32, call: Box<dyn Park>) -> Answered {
        tracing::trace!("parked");
        Answered::Later(self.calls.park(to, received_ms, call, &self.connection))
    }

    /// When a call's first byte came, as its slot keeps it. Asked only for calls that wait.
    fn received_ms(&self, received: Instant) -> u32 {
        millis_since(self.connection.since(), received)
    }

    /// Writes the answer of a parked call.
    pub(super) fn deliver<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        to: To<K>,
        answer: Result<Bytes, Fault>,
    ) -> Answered {
        let _spans = spans::enter(lane, &to);
        match answer {
            Ok(body) => self.reply(lane, to, Reply::Encoded(body)),
            Err(fault) => self.fault(lane, to, &fault),
        }
    }

    fn reply<L: Lane<Stream = K>>(&mut self, lane: &mut L, to: To<K>, reply: Reply) -> Answered {
        tracing::trace!("answered");
        let (seq, name) = (to.seq, to.method.name.as_bytes());
        match reply {
            Reply::Encoded(body) => {
                lane.send_shared(to.stream, |out| write_response_header(out, b"", seq, name), body);
            }
            Reply::Value(value) => lane.send(to.stream, |out| {
                let start = out.len();
                write_response_header(out, b"", seq, name);
                if let Err(error) = value.encode(out) {
                    self.errors += 1;
                    out.truncate(start);
                    tracing::error!(method = to.method.name, %error, "a reply cannot be encoded");
                    write_error(out, Fault::unencodable(&error).text.as_bytes(), seq, name);
                }
            }),
        }
        Answered::Open
    }

    fn fault<L: Lane<Stream = K>>(&mut self, lane: &mut L, to: To<K>, fault: &Fault) -> Answered {
        self.errors += 1;
        // Not its text: that may repeat what the caller sent.
        tracing::trace!(then = ?fault.then, "answered with an error");
        lane.send(to.stream, |out| write_error(out, fault.text.as_bytes(), to.seq, to.method.name.as_bytes()));
        match fault.then {
            Then::KeepOpen => Answered::Open,
            Then::Close | Then::ReadOn => {
                self.refused = true;
                Answered::Close
            }
        }
    }

    /// The bytes so far of a request that is not whole may be wrong already; Go says so at once, and so do we.
    pub(super) fn probe<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        stream: K,
        intake: &mut Intake,
        partial: &[u8],
    ) -> After {
        let Some(method) = intake.method_in_body() else { return After::Wait };
        match self.server.registry.probe(method, partial) {
            Err(error) if !error.is_incomplete() && !matches!(error, DecodeError::Trailing(_)) => {
                let text = GoStr::from(error.wire_text().as_ref());
                self.give_up(lane, stream, intake, text)
            }
            _ => After::Wait,
        }
    }

    /// The peer will send no more. A request that is not whole gets the error that Go's reader meets.
    pub(super) fn end_of_input<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        stream: K,
        intake: &mut Intake,
        partial: &[u8],
    ) -> After {
        let Some(method) = intake.method_in_body() else {
            intake.closed();
            return After::Close;
        };
        let text = match self.server.registry.probe(method, partial) {
            Err(error) => GoStr::from(error.wire_text().as_ref()),
            Ok(()) => GoStr::from("unexpected EOF"),
        };
        self.give_up(lane, stream, intake, text)
    }

    /// Ends a stream whose request will never be whole.
    pub(super) fn give_up<L: Lane<Stream = K>>(
        &mut self,
        lane: &mut L,
        stream: K,
        intake: &mut Intake,
        text: GoStr,
    ) -> After {
        if let Step::Refuse { seq, method, text } = intake.give_up(self.server.registry.methods(), text) {
            self.refuse(lane, stream, seq, &method, &text);
        }
        After::Close
    }

    fn refuse<L: Lane<Stream = K>>(&mut self, lane: &mut L, stream: K, seq: RequestSeq, method: &GoStr, text: &GoStr) {
        self.refused = true;
        tracing::trace!(stream = lane.id(stream), seq = seq.0, "refused a request");
        self.errors += 1;
        lane.send(stream, |out| write_error(out, text.as_bytes(), seq, method.as_bytes()));
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// It is answered, and the stream goes on.
    Open,
    /// It is answered, and the stream ends.
    Close,
    /// It is not whole after all.
    ReadOn,
    /// It has to wait, under this number.
    Later(u64),
}
