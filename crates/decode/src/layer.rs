//! What a route carries. One file per protocol; each reads both directions of one connection or stream.

mod grpc; // messages of gRPC within the streams of HTTP/2
mod http2; // HTTP/2: frames, headers
pub(crate) mod looks_like; // what bytes look like that begin anywhere
mod opaque; // protocols that are not looked into
mod plain; // msgpack values by themselves
mod raft; // raft's network transport
mod raft_log; // entries of raft's log
mod raft_messages; // what raft's own messages look like
mod rpc; // net/rpc
mod snapshot; // snapshots, saved or restored
mod tls; // TLS records
mod yamux; // yamux: frames and streams

use std::{collections::VecDeque, time::Duration};

pub use http2::HEADER_BLOCK_BYTES_MAX;
pub use raft_messages::raft_shape;
pub(crate) use {
    http2::Http2, opaque::Opaque, plain::Plain, raft::Raft, rpc::Rpc, snapshot::Snapshot, tls::Tls, yamux::Yamux,
};

use crate::{ConnId, Direction, Event, What};

/// How many streams of one connection may be open at once. Of those beyond it nothing is told but their frames.
pub const STREAMS_MAX: usize = 16_384;

/// How many requests of one stream may wait for their replies. Older ones are forgotten, and their replies stand alone.
pub const WAITING_MAX: usize = 16_384;

/// Who reads a connection.
#[derive(Debug)]
pub(crate) enum Layer {
    Rpc(Rpc),
    Yamux(Box<Yamux>),
    Raft(Raft),
    Snapshot(Snapshot),
    Http2(Box<Http2>),
    Tls(Tls),
    Plain(Plain),
    Opaque(Opaque),
}

/// Does the same with whichever it is.
macro_rules! each {
    ($layer:expr, $inner:ident => $act:expr) => {
        match $layer {
            Layer::Rpc($inner) => $act,
            Layer::Yamux($inner) => $act,
            Layer::Raft($inner) => $act,
            Layer::Snapshot($inner) => $act,
            Layer::Http2($inner) => $act,
            Layer::Tls($inner) => $act,
            Layer::Plain($inner) => $act,
            Layer::Opaque($inner) => $act,
        }
    };
}

impl Layer {
    pub(crate) fn bytes(&mut self, out: &mut Out<'_>, direction: Direction, bytes: &[u8]) {
        each!(self, layer => layer.bytes(out, direction, bytes));
    }

    pub(crate) fn lost(&mut self, out: &mut Out<'_>, direction: Direction, bytes: u64) {
        each!(self, layer => layer.lost(out, direction, bytes));
    }

    pub(crate) fn half_end(&mut self, out: &mut Out<'_>, direction: Direction) {
        each!(self, layer => layer.half_end(out, direction));
    }

    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        each!(self, layer => layer.end(out));
    }
}

/// Where events go, and what they have in common.
#[derive(Debug)]
pub(crate) struct Out<'e> {
    conn: ConnId,
    stream: Option<u32>,
    at: Duration,
    events: &'e mut VecDeque<Event>,
}

impl<'e> Out<'e> {
    pub(crate) fn new(conn: ConnId, at: Duration, events: &'e mut VecDeque<Event>) -> Self {
        Self { conn, stream: None, at, events }
    }

    pub(crate) fn at(&self) -> Duration {
        self.at
    }

    /// The same for a stream.
    pub(crate) fn of_stream(&mut self, stream: u32) -> Out<'_> {
        Out { conn: self.conn, stream: Some(stream), at: self.at, events: self.events }
    }

    pub(crate) fn tell(&mut self, direction: Direction, what: What) {
        self.push(Some(direction), what);
    }

    /// About both directions.
    pub(crate) fn both(&mut self, what: What) {
        self.push(None, what);
    }

    fn push(&mut self, direction: Option<Direction>, what: What) {
        self.events.push_back(Event { conn: self.conn, stream: self.stream, at: self.at, direction, what });
    }
}

/// Which directions still make sense.
#[derive(Debug, Default)]
pub(crate) struct Broken([bool; 2]);

impl Broken {
    pub(crate) fn is(&self, direction: Direction) -> bool {
        self.0[direction.index()]
    }

    /// This direction is over, for a reason that has been told.
    pub(crate) fn set(&mut self, direction: Direction) {
        self.0[direction.index()] = true;
    }

    /// Says why it is over.
    pub(crate) fn say(&mut self, out: &mut Out<'_>, direction: Direction, offset: u64, why: impl Into<String>) {
        if !self.is(direction) {
            self.set(direction);
            out.tell(direction, What::Trouble { why: why.into(), offset });
        }
    }
}
