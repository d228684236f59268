//! `Txn.Apply`: steps of which some write.
use std::sync::Arc;

use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Answer, Call, Fault, Handler, HandlerFuture, Reply, decode, probe};
use proconsul_state::{Entry, Outcome};
use proconsul_structs::{
    RpcInfo,
    txn::{TxnRequest, TxnResponse},
};
use proconsul_types::WireText;

use super::{filter, refused, vet::vet};
use crate::{Appended, Caller, Context, Rights};

/// Checks every step, does them all, and shows of what they gave what the caller may see.
pub(super) struct Applying(pub(super) Arc<Context>);

impl Handler for Applying {
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        let (entry, rights) = match self.prepare(&call) {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(refused)) => return HandlerFuture::ready(Ok(answer(refused))),
            Err(fault) => return HandlerFuture::ready(Err(fault)),
        };
        match self.0.log.append(entry) {
            Appended::Done(outcome) => HandlerFuture::ready(outcome.and_then(|outcome| finish(&rights, outcome))),
            Appended::Pending(outcome) => {
                HandlerFuture::pending(async move { outcome.await.and_then(|outcome| finish(&rights, outcome)) })
            }
        }
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<TxnRequest>(partial)
    }
}

impl Applying {
    /// The entry to write and what its caller may do; or what is answered without writing.
    fn prepare(&self, call: &Call<'_>) -> Result<Result<(Entry, Rights), TxnResponse>, Fault> {
        let context = &self.0;
        let mut request = decode::<TxnRequest>(call.body)?;
        context.check_datacenter(&request)?;
        let rights = context.authorizers.of(request.token())?;
        let ops = request.ops.as_deref_mut().unwrap_or_default();
        if let Some(errors) = vet(Caller { context, rights: &rights }, ops) {
            return Ok(Err(refused(errors)));
        }
        Ok(Ok((Entry::Txn(Box::new(request)), rights)))
    }
}

fn finish(rights: &Rights, outcome: Outcome) -> Result<Answer, Fault> {
    match outcome {
        Outcome::Txn(mut response) => {
            filter(rights, &mut response.results);
            Ok(answer(*response))
        }
        Outcome::Error(cause) => Err(WireText::raft_apply_failed(&cause).into()),
        other => Err(Fault::answer(format!("unexpected outcome of a transaction: {other:?}"))),
    }
}

fn answer(response: TxnResponse) -> Answer {
    Answer::Now(Reply::value(response))
}
