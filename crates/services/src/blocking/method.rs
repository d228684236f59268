//! A method that may wait, as a handler.
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Answer, Call, Encode, Fault, Handler, HandlerFuture, Reply, decode, probe};
use proconsul_state::{Snapshot, WatchSet};
use proconsul_structs::{HasQueryMeta, Method, RpcInfo, query::QueryMeta};
use proconsul_types::CallInfo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::lot::{Evaluated, Parking, Question};
use crate::{Context, Rights, View};

/// What a query finds in a snapshot.
pub struct Found<Reply> {
    /// The answer, with the index it goes by in its metadata.
    pub reply: Reply,
    /// Whether what was asked for exists. A query for what does not exist goes by the index of a whole table; it does not
    /// end just because that one moves.
    pub something: bool,
    /// Another index that a wait goes by as well: it moves with changes of the answer that the answer's own index, which is
    /// Consul's, passes over.
    pub also: Option<u64>,
}

/// A method that reads, and may wait for what it reads to change.
pub trait Query: Send + Sync + 'static {
    /// Its row and types.
    type Method: Method<Request: DeserializeOwned + RpcInfo, Reply: Serialize + HasQueryMeta + Send + 'static>;

    /// Answers from one snapshot, and notes what the answer depends on. Whatever changes the answer must concern a watch
    /// and raise the index.
    ///
    /// # Errors
    /// What the method answers to a request that cannot be served; it ends the wait.
    fn evaluate(
        &self,
        view: View<'_>,
        request: &<Self::Method as Method>::Request,
        watches: &mut WatchSet,
    ) -> Result<Found<<Self::Method as Method>::Reply>, Fault>;

    /// The answer to somebody who may not ask, where Consul gives one and no error: as it is, without a look at the store and
    /// without any fact of the query.
    fn instead(&self, _: &Rights, _: &<Self::Method as Method>::Request) -> Option<<Self::Method as Method>::Reply> {
        None
    }

    /// Counts a call that is answered, or waits to be.
    fn count(&self, _: &<Self::Method as Method>::Request) {}

    /// The answer as it is to be encoded.
    fn encodable(
        &self,
        _: &<Self::Method as Method>::Request,
        reply: <Self::Method as Method>::Reply,
    ) -> Box<dyn Encode + Send> {
        Box::new(reply)
    }

    /// The index that an answer would go by, where that is told without making the answer, and the answer is made of what it
    /// watches and of this index alone. Answers of such queries are kept for those who ask the same, as long as nothing that
    /// they watch changes and the index is the same.
    fn index(&self, _: View<'_>, _: &<Self::Method as Method>::Request) -> Option<u64> {
        None
    }
}

/// The handler of a query.
pub(crate) fn query<Q: Query>(context: &Arc<Context>, query: Q) -> impl Handler + use<Q> {
    Waits(Arc::new(Asked { context: Arc::clone(context), query }))
}

struct Waits<Q>(Arc<Asked<Q>>);

struct Asked<Q> {
    context: Arc<Context>,
    query: Q,
}

impl<Q: Query> Handler for Waits<Q> {
    fn handle(&self, call: Call<'_>) -> HandlerFuture {
        HandlerFuture::ready(self.answer(call))
    }

    fn probe(&self, partial: &[u8]) -> Result<(), DecodeError> {
        probe::<<Q::Method as Method>::Request>(partial)
    }
}

impl<Q: Query> Waits<Q> {
    fn answer(&self, Call { info, body }: Call<'_>) -> Result<Answer, Fault> {
        let asked = &*self.0;
        let lot = &asked.context.lot;
        lot.count_query();
        let request: <Q::Method as Method>::Request = decode(body)?;
        asked.context.check_datacenter(&request)?;
        let answer = self.answer_to(&request, &info, body)?;
        asked.query.count(&request);
        Ok(answer)
    }

    fn answer_to(
        &self,
        request: &<Q::Method as Method>::Request,
        info: &CallInfo,
        body: &[u8],
    ) -> Result<Answer, Fault> {
        let asked = &*self.0;
        let lot = &asked.context.lot;
        let rights = asked.context.authorizers.of(request.token())?;
        if let Some(reply) = asked.query.instead(&rights, request) {
            return Ok(Answer::Now(Reply::value(reply)));
        }
        let options = request.query_options();
        let past = options.map_or(0, |options| options.min_query_index);
        if past == 0 {
            return asked.answer_now(request, &rights, (info.method_index, body)).map(Answer::Now);
        }
        let until = deadline(info, lot.times().wait_for(options.map(|o| o.max_query_time).unwrap_or_default()));
        let question = || -> Arc<dyn Question> { Arc::clone(&self.0) as _ };
        if let Some(parking) = lot.join(info.method_index, body, until) {
            return Ok(Answer::Later(Box::new(parking)));
        }
        let mut watches = WatchSet::new();
        let snapshot = asked.context.store.snapshot();
        let found = asked.look(request, &rights, &snapshot, &mut watches)?;
        if found.reply.meta().index > past {
            return Ok(Answer::Now(Reply::Value(asked.query.encodable(request, found.reply))));
        }
        Ok(Answer::Later(Box::new(Parking::new(
            Arc::clone(lot),
            question(),
            (info.method_index, body),
            past,
            until,
            (snapshot.index, !found.something, found.also.unwrap_or(0), watches),
        ))))
    }
}

/// When the wait is over: the caller may have less time than it asks for.
fn deadline(info: &CallInfo, wait: Duration) -> Instant {
    let until = Instant::now() + wait;
    info.deadline.map_or(until, |deadline| until.min(deadline.into()))
}

impl<Q: Query> Asked<Q> {
    /// Answers at once, with a kept answer if there is one.
    fn answer_now(
        &self,
        request: &<Q::Method as Method>::Request,
        rights: &Rights,
        (method, body): (u16, &[u8]),
    ) -> Result<Reply, Fault> {
        let kept = self.context.lot.kept();
        let snapshot = self.context.store.snapshot();
        let view = View { context: &self.context, at: &snapshot, rights };
        // Rights may change without anything that an answer watches.
        let index = rights.allows_all().then(|| self.query.index(view, request)).flatten();
        if let Some(answer) = index.and_then(|index| kept.find(method, body, index)) {
            return Ok(Reply::Encoded(answer));
        }
        let mut watches = if index.is_some() { WatchSet::new() } else { WatchSet::off() };
        let found = self.look(request, rights, &snapshot, &mut watches)?;
        let reply = self.query.encodable(request, found.reply);
        let Some(index) = index else { return Ok(Reply::Value(reply)) };
        let mut encoded = Vec::new();
        reply.encode(&mut encoded).map_err(|error| Fault::unencodable(&error))?;
        let encoded = Bytes::from(encoded);
        kept.keep((method, body), (snapshot.index, index), &watches, &encoded);
        Ok(Reply::Encoded(encoded))
    }

    fn look(
        &self,
        request: &<Q::Method as Method>::Request,
        rights: &Rights,
        at: &Snapshot,
        watches: &mut WatchSet,
    ) -> Result<Found<<Q::Method as Method>::Reply>, Fault> {
        let view = View { context: &self.context, at, rights };
        let mut found = self.query.evaluate(view, request, watches)?;
        let anonymous = request.token().is_none_or(|token| token.is_anonymous());
        complete(found.reply.meta_mut(), anonymous);
        Ok(found)
    }
}

/// What is true of every answer of a leader.
fn complete(meta: &mut QueryMeta, anonymous: bool) {
    meta.known_leader = true;
    // What was filtered out is not for everybody to know.
    meta.results_filtered_by_acls &= !anonymous;
    // An index of zero would make a client ask again at once, for ever.
    meta.index = meta.index.max(1);
}

impl<Q: Query> Question for Asked<Q> {
    fn evaluate(&self, body: &[u8], at: &Snapshot, watches: &mut WatchSet) -> Result<Evaluated, Fault> {
        let request: <Q::Method as Method>::Request = decode(body)?;
        let rights = self.context.authorizers.of(request.token())?;
        let found = self.look(&request, &rights, at, watches)?;
        Ok(Evaluated {
            index: found.reply.meta().index,
            nothing: !found.something,
            also: found.also.unwrap_or(0),
            reply: self.query.encodable(&request, found.reply),
        })
    }
}
