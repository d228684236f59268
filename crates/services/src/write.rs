//! Methods that append to the log.
use std::{marker::PhantomData, sync::Arc};

use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Answer, Call, Encode, Fault, Handler, HandlerFuture, Reply, decode, probe};
use proconsul_state::{Entry, Outcome};
use proconsul_structs::{Method, RpcInfo};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Appended, Caller, Context};

/// What a write does before and after the log.
pub(crate) struct Write<M, Prepare, Finish> {
    pub(crate) context: Arc<Context>,
    /// Checks and completes the request, and makes the entry; `Err(Ok(reply))` answers without writing.
    pub(crate) prepare: Prepare,
    /// Makes the reply of what the log answered.
    pub(crate) finish: Finish,
    pub(crate) method: PhantomData<fn(M)>,
}

/// Why nothing is appended: a reply without a write, or a fault.
pub(crate) type Refused<Reply> = Result<Reply, Fault>;

impl<M, Prepare, Finish> Handler for Write<M, Prepare, Finish>
where
    M: Method,
    M::Request: DeserializeOwned + RpcInfo,
    M::Reply: Serialize + Send + 'static,
    Prepare: Fn(Caller<'_>, M::Request) -> Result<Entry, Refused<M::Reply>> + Send + Sync,
    Finish: Fn(Outcome) -> Result<M::Reply, Fault> + Clone + Send + Sync + 'static,
{
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        let prepared = decode::<M::Request>(call.body)
            .and_then(|request| self.context.check_datacenter(&request).map(|()| request))
            .and_then(|request| self.context.authorizers.of(request.token()).map(|rights| (request, rights)))
            .map_err(Err)
            .and_then(|(request, rights)| (self.prepare)(Caller { context: &self.context, rights: &rights }, request));
        match prepared {
            Err(refused) => HandlerFuture::ready(refused.map(answer)),
            Ok(entry) => match self.context.log.append(entry) {
                Appended::Done(outcome) => HandlerFuture::ready(outcome.and_then(&self.finish).map(answer)),
                Appended::Pending(future) => {
                    let finish = self.finish.clone();
                    HandlerFuture::pending(async move { future.await.and_then(finish).map(answer) })
                }
            },
        }
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<M::Request>(partial)
    }
}

fn answer(reply: impl Encode + Send + 'static) -> Answer {
    Answer::Now(Reply::value(reply))
}
