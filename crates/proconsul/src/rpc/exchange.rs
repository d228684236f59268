//! A connection to a server, and calls on one stream of it.
use std::{io, time::Duration};

use anyhow::{Context, Result};
use bytes::Bytes;
use proconsul_mux::{Route, driver::dial::dial};
use proconsul_netrpc::client::{CallError, Client};
use proconsul_yamux::{Config, Connection, ConnectionError, Side};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::timeout,
};

use super::arguments::CallArguments;

/// How long a connection may take where a call may take for ever.
const CONNECT_MAX: Duration = Duration::from_secs(60);

/// How long the end of a connection is waited for whose stream has ended.
const CONNECTION_END_MAX: Duration = Duration::from_secs(1);

/// How long a connection may take.
pub(super) fn connect_limit(arguments: &CallArguments) -> Duration {
    Some(arguments.timeout()).filter(|limit| !limit.is_zero()).unwrap_or(CONNECT_MAX)
}

/// What a stream is.
trait Io: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

/// A stream to call on: the whole connection, or the first of many.
pub(super) struct Session<'a> {
    arguments: &'a CallArguments,
    client: Client<Box<dyn Io>>,
    /// The task of the connection below, where there is one.
    below: Option<JoinHandle<Result<(), ConnectionError>>>,
}

impl<'a> Session<'a> {
    /// Connects as the flags say.
    ///
    /// # Errors
    /// Flags that do not go together, files that cannot be used, and a server that cannot be reached.
    pub(super) async fn open(arguments: &'a CallArguments) -> Result<Self> {
        let CallArguments { server, tls, .. } = arguments;
        let via = tls.via()?;
        // The call's own time is in force around all of it.
        let limit = connect_limit(arguments);
        let dialled =
            dial(server, tls.route(), &via, limit).await.with_context(|| format!("cannot call {server} (--server)"))?;
        if tls.route() == Route::RpcInsecure {
            return Ok(Self { arguments, client: Client::new(Box::new(dialled)), below: None });
        }
        let (control, _incoming, driver) = Connection::new(dialled, Side::Client, Config::default());
        let mut below = Some(tokio::spawn(driver));
        match control.open().await {
            Ok(stream) => Ok(Self { arguments, client: Client::new(Box::new(stream)), below }),
            Err(error) => {
                let error = CallError::from(io::Error::other(error));
                Err(no_answer(arguments, &why(&mut below, error).await).into())
            }
        }
    }

    /// Calls the method with a request that is encoded already.
    ///
    /// # Errors
    /// [`CallError::Answered`], after which the stream may be of no more use, and [`NoAnswer`], after which it is.
    pub(super) async fn call(&mut self, request: &[u8]) -> Result<Bytes> {
        match self.client.call_raw(&self.arguments.method, request, None).await {
            Ok(reply) => Ok(reply),
            Err(error @ CallError::Answered(_)) => Err(error.into()),
            Err(error) => Err(no_answer(self.arguments, &why(&mut self.below, error).await).into()),
        }
    }
}

/// Only the connection knows of an alert of TLS, or that it was reset. It ends, as the stream has.
async fn why(below: &mut Option<JoinHandle<Result<(), ConnectionError>>>, error: CallError) -> String {
    let Some(task) = below.take() else { return error.to_string() };
    match timeout(CONNECTION_END_MAX, task).await {
        Ok(Ok(Err(below))) => format!("{:#}", anyhow::Error::new(below)),
        Ok(Ok(Ok(()))) => "it closed the connection".to_owned(),
        _ => error.to_string(),
    }
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
#[error("{server} gave no answer to {method}: {why} ({hint})")]
pub(crate) struct NoAnswer {
    pub(super) server: String,
    pub(super) method: String,
    pub(super) why: String,
    pub(super) hint: &'static str,
}

fn no_answer(arguments: &CallArguments, why: &str) -> NoAnswer {
    let hint = match (arguments.tls.is_plain(), arguments.tls.shows_a_certificate()) {
        (true, _) => "is it a server port (--server)? if it takes TLS only, say --tls; `proconsul doctor` shows",
        // It finds out after our side of the handshake is done, and not every server's alert arrives before it closes.
        (_, false) => {
            "if it demands a certificate, give --client-cert and --client-key; `proconsul doctor` shows what it takes"
        }
        (_, true) => "`proconsul doctor` shows what it takes, and with which certificates",
    };
    NoAnswer { server: arguments.server.clone(), method: arguments.method.clone(), why: why.to_owned(), hint }
}
