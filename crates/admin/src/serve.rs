//! Connections, from accept to stop.
use std::{io, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    Admin, Page, Source,
    answer::Desk,
    bind::Listener,
    events::{EVERY, Feed},
    stall::{Impatient, WRITE_TIME_MAX},
};

/// How many connections are served at once. More wait to be accepted; each of those served has bounded time for everything,
/// and those that watch are fewer.
pub const CONNECTIONS_MAX: usize = 64;

/// The most that a request's head may have, in bytes.
pub const HEADER_BYTES_MAX: usize = 16 << 10;

/// How many headers a request may have.
pub const HEADERS_MAX: usize = 64;

/// How long a request's head may take, from the connection or the last answer on: an idle connection ends then, too.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(10);

/// How long the server may take for an answer.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// How long answers in hand may take once the listener stops.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// The most connections, and the most streams, that one answer lists.
pub(crate) const CONNS_LISTED_MAX: usize = 10_000;

/// How long nothing is accepted after an accept failed: for want of descriptors, as a rule.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

impl Admin {
    /// Serves until `stop` is ready; then answers in hand are finished, for at most [`DRAIN_TIME_MAX`], those who watch are
    /// told that it ends, and a unix socket's file is taken away. Dropping the future ends everything at once.
    pub async fn serve<S: Source>(self, source: S, page: Page, stop: impl Future<Output = ()>) {
        let desk = Arc::new(Desk { source, guard: self.guard, page, feed: Feed::new() });
        let stopping = watch::Sender::new(false);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut open = JoinSet::new();
        {
            let mut stop = pin!(stop);
            let mut feeding = JoinSet::new();
            feeding.spawn(feed(Arc::clone(&desk), Duration::ZERO));
            loop {
                let accepted = async {
                    let place = Arc::clone(&places).acquire_owned().await;
                    (place, self.listener.accept().await)
                };
                tokio::select! {
                    () = &mut stop => break,
                    Some(ended) = feeding.join_next() => {
                        tracing::error!(?ended, "snapshots are made anew: making one has failed");
                        feeding.spawn(feed(Arc::clone(&desk), EVERY));
                    }
                    Some(_ended) = open.join_next() => {}
                    (place, io) = accepted => match io {
                        Ok(io) => {
                            let (desk, stopping) = (Arc::clone(&desk), stopping.subscribe());
                            open.spawn(async move {
                                let _place = place;
                                serve_one(io, desk, stopping).await;
                            });
                        }
                        Err(error) => {
                            tracing::warn!(%error, "the admin listener could not accept");
                            tokio::select! {
                                () = &mut stop => break,
                                () = sleep(AFTER_A_FAILURE) => {}
                            }
                        }
                    },
                }
            }
        }
        drop(self.listener);
        stopping.send_replace(true);
        desk.feed.stop();
        // What is not finished then is dropped with the set.
        let _late = timeout(DRAIN_TIME_MAX, async { while open.join_next().await.is_some() {} }).await;
    }
}

/// Makes snapshots for those who watch, from `after` now on. In a task of its own: a source that panics ends that, and nothing
/// else.
async fn feed<S: Source>(desk: Arc<Desk<S>>, after: Duration) {
    sleep(after).await;
    desk.feed.run(&desk.source).await;
}

/// One connection, to its end.
async fn serve_one<S: Source>(io: Box<dyn Io>, desk: Arc<Desk<S>>, mut stopping: watch::Receiver<bool>) {
    let io = TokioIo::new(Impatient::new(io, WRITE_TIME_MAX));
    let service = service_fn(|request| desk.answer(request));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(io, service)
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = told(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the admin listener ended");
    }
}

/// Waits until the listener stops; its sender being gone is a stop, too.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _stop = stopping.wait_for(|stopping| *stopping).await;
}

/// What a request comes on.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Listener {
    async fn accept(&self) -> io::Result<Box<dyn Io>> {
        Ok(match self {
            Self::Unix { listener, .. } => Box::new(listener.accept().await?.0),
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
        })
    }
}
