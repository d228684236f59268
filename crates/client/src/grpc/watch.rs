//! A cluster whose servers tell which servers there are: connected to one of them, and to another when that one fails.
//!
//! Source of the behaviour: `consul-server-connection-manager`, which Consul's data planes use.
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use proconsul_proto_public::{
    pbdataplane::{
        DataplaneFeatures, GetSupportedDataplaneFeaturesRequest, dataplane_service_client::DataplaneServiceClient,
    },
    pbserverdiscovery::{WatchServersRequest, server_discovery_service_client::ServerDiscoveryServiceClient},
};
use proconsul_structs::Token;
use tokio::{
    net::lookup_host,
    sync::watch::{Receiver, Sender, channel},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tonic::{Code, Extensions, Status, body::Body, metadata::MetadataMap};
use tower_service::Service;

use super::{
    GrpcChannel, GrpcOptions, GrpcPort, TOKEN_KEY,
    answer::{self, AnswerBody},
    deadline,
    pick::Servers,
};
use crate::Backoff;

/// Pauses between one server and the next.
pub const WATCH_BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) };
/// After a connection of this length the pauses begin anew.
pub const WATCH_RESET: Duration = Duration::from_secs(120);
/// How often a server is asked whether it is there that does not say which servers there are.
pub const CHECK_EVERY: Duration = Duration::from_secs(60);
/// How many servers are known at most; a list is read no further.
pub const SERVERS_MAX: usize = 256;
/// How long a call waits for a server while there is none, unless its deadline is sooner.
pub const NOBODY_WAIT_MAX: Duration = Duration::from_secs(10);

/// What a watch is told when it is started.
#[derive(Clone, Debug)]
pub struct ServerWatchOptions {
    /// How gRPC ports are connected to.
    pub port: GrpcPort,
    /// Sent with every call that has none of its own.
    pub token: Option<Token>,
    /// What a server must be able to do: one that cannot is passed over.
    pub needs: Vec<DataplaneFeatures>,
    /// Whether the servers say which servers there are. Not behind a load balancer, whose address is the one to use.
    pub follow: bool,
    /// See [`CHECK_EVERY`].
    pub check_every: Duration,
    /// See [`WATCH_BACKOFF`].
    pub backoff: Backoff,
    /// See [`WATCH_RESET`].
    pub reset: Duration,
    /// The channel to each server.
    pub channel: GrpcOptions,
}

impl Default for ServerWatchOptions {
    fn default() -> Self {
        Self {
            port: GrpcPort::Plain,
            token: None,
            needs: Vec::new(),
            follow: true,
            check_every: CHECK_EVERY,
            backoff: WATCH_BACKOFF,
            reset: WATCH_RESET,
            channel: GrpcOptions::default(),
        }
    }
}

/// The server in use.
#[derive(Clone, Debug)]
pub struct Current {
    /// Its address.
    pub server: Arc<str>,
    /// What it can do for data planes.
    pub features: Vec<DataplaneFeatures>,
    channel: GrpcChannel,
}

/// Keeps a connection to one of the servers of a cluster, on their gRPC ports.
///
/// One of the addresses is connected to. That server's list of servers (`WatchServers`) replaces the addresses, and when it fails the
/// next is one of them: the one that was tried longest ago, or any of those that never were. When all were tried the addresses
/// that were given are looked up again. It ends with the last of its channels.
#[derive(Clone)]
pub struct ServerWatch(WatchedChannel);

/// A channel to the server in use, for the clients that are generated. A call stays with the server that it began on.
#[derive(Clone)]
pub struct WatchedChannel {
    current: Receiver<Option<Current>>,
    token: Option<HeaderValue>,
    _task: Arc<Task>,
}

/// Ends with its handle.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ServerWatch {
    /// Starts, with these addresses (`host:port`, names may have several). Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The token cannot be sent as metadata.
    pub fn start<S: Into<String>>(
        addresses: impl IntoIterator<Item = S>,
        options: ServerWatchOptions,
    ) -> Result<Self, Status> {
        let token = options.token.as_ref().map(|token| HeaderValue::from_bytes(token.reveal().as_bytes())).transpose();
        let mut token = token.map_err(|_| Status::invalid_argument("the token cannot be sent as metadata"))?;
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        let (tell, current) = channel(None);
        let names = addresses.into_iter().map(Into::into).collect();
        let runner = Runner { names, options, token: token.clone(), tell, servers: Servers::default() };
        let task = Arc::new(Task(tokio::spawn(runner.run())));
        Ok(Self(WatchedChannel { current, token, _task: task }))
    }

    /// The server in use, as soon as there is one.
    pub async fn current(&self) -> Current {
        let mut current = self.0.current.clone();
        loop {
            if let Some(current) = current.borrow_and_update().clone() {
                return current;
            }
            if current.changed().await.is_err() {
                // The task runs for as long as this handle is there, unless its runtime is shut down.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The server in use, now and whenever it is another; `None` while there is none.
    pub fn changes(&self) -> Receiver<Option<Current>> {
        self.0.current.clone()
    }

    /// A channel that leads to the server in use.
    pub fn channel(&self) -> WatchedChannel {
        self.0.clone()
    }
}

/// What the task has.
struct Runner {
    names: Vec<String>,
    options: ServerWatchOptions,
    token: Option<HeaderValue>,
    tell: Sender<Option<Current>>,
    servers: Servers,
}

impl Runner {
    async fn run(mut self) {
        let mut failures: u32 = 0;
        loop {
            let began = Instant::now();
            let status = self.one().await;
            self.tell.send_replace(None);
            failures = if began.elapsed() >= self.options.reset { 1 } else { failures.saturating_add(1) };
            let pause = self.options.backoff.pause(failures, (self.options.channel.random)());
            tracing::info!(error = status.message(), ?pause, "no server is connected to; the next is tried");
            sleep(pause).await;
        }
    }

    /// The next server, for as long as it is good for anything. What was wrong in the end.
    async fn one(&mut self) -> Status {
        let next = match self.next() {
            Some(server) => Ok(server),
            None => self.look_up().await,
        };
        match next {
            Ok(server) => self.with(server).await.err().unwrap_or_else(|| Status::unavailable("the server has ended")),
            Err(status) => status,
        }
    }

    fn next(&mut self) -> Option<Arc<str>> {
        self.servers.next((self.options.channel.random)())
    }

    /// Begins again with the addresses that were given.
    async fn look_up(&mut self) -> Result<Arc<str>, Status> {
        let mut found = Vec::new();
        let mut why = String::from("no address was given");
        for name in &self.names {
            match timeout(self.options.channel.dial_timeout, lookup_host(name)).await {
                Ok(Ok(addresses)) => found.extend(addresses.map(|address| address.to_string())),
                Ok(Err(error)) => why = format!("{name} has no address: {error}"),
                Err(_) => why = format!("the address of {name} was not found in time"),
            }
        }
        self.servers.set(found, SERVERS_MAX);
        self.next().ok_or_else(|| Status::unavailable(why))
    }

    async fn with(&mut self, server: Arc<str>) -> Result<(), Status> {
        let channel = GrpcChannel::new(Arc::clone(&server), self.options.port.clone(), self.options.channel.clone());
        let features = self.features(&channel).await?;
        if let Some(lacking) = self.options.needs.iter().find(|needed| !features.contains(needed)) {
            let name = lacking.as_str_name();
            return Err(Status::failed_precondition(format!("{server} does not support {name}, which is needed")));
        }
        let follows = self.options.follow && features.contains(&DataplaneFeatures::WatchServers);
        tracing::info!(%server, "connected");
        self.tell.send_replace(Some(Current { server: Arc::clone(&server), features, channel: channel.clone() }));
        if follows {
            return self.follow(channel, &server).await;
        }
        loop {
            sleep(self.options.check_every).await;
            self.features(&channel).await?;
        }
    }

    /// What a server can do; it is there, and takes the token.
    async fn features(&self, channel: &GrpcChannel) -> Result<Vec<DataplaneFeatures>, Status> {
        let mut request = self.request(GetSupportedDataplaneFeaturesRequest {});
        request.set_timeout(self.options.channel.dial_timeout);
        let asked = DataplaneServiceClient::new(channel.clone()).get_supported_dataplane_features(request).await?;
        let all = asked.into_inner().supported_dataplane_features.into_iter();
        Ok(all.filter(|feature| feature.supported).map(|feature| feature.feature_name()).collect())
    }

    /// Takes over every list of servers, until there are no more.
    async fn follow(&mut self, channel: GrpcChannel, server: &str) -> Result<(), Status> {
        let request = self.request(WatchServersRequest::default());
        let mut lists = ServerDiscoveryServiceClient::new(channel).watch_servers(request).await?.into_inner();
        let port = server.parse().map_or(0, |address: SocketAddr| address.port());
        while let Some(list) = lists.message().await? {
            let names: Vec<String> = list.servers.iter().map(|server| with_port(&server.address, port)).collect();
            tracing::debug!(?names, "the servers that there are");
            self.servers.set(names, SERVERS_MAX);
        }
        Ok(())
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.insert(TOKEN_KEY, token.clone());
        }
        tonic::Request::from_parts(MetadataMap::from_headers(headers), Extensions::default(), message)
    }
}

/// An address as servers tell it, which has no port.
fn with_port(address: &str, port: u16) -> String {
    match address.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{address}:{port}"),
    }
}

impl WatchedChannel {
    async fn call(mut self, mut request: Request<Body>) -> Result<Response<AnswerBody>, Status> {
        let limit = deadline::read(request.headers());
        let wait = limit.unwrap_or(NOBODY_WAIT_MAX).min(NOBODY_WAIT_MAX);
        let began = Instant::now();
        let current = timeout(wait, self.current.wait_for(Option::is_some)).await;
        let current = current.ok().and_then(Result::ok).and_then(|current| current.clone());
        let Some(Current { mut channel, .. }) = current else {
            return Err(answer::none(Code::Unavailable, "no server is connected to"));
        };
        let headers = request.headers_mut();
        if let (Some(token), false) = (self.token, headers.contains_key(TOKEN_KEY)) {
            headers.insert(TOKEN_KEY, token);
        }
        if let Some(limit) = limit {
            headers.insert(deadline::TIMEOUT_KEY, deadline::written(limit.saturating_sub(began.elapsed())));
        }
        channel.call(request).await
    }
}

impl Service<Request<Body>> for WatchedChannel {
    type Response = Response<AnswerBody>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().call(request))
    }
}

impl fmt::Debug for ServerWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for WatchedChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.current.borrow();
        f.debug_struct("WatchedChannel")
            .field("server", &current.as_ref().map(|current| &current.server))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_address_is_given_the_port() {
        assert_eq!(with_port("10.0.0.1", 8502), "10.0.0.1:8502");
        assert_eq!(with_port("::1", 8502), "[::1]:8502");
        assert_eq!(with_port("server-1.internal", 8503), "server-1.internal:8503");
    }
}
