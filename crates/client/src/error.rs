//! Why a call has no reply, and what to do about it.
use std::{fmt, io, sync::Arc, time::Duration};

use proconsul_msgpack::{DecodeError, EncodeError};
use proconsul_mux::driver::dial::DialError;
use proconsul_netrpc::client;
use proconsul_types::{Advice, Operation, RequestSeq, WireText};
use proconsul_yamux::{ConnectionError, OpenError};

/// A call that did not succeed, or of which it is not known whether it did.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} to {peer} failed")]
pub struct CallError {
    /// What was called.
    pub method: &'static str,
    /// The server that was asked last, as the client was given it.
    pub peer: Arc<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of the last attempt.
    #[source]
    pub cause: Cause,
}

/// What came of an attempt.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The server's answer was an error. Texts of other servers that passed it on stand in front.
    #[error("it answered: {0}")]
    Answered(WireText),
    /// No server could be connected to. Nothing was sent.
    #[error(transparent)]
    Unreachable(#[from] Arc<ConnectError>),
    /// The connection took no more streams. Nothing was sent.
    #[error("no stream could be opened")]
    Open(#[source] OpenError),
    /// The stream closed before the answer.
    #[error("the stream closed before the answer to request {0}")]
    Lost(RequestSeq),
    /// The stream failed before the answer.
    #[error("the stream failed before the answer")]
    Stream(#[source] Arc<io::Error>),
    /// The connection ended before the answer.
    #[error("the connection ended before the answer")]
    Connection(#[source] Arc<ConnectionError>),
    /// The server closed the connection before the answer.
    #[error("the server closed the connection before the answer")]
    ClosedByPeer,
    /// No answer came in time; the server was told to stop.
    #[error("there was no answer within {0:?}")]
    TimedOut(Duration),
    /// So many calls wait already; this one was not made.
    #[error("{0} calls wait already")]
    Busy(usize),
    /// The client was closed; nothing was sent.
    #[error("the client is closed")]
    Closed,
    /// The request cannot be encoded; nothing was sent.
    #[error("the request cannot be encoded")]
    Encode(#[source] Arc<EncodeError>),
    /// The reply is not what the method's type says.
    #[error("the answer cannot be decoded")]
    Decode(#[source] Arc<DecodeError>),
    /// The answer breaks the protocol.
    #[error("the answer makes no sense: {0}")]
    Nonsense(Arc<client::CallError>),
}

/// How a text ends that says that another server's connection closed: what Go's pool takes for a lost connection.
const LOST_ELSEWHERE: &[&str] = &[": EOF", "stream closed", "session shutdown"];

impl CallError {
    /// What the caller may do. A write is not repeated once a server may have applied it.
    pub fn advice(&self, operation: Operation) -> Advice {
        self.cause.advice(operation)
    }

    /// The error that the server answered, if it did.
    pub fn answered(&self) -> Option<&WireText> {
        match &self.cause {
            Cause::Answered(text) => Some(text),
            _ => None,
        }
    }

    /// The error with its causes in one line, for logs.
    pub fn in_full(&self) -> impl fmt::Display + '_ {
        Chain(self)
    }
}

impl Cause {
    /// See [`CallError::advice`].
    pub fn advice(&self, operation: Operation) -> Advice {
        match (self, operation) {
            (Self::Answered(text), Operation::Read) if is_lost_elsewhere(text) => Advice::AskAnother,
            (Self::Answered(text), _) => text.advice(),
            // All of them were tried.
            (Self::Unreachable(_), _) => Advice::TryLater,
            (Self::Open(OpenError::TooManyStreams(_) | OpenError::Unacknowledged(_)), _) => Advice::TryLater,
            (Self::Open(_), _) => Advice::AskAnother,
            (Self::Lost(_) | Self::Stream(_) | Self::Connection(_) | Self::ClosedByPeer, Operation::Read) => {
                Advice::AskAnother
            }
            _ => Advice::Report,
        }
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_the_connection(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Connection(_) | Self::ClosedByPeer | Self::Nonsense(_) => true,
            Self::Open(error) => !matches!(error, OpenError::TooManyStreams(_) | OpenError::Unacknowledged(_)),
            Self::Stream(error) => error.kind() == io::ErrorKind::ConnectionAborted,
            _ => false,
        }
    }
}

fn is_lost_elsewhere(text: &WireText) -> bool {
    LOST_ELSEWHERE.iter().any(|end| text.as_str().ends_with(end))
}

impl From<client::CallError> for Cause {
    fn from(error: client::CallError) -> Self {
        match error {
            client::CallError::Answered(text) => Self::Answered(WireText::other(text.to_string())),
            client::CallError::Lost(seq) => Self::Lost(seq),
            client::CallError::Io(error) => Self::Stream(Arc::new(error)),
            client::CallError::Encode(error) => Self::Encode(Arc::new(error)),
            other => Self::Nonsense(Arc::new(other)),
        }
    }
}

/// No server could be connected to.
#[derive(Debug)]
pub struct ConnectError {
    /// Every server that was tried, and why not.
    pub tried: Vec<DialError>,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tried.is_empty() {
            return f.write_str("there is no server to connect to: no address was given");
        }
        f.write_str("no server could be connected to")?;
        for (i, error) in self.tried.iter().enumerate() {
            write!(f, "{} {}", if i == 0 { ":" } else { ";" }, Chain(error))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}

/// An error with all that it is due to.
struct Chain<'e>(&'e dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use Advice::{AskAnother, Report, TryLater};

    use super::*;

    fn check(cause: Cause, read: Advice, write: Advice) {
        let advice = [Operation::Read, Operation::Write, Operation::Exempt].map(|operation| cause.advice(operation));
        assert_eq!(advice, [read, write, write], "{cause:?}");
    }

    fn answered(text: &str) -> Cause {
        Cause::Answered(WireText::other(text.to_owned()))
    }

    #[test]
    fn a_write_is_repeated_only_if_it_cannot_have_been_applied() {
        check(answered("rpc error making call: No cluster leader"), TryLater, TryLater);
        check(answered(WireText::RATE_LIMITED.as_str()), AskAnother, AskAnother);
        check(answered(WireText::RATE_LIMITED_AT_LEADER.as_str()), TryLater, TryLater);
        check(answered("Permission denied"), Report, Report);
        check(answered("rpc error making call: EOF"), AskAnother, Report);
        check(answered("rpc error making call: stream closed"), AskAnother, Report);
        check(answered("leadership lost while committing log"), Report, Report);
        check(Cause::Unreachable(Arc::new(ConnectError { tried: vec![] })), TryLater, TryLater);
        check(Cause::Open(OpenError::Over), AskAnother, AskAnother);
        check(Cause::Open(OpenError::TooManyStreams(1)), TryLater, TryLater);
        check(Cause::Lost(RequestSeq(1)), AskAnother, Report);
        check(Cause::ClosedByPeer, AskAnother, Report);
        check(Cause::Stream(Arc::new(io::ErrorKind::ConnectionReset.into())), AskAnother, Report);
        check(Cause::TimedOut(Duration::ZERO), Report, Report);
        check(Cause::Busy(1), Report, Report);
        check(Cause::Closed, Report, Report);
    }

    #[test]
    fn an_error_says_what_failed_where_and_why() {
        let cause = answered("Permission denied");
        let error = CallError { method: "KVS.Get", peer: "10.0.0.1:8300".into(), attempts: 1, cause };
        assert_eq!(error.in_full().to_string(), "KVS.Get to 10.0.0.1:8300 failed: it answered: Permission denied");
    }
}
