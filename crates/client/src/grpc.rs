//! gRPC: channels for generated clients, on the server port and on gRPC ports. The feature `grpc`.
mod answer; // the messages that come back
mod channel; // one server, dialled again when its connection is lost
mod deadline; // the header `grpc-timeout`
mod pick; // which server is tried next
mod port; // a gRPC port, plain or in TLS
mod replay; // a request that can be sent again
mod retry; // which failures are worth another attempt
mod watch; // a cluster whose servers tell which servers there are

pub use answer::{AnswerBody, is_answer};
pub use channel::{CALLS_MAX, GrpcChannel, GrpcOptions, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT, REDIAL};
pub use port::GrpcPort;
pub use replay::REPLAY_BYTES_MAX;
pub use retry::{ATTEMPT_PAUSES, ATTEMPTS_MAX};
pub use watch::{
    CHECK_EVERY, Current, NOBODY_WAIT_MAX, SERVERS_MAX, ServerWatch, ServerWatchOptions, WATCH_BACKOFF, WATCH_RESET,
    WatchedChannel,
};

/// How large a message Consul's agents send and take on the server port: for `max_encoding_message_size` and
/// `max_decoding_message_size` of a generated client.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The key of a token in the metadata of a call.
pub const TOKEN_KEY: &str = "x-consul-token";
