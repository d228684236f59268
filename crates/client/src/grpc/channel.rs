//! One server, dialled again when its connection is lost.
use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{
    HeaderValue, Request, Response, Uri, Version,
    header::USER_AGENT,
    request::Parts,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use proconsul_mux::Route;
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, sleep, timeout, timeout_at},
};
use tonic::{Code, Status, body::Body};
use tower_service::Service;

use super::{
    answer::{self, AnswerBody},
    deadline,
    replay::{Attempt, Replay},
    retry::{self, Pushback},
};
use crate::{Backoff, CALLS_MAX as CALLS_OF_CLIENT_MAX, DIAL_TIMEOUT, Dialler, random::random};

/// After so long without a word while a call is in hand the server is pinged: Consul's agents'. Servers do not take more than one in 15 s.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// For so long an answer to that is waited for: Consul's agents'.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many calls of a channel are in hand at once; others wait. A stream is one for as long as it lasts.
pub const CALLS_MAX: usize = CALLS_OF_CLIENT_MAX;
/// Pauses between attempts to connect; calls in between fail at once with what the last one failed with.
pub const REDIAL: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(120) };

/// How often a call that no server has looked at is sent again at once, beside the attempts of the retry policy.
const UNSEEN_MAX: u32 = 2;
/// On attempts after the first: how many there were before.
const PREVIOUS_KEY: &str = "grpc-previous-rpc-attempts";
const USER_AGENT_TEXT: HeaderValue =
    HeaderValue::from_static(concat!("grpc-rust-proconsul/", env!("CARGO_PKG_VERSION")));

/// What a channel is told when it is made.
#[derive(Clone, Debug)]
pub struct GrpcOptions {
    /// How long connecting may take, its TLS handshake included.
    pub dial_timeout: Duration,
    /// See [`REDIAL`].
    pub redial: Backoff,
    /// Whether calls are attempted again as Consul's agents do: [`ATTEMPTS_MAX`](super::ATTEMPTS_MAX) times at most, whatever the
    /// method if the server has had enough of us (`RESOURCE_EXHAUSTED`), and those that only read when they fail otherwise, too.
    pub retries: bool,
    /// See [`CALLS_MAX`]; at least one.
    pub calls_max: usize,
    /// Numbers that spread pauses: a test gives its own.
    pub random: fn() -> u64,
}

impl Default for GrpcOptions {
    fn default() -> Self {
        Self { dial_timeout: DIAL_TIMEOUT, redial: REDIAL, retries: true, calls_max: CALLS_MAX, random }
    }
}

/// A channel to one server, for the clients that are generated: `ResourceServiceClient::new(channel)`. Clones are the same channel:
/// one connection, made at the first call, and again when it is lost.
///
/// [`Transport`](crate::Transport) leads to gRPC on the server port (byte 8, or `consul/rpc-grpc`), [`GrpcPort`](super::GrpcPort) to a port of
/// its own. What fails is a [`Status`]; a server that cannot be reached is `UNAVAILABLE`.
#[derive(Clone)]
pub struct GrpcChannel(Arc<Inner>);

struct Inner {
    server: Arc<str>,
    authority: Authority,
    dialler: Box<dyn Dialler>,
    options: GrpcOptions,
    places: Arc<Semaphore>,
    /// Held while a connection is made, so that one is enough for all who wait for it.
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    sender: Option<SendRequest<Attempt>>,
    failures: u32,
    /// What connecting failed with, and until when it is not tried again.
    failed: Option<(Instant, Status)>,
}

/// An attempt without an answer.
enum Lost {
    /// No server has looked at it.
    Unseen(Status),
    /// It may have been looked at.
    Sent(Status),
}

impl GrpcChannel {
    /// A channel to `server` (`host:port`). Nothing is connected yet.
    pub fn new(server: impl Into<Arc<str>>, dialler: impl Dialler, options: GrpcOptions) -> Self {
        let server = server.into();
        // What is no authority is no address, either: dialling says so.
        let authority = server.parse().unwrap_or_else(|_| Authority::from_static("server"));
        let places = Arc::new(Semaphore::new(options.calls_max.clamp(1, Semaphore::MAX_PERMITS)));
        let dialler = Box::new(dialler);
        Self(Arc::new(Inner { server, authority, dialler, options, places, line: Mutex::default() }))
    }

    /// The server.
    pub fn server(&self) -> &Arc<str> {
        &self.0.server
    }

    /// Connects, unless it is connected.
    ///
    /// # Errors
    /// `UNAVAILABLE`, with how far it came.
    pub async fn connect(&self) -> Result<(), Status> {
        self.0.sender().await.map(drop)
    }
}

impl Inner {
    /// The connection that there is, or a new one.
    async fn sender(&self) -> Result<SendRequest<Attempt>, Status> {
        let mut line = self.line.lock().await;
        if let Some(sender) = line.sender.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        line.sender = None;
        if let Some((until, status)) = &line.failed
            && Instant::now() < *until
        {
            return Err(status.clone());
        }
        match self.dial().await {
            Ok(sender) => {
                *line = Line { sender: Some(sender.clone()), ..Line::default() };
                Ok(sender)
            }
            Err(status) => {
                line.failures = line.failures.saturating_add(1);
                let pause = self.options.redial.pause(line.failures, (self.options.random)());
                line.failed = Some((Instant::now() + pause, status.clone()));
                Err(status)
            }
        }
    }

    async fn dial(&self) -> Result<SendRequest<Attempt>, Status> {
        let limit = self.options.dial_timeout;
        let connects = async {
            let dialled = self.dialler.dial(&self.server, Route::InternalGrpc).await;
            let io = dialled.map_err(|error| answer::none(Code::Unavailable, in_full(&error)))?;
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .keep_alive_interval(KEEPALIVE_INTERVAL)
                .keep_alive_timeout(KEEPALIVE_TIMEOUT);
            let shaken = builder.handshake(TokioIo::new(io)).await;
            let (sender, connection) = shaken.map_err(|error| answer::status(&error))?;
            let server = Arc::clone(&self.server);
            tokio::spawn(async move {
                let ended = connection.await;
                tracing::debug!(%server, ?ended, "the gRPC connection has ended");
            });
            Ok(sender)
        };
        let late =
            |_| answer::none(Code::Unavailable, format!("connecting to {} was not done within {limit:?}", self.server));
        timeout(limit, connects).await.map_err(late)?
    }

    /// A call with all its attempts.
    async fn call(&self, request: Request<Body>) -> Result<Response<AnswerBody>, Status> {
        let (parts, body) = request.into_parts();
        let deadline = deadline::read(&parts.headers).and_then(|limit| Instant::now().checked_add(limit));
        let attempts = self.attempts(parts, body, deadline);
        match deadline {
            None => attempts.await,
            Some(at) => timeout_at(at, attempts).await.unwrap_or_else(|_| Err(answer::late())),
        }
    }

    async fn attempts(
        &self,
        parts: Parts,
        body: Body,
        deadline: Option<Instant>,
    ) -> Result<Response<AnswerBody>, Status> {
        let closed = |_| Status::unavailable("the channel is closed");
        let in_hand = Arc::clone(&self.places).acquire_owned().await.map_err(closed)?;
        let replay = Replay::new(body, true);
        let path = parts.uri.path().to_owned();
        let (mut made, mut unseen) = (0, 0);
        loop {
            let request = self.request(&parts, &replay, made, deadline)?;
            made += 1;
            let (ended, code, pushback) = match self.once(request).await {
                Err(Lost::Unseen(_)) if unseen < UNSEEN_MAX && replay.is_whole() => {
                    unseen += 1;
                    made -= 1;
                    continue;
                }
                Err(Lost::Unseen(status) | Lost::Sent(status)) => {
                    let code = status.code();
                    (Err(status), code, Pushback::Silent)
                }
                Ok(response) => match Status::from_header_map(response.headers()) {
                    // It ends with its head: no message has come, and none will.
                    Some(status) => {
                        let pushback = Pushback::of(response.headers());
                        (Ok(response), status.code(), pushback)
                    }
                    None => {
                        replay.settle();
                        return Ok(response.map(|body| AnswerBody::new(body, deadline, in_hand)));
                    }
                },
            };
            let again = self.options.retries && replay.is_whole();
            let pause = again.then(|| retry::next(&path, code, made, pushback, (self.options.random)())).flatten();
            let Some(pause) = pause else {
                replay.settle();
                return ended.map(|response| response.map(|body| AnswerBody::new(body, deadline, in_hand)));
            };
            tracing::debug!(server = %self.server, path, ?code, made, ?pause, "the call is attempted again");
            sleep(pause).await;
        }
    }

    /// The request as the next attempt sends it.
    fn request(
        &self,
        parts: &Parts,
        replay: &Replay,
        before: u32,
        deadline: Option<Instant>,
    ) -> Result<Request<Attempt>, Status> {
        let mut uri = parts.uri.clone().into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority.get_or_insert_with(|| self.authority.clone());
        uri.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(uri).map_err(|error| Status::internal(error.to_string()))?;
        let mut request = Request::new(replay.attempt());
        *request.uri_mut() = uri;
        *request.method_mut() = parts.method.clone();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = parts.headers.clone();
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert(USER_AGENT_TEXT);
        if before > 0 {
            headers.insert(PREVIOUS_KEY, before.into());
        }
        if let Some(at) = deadline {
            headers.insert(deadline::TIMEOUT_KEY, deadline::written(at.saturating_duration_since(Instant::now())));
        }
        Ok(request)
    }

    async fn once(&self, request: Request<Attempt>) -> Result<Response<Incoming>, Lost> {
        // Nobody to connect to is not worth trying at once again.
        let mut sender = self.sender().await.map_err(Lost::Sent)?;
        sender.try_send_request(request).await.map_err(|mut refused| {
            let unseen = refused.take_message().is_some() || answer::is_unseen(refused.error());
            let status = answer::status(refused.error());
            if unseen { Lost::Unseen(status) } else { Lost::Sent(status) }
        })
    }
}

/// An error with its causes.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<AnswerBody>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.call(request).await })
    }
}

impl fmt::Debug for GrpcChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcChannel").field("server", &self.0.server).finish_non_exhaustive()
    }
}
