//! Calls methods of a server over any byte stream: a connection of its own (type byte 0) or a yamux stream (byte 4).
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proconsul_msgpack::{DecodeError, EncodeError, GoStr, Scan, Scanner};
use proconsul_types::RequestSeq;
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{HEADER_BYTES_MAX, ResponseHeader, write_request_header};

/// The largest reply that a client takes by default.
pub const REPLY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One net/rpc stream, as its client: one call at a time.
///
/// Dropping the future of a call leaves the stream in the middle of it; drop the client then, which closes the stream.
#[derive(Debug)]
pub struct Client<IO> {
    io: IO,
    seq: u64,
    input: BytesMut,
    output: Vec<u8>,
    /// A call was begun and not ended: nothing on the stream can be trusted.
    broken: bool,
}

/// Why a call has no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server's answer was an error.
    #[error("{0}")]
    Answered(GoStr),
    /// The stream closed before the answer. For a write it is not known whether it took effect.
    #[error("the stream closed before the answer to request {0}")]
    Lost(RequestSeq),
    /// The stream failed.
    #[error("the stream failed: {0}")]
    Io(#[from] std::io::Error),
    /// The request cannot be encoded.
    #[error("the request cannot be encoded: {0}")]
    Encode(#[from] EncodeError),
    /// The answer cannot be decoded.
    #[error("the answer cannot be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// The answer is to another request.
    #[error("the answer is to request {got}, not {expected}")]
    OutOfStep {
        /// The number in the answer.
        got: u64,
        /// The number of the request.
        expected: u64,
    },
    /// The answer is larger than [`REPLY_BYTES_MAX`], or its header than [`HEADER_BYTES_MAX`].
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// An earlier call on this stream was given up half way.
    #[error("an earlier call on this stream did not end; open another stream")]
    Broken,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// A client of the server at the other end of `io`. The type byte, if there is one, has been written.
    pub fn new(io: IO) -> Self {
        Self { io, seq: 0, input: BytesMut::new(), output: Vec::new(), broken: false }
    }

    /// Calls `method` and decodes its reply.
    ///
    /// # Errors
    /// See [`CallError`]; after [`CallError::Answered`] the stream may be closed, and after any other it is of no more use.
    pub async fn call<Reply: DeserializeOwned>(
        &mut self,
        method: &str,
        request: &(impl Serialize + ?Sized),
    ) -> Result<Reply, CallError> {
        let mut body = Vec::new();
        proconsul_msgpack::encode_into(&mut body, request)?;
        let reply = self.call_raw(method, &body, None).await?;
        Ok(proconsul_msgpack::from_slice(&reply)?)
    }

    /// Calls `method` with a body that is encoded already, and returns the reply as it came: one msgpack value each.
    /// `timeout` tells a server of ours how long the caller will wait; it is not enforced here.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_raw(&mut self, method: &str, body: &[u8], timeout: Option<Duration>) -> Result<Bytes, CallError> {
        if self.broken {
            return Err(CallError::Broken);
        }
        self.seq += 1;
        let seq = RequestSeq(self.seq);
        self.output.clear();
        write_request_header(&mut self.output, method, seq, timeout);
        self.output.extend_from_slice(body);
        self.broken = true;
        self.io.write_all(&self.output).await?;
        self.io.flush().await?;
        let header: ResponseHeader = proconsul_msgpack::from_slice(&self.value(seq, HEADER_BYTES_MAX * 4).await?)?;
        if header.seq != seq.0 {
            return Err(CallError::OutOfStep { got: header.seq, expected: seq.0 });
        }
        let reply = self.value(seq, REPLY_BYTES_MAX).await?;
        self.broken = false;
        if header.error.as_bytes().is_empty() { Ok(reply) } else { Err(CallError::Answered(header.error)) }
    }

    /// The byte stream, to look at it or to cut it off.
    pub fn get_mut(&mut self) -> &mut IO {
        &mut self.io
    }

    /// The byte stream, for what is not a call. Anything read ahead is lost.
    pub fn into_inner(self) -> IO {
        self.io
    }

    /// Reads one msgpack value.
    async fn value(&mut self, seq: RequestSeq, limit: usize) -> Result<Bytes, CallError> {
        let mut scanner = Scanner::new();
        let mut scanned = 0;
        loop {
            match scanner.feed(&self.input[scanned..])? {
                Scan::Complete { used } => return Ok(self.input.split_to(scanned + used).freeze()),
                Scan::More => scanned = self.input.len(),
            }
            if scanned > limit {
                return Err(CallError::TooLarge(limit));
            }
            if self.input.capacity() - self.input.len() < 4096 {
                self.input.reserve(16 * 1024);
            }
            if self.io.read_buf(&mut self.input).await? == 0 {
                return Err(CallError::Lost(seq));
            }
        }
    }
}
