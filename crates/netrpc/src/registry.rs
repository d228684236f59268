//! Which handler answers a method.
use std::{
    future::Future,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use proconsul_msgpack::{DecodeError, GoStr};
use proconsul_types::{CallInfo, Listener, MethodRow};
use serde::de::DeserializeOwned;

use crate::{Answer, Call, Fault, HandlerFuture, MethodTable, Reply, Unknown};

/// Answers one method.
pub trait Handler: Send + Sync {
    /// Starts to answer. What can be answered now is returned ready; what has to wait is returned as a future or parked.
    fn handle(&self, call: Call<'_>) -> HandlerFuture;

    /// What is wrong already with the beginning of a body, if anything: Go's decoder complains as it reads, so a caller whose
    /// body is wrong and unfinished gets its error at once. An error for which [`DecodeError::is_incomplete`] holds says only
    /// that more is to come.
    ///
    /// # Errors
    /// What the decoder says of the bytes so far.
    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError>;
}

/// The methods of a listener and their handlers. Read-only once it is built; a service in tower's sense through
/// [`Registry::into_service`].
pub struct Registry {
    methods: MethodTable,
    handlers: Vec<Option<Box<dyn Handler>>>,
}

impl Registry {
    /// No handlers yet for the rows that `listener` offers.
    pub fn new(rows: &'static [MethodRow], listener: Listener) -> Self {
        let handlers = rows.iter().map(|_| None).collect();
        Self { methods: MethodTable::new(rows, listener), handlers }
    }

    /// Sets the handler of the row number `index`. A second one replaces the first; an index past the table is ignored, as
    /// nothing could ever call it.
    pub fn insert(&mut self, index: u16, handler: impl Handler + 'static) -> &mut Self {
        if let Some(slot) = self.handlers.get_mut(usize::from(index)) {
            *slot = Some(Box::new(handler));
        }
        self
    }

    /// The names that exist.
    pub fn methods(&self) -> &MethodTable {
        &self.methods
    }

    /// The rows that have a handler.
    pub fn served(&self) -> impl Iterator<Item = &'static MethodRow> {
        self.methods.rows().iter().zip(&self.handlers).filter_map(|(row, handler)| handler.as_ref().map(|_| row))
    }

    /// The service that layers are put in front of.
    pub fn into_service(self) -> Dispatch {
        Dispatch { registry: Arc::new(self) }
    }

    fn handler(&self, index: u16) -> Option<&dyn Handler> {
        self.handlers.get(usize::from(index))?.as_deref()
    }

    /// See [`Handler::probe`]. A method without a handler has nothing to say.
    ///
    /// # Errors
    /// What the decoder says of the bytes so far.
    pub fn probe(&self, index: u16, partial: &[u8]) -> Result<(), DecodeError> {
        self.handler(index).map_or(Ok(()), |handler| handler.probe(partial))
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.served().map(|row| row.name)).finish()
    }
}

/// The innermost service: hands a call to its method's handler.
#[derive(Clone, Debug)]
pub struct Dispatch {
    registry: Arc<Registry>,
}

impl Dispatch {
    /// The registry behind it.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }
}

impl<'b> tower_service::Service<Call<'b>> for Dispatch {
    type Response = Answer;
    type Error = Fault;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call<'b>) -> HandlerFuture {
        match self.registry.handler(call.info.method_index) {
            Some(handler) => handler.handle(call),
            // The method is Consul's but nobody here answers it yet: to its caller it is a method that does not exist.
            None => {
                let name = call.info.method.name.as_bytes();
                HandlerFuture::ready(Err(Fault::closing(Unknown::Method.text(name))))
            }
        }
    }
}

/// A handler made of a function from a decoded request to an answer that is there already.
pub struct Answering<Request, F> {
    answer: F,
    request: PhantomData<fn(Request)>,
}

/// A handler that answers in the turn in which it is called: `answer` must not wait.
pub fn answering<Request, F>(answer: F) -> Answering<Request, F>
where
    Request: DeserializeOwned,
    F: Fn(&CallInfo, Request, &[u8]) -> Result<Answer, Fault> + Send + Sync,
{
    Answering { answer, request: PhantomData }
}

impl<Request, F> Handler for Answering<Request, F>
where
    Request: DeserializeOwned,
    F: Fn(&CallInfo, Request, &[u8]) -> Result<Answer, Fault> + Send + Sync,
{
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        HandlerFuture::ready(decode(call.body).and_then(|request| (self.answer)(&call.info, request, call.body)))
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<Request>(partial)
    }
}

/// A handler made of an `async fn` from a decoded request to a reply.
pub struct Waiting<Request, F> {
    answer: F,
    request: PhantomData<fn(Request)>,
}

/// A handler that may wait: `async fn(call, Request) -> Result<Reply, Error>`. Its future is polled once in the turn in which
/// it is called; if it is not ready then, the connection keeps it. It is dropped when its stream or session ends.
pub fn waiting<Request, F, Fut, Value>(answer: F) -> Waiting<Request, F>
where
    Request: DeserializeOwned,
    F: Fn(CallInfo, Request) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Value, Fault>> + Send + 'static,
    Value: crate::Encode + Send + 'static,
{
    Waiting { answer, request: PhantomData }
}

impl<Request, F, Fut, Value> Handler for Waiting<Request, F>
where
    Request: DeserializeOwned,
    F: Fn(CallInfo, Request) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Value, Fault>> + Send + 'static,
    Value: crate::Encode + Send + 'static,
{
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        match decode(call.body) {
            Err(fault) => HandlerFuture::ready(Err(fault)),
            Ok(request) => {
                let future = (self.answer)(call.info, request);
                HandlerFuture::pending(async move { Ok(Answer::Now(Reply::value(future.await?))) })
            }
        }
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<Request>(partial)
    }
}

/// Decodes a whole body, for handlers of one's own.
///
/// # Errors
/// What the caller of a body that cannot be decoded is answered.
pub fn decode<Request: DeserializeOwned>(body: &[u8]) -> Result<Request, Fault> {
    proconsul_msgpack::from_slice(body).map_err(|error| Fault::undecodable(&error))
}

/// Decodes the beginning of a body to see whether it is wrong already: what [`Handler::probe`] is for.
///
/// # Errors
/// What the decoder says of the bytes so far.
pub fn probe<Request: DeserializeOwned>(partial: &[u8]) -> Result<(), DecodeError> {
    proconsul_msgpack::from_slice::<Request>(partial).map(drop)
}

impl From<proconsul_types::Rejected> for Fault {
    fn from(rejected: proconsul_types::Rejected) -> Self {
        let text = GoStr::from(rejected.to_string());
        if rejected.closes() { Self::closing(text) } else { Self::answer(text) }
    }
}
