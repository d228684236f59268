//! All connections of a recording.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use crate::{
    ConnId, Direction, Event, What,
    conversation::{Begins, Conversation},
    layer::Out,
};

/// How many connections may be open at once. Of those beyond it nothing is told but that.
pub const CONNECTIONS_MAX: usize = 65_536;

/// Makes events out of the bytes of many connections. No I/O, no clock: who reads a recording hands in what it holds, in order.
///
/// What is held is at most what was handed in, and of any one message [`crate::MESSAGE_BYTES_MAX`].
#[derive(Debug, Default)]
pub struct Decoder {
    open: HashMap<ConnId, Conversation>,
    events: VecDeque<Event>,
}

impl Decoder {
    /// A connection begins here, or is seen for the first time (`midway`).
    pub fn open(&mut self, conn: ConnId, at: Duration, between: Option<(SocketAddr, SocketAddr)>, midway: bool) {
        let begins = if midway { Begins::Midway } else { Begins::Here };
        self.begin(conn, at, between, begins);
    }

    /// As [`Decoder::open`], of bytes that may begin anywhere: what somebody cut out.
    pub fn open_excerpt(&mut self, conn: ConnId, at: Duration) {
        self.begin(conn, at, None, Begins::Anywhere);
    }

    fn begin(&mut self, conn: ConnId, at: Duration, between: Option<(SocketAddr, SocketAddr)>, begins: Begins) {
        self.end(conn, at);
        let midway = begins == Begins::Midway;
        self.tell(conn, at, None, What::Opened { between, midway });
        if self.open.len() >= CONNECTIONS_MAX {
            let why = format!("more than {CONNECTIONS_MAX} connections at once: this one is not followed");
            self.tell(conn, at, None, What::Trouble { why, offset: 0 });
            return;
        }
        self.open.insert(conn, Conversation::new(begins, at));
    }

    /// The next bytes of one direction.
    pub fn bytes(&mut self, conn: ConnId, at: Duration, direction: Direction, bytes: &[u8]) {
        self.with(conn, at, |conversation, out| conversation.bytes(out, direction, bytes));
    }

    /// So many bytes of one direction are not in the recording.
    pub fn lost(&mut self, conn: ConnId, at: Duration, direction: Direction, bytes: u64) {
        self.with(conn, at, |conversation, out| conversation.lost(out, direction, bytes));
    }

    /// One direction ends: its sender will say nothing more.
    pub fn half_end(&mut self, conn: ConnId, at: Duration, direction: Direction) {
        self.with(conn, at, |conversation, out| conversation.half_end(out, direction));
    }

    /// The connection ends.
    pub fn end(&mut self, conn: ConnId, at: Duration) {
        if let Some(mut conversation) = self.open.remove(&conn) {
            conversation.end(&mut Out::new(conn, at, &mut self.events), true);
        }
    }

    /// The recording ends: what is still open is told as far as it came.
    pub fn finish(&mut self) {
        let mut left: Vec<_> = self.open.drain().collect();
        left.sort_by_key(|(conn, _)| *conn);
        for (conn, mut conversation) in left {
            let at = conversation.last;
            conversation.end(&mut Out::new(conn, at, &mut self.events), false);
        }
    }

    /// The next event, in the order in which they took place as far as the recording has it.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn with(&mut self, conn: ConnId, at: Duration, act: impl FnOnce(&mut Conversation, &mut Out<'_>)) {
        if let Some(conversation) = self.open.get_mut(&conn) {
            conversation.last = conversation.last.max(at);
            act(conversation, &mut Out::new(conn, at, &mut self.events));
        }
    }

    fn tell(&mut self, conn: ConnId, at: Duration, direction: Option<Direction>, what: What) {
        self.events.push_back(Event { conn, stream: None, at, direction, what });
    }
}
