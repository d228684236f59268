//! The client.
use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use proconsul_mux::Route;
use proconsul_structs::{HasQueryMeta, HasQueryOptions, Method};
use proconsul_types::{Listener, MethodRow};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    CallError, CallOptions, Cause, ConnectError, Dialler, Next, Options, Retries, Transport, Watch, WatchOptions,
    gate::Gate, lifetime, retried_as, servers::Servers, session,
};

/// A client of one datacenter's servers. Clones are the same client: one connection, which is made again when it is lost.
///
/// A call that cannot have changed anything is made again where that may help, on another server if there is one, for up to
/// [`Options::hold`] after its first failure; one that may have been applied is not. Dropping the future of a call cancels
/// it: its stream is reset, and the server forgets it at once.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    servers: Servers,
    gate: Gate,
    options: Arc<Options>,
}

/// Where an attempt went.
struct Attempts {
    peer: Arc<str>,
    made: u32,
}

impl Client {
    /// Connects to the first of these servers (`host:port`, Consul's server port, 8300) that can be reached.
    ///
    /// # Errors
    /// [`ConnectError`], with every server that was tried.
    pub async fn connect<S: Into<String>>(
        servers: impl IntoIterator<Item = S>,
        transport: Transport,
    ) -> Result<Self, Arc<ConnectError>> {
        let client = Self::lazy(servers, transport, Options::default());
        client.0.servers.session().await?;
        Ok(client)
    }

    /// A client that connects at its first call. Must be used within a tokio runtime.
    pub fn lazy<S: Into<String>>(
        servers: impl IntoIterator<Item = S>,
        dialler: impl Dialler,
        options: Options,
    ) -> Self {
        let names = servers.into_iter().map(|server| Arc::from(server.into())).collect();
        let options = Arc::new(options);
        let servers = Servers::new(names, Box::new(dialler), Arc::clone(&options));
        Self(Arc::new(Inner { servers, gate: Gate::new(&options), options }))
    }

    /// Calls a method.
    ///
    /// # Errors
    /// [`CallError`]; what to do about it is its [`advice`](CallError::advice), which was followed already as far as it goes.
    pub async fn call<M: Method>(&self, request: &M::Request) -> Result<M::Reply, CallError>
    where
        M::Request: Serialize,
        M::Reply: DeserializeOwned,
    {
        self.call_with::<M>(request, CallOptions::default()).await
    }

    /// As [`call`](Self::call), with options of its own.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_with<M: Method>(&self, request: &M::Request, options: CallOptions) -> Result<M::Reply, CallError>
    where
        M::Request: Serialize,
        M::Reply: DeserializeOwned,
    {
        let here = |cause| self.failed(M::ROW, cause);
        let body = proconsul_msgpack::to_vec(request).map_err(|error| here(Cause::Encode(Arc::new(error))))?;
        let reply = self.call_raw(M::ROW, &body, options).await?;
        proconsul_msgpack::from_bytes(&reply).map_err(|error| here(Cause::Decode(Arc::new(error))))
    }

    /// Calls a method with a body that is encoded already, and returns the reply as it came: one msgpack value each.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_raw(
        &self,
        row: &'static MethodRow,
        body: &[u8],
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        let limit = match options.timeout {
            None => lifetime(row, body, &self.0.options),
            Some(limit) => Some(limit).filter(|limit| !limit.is_zero()),
        };
        let mut attempts = Attempts { peer: self.0.servers.preferred(), made: 0 };
        let talk = self.attempts(row, body, options, &mut attempts);
        let ended = match limit {
            None => talk.await,
            Some(limit) => timeout(limit, talk).await.unwrap_or(Err(Cause::TimedOut(limit))),
        };
        ended.map_err(|cause| CallError { method: row.name, peer: attempts.peer, attempts: attempts.made, cause })
    }

    /// Repeats a query that can wait for news, and gives every answer that differs from the one before: see [`Watch`].
    pub fn watch<M: Method>(&self, request: M::Request) -> Watch<M::Reply>
    where
        M::Request: Serialize + HasQueryOptions + Send + Sync + 'static,
        M::Reply: DeserializeOwned + Serialize + HasQueryMeta + Send + 'static,
    {
        self.watch_with::<M>(request, WatchOptions::default())
    }

    /// As [`watch`](Self::watch), with options of its own.
    pub fn watch_with<M: Method>(&self, request: M::Request, options: WatchOptions) -> Watch<M::Reply>
    where
        M::Request: Serialize + HasQueryOptions + Send + Sync + 'static,
        M::Reply: DeserializeOwned + Serialize + HasQueryMeta + Send + 'static,
    {
        Watch::new::<M>(self.clone(), request, options)
    }

    /// The server that the next call goes to, if it can be reached.
    pub fn server(&self) -> Arc<str> {
        self.0.servers.preferred()
    }

    /// What it was told when it was made.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Ends this client and all its clones: the connection is closed, calls in hand fail, later ones are refused.
    pub async fn close(&self) {
        self.0.gate.close();
        self.0.servers.close().await;
    }

    /// An error that is not of any attempt.
    pub(crate) fn failed(&self, row: &'static MethodRow, cause: Cause) -> CallError {
        CallError { method: row.name, peer: self.0.servers.preferred(), attempts: 1, cause }
    }

    async fn attempts(
        &self,
        row: &'static MethodRow,
        body: &[u8],
        options: CallOptions,
        attempts: &mut Attempts,
    ) -> Result<Bytes, Cause> {
        let _place = self.0.gate.enter().await?;
        let told = options.timeout.filter(|limit| !limit.is_zero());
        let mut retries = Retries::new(&self.0.options, self.0.servers.count());
        let began = Instant::now();
        loop {
            attempts.made += 1;
            let left = told.map(|limit| limit.saturating_sub(began.elapsed()));
            let cause = match self.attempt(row, body, left, attempts).await {
                Ok(reply) => return Ok(reply),
                Err(cause) => cause,
            };
            if options.once || self.0.gate.is_closed() {
                return Err(cause);
            }
            let Next::Again { after, elsewhere } =
                retries.failed(cause.advice(retried_as(row)), began.elapsed(), (self.0.options.random)())
            else {
                return Err(cause);
            };
            tracing::debug!(method = row.name, peer = %attempts.peer, %cause, ?after, "the call is made again");
            if elsewhere {
                self.0.servers.go_elsewhere(&attempts.peer);
            }
            sleep(after).await;
        }
    }

    async fn attempt(
        &self,
        row: &'static MethodRow,
        body: &[u8],
        timeout: Option<Duration>,
        attempts: &mut Attempts,
    ) -> Result<Bytes, Cause> {
        let servers = &self.0.servers;
        attempts.peer = servers.preferred();
        if row.listener == Listener::Insecure {
            let io = servers.alone(Route::RpcInsecure).await?;
            return session::call_alone(io, row.name, body, timeout).await;
        }
        let session = servers.session().await?;
        attempts.peer = Arc::clone(&session.server);
        let answer = session.call(row.name, body, timeout).await;
        if let Err(cause) = &answer
            && cause.ends_the_connection()
        {
            servers.forget(&session);
        }
        answer
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server()).finish_non_exhaustive()
    }
}
