#![doc = include_str!("../README.md")]

mod conversation; // one connection: which route it took, and who reads it
mod event; // what is told
pub mod input; // recordings: hex, cassettes, captures
mod layer; // what a route carries
mod many; // all connections of a recording
mod values; // whole msgpack values out of pieces

pub use event::{
    Body, ConnId, Direction, Encoding, Event, GrpcEnd, Http2Kind, Message, RaftCall, TlsRecord, What, Whose,
};
pub use layer::{HEADER_BLOCK_BYTES_MAX, STREAMS_MAX, WAITING_MAX, raft_shape};
pub use many::{CONNECTIONS_MAX, Decoder};
pub use values::MESSAGE_BYTES_MAX;
