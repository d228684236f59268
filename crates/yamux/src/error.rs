//! Why a session ends, and why a stream cannot be opened.

use crate::config::Code;
use crate::stream::{StreamId, Violation};

/// Bytes that are not a frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first byte of a header is not 0.
    #[error("frame of protocol version {0}, only 0 is known")]
    Version(u8),
    /// The second byte of a header is none of the four types.
    #[error("frame of unknown type {0}")]
    Kind(u8),
}

/// Why a session is over. After one of these, write out what is in the output and
/// close the connection; every further [`crate::Session::receive`] repeats the same error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The peer sent something that is not a frame. Nothing is sent back, as HashiCorp's implementation does.
    #[error("the peer sent something that is not yamux")]
    Frame(#[from] FrameError),
    /// A stream was started with an id that is in use.
    #[error("the peer started stream {0}, which is open")]
    DuplicateStream(StreamId),
    /// A flag that the stream's state does not allow.
    #[error("on stream {stream}")]
    Flag {
        /// The stream it came for.
        stream: StreamId,
        /// Which flag in which state.
        #[source]
        violation: Violation,
    },
    /// More data than was granted.
    #[error("the peer sent {sent} bytes on stream {stream}, {granted} were granted")]
    WindowExceeded {
        /// The stream it came for.
        stream: StreamId,
        /// Length of the frame.
        sent: u32,
        /// What the window allowed.
        granted: u32,
    },
    /// The peer ended the session with an error code.
    #[error("the peer gave up the session: {0}")]
    GoAway(Code),
    /// A keepalive ping found no answer, and nothing else came either.
    #[error("no answer to a keepalive ping")]
    KeepaliveTimeout,
    /// A stream that we started was not acknowledged in time.
    #[error("the peer did not acknowledge stream {0} in time")]
    OpenTimeout(StreamId),
    /// Nothing could be written to the connection for the write timeout (see [`crate::Stall`]).
    #[error("the peer took no bytes for the write timeout")]
    WriteTimeout,
}

/// Why no stream can be opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The session ended with an error.
    #[error("the session is over")]
    Over,
    /// The peer said that it takes no more streams (normal go-away). Streams in flight go on.
    #[error("the peer accepts no more streams")]
    RemoteGoAway,
    /// As many streams as the peer will queue wait for their acknowledgement. Try again after [`crate::Event::Acked`].
    #[error("{0} streams wait for the peer's acknowledgement")]
    Unacknowledged(u32),
    /// The session holds as many streams as its configuration allows. Try again when one has ended.
    #[error("{0} streams are open")]
    TooManyStreams(u32),
    /// This side's 2^31 ids are used up: a new connection is needed.
    #[error("the session has no stream ids left")]
    IdsExhausted,
}
