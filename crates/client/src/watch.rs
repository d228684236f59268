//! A blocking query that is repeated.
use std::{
    fmt,
    future::poll_fn,
    hash::{BuildHasher, RandomState},
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream::BoxStream, stream::unfold};
use proconsul_msgpack::EncodeError;
use proconsul_structs::{HasQueryMeta, HasQueryOptions, Method};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use crate::{Backoff, CallError, CallOptions, Cause, Client, Heard, Watching};

/// Answers to a query as they change: a [`Stream`] that never ends by itself. Drop it to end the watch; the question in hand is
/// cancelled at its server.
///
/// The first answer comes at once, later ones when they differ from the one before; what is not read is not kept: the next
/// question is asked when the last item was taken. An error is an item, too, once the call's own retries have failed; whoever
/// goes on reading goes on watching, after a pause that grows from error to error.
pub struct Watch<Reply>(BoxStream<'static, Result<Reply, CallError>>);

/// How to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchOptions {
    /// Pauses after errors, and between questions to a server that answers them at once without news.
    pub backoff: Backoff,
    /// The shortest time from one answer to the next question: for content that changes more often than it is of use.
    pub pace: Duration,
    /// Give answers whose content is that of before, too, if their index is another.
    pub every_index: bool,
}

impl Default for WatchOptions {
    fn default() -> Self {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };
        Self { backoff, pace: Duration::ZERO, every_index: false }
    }
}

/// What a watch keeps between its items.
struct State<Request> {
    client: Client,
    request: Request,
    watching: Watching,
    hasher: RandomState,
    pause: Duration,
    pace: Duration,
}

impl<Reply: Send + 'static> Watch<Reply> {
    pub(crate) fn new<M>(client: Client, mut request: M::Request, options: WatchOptions) -> Self
    where
        M: Method<Reply = Reply>,
        M::Request: Serialize + HasQueryOptions + Send + Sync + 'static,
        Reply: DeserializeOwned + Serialize + HasQueryMeta,
    {
        // It is only ever left out where the index is the one that was asked with.
        request.options_mut().allow_not_modified_response = true;
        let watching = Watching::new(options.backoff, options.every_index);
        let hasher = RandomState::new();
        let state = State { client, request, watching, hasher, pause: Duration::ZERO, pace: options.pace };
        Self(unfold(state, |mut state| async move { Some((state.next::<M>().await, state)) }).boxed())
    }

    /// The next item. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`CallError`]; the watch goes on with the next call.
    pub async fn next(&mut self) -> Result<Reply, CallError> {
        loop {
            // `unfold` ends only when it is told to, and it is not.
            if let Some(item) = poll_fn(|cx| Pin::new(&mut self.0).poll_next(cx)).await {
                return item;
            }
        }
    }
}

impl<Request: HasQueryOptions> State<Request> {
    async fn next<M>(&mut self) -> Result<M::Reply, CallError>
    where
        M: Method<Request = Request>,
        Request: Serialize,
        M::Reply: DeserializeOwned + Serialize + HasQueryMeta,
    {
        loop {
            sleep(mem::take(&mut self.pause)).await;
            self.request.options_mut().min_query_index = self.watching.index();
            let asked = Instant::now();
            let answer = self.client.call_with::<M>(&self.request, CallOptions::default()).await;
            let took = asked.elapsed();
            let heard = answer.and_then(|mut reply| {
                let content = content(&mut reply, &self.hasher)
                    .map_err(|error| self.client.failed(M::ROW, Cause::Encode(Arc::new(error))))?;
                Ok((self.watching.answered(reply.meta(), content, took), reply))
            });
            if heard.is_err() {
                self.watching.failed();
            }
            self.pause = self.watching.pause((self.client.options().random)()).max(self.pace);
            match heard {
                Ok((Heard::Nothing, _)) => {}
                Ok((Heard::News, reply)) => return Ok(reply),
                Err(error) => return Err(error),
            }
        }
    }
}

/// A hash of all that a reply says but for the facts of the query, which differ from answer to answer.
fn content<Reply: Serialize + HasQueryMeta>(reply: &mut Reply, hasher: &RandomState) -> Result<u64, EncodeError> {
    let meta = mem::take(reply.meta_mut());
    let encoded = proconsul_msgpack::to_vec(reply);
    *reply.meta_mut() = meta;
    Ok(hasher.hash_one(encoded?))
}

impl<Reply> Stream for Watch<Reply> {
    type Item = Result<Reply, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<Reply> fmt::Debug for Watch<Reply> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
