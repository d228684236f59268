//! What a handler gives back: a reply now, a promise of one later, or a fault.
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use proconsul_msgpack::EncodeError;

use crate::Fault;

/// A value that can be written as one msgpack value. Every [`serde::Serialize`] is.
pub trait Encode {
    /// Appends the value to `out`.
    ///
    /// # Errors
    /// What the codec cannot write; `out` may then hold a part of it.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

impl<T: serde::Serialize + ?Sized> Encode for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        proconsul_msgpack::encode_into(out, self)
    }
}

/// The body of a successful answer.
pub enum Reply {
    /// A value that is written straight into the connection's output.
    Value(Box<dyn Encode + Send>),
    /// A value that is encoded already, perhaps shared by many answers.
    Encoded(Bytes),
}

impl Reply {
    /// A reply of this value.
    pub fn value(value: impl Encode + Send + 'static) -> Self {
        Self::Value(Box::new(value))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Reply::Value"),
            Self::Encoded(bytes) => write!(f, "Reply::Encoded({} bytes)", bytes.len()),
        }
    }
}

/// How a handler answers.
pub enum Answer {
    /// Here is the reply.
    Now(Reply),
    /// The reply comes later; until then the call is data, not a task.
    Later(Box<dyn Park>),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

/// A call that has to wait: told where its answer goes, it puts itself away.
pub trait Park: Send {
    /// Puts the call away. The answer is sent through `to`, exactly once, at any time from now on, from any thread.
    fn park(self: Box<Self>, to: ReplyTo) -> Box<dyn Parked>;
}

/// The connection's hold on a parked call. Dropping it frees everything that the call waited on.
pub trait Parked: Send {
    /// The answer has been written: `ok` says whether it was a reply. A call whose client went is dropped without this.
    fn done(self: Box<Self>, ok: bool);
}

/// Receives answers on behalf of a connection.
pub trait SendAnswer: Send + Sync {
    /// Takes the answer of the parked call number `slot`. An answer for a slot that is gone is dropped.
    fn send(&self, slot: u64, answer: Result<Bytes, Fault>);
}

/// Where the answer of a parked call goes: a connection, and which of its calls.
#[derive(Clone)]
pub struct ReplyTo {
    connection: Arc<dyn SendAnswer>,
    slot: u64,
}

impl ReplyTo {
    /// The call number `slot` of `connection`.
    pub fn new(connection: Arc<dyn SendAnswer>, slot: u64) -> Self {
        Self { connection, slot }
    }

    /// Sends the answer: one encoded value, or a fault.
    pub fn send(self, answer: Result<Bytes, Fault>) {
        self.connection.send(self.slot, answer);
    }
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyTo({})", self.slot)
    }
}

/// A call that reports its end to someone besides its handler.
struct Observed<T, F> {
    inner: T,
    finish: Option<F>,
}

impl<F: FnOnce(bool) + Send + 'static> Park for Observed<Box<dyn Park>, F> {
    fn park(self: Box<Self>, to: ReplyTo) -> Box<dyn Parked> {
        Box::new(Observed { inner: self.inner.park(to), finish: self.finish })
    }
}

impl<F: FnOnce(bool) + Send + 'static> Parked for Observed<Box<dyn Parked>, F> {
    fn done(mut self: Box<Self>, ok: bool) {
        if let Some(finish) = self.finish.take() {
            finish(ok);
        }
        self.inner.done(ok);
    }
}

impl proconsul_types::Outcome for Answer {
    fn is_done(&self) -> bool {
        matches!(self, Self::Now(_))
    }

    fn when_done<F: FnOnce(bool) + Send + 'static>(self, finish: F) -> Self {
        match self {
            Self::Now(reply) => {
                finish(true);
                Self::Now(reply)
            }
            Self::Later(inner) => Self::Later(Box::new(Observed { inner, finish: Some(finish) })),
        }
    }
}

/// What a handler returns: ready in the same turn, or a future that the connection keeps.
pub enum HandlerFuture {
    /// Answered already. Taken when polled.
    Ready(Option<Result<Answer, Fault>>),
    /// To be waited for. Dropping it cancels the call.
    Pending(Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send>>),
}

impl HandlerFuture {
    /// An answer that is there already.
    pub fn ready(answer: Result<Answer, Fault>) -> Self {
        Self::Ready(Some(answer))
    }

    /// An answer that has to be waited for.
    pub fn pending(future: impl Future<Output = Result<Answer, Fault>> + Send + 'static) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl Future for HandlerFuture {
    type Output = Result<Answer, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // A future that is polled again after its end has no answer to give: staying pending is the least surprising.
            Self::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Self::Pending(future) => future.as_mut().poll(cx),
        }
    }
}
