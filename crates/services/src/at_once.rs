//! Methods that answer at once: they neither wait nor write.
use std::{marker::PhantomData, sync::Arc};

use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Answer, Call, Fault, Handler, HandlerFuture, Reply, decode, probe};
use proconsul_structs::{Method, RpcInfo};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Caller, Context};

/// A method that answers at once, from this server's datacenter.
pub(crate) fn at_once<M, F>(context: &Arc<Context>, answer: F) -> impl Handler + use<M, F>
where
    M: Method<Request: DeserializeOwned + RpcInfo, Reply: Serialize + Send + 'static>,
    F: Fn(Caller<'_>, M::Request) -> Result<M::Reply, Fault> + Send + Sync,
{
    here::<M, _>(context, move |caller, request| {
        caller.context.check_datacenter(&request)?;
        answer(caller, request)
    })
}

/// The same, whatever datacenter the request names.
pub(crate) fn here<M, F>(context: &Arc<Context>, answer: F) -> impl Handler + use<M, F>
where
    M: Method<Request: DeserializeOwned + RpcInfo, Reply: Serialize + Send + 'static>,
    F: Fn(Caller<'_>, M::Request) -> Result<M::Reply, Fault> + Send + Sync,
{
    AtOnce { context: Arc::clone(context), answer, method: PhantomData::<fn(M)> }
}

struct AtOnce<M, F> {
    context: Arc<Context>,
    answer: F,
    method: PhantomData<fn(M)>,
}

impl<M, F> Handler for AtOnce<M, F>
where
    M: Method<Request: DeserializeOwned + RpcInfo, Reply: Serialize + Send + 'static>,
    F: Fn(Caller<'_>, M::Request) -> Result<M::Reply, Fault> + Send + Sync,
{
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        let answered = decode::<M::Request>(call.body).and_then(|request| {
            let rights = self.context.authorizers.of(request.token())?;
            (self.answer)(Caller { context: &self.context, rights: &rights }, request)
        });
        HandlerFuture::ready(answered.map(|reply| Answer::Now(Reply::value(reply))))
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<M::Request>(partial)
    }
}
