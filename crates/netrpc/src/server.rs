//! Serves net/rpc on connections: one task each, and no task, channel or buffer per stream or call.
//!
//! A connection reads what is there, answers every call that can be answered now, and writes once. What has to wait leaves
//! the turn as a small record that names the stream to answer. See `docs/rpc/netrpc.md`.
mod buffers; // a thread's buffers, lent to the connection whose turn it is
mod calls; // calls of one connection that are not answered yet
mod connection; // a connection as others see it: wake it, answer it, stop it, look at it
mod describe; // what a connection says of itself when it is asked
mod farewell; // the end of a connection, so that the peer sees all that was written to it
mod output; // bytes on their way to the peer
mod session; // many streams over yamux: type byte 4
mod single; // one stream: type byte 0
mod spans; // what a trace shows of a call
mod stream; // what one stream has said so far and what it waits for
mod timer; // the only timer of a connection
mod turn; // from bytes to answers, for either kind

use std::{fmt, sync::Arc, time::Duration};

pub use connection::{Connection, Stop};
pub use describe::{ASKING_MAX, CallDescription, CallState, Description, STREAMS_DESCRIBED_MAX, StreamDescription};
pub use farewell::FAREWELL_MAX;
pub use output::{OUTPUT_BYTES_STOP_READING, OUTPUT_BYTES_STOP_SERVING};
use proconsul_types::MethodRow;
pub use session::{BACKLOG_BYTES_STOP_SERVING, HELD_BYTES_MAX, SessionServer};
pub use single::SingleServer;
use tower_service::Service;

use crate::{Answer, Call, Fault, MethodTable, Registry};

/// What a server of net/rpc is made of: shared by all its connections.
#[derive(Clone)]
pub struct Server<S> {
    service: S,
    registry: Arc<Registry>,
    limits: Arc<Limits>,
}

/// Bounds and times of a connection. See `docs/configuration.md`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From a request's first byte to its last. Idle streams never time out. Consul has no such limit.
    pub request_read_timeout: Duration,
    /// How long a peer may take none of what is written to it.
    pub write_timeout: Duration,
    /// yamux: streams, windows, keepalive.
    pub yamux: Arc<proconsul_yamux::Config>,
}

/// Default of [`Limits::request_read_timeout`].
pub const REQUEST_READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The largest answer that waits for its stream's window; a stream with a larger one is reset.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Default of [`Limits::write_timeout`], which is yamux's own.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_read_timeout: REQUEST_READ_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            yamux: Arc::new(proconsul_yamux::Config {
                backlog_bytes_max: BACKLOG_BYTES_STOP_SERVING + ANSWER_BYTES_MAX,
                ..proconsul_yamux::Config::default()
            }),
        }
    }
}

impl<S> Server<S> {
    /// A server whose calls go to `service`, which leads to the handlers of `registry`, perhaps through layers.
    pub fn new(service: S, registry: Arc<Registry>, limits: Limits) -> Self {
        Self { service, registry, limits: Arc::new(limits) }
    }

    /// The names that exist.
    pub fn methods(&self) -> &MethodTable {
        self.registry.methods()
    }

    /// The rows that have a handler.
    pub fn served(&self) -> impl Iterator<Item = &'static MethodRow> {
        self.registry.served()
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("registry", &self.registry).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A service that calls can be handed to: handlers, perhaps behind layers. `F` is its future, the same for every call.
pub trait RpcService<F>:
    for<'b> Service<Call<'b>, Response = Answer, Error = Fault, Future = F> + Clone + Send + 'static
{
}

impl<T, F> RpcService<F> for T where
    T: for<'b> Service<Call<'b>, Response = Answer, Error = Fault, Future = F> + Clone + Send + 'static
{
}

/// Why a connection ended that neither its peer closed nor [`Stop::Drain`] brought to its end.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// We were told to end it: [`Stop::Now`].
    #[error("the server stops")]
    Stopped,
    /// What came was no request; nothing could be answered.
    #[error("the peer sent what is no request")]
    Malformed,
    /// A request was answered with an error after which its stream ends: for what does not exist, or with a body that cannot be
    /// decoded.
    #[error("a request was refused: no such method here, or a body that cannot be decoded")]
    Refused,
    /// A request took too long from its first byte to its last.
    #[error("a request was not whole {limit:?} after its first byte (rpc_request_read_timeout)")]
    SlowRequest {
        /// The limit.
        limit: Duration,
    },
    /// The peer took nothing of what was written for too long.
    #[error("the peer took none of what was written for {limit:?}")]
    SlowReader {
        /// The limit.
        limit: Duration,
    },
    /// The peer broke the rules of yamux, or is gone without having said so.
    #[error("yamux: {0}")]
    Session(#[from] proconsul_yamux::SessionError),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
