//! One accepted connection: HTTP/2 with calls in it.
use std::{
    convert::Infallible,
    error::Error as _,
    fmt,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use proconsul_netrpc::server::Stop;
use proconsul_types::GrpcRow;
use slab::Slab;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tonic::body::Body;

use crate::{
    Reach, Surface,
    cork::{Cork, Corked},
    inline::Calls,
    policed::Policed,
    turn::Turns,
};

/// After so long without a word a peer is pinged: Consul's.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// For so long an answer to that is waited for on the server port: Consul's.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The same on the gRPC ports, where others than servers and agents are: the default of Consul's `grpc_keepalive_timeout`.
pub const EXTERNAL_KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How many bytes the headers of one request may have, metadata included.
pub const HEADER_LIST_BYTES_MAX: u32 = 1024 * 1024;
/// How many calls may be opened and reset before we have seen them. A peer that has more is told to calm down, and closed.
pub const PENDING_RESETS_MAX: usize = 1024;

/// A connection as others see it.
pub struct Connection {
    peer: SocketAddr,
    reach: Reach,
    begun: AtomicU64,
    refused: AtomicU64,
    calls: Mutex<Slab<Record>>,
    stop: watch::Sender<Stop>,
}

struct Record {
    row: &'static GrpcRow,
    since: Instant,
    /// Whether messages are flowing already: it waits for news then.
    streams: bool,
}

/// A call that is under way.
#[derive(Clone, Copy, Debug)]
pub struct CallDescription {
    /// The method.
    pub row: &'static GrpcRow,
    /// For how long.
    pub age: Duration,
    /// Whether it is a stream of messages whose first answer has gone out.
    pub streams: bool,
}

/// Why a connection ended before its peer closed it.
#[derive(Debug)]
pub enum End {
    /// The server stops.
    Stopped,
    /// The peer asked for signs of life too often.
    TooManyPings,
    /// The peer's HTTP/2 makes no sense, or its network failed.
    Http(hyper::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the server stops"),
            Self::TooManyPings => f.write_str("got too many pings from the client"),
            Self::Http(error) => match error.source() {
                Some(cause) => write!(f, "{error}: {cause}"),
                None => error.fmt(f),
            },
        }
    }
}

impl std::error::Error for End {}

impl Connection {
    /// A connection of `peer`, which may call what is within `reach`.
    pub fn new(peer: SocketAddr, reach: Reach) -> Arc<Self> {
        Arc::new(Self {
            peer,
            reach,
            begun: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            calls: Mutex::default(),
            stop: watch::Sender::new(Stop::No),
        })
    }

    /// Asks it to end so.
    pub fn stop(&self, how: Stop) {
        self.stop.send_replace(how);
    }

    /// How many calls it has begun, and how many of them were refused or failed before their first message.
    pub fn counts(&self) -> (u64, u64) {
        (self.begun.load(Relaxed), self.refused.load(Relaxed))
    }

    /// Whether any call is under way.
    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.lock().is_empty()
    }

    /// The calls that are under way.
    pub fn calls(&self) -> Vec<CallDescription> {
        let now = Instant::now();
        let calls = self.calls.lock();
        let describe = |(_, call): (usize, &Record)| CallDescription {
            row: call.row,
            age: now.saturating_duration_since(call.since),
            streams: call.streams,
        };
        calls.iter().map(describe).collect()
    }

    /// Serves calls until the peer goes, or it is asked to stop. `begun` says whether the peer has said anything: one that has not
    /// has nothing in hand, and does not hold a stop.
    ///
    /// # Errors
    /// How it ended otherwise.
    pub async fn serve<IO>(self: Arc<Self>, surface: Arc<Surface>, io: IO, begun: impl Fn() -> bool) -> Result<(), End>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let _here = Here::new(&surface);
        let mut stops = self.stop.subscribe();
        let service = {
            let (connection, surface) = (Arc::clone(&self), Arc::clone(&surface));
            service_fn(move |request| Arc::clone(&connection).answer(Arc::clone(&surface), request))
        };
        let cork = Cork::default();
        let io = Policed::new(Corked::new(io, cork.clone()), cork.clone(), Arc::clone(&self));
        let let_go = io.let_go();
        let (turns, mut calls) = (Turns::new(), Calls::default());
        let serving = http2::Builder::new(calls.begun())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(surface.keepalive_timeout())
            .max_concurrent_streams(surface.streams_max())
            .max_header_list_size(HEADER_LIST_BYTES_MAX)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .serve_connection(TokioIo::new(io), service);
        let mut serving = pin!(serving);
        loop {
            let turn = poll_fn(|cx| {
                let mut first = true;
                turns.poll(cx, |cx| {
                    cork.put(std::mem::take(&mut first));
                    let served = serving.as_mut().poll(cx);
                    if served.is_pending() {
                        calls.poll(cx);
                        // In the rounds that follow HTTP/2 knows itself what the peer does not take yet.
                        if cork.is_in() && cork.holds() {
                            cx.waker().wake_by_ref(); // another round, to send it
                        }
                    }
                    served
                })
            });
            tokio::select! {
                biased;
                served = turn => {
                    return if let_go.load(Relaxed) { Err(End::TooManyPings) } else { served.map_err(End::Http) };
                }
                changed = stops.changed() => {
                    let stop = *stops.borrow_and_update();
                    if changed.is_err() || stop == Stop::Now || (stop == Stop::Drain && !begun()) {
                        return Err(End::Stopped);
                    }
                    serving.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn answer(
        self: Arc<Self>,
        surface: Arc<Surface>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        self.begun.fetch_add(1, Relaxed);
        let call = match surface.begin(request.map(Body::new), self.peer, self.reach) {
            Ok(call) => call,
            Err(response) => {
                self.refused.fetch_add(1, Relaxed);
                return Ok(*response);
            }
        };
        let connection = Arc::clone(&self);
        let mut under_way = UnderWay::new(self, Arc::clone(&surface), call.row, call.info.received);
        Ok(match surface.answer(call).await {
            Ok(answer) => {
                if answer.streams {
                    under_way.streams();
                }
                let mut stops = connection.stop.subscribe();
                let stopped = async move {
                    // A sender that is gone is a connection that is gone.
                    let _gone = stops.wait_for(|stop| *stop != Stop::No).await;
                };
                answer.into_response(stopped, under_way)
            }
            Err(refusal) => {
                connection.refused.fetch_add(1, Relaxed);
                *refusal.0
            }
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// A connection in the counts, until it is dropped.
struct Here(Arc<Surface>);

impl Here {
    fn new(surface: &Arc<Surface>) -> Self {
        surface.counts.connections.increment(1);
        surface.counts.connections_now.increment(1.0);
        Self(Arc::clone(surface))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.counts.connections_now.decrement(1.0);
    }
}

/// A call in the list of its connection, until it is dropped.
struct UnderWay {
    connection: Arc<Connection>,
    surface: Arc<Surface>,
    key: usize,
    /// Whether it counts among the streams.
    counted: bool,
}

impl UnderWay {
    fn new(connection: Arc<Connection>, surface: Arc<Surface>, row: &'static GrpcRow, since: Instant) -> Self {
        let key = connection.calls.lock().insert(Record { row, since, streams: false });
        let counted = row.client_streaming || row.server_streaming;
        if counted {
            surface.counts.streams.increment(1);
            surface.counts.streams_now.increment(1.0);
        }
        Self { connection, surface, key, counted }
    }

    /// Its first answer goes out now.
    fn streams(&mut self) {
        if let Some(record) = self.connection.calls.lock().get_mut(self.key) {
            record.streams = true;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.connection.calls.lock().try_remove(self.key);
        if self.counted {
            self.surface.counts.streams_now.decrement(1.0);
        }
    }
}
