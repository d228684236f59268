//! Asks an admin listener: a short-lived connection per question, each within a time.
use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1,
    header::{CONNECTION, HOST},
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{Address, TOKEN_HEADER, Token, view::Killed};

/// The most that is read of an answer.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long a question may take, from the connection to the last byte. Longer than a server takes to give up.
pub const QUESTION_TIME_MAX: Duration = Duration::from_secs(15);

/// A question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no admin listener at {address}: {cause}")]
    Connect {
        /// Who was asked.
        address: Address,
        /// What the system says.
        cause: io::Error,
    },
    /// It says no.
    #[error("{address} answered {status}: {text}")]
    Refused {
        /// Who was asked.
        address: Address,
        /// The status.
        status: u16,
        /// Why, in its words.
        text: String,
    },
    /// What came is no answer.
    #[error("{address} gave no answer to {path}: {cause}")]
    Broken {
        /// Who was asked.
        address: Address,
        /// What for.
        path: String,
        /// What is wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing came.
    #[error("{address} has not answered {path} for {QUESTION_TIME_MAX:?}")]
    TimedOut {
        /// Who was asked.
        address: Address,
        /// What for.
        path: String,
    },
}

impl ClientError {
    /// Whether nobody listens there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }
}

/// Asks one admin listener. Holds no connection.
#[derive(Clone, Debug)]
pub struct Client {
    address: Address,
}

impl Client {
    /// For the listener at `address`.
    pub fn new(address: Address) -> Self {
        Self { address }
    }

    /// Whom it asks.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What is at `path`, such as `/v1/conns`, whose type is in [`view`](crate::view).
    ///
    /// # Errors
    /// It was not answered, or not with a `T`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(path, self.ask(Method::GET, path, None).await?)
    }

    /// What is at `path`, as text, such as `/metrics`.
    ///
    /// # Errors
    /// It was not answered.
    pub async fn text(&self, path: &str) -> Result<String, ClientError> {
        let body = self.ask(Method::GET, path, None).await?;
        String::from_utf8(body.into()).map_err(|error| self.broken(path, error))
    }

    /// Ends connection `id`; `false`: there was none. Over TCP this takes the `token`.
    ///
    /// # Errors
    /// It was not answered, or refused.
    pub async fn kill(&self, id: u64, token: Option<&Token>) -> Result<bool, ClientError> {
        let path = format!("/v1/conns/{id}/kill");
        match self.ask(Method::POST, &path, token).await {
            Ok(body) => Ok(self.json::<Killed>(&path, body)?.killed == id),
            Err(ClientError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn json<T: DeserializeOwned>(&self, path: &str, body: Bytes) -> Result<T, ClientError> {
        serde_json::from_slice(&body).map_err(|error| self.broken(path, error))
    }

    fn broken(&self, path: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ClientError {
        ClientError::Broken { address: self.address.clone(), path: path.to_owned(), cause: cause.into() }
    }

    /// The body of the answer, which was not refused.
    async fn ask(&self, method: Method, path: &str, token: Option<&Token>) -> Result<Bytes, ClientError> {
        let late = || ClientError::TimedOut { address: self.address.clone(), path: path.to_owned() };
        timeout(QUESTION_TIME_MAX, self.ask_without_end(method, path, token)).await.map_err(|_| late())?
    }

    async fn ask_without_end(&self, method: Method, path: &str, token: Option<&Token>) -> Result<Bytes, ClientError> {
        let host = match &self.address {
            Address::Unix(_) => "localhost".to_owned(),
            Address::Tcp(address) => address.to_string(),
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, host).header(CONNECTION, "close");
        if let Some(token) = token {
            request = request.header(TOKEN_HEADER, token.reveal());
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| self.broken(path, error))?;

        let absent = |cause| ClientError::Connect { address: self.address.clone(), cause };
        let (status, body) = match &self.address {
            Address::Unix(path) => exchange(UnixStream::connect(path).await.map_err(absent)?, request).await,
            Address::Tcp(address) => exchange(TcpStream::connect(address).await.map_err(absent)?, request).await,
        }
        .map_err(|error| self.broken(path, error))?;

        if status.is_success() {
            return Ok(body);
        }
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        Err(ClientError::Refused { address: self.address.clone(), status: status.as_u16(), text })
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One request and its answer. Nothing is left behind when the future is dropped.
async fn exchange<IO>(io: IO, request: Request<Empty<Bytes>>) -> Result<(StatusCode, Bytes), Failure>
where
    IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok((status, body))
    };
    let mut answer = std::pin::pin!(answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        answer = &mut answer => return answer,
        ended = &mut connection => ended?,
    }
    answer.await // the connection has ended; what it brought is there
}
